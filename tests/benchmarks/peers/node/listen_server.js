// LISTEN and a broadcast, as people write them: each notification that pg hands over goes to every client of ws.
// node listen_server.js URL PORT

import pg from "pg";
import { WebSocket, WebSocketServer } from "ws";

const [url, port] = process.argv.slice(2);
const database = new pg.Client({ connectionString: url });
let number = 0;

await database.connect();
await database.query("LISTEN sold_events");
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(port), backlog: 4096, perMessageDeflate: false });

database.on("notification", ({ payload }) => {
  const message = `{"message_type":"realtime_event","seq":${++number},"data":${payload}}`;
  for (const client of server.clients) {
    if (client.readyState === WebSocket.OPEN) client.send(message);
  }
});
