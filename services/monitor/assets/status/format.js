/** Figures as people read them, in the language of the page. Pure; seconds and bytes in, text out. */

/** @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/** A number with at most `digits` decimals. @param {number} value @param {string} locale */
export function number(value, locale, digits = 0) {
  const key = `${locale}/${digits}`;
  let format = formats.get(key);
  if (format === undefined)
    formats.set(key, (format = new Intl.NumberFormat(locale, { maximumFractionDigits: digits })));
  return format.format(value);
}

/** A short time: "4.2 ms", "12 ms", "1.3 s". @param {number} seconds @param {string} locale */
export function latency(seconds, locale) {
  if (seconds >= 1) return `${number(seconds, locale, 1)} s`;
  const milliseconds = seconds * 1000;
  return `${number(milliseconds, locale, milliseconds < 9.95 ? 1 : 0)} ms`;
}

/** A rate: small ones with a decimal. @param {number} value @param {string} locale */
export const rate = (value, locale) => number(value, locale, value < 10 ? 1 : 0);

/**
 * How long: "3 s", "4 min 05 s", "2 h 10 min", "3 d 4 h"; `day` is the letter for days.
 *
 * @param {number} seconds
 * @param {string} [day]
 */
export function duration(seconds, day = "d") {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${pad(whole % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${pad(minutes % 60)} min` : `${Math.floor(hours / 24)} ${day} ${hours % 24} h`;
}

/** Memory in megabytes. @param {number} bytes @param {string} locale */
export const megabytes = (bytes, locale) => `${number(bytes / 1e6, locale)} ${locale.startsWith("fr") ? "Mo" : "MB"}`;

/** The time of day, with milliseconds if asked for. @param {Date} time */
export function clock(time, milliseconds = false) {
  const text = [time.getHours(), time.getMinutes(), time.getSeconds()].map(pad).join(":");
  return milliseconds ? `${text}.${String(time.getMilliseconds()).padStart(3, "0")}` : text;
}

/** @param {number} value */
const pad = (value) => String(value).padStart(2, "0");
