/** The live events on the page: rows drawn in frames, a batch in each, never more in the document than are shown. */
import { locale, t } from "../words.js";
import { Feed, GAP, SHOWN, kindOf, whatOf } from "./feed.js";
import { clock, number } from "./format.js";
import { countOf } from "./saying.js";
import { setText } from "./table.js";

const TONES = /** @type {Record<string, string>} */ ({
  INSERT: "good",
  UPDATE: "info",
  DELETE: "bad",
  TRUNCATE: "warn",
  TEST: "idle",
});

/** Of the cells, by column. */
const CLASSES = ["", "", "", "", "what", "number"];
/** Milliseconds between two drawings: what comes faster cannot be read, and need not all be drawn. */
const PAUSE = 100;

export class FeedView {
  feed = new Feed();
  /** @type {number | null} the close code with which this page was refused */
  refused = null;
  #root;
  #dialog;
  #isDue = false;
  #isStale = false;
  #listed = -1;

  /** @param {HTMLElement} root @param {HTMLDialogElement} dialog */
  constructor(root, dialog) {
    this.#root = root;
    this.#dialog = dialog;
    const filters = /** @type {HTMLFormElement} */ (this.#part("filters"));
    filters.addEventListener("submit", (event) => event.preventDefault());
    filters.addEventListener("input", () => this.#choose(filters));
    this.#part("pause").addEventListener("click", () => this.#pause());
    this.#part("clear").addEventListener("click", () => this.#clear());
    this.relabel();
  }

  /** Note an event; it is drawn in one of the next frames. @param {any} event */
  add(event) {
    this.feed.add(event);
    this.#wake();
  }

  /** Say among the events that some could not be had. */
  addGap() {
    this.feed.addGap();
    this.#wake();
  }

  /** The words are others: every label again. */
  relabel() {
    this.#listed = -1;
    this.#wake();
  }

  #wake() {
    this.#isStale = true;
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => this.#frame());
  }

  #frame() {
    window.setTimeout(() => this.#rested(), PAUSE);
    const rows = this.#part("rows");
    const batch = this.feed.take().map((entry) => (entry === GAP ? makeNotice() : this.#row(entry)));
    rows.prepend(...batch.reverse());
    while (rows.childElementCount > SHOWN) rows.lastElementChild?.remove();
    this.#tell(rows.querySelectorAll(":scope > :not(.notice)").length);
    this.#isStale = false;
  }

  #rested() {
    this.#isDue = false;
    if (this.#isStale || this.feed.waiting.length > 0) this.#wake();
  }

  /** @param {any} event */
  #row(event) {
    const row = make("div", "row", "row");
    row.dataset.id = event.id ?? "";
    const badge = Object.assign(document.createElement("span"), { className: "badge", textContent: kindOf(event) });
    badge.dataset.tone = TONES[event.event_type] ?? "idle";
    const open = Object.assign(document.createElement("button"), {
      type: "button",
      className: "quiet",
      textContent: String(event.seq),
    });
    open.setAttribute("aria-label", t("feed.open", { seq: event.seq }));
    open.addEventListener("click", () => this.#open(event));
    const cells = [clock(new Date(event.timestamp), true), badge, event.table, event.id ?? "", whatOf(event), open];
    cells.forEach((content, index) => {
      const cell = row.appendChild(make("span", "cell", CLASSES[index]));
      cell.append(content);
      if (typeof content === "string" && index > 1) cell.title = content;
    });
    return row;
  }

  /** @param {any} event */
  #open(event) {
    setText(/** @type {Element} */ (this.#dialog.querySelector("h2")), t("feed.detail", { seq: event.seq }));
    setText(/** @type {Element} */ (this.#dialog.querySelector("pre")), JSON.stringify(event, null, 2));
    this.#dialog.showModal();
  }

  /** @param {number} shown */
  #tell(shown) {
    const { received, tables, kinds, isPaused, held, filter } = this.feed;
    Object.assign(this.#root.dataset, { received, shown });
    setText(this.#part("count"), countOf(shown, received));
    const pause = this.#part("pause");
    pause.setAttribute("aria-pressed", String(isPaused));
    setText(pause, isPaused ? t("feed.resume", { count: number(held, locale()) }) : t("feed.pause"));
    const empty = this.#part("empty");
    empty.hidden = shown > 0;
    const isFiltered = filter.table !== "" || filter.event !== "" || filter.text !== "";
    setText(
      empty,
      this.refused !== null
        ? t("feed.refused", { code: this.refused })
        : t(isFiltered && received > 0 ? "feed.nothing" : "feed.empty"),
    );
    if (this.#listed !== tables.size + kinds.size) this.#list(tables, kinds);
  }

  /** @param {Set<string>} tables @param {Set<string>} kinds */
  #list(tables, kinds) {
    this.#listed = tables.size + kinds.size;
    const filters = /** @type {any} */ (this.#part("filters")).elements;
    fillSelect(filters.table, t("feed.tables"), tables);
    fillSelect(filters.event, t("feed.events"), kinds);
  }

  /** @param {any} filters */
  #choose({ elements }) {
    this.feed.choose({ table: elements.table.value, event: elements.event.value, text: elements.text.value.trim() });
    this.#empty();
  }

  #pause() {
    if (this.feed.pause(!this.feed.isPaused)) this.#empty();
    this.#wake();
  }

  #clear() {
    this.feed.clear();
    this.#empty();
  }

  #empty() {
    this.#part("rows").replaceChildren();
    this.#wake();
  }

  /** @param {string} name */
  #part(name) {
    return /** @type {HTMLElement} */ (this.#root.querySelector(`[data-part="${name}"]`));
  }
}

/** @param {string} tag @param {string} role @param {string} [className] */
function make(tag, role, className = "") {
  const element = Object.assign(document.createElement(tag), { className });
  element.setAttribute("role", role);
  return element;
}

function makeNotice() {
  const row = make("div", "row", "row notice");
  const cell = row.appendChild(make("span", "cell"));
  cell.dataset.t = "feed.resync";
  cell.textContent = t("feed.resync");
  return row;
}

/** @param {HTMLSelectElement} select @param {string} all @param {Set<string>} names */
function fillSelect(select, all, names) {
  const chosen = select.value;
  const options = [new Option(all, ""), ...[...names].sort().map((name) => new Option(name, name))];
  select.replaceChildren(...options);
  select.value = chosen;
}
