/** What must not compile: each line that says so, and no other. */
import { WaslaClient } from "@wasla/realtime";
import { websocketDbClient } from "@wasla/realtime/compat";

new WaslaClient({ appName: "Guichet 1" }); // must fail: no address
new WaslaClient({ urls: "ws://a", appName: 1 }); // must fail: a number is no name
new WaslaClient({ urls: "ws://a", appName: "a", tokn: "" }); // must fail: a misspelled option
const client = new WaslaClient({ urls: "ws://a", appName: "a" });
client.on("resync", (resync) => resync.table); // must fail: resync has tables
client.on("bookings-insert", (event) => event.from); // must fail: a change comes from nobody
client.on("status", 1); // must fail: no function
client.subscribe({ tabel: "bookings" }, () => {}); // must fail: a misspelled part
client.subscribe({ table: "bookings", where: { id: { equals: 1 } } }, () => {}); // must fail: no such operator
client.subscribe({ table: "bookings" }, (event) => event.data.id); // must fail: data may be null
for await (const { data } of client.events()) void data; // must fail: it may be a Resync
client.status.connected = true; // passes: a status is a copy
client.status = client.status; // must fail: it cannot be set
const seq: string = (await client.connect()).seq; // must fail: seq is a number
websocketDbClient.onWebSocketEvent("booking-change"); // must fail: no handler
export { seq };
