/**
 * `@wasla/realtime`: follow committed changes of a PostgreSQL database, in order and without loss.
 *
 * @typedef {import("./types.js").ClientOptions} ClientOptions
 * @typedef {import("./types.js").Interest} Interest
 * @typedef {import("./types.js").RealtimeEvent} RealtimeEvent
 * @typedef {import("./types.js").CustomEvent} CustomEvent
 * @typedef {import("./types.js").Item} Item
 * @typedef {import("./types.js").Registered} Registered
 * @typedef {import("./types.js").Disconnected} Disconnected
 * @typedef {import("./types.js").Problem} Problem
 * @typedef {import("./types.js").Status} Status
 * @typedef {import("./types.js").Roster} Roster
 * @typedef {import("./types.js").Position} Position
 */
export { WaslaClient } from "./client.js";
export { sentenceFor as closeCodeSentence } from "./close-codes.js";
export { WaslaError } from "./errors.js";
export { Resync } from "./resync.js";
