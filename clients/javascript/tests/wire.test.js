/** The timers between the session and the world. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Wire, now } from "../src/wire.js";

test("a tick that is due earlier than thought comes earlier, a later one at the first", async () => {
  const { promise, resolve } = Promise.withResolvers();
  const wire = new Wire({ tick: resolve }, () => undefined);
  wire.schedule(now() + 3600);
  wire.schedule(now() + 0.01);
  wire.schedule(now() + 3600);
  await promise;
  wire.schedule(Infinity);
});

test("nothing is sent where there is no link", () => {
  new Wire({}, () => undefined).send({ message_type: "ping", data: {} });
});
