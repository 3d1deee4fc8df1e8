/** What applications hold, over a link whose other end is in the test's hands. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Resync, WaslaClient } from "../src/index.js";
import { REGISTERED, change, dialled, fakeSockets } from "./fake-gateway.js";

const URL = "ws://127.0.0.1:8765";
const QUICK = { firstDelay: 0.001, maxDelay: 0.001 };

/** A client that is connected, and its socket. */
async function connected(t, { options = {}, prepare = () => {} } = {}) {
  fakeSockets(t);
  const client = new WaslaClient({ urls: URL, appName: "Guichet 1", pace: QUICK, ...options });
  t.after(() => client.disconnect());
  prepare(client);
  const dial = dialled();
  const arrival = client.connect();
  const socket = await dial;
  socket.welcome();
  return { client, socket, registered: await arrival };
}

test("handlers and subscriptions may come before connect", async (t) => {
  const heard = [];
  const { socket } = await connected(t, {
    prepare: (client) => {
      client.on("connected", ({ gateway }) => heard.push(gateway));
      client.on("booking-change", ({ seq }) => heard.push(seq));
      client.subscribe({ table: "bookings" }, ({ seq }) => heard.push(-seq));
    },
  });
  assert.deepEqual(socket.told("register"), [
    { app_name: "Guichet 1", subscribe: [{ id: "sub-1", tables: ["bookings"] }] },
  ]);
  socket.say("realtime_event", change(11));
  assert.deepEqual(heard, ["g1", -11, 11]);
});

test("without a WebSocket connect says what is needed, once", (t) => {
  const { WebSocket } = globalThis;
  t.after(() => (globalThis.WebSocket = WebSocket));
  globalThis.WebSocket = undefined;
  const client = new WaslaClient({ urls: URL, appName: "Guichet 1" });
  assert.throws(() => client.connect(), { name: "TypeError", message: /Node 22 or newer/ });
});

test("connect is one link and one promise, however often it is called", async (t) => {
  const { client, registered } = await connected(t);
  assert.deepEqual(registered, REGISTERED);
  assert.equal(client.connect(), client.connect());
  assert.deepEqual(await client.connect(), REGISTERED);
});

test("a change is told under all its names, once each", async (t) => {
  const heard = [];
  const { client, socket } = await connected(t);
  for (const name of ["realtime-event", "bookings-insert", "bookings-update", "booking-change", "insert"]) {
    client.on(name, () => heard.push(name));
  }
  socket.say("realtime_event", change(11));
  assert.deepEqual(heard, ["realtime-event", "bookings-insert", "booking-change"]);
});

test("a handler is removed by what on returned, and no other", async (t) => {
  const heard = [];
  const { client, socket } = await connected(t);
  const handler = ({ seq }) => heard.push(seq);
  const remove = client.on("realtime-event", handler);
  client.on("realtime-event", handler);
  remove();
  remove();
  socket.say("realtime_event", change(11));
  assert.deepEqual(heard, [11]);
});

test("a handler that throws harms nobody, and is reported", async (t) => {
  const heard = [];
  const problems = [];
  const { client, socket } = await connected(t);
  client.on("error", (problem) => problems.push(problem));
  client.on("error", () => {
    throw new Error("also here");
  });
  t.mock.method(console, "error", () => {});
  client.subscribe({}, () => {
    throw new Error("broken");
  });
  client.subscribe({}, async () => Promise.reject(new Error("broken later")));
  client.subscribe({}, ({ seq }) => heard.push(seq));
  socket.say("realtime_event", change(11));
  socket.say("realtime_event", change(12));
  await new Promise(setImmediate);
  assert.deepEqual(heard, [11, 12]);
  assert.deepEqual(new Set(problems.map(({ code }) => code)), new Set(["handler_failed"]));
  assert.deepEqual(problems.map(({ cause }) => cause.message), ["broken", "broken", "broken later", "broken later"]);
  assert.equal(client.position.seq, 12);
});

test("without anybody to tell, a problem goes to the console", async (t) => {
  const { socket } = await connected(t);
  const { mock } = t.mock.method(console, "error", () => {});
  socket.say("error", { code: "unknown_event", reason: "Expected INSERT.", in_reply_to: "subscribe", id: "x" });
  assert.match(mock.calls[0].arguments[0], /unknown_event: Expected INSERT\./);
});

