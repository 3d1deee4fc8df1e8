/** Counted things in the language in force. */
import { t } from "/assets/words.js";
import { whole } from "./format.js";

const counted = (name, none = "many") => (n) => t(`${name}.${n === 0 ? none : n === 1 ? "one" : "many"}`, { n: whole(n) });

/** "2 places". @type {(n: number) => string} */
export const seats = counted("seats");
/** "6 places libres". @type {(n: number) => string} */
export const freeSeats = counted("free", "none");
/** "2 voitures". @type {(n: number) => string} */
export const vehicles = counted("vehicles", "none");
/** "2 places remboursées". @type {(n: number) => string} */
export const refunded = counted("refunded");
/** "2 places rendues". @type {(n: number) => string} */
export const givenBack = counted("given_back");
/** "2 changements". @type {(n: number) => string} */
export const changes = counted("changes");
/** "2 lignes". @type {(n: number) => string} */
export const lines = counted("lines");
/** "2 sans intérêt". @type {(n: number) => string} */
export const noise = counted("noise");
/** "2 départs". @type {(n: number) => string} */
export const departures = counted("departures");
