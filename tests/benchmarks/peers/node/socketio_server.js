// socket.io: whatever comes at the second port is emitted to every client.
// node socketio_server.js PORT FEED_PORT

import { createServer } from "node:http";
import { Server } from "socket.io";
import { listenForFeed } from "./feed.js";

const [port, feedPort] = process.argv.slice(2).map(Number);
const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false });

http.listen({ host: "127.0.0.1", port, backlog: 4096 });
listenForFeed(feedPort, (message) => io.emit("event", JSON.parse(message.toString())));