test("an event reaches the subscriptions it matches", async (t) => {
  const heard = { bookings: [], jemmal: [], all: [] };
  const { client, socket } = await connected(t);
  const stop = client.subscribe({ table: "bookings" }, ({ seq }) => heard.bookings.push(seq));
  client.subscribe({ table: "vehicle_queue", where: { destination_id: { eq: "jemmal" } } }, ({ seq }) =>
    heard.jemmal.push(seq),
  );
  client.on("realtime-event", ({ seq }) => heard.all.push(seq));
  socket.say("realtime_event", change(11));
  socket.say("realtime_event", change(12, { table: "vehicle_queue", data: { destination_id: "jemmal" } }));
  socket.say("realtime_event", change(13, { table: "vehicle_queue", data: { destination_id: "moknin" } }));
  stop();
  stop();
  socket.say("realtime_event", change(14));
  assert.deepEqual(heard, { bookings: [11], jemmal: [12], all: [11, 12] });
  assert.deepEqual(socket.told("unsubscribe"), [{ id: "sub-1" }]);
});

test("a subscription replaced under its id is not ended by the one it replaced", async (t) => {
  const heard = [];
  const { client, socket } = await connected(t);
  const stop = client.subscribe({ id: "board", table: "routes" }, () => heard.push("old"));
  client.subscribe({ id: "board", table: "bookings" }, () => heard.push("new"));
  stop();
  socket.say("realtime_event", change(11));
  assert.deepEqual(heard, ["new"]);
  assert.deepEqual(socket.told("unsubscribe"), []);
});

test("a handler may end the link it is told of", async (t) => {
  const { client, socket } = await connected(t);
  client.on("disconnected", () => client.disconnect());
  socket.end(1006);
  assert.equal(client.status.connecting, false);
  await assert.rejects(client.broadcast("RING"), { code: "not_connected" });
});

test("resync reaches the application with the tables to reload", async (t) => {
  const heard = [];
  const { client, socket } = await connected(t);
  client.on("resync", (resync) => heard.push([resync.tables, resync.reason, resync instanceof Resync]));
  socket.say("resync", { reason: "capture_failed", tables: ["bookings"], epoch: "e1", seq: 12 });
  assert.deepEqual(heard, [[["bookings"], "capture_failed", true]]);
  assert.deepEqual(client.position, { epoch: "e1", seq: 12 });
});

test("the status tells how things stand and is told when it changes", async (t) => {
  const told = [];
  const { client, socket } = await connected(t, { prepare: (fresh) => fresh.on("status", (s) => told.push(s)) });
  assert.equal(client.status.lastEventAt, null);
  socket.say("status", { database: "up", since: "" });
  socket.say("pong", { n: 1 });
  socket.say("realtime_event", change(11));
  const { latencyMs, lastEventAt, lastEventAge, ...rest } = client.status;
  assert.deepEqual(rest, { connected: true, connecting: false, reconnectAttempts: 0, database: "up", url: URL });
  assert.ok(latencyMs >= 0 && lastEventAge >= 0 && Math.abs(Date.now() - lastEventAt) < 60_000);
  socket.end(1006);
  assert.deepEqual(told.slice(0, 3).map(({ connected, database }) => [connected, database]), [
    [false, null],
    [true, null],
    [true, "up"],
  ]);
  assert.equal(told.at(-1).connecting, true);
});

test("what the gateway forbids is told, and connect begins anew", async (t) => {
  const problems = [];
  const { client, socket } = await connected(t);
  client.on("error", (problem) => problems.push(problem));
  socket.end(4501);
  assert.deepEqual([problems[0].code, problems[0].close_code], ["gave_up", 4501]);
  assert.match(problems[0].reason, /token was refused/);
  assert.equal(client.status.connecting, false);
  const dial = dialled();
  client.connect();
  (await dial).open();
});

test("who waits for the first registration hears that there is none", async (t) => {
  fakeSockets(t);
  const client = new WaslaClient({ urls: URL, appName: "x" });
  client.on("error", () => {});
  const dial = dialled();
  const arrival = client.connect();
  (await dial).end(4502);
  await assert.rejects(arrival, { name: "WaslaError", code: "gave_up" });
  const again = client.connect();
  client.disconnect();
  await assert.rejects(again, { code: "disconnected" });
});

