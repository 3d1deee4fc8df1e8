/** A sleep of the page is nobody's silence, and a tab that nobody looks at does not sleep for ever. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { MONITOR, monitorSilence } from "../../../../services/monitor/assets/status/rules.js";
import { Waking } from "../../../../services/monitor/assets/status/waking.js";

const silence = (waking, now, heardAt) => monitorSilence({ now, heardAt, openedAt: 0, wokeAt: waking.wokeAt });

test("a page that slept waits for the answer to its next question before it is red", () => {
  const waking = new Waking(0);
  waking.answered(true);
  waking.look(0.5);
  waking.look(3600);
  assert.ok(silence(waking, 3600, 0) < MONITOR.bad);
  assert.ok(silence(waking, 3600 + MONITOR.bad, 0) >= MONITOR.bad);
});

test("so does one that is seen again", () => {
  const waking = new Waking(0);
  waking.wake(10);
  assert.equal(silence(waking, 10, 0), MONITOR.warn);
});

test("a tab whose timers run once a minute turns red when the monitor is dead, and stays red", () => {
  const waking = new Waking(0);
  waking.answered(true);
  const silences = [];
  for (const now of [60, 120, 180]) {
    waking.look(now);
    waking.answered(false);
    silences.push(silence(waking, now, 0));
  }
  assert.deepEqual(silences, [MONITOR.warn, MONITOR.warn + 60, MONITOR.warn + 120]);
  waking.wake(181);
  assert.ok(silence(waking, 181, 0) >= MONITOR.bad, "nor does looking at it make it amber again");
});

test("an answer makes sleeping an excuse again", () => {
  const waking = new Waking(0);
  waking.answered(false);
  waking.look(60);
  assert.equal(waking.wokeAt, -Infinity);
  waking.answered(true);
  waking.look(120);
  assert.equal(waking.wokeAt, 120);
});
