/**
 * Print what changes, and what becomes of the link: node examples/follow.js [ws://host:8765] [table]
 */
import { argv } from "node:process";

import { Resync, WaslaClient } from "../src/index.js";

const [url = "ws://127.0.0.1:8765", table] = argv.slice(2);
const client = new WaslaClient({ urls: url, appName: "follow.js" });

client.on("connected", ({ gateway, resumed }) => console.log(resumed ? "back at" : "connected to", gateway));
client.on("disconnected", ({ reason }) => console.log("away:", reason));
client.on("error", ({ reason }) => console.error(reason));
client.connect();

for await (const item of client.events(table ? { table } : {})) {
  if (item instanceof Resync) console.log("load again:", item.tables?.join(", ") ?? "everything");
  else console.log(item.seq, item.event_type, item.table, item.id, item.business_event ?? "");
}