test("a connect that comes to nothing leaves no handler behind", async (t) => {
  fakeSockets(t);
  const waiting = new Set();
  class Counting extends WaslaClient {
    on(name, handler) {
      const remove = super.on(name, handler);
      if (name === "connected") waiting.add(remove);
      return () => {
        waiting.delete(remove);
        remove();
      };
    }
  }
  const client = new Counting({ urls: URL, appName: "x" });
  client.on("error", () => {});
  for (const end of [(socket) => socket.end(4501), () => client.disconnect()]) {
    const dial = dialled();
    client.connect();
    end(await dial);
    assert.equal(waiting.size, 0);
  }
});

test("a broadcast settles when the gateway has answered", async (t) => {
  const { client, socket } = await connected(t);
  client.on("error", () => {});
  const passedOn = client.broadcast("RING", { n: 1 }, { to: { app_name: "till" } });
  const refused = client.broadcast("RING");
  const lost = client.broadcast("RING");
  const [first, second] = socket.told("broadcast");
  assert.deepEqual(first, { event_type: "RING", data: { n: 1 }, to: { app_name: "till" }, id: first.id });
  socket.say("error", { code: "unavailable", reason: "Not now.", in_reply_to: "broadcast", id: second.id });
  socket.say("broadcasted", { id: first.id });
  assert.equal(await passedOn, undefined);
  await assert.rejects(refused, { code: "unavailable" });
  socket.end(1006);
  await assert.rejects(lost, { code: "link_lost" });
  await assert.rejects(client.broadcast("RING"), { code: "not_connected" });
  await assert.rejects(client.broadcast(""), TypeError);
});

test("a broadcast waits for the link only where that is asked for", async (t) => {
  const { client, socket } = await connected(t, { options: { queueLimit: 1 } });
  const dial = dialled();
  socket.end(1006);
  const waiting = client.broadcast("RING", 1, { queue: true });
  await assert.rejects(client.broadcast("RING", 2, { queue: true }), { code: "queue_full" });
  const again = await dial;
  again.welcome();
  const [{ id, data }] = again.told("broadcast");
  assert.equal(data, 1);
  again.say("broadcasted", { id });
  await waiting;
});

test("what JSON cannot say is refused at once and harms nothing", async (t) => {
  const { client, socket } = await connected(t);
  const circular = {};
  circular.self = circular;
  for (const data of [1n, circular, () => {}]) {
    await assert.rejects(client.broadcast("RING", data, { queue: true }), TypeError);
  }
  assert.deepEqual(socket.told("broadcast"), []);
});

test("a link that cannot even be tried is told of and tried again", async (t) => {
  const problems = [];
  fakeSockets(t);
  const Fake = globalThis.WebSocket;
  globalThis.WebSocket = class {
    constructor() {
      globalThis.WebSocket = Fake;
      throw new Error("an insecure WebSocket connection may not be initiated from a page loaded over HTTPS");
    }
  };
  const client = new WaslaClient({ urls: URL, appName: "x", pace: QUICK });
  t.after(() => client.disconnect());
  client.on("error", ({ code }) => problems.push(code));
  const dial = dialled();
  client.connect();
  (await dial).welcome();
  assert.deepEqual(problems, ["dial_failed"]);
});

test("the roster is asked for once for all who wait, and refused without a link", async (t) => {
  const { client, socket } = await connected(t);
  const both = Promise.all([client.clients(), client.clients()]);
  assert.equal(socket.told("clients").length, 1);
  socket.say("clients", { clients: [], missing: ["g2"] });
  assert.deepEqual(await both, Array(2).fill({ clients: [], missing: ["g2"] }));
  const lost = client.clients();
  socket.end(1006);
  await assert.rejects(lost, { code: "link_lost" });
  await assert.rejects(client.clients(), { code: "not_connected" });
});

test("a broadcast of others is told under its own name, never under one of ours", async (t) => {
  const heard = [];
  const { client, socket } = await connected(t);
  for (const name of ["price_changed", "custom-event", "disconnected"]) {
    client.on(name, (event) => heard.push([name, event.data]));
  }
  const from = { client_id: "c2", app_name: "till" };
  socket.say("custom_event", { event_type: "PRICE_CHANGED", data: 1, from });
  socket.say("custom_event", { event_type: "disconnected", data: 2, from });
  socket.say("custom_event", { event_type: "custom-event", data: 3, from });
  assert.deepEqual(heard, [
    ["custom-event", 1],
    ["price_changed", 1],
    ["custom-event", 2],
    ["custom-event", 3],
  ]);
});
