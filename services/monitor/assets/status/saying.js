/** Times, counts and names as the page says them, in the language in force. */
import { hasWords, locale, t } from "../words.js";
import { clock, duration, number } from "./format.js";

/** How long ago. @param {number | null} seconds */
export function ago(seconds) {
  if (seconds === null) return t("never");
  return seconds < 1 ? t("now") : t("ago", { time: duration(seconds, t("day")) });
}

/** Since what time of day, and for how long. @param {number} seconds */
export function since(seconds) {
  const time = new Date(Date.now() - seconds * 1000);
  return t("since", { clock: clock(time), time: duration(seconds, t("day")) });
}

/** What fills the gaps in the words of a finding. @param {import("./rules.js").Finding} finding */
export function gapsOf(finding) {
  const hop = finding.values?.hop;
  return typeof hop === "string" && hasWords(hop) ? { ...finding.values, hop: t(hop) } : (finding.values ?? {});
}

/** So many of something, in the form its number asks for: French counts none as one. @param {string} key @param {number} n */
const counted = (key, n) => t(`${key}.${n < 2 ? "one" : "many"}`, { n: number(n, locale()) });

/** How many events are shown of those received. @param {number} shown @param {number} received */
export function countOf(shown, received) {
  if (received === 0) return "";
  const both = `${counted("feed.shown", shown)} ${counted("feed.received", received)}`;
  return received > shown ? `${both}, ${counted("feed.left", received - shown)}` : both;
}

/** How many applications are not listed. @param {number} n */
export const moreApps = (n) => counted("apps.more", n);

/** How many clients this machine's gateways have. @param {any} status */
export function clientsOf(status) {
  const counts = status.processes.map((/** @type {any} */ process) => process.clients ?? 0);
  return number(
    counts.reduce((/** @type {number} */ sum, /** @type {number} */ count) => sum + count, 0),
    locale(),
  );
}

/** A gateway's name without its machine and its group. @param {string} gateway */
export const shortName = (gateway) => gateway.split("/").at(-1)?.split(":").at(-1) ?? gateway;
