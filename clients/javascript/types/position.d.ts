/** @import { Position } from "./types.js" */
import type { Position } from "./types.js";
/**
 * Return the position after a message.
 *
 * The largest seq of one epoch is kept, and a message of another epoch moves nothing, except `resync`: what that says
 * replaces the position, even where it is smaller.
 *
 * @param {Position | null} position
 * @param {string} type
 * @param {Record<string, any>} data
 * @param {string} epoch the link's, which is that of its events
 * @returns {Position | null}
 */
export declare function moved(position: Position | null, type: string, data: Record<string, any>, epoch: string): Position | null;
/**
 * Tell whether an event of a link of this epoch was handed out before. One of another epoch cannot be compared.
 *
 * @param {Position | null} position
 * @param {number} seq
 * @param {string} epoch the link's
 */
export declare function isRepeated(position: Position | null, seq: number, epoch: string): boolean;
