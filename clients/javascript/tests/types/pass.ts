/** What an application in TypeScript writes: all of it must compile. */
import { Resync, WaslaClient, WaslaError, type Item, type RealtimeEvent, type Status } from "@wasla/realtime";
import { websocketDbClient } from "@wasla/realtime/compat";

const client = new WaslaClient({
  urls: ["ws://127.0.0.1:8765", "wss://station.example"],
  appName: "Guichet 1",
  token: async () => "secret",
  position: "session",
  pace: { pingInterval: 5 },
});

const remove: () => void = client.on("resync", ({ tables }) => (tables ?? ["everything"]).join());
client.on("status", (status: Status) => status.database === "up");
client.on("bookings-insert", (event) => event.seq + 1);
client.on("booking-change", async (event: RealtimeEvent) => void event.changed?.length);
client.on("price_changed", ({ from, data }) => [from.app_name, data]);
client.on("disconnected", ({ code, reason }) => `${code.toFixed()} ${reason.trim()}`);
remove();

const stop = client.subscribe(
  { table: "vehicle_queue", events: ["UPDATE"], where: { available_seats: { lte: 2 }, status: { in: ["READY"] } } },
  (event) => event.data?.["available_seats"],
);
stop();

const { gateway } = await client.connect();
const show = (item: Item): string[] | null => (item instanceof Resync ? item.tables : [item.table]);
for await (const item of client.events({ table: "bookings" }, { buffer: 100 })) {
  show(item);
  if (item instanceof Resync) continue;
  if (item.tx.index + 1 === item.tx.size) break;
}
const { clients, missing } = await client.clients();
try {
  await client.broadcast(gateway, { n: clients.length }, { to: { app_name: missing[0] ?? "till" }, queue: true });
} catch (error) {
  if (error instanceof WaslaError && error.code === "queue_full") client.disconnect();
}

const isConnected: boolean = await websocketDbClient.initializeWebSocket("App Name");
const unsubscribe = websocketDbClient.onWebSocketEvent("booking-change", (event) => event.table);
const { lastEventAge } = websocketDbClient.getWebSocketStatus();
websocketDbClient.broadcastToOtherApps("custom-event", { isConnected, lastEventAge });
unsubscribe();
websocketDbClient.disconnectWebSocket();
