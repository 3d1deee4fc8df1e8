// What comes at the feed's port: messages, each after its length as four bytes, big end first.

import net from "node:net";

export function listenForFeed(port, onMessage) {
  net
    .createServer((socket) => {
      let rest = Buffer.alloc(0);
      socket.on("data", (data) => {
        rest = rest.length ? Buffer.concat([rest, data]) : data;
        let at = 0;
        while (rest.length - at >= 4) {
          const length = rest.readUInt32BE(at);
          if (rest.length - at < 4 + length) break;
          onMessage(rest.subarray(at + 4, at + 4 + length));
          at += 4 + length;
        }
        rest = rest.subarray(at);
      });
    })
    .listen(port, "127.0.0.1");
}
