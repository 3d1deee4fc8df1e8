/** Tokens: asked for at each dial, renewed on the open link. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { WaslaClient } from "../src/index.js";
import { dialled, fakeSockets } from "./fake-gateway.js";

const QUICK = { firstDelay: 0.001, maxDelay: 0.001 };

function make(t, token) {
  fakeSockets(t);
  const client = new WaslaClient({ urls: "ws://a", appName: "x", token, pace: QUICK });
  t.after(() => client.disconnect());
  return client;
}

test("each register carries a fresh one, and token_expiring renews it in band", async (t) => {
  let count = 0;
  const client = make(t, async () => `t${(count += 1)}`);
  let dial = dialled();
  client.connect();
  const socket = await dial;
  socket.welcome();
  assert.equal(socket.told("register")[0].token, "t1");
  socket.say("token_expiring", { expires_at: "2026-01-01T00:00:00Z" });
  await new Promise(setImmediate);
  assert.deepEqual(socket.told("token"), [{ token: "t2" }]);
  dial = dialled();
  socket.end(4003);
  const again = await dial;
  again.welcome();
  assert.equal(again.told("register")[0].token, "t3");
});

test("a provider that has none gives none", async (t) => {
  const client = make(t, () => "");
  const dial = dialled();
  client.connect();
  const socket = await dial;
  socket.welcome();
  assert.deepEqual(socket.told("register"), [{ app_name: "x" }]);
});

test("a token that comes after the link is not wanted any more opens none", async (t) => {
  let give;
  const client = make(t, () => new Promise((resolve) => (give = resolve)));
  const dials = [];
  const Fake = globalThis.WebSocket;
  globalThis.WebSocket = class extends Fake {
    constructor(url) {
      super(url);
      dials.push(url);
    }
  };
  client.connect();
  while (give === undefined) await new Promise(setImmediate);
  client.disconnect();
  give("late");
  await new Promise(setImmediate);
  assert.deepEqual(dials, []);
});

test("a provider that fails is told of and asked again", async (t) => {
  const problems = [];
  let count = 0;
  const client = make(t, () => {
    if ((count += 1) === 1) throw new Error("the desk is closed");
    return "t2";
  });
  client.on("error", ({ code, reason }) => problems.push([code, reason]));
  const dial = dialled();
  client.connect();
  const socket = await dial;
  socket.welcome();
  assert.equal(socket.told("register")[0].token, "t2");
  assert.deepEqual(problems, [["token_failed", "No link to ws://a could be tried: Error: the desk is closed"]]);
});

test("after a refused token the close code is waited for, and obeyed", async (t) => {
  const problems = [];
  const client = make(t, "wrong");
  client.on("error", ({ code }) => problems.push(code));
  const dial = dialled();
  const arrival = client.connect();
  const socket = await dial;
  socket.open();
  socket.say("error", { code: "unauthorized", reason: "No.", in_reply_to: "register", id: null });
  socket.end(4501);
  await assert.rejects(arrival, { code: "gave_up" });
  assert.deepEqual(problems, ["unauthorized", "gave_up"]);
  assert.equal(client.status.connecting, false);
});
