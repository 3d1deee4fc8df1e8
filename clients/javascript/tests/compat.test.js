/** The original calls, and what a page may do around them. */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { defaultUrls } from "../src/addresses.js";
import { websocketDbClient as wasla } from "../src/compat.js";
import { change, dialled, fakeSockets } from "./fake-gateway.js";

afterEach(() => {
  wasla.disconnectWebSocket();
  delete globalThis[Symbol.for("wasla.realtime.link")];
});

test("before it is initialised it says how things stand, sends nothing and keeps who listens", async (t) => {
  fakeSockets(t);
  const heard = [];
  assert.equal(wasla.getWebSocketStatus().connected, false);
  assert.equal(wasla.broadcastToOtherApps("RING", 1), false);
  wasla.disconnectWebSocket();
  wasla.onWebSocketEvent("booking-change", ({ seq }) => heard.push(seq));
  const remove = wasla.onWebSocketEvent("booking-change", () => heard.push("removed"));
  remove();
  const late = wasla.onWebSocketEvent("booking-change", () => heard.push("late"));
  const dial = dialled();
  const initialised = wasla.initializeWebSocket("Guichet 1", { urls: "ws://a" });
  const socket = await dial;
  socket.welcome();
  assert.equal(await initialised, true);
  late();
  socket.say("realtime_event", change(11));
  assert.deepEqual(heard, [11]);
  assert.equal(wasla.broadcastToOtherApps("RING", 1), true);
  assert.equal(socket.told("broadcast")[0].event_type, "RING");
});

test("it is one link, and one that was ended is made again by the next call", async (t) => {
  fakeSockets(t);
  let dial = dialled();
  const both = [wasla.initializeWebSocket("One", { urls: "ws://a" }), wasla.initializeWebSocket("Two")];
  (await dial).welcome();
  assert.deepEqual(await Promise.all(both), [true, true]);
  wasla.disconnectWebSocket();
  dial = dialled();
  const again = wasla.initializeWebSocket("Three");
  const socket = await dial;
  socket.welcome();
  assert.equal(await again, true);
  assert.equal(socket.told("register")[0].app_name, "One");
});

test("without a gateway the app starts all the same", async (t) => {
  fakeSockets(t);
  const dial = dialled();
  const initialised = wasla.initializeWebSocket("One", { urls: "ws://a" });
  (await dial).end(1006);
  assert.equal(await initialised, false);
  assert.equal(wasla.getWebSocketStatus().connecting, true);
});

test("the address is said, or that of the page, or this machine", (t) => {
  t.after(() => {
    delete globalThis.WASLA_URLS;
    delete globalThis.location;
  });
  const from = (protocol, hostname) => {
    globalThis.location = { protocol, hostname };
    return defaultUrls();
  };
  assert.equal(defaultUrls(), "ws://127.0.0.1:8765");
  assert.equal(from("http:", "192.168.1.5"), "ws://192.168.1.5:8765");
  assert.equal(from("https:", "station.example"), "wss://station.example:8765");
  assert.equal(from("http:", "[::1]"), "ws://[::1]:8765");
  assert.equal(from("file:", ""), "ws://127.0.0.1:8765");
  assert.equal(from("tauri:", "localhost"), "ws://127.0.0.1:8765");
  assert.equal(from("https:", "tauri.localhost"), "ws://127.0.0.1:8765");
  globalThis.WASLA_URLS = ["ws://a", "ws://b"];
  assert.deepEqual(from("http:", "x"), ["ws://a", "ws://b"]);
});
