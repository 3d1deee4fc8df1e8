/** The sentence and the three indicators, drawn from what the rules found. Ages tick; only changes are announced. */
import { locale, t } from "../words.js";
import { latency } from "./format.js";
import { ageNow } from "./rules.js";
import { ago, clientsOf, gapsOf, shortName, since } from "./saying.js";
import { setText } from "./table.js";
import { drawVerdict, drawWindow } from "./verdict.js";

/** @typedef {import("./rules.js").Facts} Facts @typedef {import("./rules.js").Finding} Finding */
/** @typedef {Record<"database" | "websocket" | "realtime" | "verdict", Finding>} Found */

const NAMES = /** @type {const} */ (["database", "websocket", "realtime"]);
const FACTS = {
  database: ["fact.updated", "fact.since", "fact.listener", "fact.reason"],
  websocket: ["fact.updated", "fact.clients", "fact.link", "fact.reason"],
  realtime: ["fact.probe", "fact.event", "fact.reason"],
};

export class Indicators {
  #cards = new Map();
  /** @type {Map<string, string>} */
  #announced = new Map();

  /** @param {{verdict: HTMLElement, indicators: HTMLElement, announcement: HTMLElement}} places */
  constructor(places) {
    this.places = places;
    for (const name of NAMES) {
      const card = makeCard(name);
      this.#cards.set(name, card);
      places.indicators.append(card.root);
    }
  }

  /** Draw. @param {Facts} facts @param {Found} found @param {{remarks: number, gateway: string}} more */
  draw(facts, found, more) {
    drawVerdict(this.places.verdict, facts, found.verdict, more.remarks);
    for (const name of NAMES) drawCard(this.#cards.get(name), name, facts, found[name], more.gateway);
    this.#announce(found);
    drawWindow(found.verdict);
  }

  /** Tell a screen reader what changed, and nothing while it is only being measured. @param {Found} found */
  #announce(found) {
    const news = NAMES.filter((name) => found[name].tone !== "idle" && this.#announced.get(name) !== found[name].tone);
    for (const name of news) this.#announced.set(name, found[name].tone);
    if (news.length > 0)
      setText(
        this.places.announcement,
        news
          .map((name) => t("announcement", { name: t(`name.${name}`), state: t(found[name].key, gapsOf(found[name])) }))
          .join(". "),
      );
  }
}

/** @param {string} name */
function makeCard(name) {
  const root = Object.assign(document.createElement("article"), {
    className: "card indicator",
    id: `indicator-${name}`,
  });
  const head = Object.assign(document.createElement("div"), { className: "head" });
  const title = Object.assign(document.createElement("h2"), { id: `indicator-${name}-title` });
  root.setAttribute("aria-labelledby", title.id);
  const badge = Object.assign(document.createElement("span"), { className: "badge" });
  head.append(title, badge);
  const figure = Object.assign(document.createElement("p"), { className: "figure" });
  const list = document.createElement("dl");
  root.append(head, figure, list);
  return { root, title, badge, figure, list };
}

/**
 * @param {any} card
 * @param {"database" | "websocket" | "realtime"} name
 * @param {Facts} facts
 * @param {Finding} finding
 * @param {string} gateway
 */
function drawCard(card, name, facts, finding, gateway) {
  card.root.dataset.tone = finding.tone;
  setText(card.title, t(`name.${name}`));
  setText(card.badge, t(`page.${finding.tone}`));
  setText(card.figure, figureOf(name, facts, finding));
  FACTS[name].forEach((word, index) => {
    const row = card.list.children[index] ?? card.list.appendChild(makeFact(word));
    const text = factOf(word, name, facts, finding, gateway);
    row.hidden = text === null;
    setText(row.firstElementChild, t(word));
    setText(row.lastElementChild, text ?? "");
  });
}

/** @param {string} word */
function makeFact(word) {
  const row = document.createElement("div");
  row.append(document.createElement("dt"), document.createElement("dd"));
  if (word === "fact.reason") row.lastElementChild?.setAttribute("lang", "en"); // the machine's own sentence
  return row;
}

/** @param {string} name @param {Facts} facts @param {Finding} finding */
function figureOf(name, facts, finding) {
  if (name === "realtime" && (finding.tone === "good" || finding.key === "realtime.slow"))
    return latency(facts.status.realtime.seconds, locale());
  return t(finding.key, gapsOf(finding));
}

/**
 * @param {string} word
 * @param {"database" | "websocket" | "realtime"} name
 * @param {Facts} facts
 * @param {Finding} finding
 * @param {string} gateway
 * @returns {string | null}
 */
function factOf(word, name, facts, finding, gateway) {
  const status = facts.status;
  switch (word) {
    case "fact.updated":
      return ago(ageNow(facts, status?.[name].age ?? null));
    case "fact.since":
      return finding.since === null || finding.since === undefined ? null : since(finding.since);
    case "fact.listener":
      return facts.link.state === "connected" ? t(`told.${facts.link.database ?? "unknown"}`) : null;
    case "fact.clients":
      return status === null ? t("none") : clientsOf(status);
    case "fact.link":
      return linkOf(facts, gateway);
    case "fact.probe":
      return ago(ageNow(facts, status?.realtime.age ?? null));
    case "fact.event":
      return status?.last_event == null
        ? t("none")
        : t("said.event", { ago: ago(ageNow(facts, status.last_event.age)), table: status.last_event.table });
    default:
      return finding.tone === "good" || finding.tone === "idle" ? null : (status?.[name].reason ?? null);
  }
}

/** @param {Facts} facts @param {string} gateway */
function linkOf(facts, gateway) {
  const { state, code } = facts.link;
  if (state === "connected") return t("said.link", { state: t("link.up"), gateway: shortName(gateway) });
  return state === "refused" ? t("link.refused", { code }) : t("link.connecting");
}
