/** @import { Position } from "./types.js" */

/** The message types that say where a client stands, beside `resync`. */
const MOVES = new Set(["registered", "realtime_event", "position"]);

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
export function moved(position, type, data, epoch) {
  if (type === "resync") return { epoch: data.epoch, seq: data.seq };
  if (!MOVES.has(type)) return position;
  const told = { epoch: type === "realtime_event" ? epoch : data.epoch, seq: data.seq };
  if (position === null) return told;
  return told.epoch === position.epoch && told.seq > position.seq ? told : position;
}

/**
 * Tell whether an event of a link of this epoch was handed out before. One of another epoch cannot be compared.
 *
 * @param {Position | null} position
 * @param {number} seq
 * @param {string} epoch the link's
 */
export function isRepeated(position, seq, epoch) {
  return position?.epoch === epoch && seq <= position.seq;
}
