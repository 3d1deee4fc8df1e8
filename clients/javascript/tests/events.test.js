/** Loops over events: order, bounds, ends. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { EventReader } from "../src/events.js";
import { Resync, WaslaClient } from "../src/index.js";
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

/** A client that is connected, and its socket. */
async function connected(t) {
  fakeSockets(t);
  const client = new WaslaClient({ urls: "ws://a", appName: "x" });
  t.after(() => client.disconnect());
  const dial = dialled();
  client.connect();
  const socket = await dial;
  socket.welcome();
  return { client, socket };
}

const RESYNC = { reason: "capture_failed", tables: ["bookings"], epoch: "e1", seq: 12 };

test("a resync is in its place in a loop that is behind", async (t) => {
  const { client, socket } = await connected(t);
  const loop = client.events();
  socket.say("realtime_event", change(11));
  socket.say("resync", RESYNC);
  socket.say("realtime_event", change(13));
  const seen = [];
  for await (const item of loop) {
    seen.push(item instanceof Resync ? { ...item } : item.seq);
    if (seen.length === 3) break;
  }
  assert.deepEqual(seen, [11, RESYNC, 13]);
});

test("a loop is told of the resyncs that may concern what it shows", async (t) => {
  const { client, socket } = await connected(t);
  const interests = [{}, { table: "bookings" }, { table: "routes" }, { channel: "booking_events" }, { tables: [] }];
  const loops = interests.map((interest) => client.events(interest));
  socket.say("resync", RESYNC);
  socket.say("resync", { ...RESYNC, tables: null, seq: 20 });
  const first = await Promise.all(loops.map(async (loop) => (await loop.next()).value.seq));
  assert.deepEqual(first, [12, 12, 20, 12, 12]);
});

test("a loop that takes a resync for a change is stopped, not left with stale rows", async (t) => {
  const { client, socket } = await connected(t);
  const loop = client.events({ table: "bookings" });
  socket.say("resync", RESYNC);
  const reading = async () => {
    for await (const { data } of loop) assert.fail(`it was given ${data}`);
  };
  const message = "This is a Resync, which has no data: load bookings again, then go on.";
  await assert.rejects(reading, { name: "WaslaError", code: "resync", message });
  assert.equal(socket.told("unsubscribe").length, 1);
});

test("no field of a change can be read of a resync", () => {
  const resync = new Resync({ reason: "epoch_changed", tables: null, epoch: "e2", seq: 3 });
  const fields = Object.keys(change(1)).filter((field) => field !== "seq");
  for (const field of fields) assert.throws(() => resync[field], { code: "resync", message: /load every table again/ });
  assert.equal(fields.length, 11);
});

test("a resync that finds no room ends the loop like a change", async (t) => {
  const { client, socket } = await connected(t);
  const loop = client.events({}, { buffer: 1 });
  socket.say("realtime_event", change(11));
  socket.say("resync", RESYNC);
  assert.equal((await loop.next()).value.seq, 11);
  await assert.rejects(loop.next(), { code: "reader_too_slow" });
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
