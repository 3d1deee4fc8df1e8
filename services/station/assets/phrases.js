/** Counted things in the language in force. */
import { t } from "/assets/words.js";

const counted = (name) => (n) => t(`${name}.${n === 0 && name !== "seats" ? "none" : n === 1 ? "one" : "many"}`, { n });

/** "2 places". @type {(n: number) => string} */
export const seats = counted("seats");
/** "6 places libres". @type {(n: number) => string} */
export const freeSeats = counted("free");
/** "2 voitures". @type {(n: number) => string} */
export const vehicles = counted("vehicles");
