/** Amounts, times and names as they are shown. */
import { locale } from "/assets/words.js";

/** Dinars with their millimes. @param {number} millimes */
export const dinars = (millimes) =>
  `${(millimes / 1000).toLocaleString(locale(), { minimumFractionDigits: 3, maximumFractionDigits: 3 })} DT`;

/** A whole number. @param {number} value */
export const whole = (value) => Math.round(value).toLocaleString(locale());

/** A plate, or whatever else is not to be broken into lines. @param {string} text */
export const unbroken = (text) => text.replaceAll(" ", "\u00a0");

/** A destination as it is read: KSAR HELLAL is Ksar Hellal. @param {string} name */
export const titled = (name) =>
  name.toLocaleLowerCase("fr").replace(/(^|[\s-])\p{L}/gu, (letter) => letter.toLocaleUpperCase("fr"));
