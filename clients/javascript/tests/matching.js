/** Reads [subscription, event] pairs from standard input and prints which match, for a comparison with the gateway. */
import { readFileSync } from "node:fs";

import { matches } from "../src/subscriptions.js";

const pairs = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(pairs.map(([subscription, event]) => matches(subscription, event))));
