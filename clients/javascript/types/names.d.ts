/** @import { RealtimeEvent } from "./types.js" */
import type { RealtimeEvent } from "./types.js";
/**
 * Return the local names a change is told under: `realtime-event`, `bookings-insert`, and `booking-change`,
 * `vehicle-change` or else the operation in lower case (`insert`).
 *
 * @param {RealtimeEvent} event
 */
export declare function namesOfChange(event: RealtimeEvent): string[];
/**
 * Return the local names a broadcast is told under: `custom-event`, and its own type in lower case.
 *
 * @param {string} eventType
 */
export declare function namesOfBroadcast(eventType: string): string[];
