/** @import { RealtimeEvent } from "./types.js" */

/** Names that only this client emits: no other application's broadcast is told under them. */
const RESERVED = new Set(["connected", "disconnected", "error", "status", "resync", "realtime-event"]);

/** Tables of the station and the channels they are watched on, with the name their changes are told under. */
const SHORT_NAMES = new Map([
  ["bookings", "booking-change"],
  ["booking_events", "booking-change"],
  ["vehicle_queue", "vehicle-change"],
  ["vehicle_events", "vehicle-change"],
]);

/**
 * Return the local names a change is told under: `realtime-event`, `bookings-insert`, and `booking-change`,
 * `vehicle-change` or else the operation in lower case (`insert`).
 *
 * @param {RealtimeEvent} event
 */
export function namesOfChange(event) {
  const operation = event.event_type.toLowerCase();
  const short = SHORT_NAMES.get(event.table) ?? SHORT_NAMES.get(event.channel) ?? operation;
  return ["realtime-event", `${event.table}-${operation}`, short];
}

/**
 * Return the local names a broadcast is told under: `custom-event`, and its own type in lower case.
 *
 * @param {string} eventType
 */
export function namesOfBroadcast(eventType) {
  const own = eventType.toLowerCase();
  return RESERVED.has(own) || own === "custom-event" ? ["custom-event"] : ["custom-event", own];
}
