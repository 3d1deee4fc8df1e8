import type { Interest, RealtimeEvent, Resync, Subscription } from "./types.js";
/**
 * Return what is sent for an interest; throw a TypeError that says what was expected.
 *
 * @param {Interest} interest
 * @param {string} id for an interest that gives none
 * @returns {Subscription}
 */
export declare function subscriptionOf(interest: Interest, id: string): Subscription;
/**
 * Tell whether an event is for a subscription, as the gateway decides it.
 *
 * @param {Subscription} subscription
 * @param {RealtimeEvent} event
 */
export declare function matches({ tables, channels, events, where }: Subscription, event: RealtimeEvent): boolean;
/**
 * Tell whether what is to be loaded again may be of what a subscription shows.
 *
 * @param {Subscription} subscription
 * @param {Resync} resync
 */
export declare function concerns({ tables: shown }: Subscription, { tables }: Resync): boolean;
