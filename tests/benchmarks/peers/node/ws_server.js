// ws: whatever comes at the second port is sent to every client, as its documentation broadcasts.
// node ws_server.js PORT FEED_PORT

import { WebSocket, WebSocketServer } from "ws";
import { listenForFeed } from "./feed.js";

const [port, feedPort] = process.argv.slice(2).map(Number);
const server = new WebSocketServer({ host: "127.0.0.1", port, backlog: 4096, perMessageDeflate: false });

listenForFeed(feedPort, (message) => {
  for (const client of server.clients) {
    if (client.readyState === WebSocket.OPEN) client.send(message, { binary: false });
  }
});
