/** Has the JavaScript client's core hear the texts of each line, and says on a line what came of them. */
import { createInterface } from "node:readline";

import { Dispatch } from "../../clients/javascript/src/dispatch.js";
import { Listeners } from "../../clients/javascript/src/listeners.js";
import { Resync } from "../../clients/javascript/src/resync.js";
import { Session } from "../../clients/javascript/src/session.js";

const SUBSCRIPTION = { id: "s", tables: ["bookings"], where: { seats_booked: { gte: 1 }, id: { in: ["b"] } } };

/** @param {string[]} texts */
function hear(texts) {
  const session = new Session({ urls: ["ws://a:1", "ws://b:2"], appName: "fuzz", random: () => 0.5 });
  const listeners = new Listeners();
  const dispatch = new Dispatch(listeners);
  dispatch.add(SUBSCRIPTION, () => undefined);
  listeners.on("error", () => undefined);
  session.subscribe(0, SUBSCRIPTION);
  session.connect(0);
  session.opened(0);
  let outcome = "nothing";
  for (const text of texts) {
    const effects = session.received(1, text);
    for (const effect of effects) perform(effect, dispatch, listeners);
    if (!Number.isFinite(session.due)) throw new Error("a tick is due at no time");
    outcome = nameOf(effects[0]);
  }
  return outcome;
}

function perform(effect, dispatch, listeners) {
  if (effect.event) dispatch.event(effect.event);
  if (effect.custom_event) dispatch.custom(effect.custom_event);
  if (effect.resync) listeners.tell("resync", new Resync(effect.resync));
  if (effect.notice) listeners.report(effect.notice);
  if (effect.send) JSON.stringify(effect.send);
}

function nameOf(effect) {
  if (effect === undefined) return "nothing";
  return effect.notice ? `notice ${String(effect.notice.code).slice(0, 30)}` : Object.keys(effect)[0];
}

for await (const line of createInterface({ input: process.stdin })) {
  let said;
  try {
    said = { outcome: hear(JSON.parse(line)) };
  } catch (error) {
    said = { error: String(error?.stack ?? error).slice(0, 2000) };
  }
  if (Object.prototype.polluted !== undefined) said = { error: "Object.prototype was changed" };
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
