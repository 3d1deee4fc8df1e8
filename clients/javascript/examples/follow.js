/**
 * Print what changes, and what becomes of the link: node examples/follow.js [ws://host:8765] [table]
 */
import { argv } from "node:process";

import { WaslaClient } from "../src/index.js";

const [url = "ws://127.0.0.1:8765", table] = argv.slice(2);
const client = new WaslaClient({ urls: url, appName: "follow.js" });

client.on("connected", ({ gateway, resumed }) => console.log(resumed ? "back at" : "connected to", gateway));
client.on("disconnected", ({ reason }) => console.log("away:", reason));
client.on("error", ({ reason }) => console.error(reason));
client.on("resync", ({ tables }) => console.log("reload", tables?.join(", ") ?? "everything"));
client.connect();

for await (const { seq, event_type, table: name, id, business_event } of client.events(table ? { table } : {})) {
  console.log(seq, event_type, name, id, business_event ?? "");
}
