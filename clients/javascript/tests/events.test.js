/** Loops over events: order, bounds, ends. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { EventReader } from "../src/events.js";
import { WaslaClient } from "../src/index.js";
import { change, dialled, fakeSockets } from "./fake-gateway.js";

test("events come in order, whoever is first: the reader or the event", async () => {
  const reader = new EventReader(10, () => {});
  reader.push(change(1));
  const early = [reader.next(), reader.next(), reader.next()];
  reader.push(change(2));
  reader.push(change(3));
  assert.deepEqual((await Promise.all(early)).map(({ value }) => value.seq), [1, 2, 3]);
});

test("a reader that falls behind gets what fits, then the reason, then the end", async () => {
  let stopped = 0;
  const reader = new EventReader(2, () => (stopped += 1));
  const done = [1, 2, 3, 4].map((seq) => reader.push(change(seq)));
  const seen = [];
  await assert.rejects(
    async () => {
      for await (const { seq } of reader) seen.push(seq);
    },
    { name: "WaslaError", code: "reader_too_slow", message: /More than 2 events/ },
  );
  assert.deepEqual(seen, [1, 2]);
  assert.deepEqual(await reader.next(), { value: undefined, done: true });
  assert.equal(stopped, 1);
  await Promise.all(done);
});

test("leaving the loop ends its subscription", async (t) => {
  fakeSockets(t);
  const client = new WaslaClient({ urls: "ws://a", appName: "x" });
  t.after(() => client.disconnect());
  const dial = dialled();
  client.connect();
  const socket = await dial;
  socket.welcome();
  const loop = client.events({ table: "bookings" });
  socket.say("realtime_event", change(11));
  for await (const { seq } of loop) {
    assert.equal(seq, 11);
    break;
  }
  assert.deepEqual(socket.told("subscribe"), [{ id: "sub-1", tables: ["bookings"] }]);
  assert.deepEqual(socket.told("unsubscribe"), [{ id: "sub-1" }]);
});

test("disconnect ends loops; a gateway that forbids to come back breaks them", async (t) => {
  fakeSockets(t);
  const client = new WaslaClient({ urls: "ws://a", appName: "x" });
  client.on("error", () => {});
  const ended = client.events().next();
  client.disconnect();
  assert.deepEqual(await ended, { value: undefined, done: true });
  const broken = client.events().next();
  const dial = dialled();
  client.connect();
  (await dial).end(4501);
  await assert.rejects(broken, { code: "gave_up" });
});
