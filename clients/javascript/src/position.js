/** @import { Position } from "./types.js" */

/** The message types that say where a client stands. */
const MOVES = new Set(["registered", "realtime_event", "position", "resync"]);

/**
 * Return the position after a message.
 *
 * The largest seq of one epoch is kept, and a message of another epoch moves nothing, except `resync`: what that says
 * replaces the position, even where it is smaller. An event carries no epoch; it is of the one its link resumed in.
 *
 * @param {Position | null} position
 * @param {string} type
 * @param {Record<string, any>} data
 * @returns {Position | null}
 */
export function moved(position, type, data) {
  if (!MOVES.has(type) || !Number.isSafeInteger(data.seq)) return position;
  if (type === "resync" || position === null) return { epoch: data.epoch ?? "", seq: data.seq };
  if ((data.epoch ?? position.epoch) !== position.epoch || data.seq <= position.seq) return position;
  return { epoch: position.epoch, seq: data.seq };
}
