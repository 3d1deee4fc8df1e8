/** The one sentence on top, and the window's title and icon, which say it where the page is one tab of many. */
import { locale, t } from "../words.js";
import { latency } from "./format.js";
import { ago, clientsOf, gapsOf, since } from "./saying.js";
import { setText } from "./table.js";

/**
 * @param {HTMLElement} place
 * @param {import("./rules.js").Facts} facts
 * @param {import("./rules.js").Finding} finding
 * @param {number} remarks how many things are worth a look
 */
export function drawVerdict(place, facts, finding, remarks) {
  place.dataset.tone = finding.tone;
  const part = (/** @type {string} */ name) => /** @type {Element} */ (place.querySelector(`[data-part="${name}"]`));
  const seconds = facts.status?.realtime.seconds ?? null;
  const words = t(finding.key, { time: seconds === null ? "" : latency(seconds, locale()), ...gapsOf(finding) });
  const isLasting = finding.tone !== "good" && typeof finding.since === "number";
  setText(part("sentence"), isLasting ? `${words} ${since(Number(finding.since))}` : words);
  setText(part("detail"), facts.status === null ? "" : onMachine(facts.status, remarks));
  const age = facts.heardAt === null ? null : facts.now - facts.heardAt;
  setText(part("updated"), age === null ? t("updated.never") : t("updated", { ago: ago(age) }));
}

/** @param {any} status @param {number} remarks */
function onMachine(status, remarks) {
  const text = t("verdict.on", { machine: status.machine, clients: clientsOf(status) });
  return remarks > 0 ? `${text} ${t("verdict.remarks", { count: remarks })}` : text;
}

/** @param {import("./rules.js").Finding} finding */
export function drawWindow(finding) {
  const title = `${t(`page.${finding.tone}`)} · Wasla ${t("title")}`;
  if (document.title !== title) document.title = title;
  const icon = /** @type {HTMLLinkElement} */ (document.querySelector('link[rel="icon"]'));
  const href = `/assets/status/icon-${finding.tone}.svg`;
  if (!icon.href.endsWith(href)) icon.href = href;
}
