/** Close codes as the instructions they are (`docs/protocol.md`, "Close codes"). */

export const NORMAL = 1000;
export const GOING_AWAY = 1001;
/** What ends a link that nobody closed (RFC 6455 section 7.4.1). */
export const LOST = 1006;
export const PING_TIMEOUT = 4004;

/** @type {Map<number, string>} */
const SENTENCES = new Map([
  [1001, "This gateway drains: another one takes over."],
  [1009, "A message was longer than the gateway accepts: send smaller ones."],
  [4000, "No register message came in time."],
  [4001, "The connection stood unread for too long."],
  [4002, "The gateway is full."],
  [4003, "The token has ended: give a token provider, so that a fresh one is at hand."],
  [4004, "The link said nothing for too long."],
  [4005, "Too many events were asked for again: resuming later."],
  [4500, "What was sent is not a message of the protocol: update this client."],
  [4501, "The token was refused: obtain a valid one, then connect again."],
  [4502, "Pages of this origin may not connect: have the operator allow it."],
  [4503, "Too many messages were sent: send fewer, then connect again."],
]);

/**
 * Tell whether a code says not to come back until something has changed.
 *
 * @param {number} code
 */
export function mustStop(code) {
  return code >= 4500 && code <= 4999;
}

/**
 * Return what a code means, as a sentence for people.
 *
 * @param {number} code
 */
export function sentenceFor(code) {
  return SENTENCES.get(code) ?? `The link ended with code ${code}.`;
}
