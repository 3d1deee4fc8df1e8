/**
 * The real client for scenarios written in another language: one JSON object a line on standard output for everything
 * it tells. Ends with its standard input. Its argument: { urls, subscribe }.
 */
import { stdin, stdout, argv } from "node:process";

import { WaslaClient } from "../src/index.js";

/** Waits of fractions of a second: a scenario waits for what happens, but nobody wants to wait long. */
const PACE = { firstDelay: 0.02, maxDelay: 0.2, openingTimeout: 60 };

const { urls, subscribe } = JSON.parse(argv[2]);
const client = new WaslaClient({ urls, appName: "scenario", pace: PACE });
const tell = (kind, value) => stdout.write(`${JSON.stringify({ kind, value })}\n`);

client.on("realtime-event", (event) => tell("event", event));
client.on("resync", (resync) => tell("resync", resync));
client.on("error", ({ code, close_code }) => {
  if (code === "gave_up") tell("gave_up", close_code);
});
for (const subscription of subscribe) client.subscribe(subscription, () => {});
client.connect();

stdin.on("end", () => client.disconnect());
stdin.resume();
