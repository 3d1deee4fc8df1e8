/** The script that every client's core follows. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { namesOfBroadcast, namesOfChange } from "../src/names.js";
import { Session } from "../src/session.js";
import { matches } from "../src/subscriptions.js";

const vectors = JSON.parse(await readFile(new URL("../../vectors.json", import.meta.url), "utf8"));

/** Effects that only this client's shell is told. */
const OWN = new Set(["registered", "lost"]);
/** Fields of the status that the script calls otherwise. */
const SHARED_NAMES = { reconnectAttempts: "reconnect_attempts", latencyMs: "latency_ms" };

const FACTS = {
  connect: (session, now) => session.connect(now),
  opened: (session, now, { token }) => session.opened(now, token),
  message: (session, now, message) => session.received(now, JSON.stringify({ ...message, timestamp: "" })),
  text: (session, now, text) => session.received(now, text),
  closed: (session, now, code) => session.closed(now, code),
  tick: (session, now) => session.tick(now),
  subscribe: (session, now, subscription) => session.subscribe(now, subscription),
  unsubscribe: (session, now, id) => session.unsubscribe(now, id),
  broadcast: (session, now, { queue, ...announcement }) => session.broadcast(now, announcement, queue),
  clients: (session, now) => session.clients(now),
  token: (session, now, token) => session.renew(now, token),
  wake: (session, now) => session.wake(now),
  disconnect: (session, now) => session.disconnect(now),
};

for (const { name, options, steps } of vectors.vectors) {
  test(name, () => {
    const draws = [...(options.random ?? [])];
    const session = new Session({
      urls: options.urls,
      appName: options.app_name,
      position: options.position ?? null,
      queueLimit: options.max_queued,
      random: () => draws.shift() ?? assert.fail("more draws than the script has"),
    });
    steps.forEach((step, index) => {
      const [[fact, value]] = Object.entries(step.do);
      const effects = FACTS[fact](session, step.at, value).filter((effect) => !OWN.has(Object.keys(effect)[0]));
      assert.deepEqual(effects.map(shared), step.expect.map(anyReason(effects)), `step ${index} at ${step.at}`);
      for (const [field, expected] of Object.entries(step.state ?? {})) {
        if (field === "last_event_at") continue;
        assert.deepEqual(stateOf(session)[field], expected, `${field} after step ${index}`);
      }
    });
    assert.deepEqual(draws, [], "draws that nobody made");
  });
}

for (const { about, subscription, event, matches: expected } of vectors.matching ?? []) {
  test(`matching: ${about}`, () => assert.equal(matches({ id: "s", ...subscription }, event), expected));
}

for (const { about, change, broadcast, names } of vectors.names) {
  test(`names: ${about} (${broadcast ?? change.table})`, () => {
    assert.deepEqual(change ? namesOfChange(change) : namesOfBroadcast(broadcast), names);
  });
}

/** Say an effect in the script's words. */
function shared(effect) {
  if (effect.status === undefined) return effect;
  const entries = Object.entries(effect.status).map(([field, value]) => [SHARED_NAMES[field] ?? field, value]);
  return { status: Object.fromEntries(entries) };
}

/** How the session stands, in the script's words; the time of the last event is kept by this client's shell. */
function stateOf(session) {
  const standing = Object.entries(session.standing).map(([field, value]) => [SHARED_NAMES[field] ?? field, value]);
  const tick_at = session.due === Infinity ? null : session.due;
  return { tick_at, position: session.position, ...Object.fromEntries(standing) };
}

/** A reason of "*" stands for whatever sentence came. */
function anyReason(effects) {
  return (expected, index) =>
    expected.notice?.reason === "*"
      ? { notice: { ...expected.notice, reason: effects[index]?.notice?.reason } }
      : expected;
}
