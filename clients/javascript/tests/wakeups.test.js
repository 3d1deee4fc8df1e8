/** The moments at which a page looks again, in the place of a page. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { WaslaClient } from "../src/index.js";
import { dialled, fakeSockets } from "./fake-gateway.js";

function fakePage(t) {
  const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const page = { window: new EventTarget(), document };
  Object.assign(globalThis, page);
  t.after(() => {
    delete globalThis.window;
    delete globalThis.document;
  });
  return page;
}

test("a page that may see again what it missed dials at once", async (t) => {
  fakeSockets(t);
  const { window, document } = fakePage(t);
  const client = new WaslaClient({ urls: "ws://a", appName: "x", pace: { firstDelay: 3600, maxDelay: 3600 } });
  t.after(() => client.disconnect());
  let dial = dialled();
  client.connect();
  for (const [target, name] of [
    [window, "online"],
    [window, "pageshow"],
    [document, "visibilitychange"],
    [document, "resume"],
  ]) {
    const socket = await dial;
    dial = dialled();
    socket.end(1006);
    target.dispatchEvent(new Event(name));
  }
  (await dial).welcome();
});

test("a page that is hidden is not woken, and one that has disconnected neither", async (t) => {
  fakeSockets(t);
  const { window, document } = fakePage(t);
  const client = new WaslaClient({ urls: "ws://a", appName: "x" });
  const dial = dialled();
  client.connect();
  const socket = await dial;
  socket.welcome();
  const pings = () => socket.told("ping").length;
  document.visibilityState = "hidden";
  document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(pings(), 1);
  document.visibilityState = "visible";
  document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(pings(), 2);
  client.disconnect();
  window.dispatchEvent(new Event("online"));
  assert.equal(client.status.connecting, false);
});
