export type ClientOptions = import("./types.js").ClientOptions;
export type Interest = import("./types.js").Interest;
export type RealtimeEvent = import("./types.js").RealtimeEvent;
export type CustomEvent = import("./types.js").CustomEvent;
export type Item = import("./types.js").Item;
export type Registered = import("./types.js").Registered;
export type Disconnected = import("./types.js").Disconnected;
export type Problem = import("./types.js").Problem;
export type Status = import("./types.js").Status;
export type Roster = import("./types.js").Roster;
export type Position = import("./types.js").Position;
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
