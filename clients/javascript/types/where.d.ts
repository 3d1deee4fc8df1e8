/**
 * Conditions of a subscription's `where`, with the gateway's meaning of each operator, so that an event reaches the
 * handlers of the subscriptions it was sent for and no others. A null satisfies `is_null` alone, an absent column
 * nothing; a value of another JSON kind than the operand satisfies nothing; strings compare by code point.
 *
 * @import { Condition, RealtimeEvent, Row, Where } from "./types.js"
 */
import type { RealtimeEvent, Where } from "./types.js";
/**
 * Return a copy of what the application gave as `where`, which it may change or lose; throw a TypeError where it
 * cannot be one. Columns and the kinds of values are the gateway's to check.
 *
 * @param {unknown} where
 * @returns {Where}
 */
export declare function whereOf(where: unknown): Where;
/**
 * Tell whether some version of the event's row satisfies every condition. What carries no row cannot be tested: yes.
 *
 * @param {Where} where
 * @param {RealtimeEvent} event
 */
export declare function accepts(where: Where, event: RealtimeEvent): boolean;
