/** What is kept across a reload: never more than the application is done with. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { WaslaClient } from "../src/index.js";
import { change, dialled, fakeSockets } from "./fake-gateway.js";

const KEY = "wasla:position:Guichet 1";

class Drawer extends Map {
  getItem = (name) => this.get(name) ?? null;
  setItem = (name, value) => void this.set(name, value);
  get kept() {
    return JSON.parse(this.getItem(KEY) ?? "null");
  }
}

async function post(t, keeper, prepare = () => {}) {
  fakeSockets(t);
  const client = new WaslaClient({ urls: "ws://a", appName: "Guichet 1", position: keeper });
  t.after(() => client.disconnect());
  prepare(client);
  const dial = dialled();
  client.connect();
  const socket = await dial;
  socket.welcome();
  return { client, socket };
}

test("a reload goes on from what was handled", async (t) => {
  const drawer = new Drawer();
  const { client, socket } = await post(t, drawer);
  assert.deepEqual(drawer.kept, { epoch: "e1", seq: 10 });
  socket.say("realtime_event", change(11));
  socket.say("position", { epoch: "e1", seq: 15 });
  assert.deepEqual(drawer.kept, { epoch: "e1", seq: 15 });
  client.disconnect();
  const { socket: again } = await post(t, drawer);
  assert.deepEqual(again.told("register")[0].resume, { epoch: "e1", seq: 15 });
});

test("while handlers are called, the position before the event is the kept one", async (t) => {
  const drawer = new Drawer();
  const during = [];
  const { client, socket } = await post(t, drawer);
  client.subscribe({}, () => during.push(drawer.kept.seq, client.position.seq));
  socket.say("realtime_event", change(11));
  assert.deepEqual(during, [10, 10]);
  assert.equal(drawer.kept.seq, 11);
});

test("what a handler asks for while it is called moves nothing before it is done", async (t) => {
  const drawer = new Drawer();
  const during = [];
  const { client, socket } = await post(t, drawer);
  client.subscribe({}, () => {
    client.subscribe({ table: "routes" }, () => {});
    during.push(drawer.kept.seq);
  });
  socket.say("realtime_event", change(11));
  assert.deepEqual(during, [10]);
});

test("an asynchronous handler holds the position until it is done, however many come after", async (t) => {
  const drawer = new Drawer();
  const finish = [];
  const { client, socket } = await post(t, drawer);
  client.subscribe({}, () => new Promise((resolve, reject) => finish.push(resolve, reject)));
  client.on("error", () => {});
  socket.say("realtime_event", change(11));
  socket.say("realtime_event", change(12));
  socket.say("position", { epoch: "e1", seq: 20 });
  assert.equal(drawer.kept.seq, 10);
  finish[3](new Error("the second one fails, and is done"));
  await new Promise(setImmediate);
  assert.equal(drawer.kept.seq, 10);
  finish[0]();
  await new Promise(setImmediate);
  assert.equal(drawer.kept.seq, 20);
});

test("a reload during a resync is told of it again", async (t) => {
  const drawer = new Drawer();
  let done;
  const { client, socket } = await post(t, drawer);
  client.on("resync", () => new Promise((resolve) => (done = resolve)));
  socket.say("resync", { reason: "epoch_changed", tables: null, epoch: "e2", seq: 3 });
  assert.deepEqual(drawer.kept, { epoch: "e1", seq: 10 });
  done();
  await new Promise(setImmediate);
  assert.deepEqual(drawer.kept, { epoch: "e2", seq: 3 });
});

test("a loop is done with an event when it asks for the next", async (t) => {
  const drawer = new Drawer();
  const { client, socket } = await post(t, drawer);
  const loop = client.events();
  socket.say("realtime_event", change(11));
  socket.say("realtime_event", change(12));
  assert.equal((await loop.next()).value.seq, 11);
  assert.equal(drawer.kept.seq, 10);
  await loop.next();
  await new Promise(setImmediate);
  assert.equal(drawer.kept.seq, 11);
  await loop.return();
  await new Promise(setImmediate);
  assert.equal(drawer.kept.seq, 12);
});

test("a loop is done with a resync when it asks for the next", async (t) => {
  const drawer = new Drawer();
  const { client, socket } = await post(t, drawer);
  const loop = client.events();
  socket.say("resync", { reason: "epoch_changed", tables: null, epoch: "e2", seq: 3 });
  await loop.next();
  await new Promise(setImmediate);
  assert.deepEqual(drawer.kept, { epoch: "e1", seq: 10 });
  void loop.next();
  await new Promise(setImmediate);
  assert.deepEqual(drawer.kept, { epoch: "e2", seq: 3 });
});

test("an iterator that nobody reads holds the position until it ends, and no longer", async (t) => {
  const drawer = new Drawer();
  const { client, socket } = await post(t, drawer);
  client.events({}, { buffer: 2 });
  for (const seq of [11, 12]) socket.say("realtime_event", change(seq));
  await new Promise(setImmediate);
  assert.equal(drawer.kept.seq, 10);
  socket.say("realtime_event", change(13)); // which is more than may wait
  await new Promise(setImmediate);
  assert.equal(drawer.kept.seq, 13);
  client.events();
  socket.say("realtime_event", change(14));
  client.disconnect();
  await new Promise(setImmediate);
  assert.equal(drawer.kept.seq, 14);
});

test("what a loop has not come to is not dealt with, even where it has ended", async (t) => {
  const drawer = new Drawer();
  const { client, socket } = await post(t, drawer);
  const loop = client.events({}, { buffer: 1 });
  for (const seq of [11, 12]) {
    socket.say("realtime_event", change(seq));
    if (seq === 11) await loop.next();
  }
  socket.say("realtime_event", change(13));
  await new Promise(setImmediate);
  assert.equal(drawer.kept.seq, 10);
  assert.equal((await loop.next()).value.seq, 12);
  await new Promise(setImmediate);
  assert.equal(drawer.kept.seq, 11);
  await assert.rejects(loop.next(), { code: "reader_too_slow" });
  await new Promise(setImmediate);
  assert.equal(drawer.kept.seq, 13);
});

test("two connected clients do not keep their positions in one place", async (t) => {
  const drawer = new Drawer();
  const { client } = await post(t, drawer);
  const options = { urls: "ws://a", appName: "Guichet 1", position: drawer };
  const second = new WaslaClient(options);
  const sentence = /expected no other connected client to keep its position under wasla:position:Guichet 1, got/;
  assert.throws(() => second.connect(), { name: "TypeError", message: sentence });
  for (const own of [{ position: new Drawer() }, { appName: "Guichet 2" }, { position: undefined }]) {
    const other = new WaslaClient({ ...options, ...own });
    void other.connect();
    other.disconnect();
  }
  void client.connect(); // the same one again
  client.disconnect();
  void second.connect();
  second.disconnect();
});

test("a handler that is done after its client was replaced takes nothing from the new one", async (t) => {
  const drawer = new Drawer();
  let done;
  const { client, socket } = await post(t, drawer, (fresh) => {
    fresh.subscribe({}, () => new Promise((resolve) => (done = resolve)));
  });
  socket.say("realtime_event", change(11));
  client.disconnect();
  const { socket: again } = await post(t, drawer);
  again.say("position", { epoch: "e1", seq: 30 });
  done();
  await new Promise(setImmediate);
  assert.deepEqual(drawer.kept, { epoch: "e1", seq: 30 });
});

test("what lies in the drawer and is no position is not used", async (t) => {
  for (const rubbish of ["", "[]", "null", '{"epoch":1,"seq":2}', '{"epoch":"e","seq":"2"}']) {
    const drawer = new Drawer([[KEY, rubbish]]);
    const { socket } = await post(t, drawer);
    assert.equal(socket.told("register")[0].resume, undefined);
  }
});

test("a storage that refuses is told of once, and nothing else is lost", async (t) => {
  const problems = [];
  const heard = [];
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new Error("full");
    },
  };
  const { socket } = await post(t, full, (client) => {
    client.on("error", ({ code }) => problems.push(code));
    client.subscribe({}, ({ seq }) => heard.push(seq));
  });
  socket.say("realtime_event", change(11));
  socket.say("realtime_event", change(12));
  assert.deepEqual([problems, heard], [["storage_failed"], [11, 12]]);
});
