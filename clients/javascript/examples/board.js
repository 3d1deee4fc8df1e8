/** The last changes, newest first. Another gateway: board.html?ws://host:8765 */
import { WaslaClient } from "../src/index.js";

const url = location.search.slice(1) || `ws://${location.hostname}:8765`;
const client = new WaslaClient({ urls: url, appName: "Board", position: "session" });
const status = document.getElementById("status");
const changes = document.getElementById("changes");

client.on("status", ({ connected, database }) => {
  status.textContent = connected ? `connected, database ${database ?? "not known"}` : "not connected";
});
client.on("error", ({ reason }) => {
  status.textContent = reason;
});
client.subscribe({}, ({ event_type, table, id, business_event }) => {
  const line = document.createElement("li");
  line.textContent = [business_event ?? event_type, table, id].filter(Boolean).join(" · ");
  changes.prepend(line);
  while (changes.childElementCount > 20) changes.lastElementChild.remove();
});
client.connect();
