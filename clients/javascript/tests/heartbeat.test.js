/** Life and death of a link where timers cannot be trusted; what every client does is in vectors.json. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Heartbeat } from "../src/heartbeat.js";
import { Session } from "../src/session.js";
import { REGISTERED, change } from "./fake-gateway.js";

test("a page that slept with a ping open asks again before it judges", () => {
  const heartbeat = new Heartbeat(15, 0);
  heartbeat.ping(0);
  assert.equal(heartbeat.look(3600), "ping");
  heartbeat.ping(3600);
  assert.equal(heartbeat.look(3604.9), "alive");
  assert.equal(heartbeat.look(3605), "dead");
});

test("what was heard while it asked keeps the link", () => {
  const heartbeat = new Heartbeat(15, 0);
  heartbeat.ping(0);
  assert.equal(heartbeat.look(3600), "ping");
  const { n } = heartbeat.ping(3600);
  heartbeat.heard(3600.2);
  assert.equal(heartbeat.pong(n, 3600.2), 200);
  assert.equal(heartbeat.look(3605), "alive");
  assert.equal(heartbeat.due, 3615);
});

test("a tab whose timers run once a minute finds a dead link at the third look", () => {
  const heartbeat = new Heartbeat(15, 0);
  const looks = [60, 120, 180].map((at) => {
    const verdict = heartbeat.look(at);
    if (verdict === "ping") heartbeat.ping(at);
    return verdict;
  });
  assert.deepEqual(looks, ["ping", "ping", "dead"]);
});

test("a living link in such a tab is kept for ever", () => {
  const heartbeat = new Heartbeat(15, 0);
  for (let at = 60; at < 3600; at += 60) {
    assert.equal(heartbeat.look(at), "ping");
    heartbeat.pong(heartbeat.ping(at).n, at + 0.1);
    heartbeat.heard(at + 0.1);
  }
});

test("waking several times at once asks once", () => {
  const heartbeat = new Heartbeat(15, 0);
  heartbeat.ping(0);
  heartbeat.heard(0.1);
  assert.deepEqual([heartbeat.wake(5), heartbeat.wake(5), heartbeat.wake(6)], [true, false, false]);
  heartbeat.heard(6.1);
  assert.equal(heartbeat.wake(7), true);
});

test("a gateway that answers no ping fills no memory", () => {
  const heartbeat = new Heartbeat(15, 0);
  for (let n = 0; n < 1000; n += 1) {
    heartbeat.ping(n);
    heartbeat.heard(n);
  }
  assert.equal(heartbeat.pong(1, 1000), null);
  assert.equal(heartbeat.pong(1000, 1000), 1000);
});

test("a page that stood still for many intervals hears what came meanwhile before it leaves the link", () => {
  const session = new Session({ urls: ["ws://a"], appName: "x", random: () => assert.fail("it dialled again") });
  const say = (at, message_type, data) => session.received(at, JSON.stringify({ message_type, data }));
  const kinds = (effects) => effects.map((effect) => effect.send?.message_type ?? Object.keys(effect)[0]);
  session.connect(0);
  session.opened(0);
  say(0, "registered", { ...REGISTERED, ping_interval: 0.5 });
  say(0.1, "pong", { n: 1 });
  assert.deepEqual(kinds(session.tick(0.5)), ["ping"]);
  assert.deepEqual(kinds(session.tick(60)), ["ping"]);
  assert.deepEqual(kinds(say(60, "realtime_event", change(11))), ["event"]);
  assert.deepEqual(kinds(session.tick(60.5)), ["ping"]);
  assert.equal(session.standing.connected, true);
});
