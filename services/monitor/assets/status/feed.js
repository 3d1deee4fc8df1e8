/**
 * The newest events, and which of them are shown. Pure, and bounded whatever comes.
 *
 * `add` costs the same for every event and touches no document. `take` hands out what is to be drawn in the next frame,
 * a batch at a time, so that a burst never becomes one long piece of work: of 10,000 events in a moment only the newest
 * that fit the view are ever drawn, the others are counted.
 */

/** Events kept. */
export const KEPT = 2000;
/** Rows shown at most. */
export const SHOWN = 500;
/** Rows drawn in a frame at most. */
export const BATCH = 40;

/** Stands among the events where some are missing: the stream could not be resumed there. */
export const GAP = Object.freeze({ isGap: true });

/** @typedef {{table: string, event: string, text: string}} Filter  empty strings let everything through */

export class Feed {
  constructor({ kept = KEPT, shown = SHOWN, batch = BATCH } = {}) {
    this.limits = { kept, shown, batch };
    /** @type {any[]} newest last; GAP where some are missing */
    this.events = [];
    /** @type {any[]} matching, newest last, not drawn yet */
    this.waiting = [];
    this.received = 0;
    this.isPaused = false;
    /** Events that came while it was paused. */
    this.held = 0;
    /** @type {Filter} */
    this.filter = { table: "", event: "", text: "" };
    /** @type {Set<string>} */
    this.tables = new Set();
    /** @type {Set<string>} */
    this.kinds = new Set();
  }

  /** Note an event. @param {any} event */
  add(event) {
    this.received += 1;
    this.events.push(event);
    if (this.events.length >= 2 * this.limits.kept) this.events.splice(0, this.events.length - this.limits.kept);
    this.#know(event);
    if (this.isPaused) this.held += 1;
    else if (matches(event, this.filter)) this.#wait(event);
  }

  /** Note, in its place among the events, that some could not be had. It is no event, and passes every filter. */
  addGap() {
    this.events.push(GAP);
    if (!this.isPaused) this.#wait(GAP);
  }

  /** The next rows to draw, oldest first; empty when everything is drawn. */
  take() {
    return this.waiting.splice(0, this.limits.batch);
  }

  /**
   * Stop or go on drawing; what came meanwhile is drawn then. Returns whether the view must be emptied first.
   *
   * @param {boolean} isPaused
   */
  pause(isPaused) {
    if (this.isPaused === isPaused) return false;
    this.isPaused = isPaused;
    if (isPaused) return false;
    this.held = 0;
    this.#restart();
    return true;
  }

  /** Show only what fits; the view must be emptied first. @param {Filter} filter */
  choose(filter) {
    this.filter = filter;
    this.#restart();
  }

  /** Forget everything that was shown so far. */
  clear() {
    this.events = [];
    this.waiting = [];
    this.received = 0;
    this.held = 0;
  }

  #restart() {
    const kept = this.events.slice(-this.limits.kept);
    this.waiting = kept.filter((entry) => entry === GAP || matches(entry, this.filter)).slice(-this.limits.shown);
  }

  /** @param {any} entry */
  #wait(entry) {
    this.waiting.push(entry);
    if (this.waiting.length >= 2 * this.limits.shown) this.waiting.splice(0, this.waiting.length - this.limits.shown);
  }

  /** @param {any} event */
  #know(event) {
    if (this.tables.size < 200) this.tables.add(event.table);
    if (this.kinds.size < 200) this.kinds.add(event.event_type).add(kindOf(event));
  }
}

/** The name of what happened: the business event where there is one. @param {any} event */
export const kindOf = (event) => event.business_event ?? event.event_type;

/** Tell whether an event passes a filter. @param {any} event @param {Filter} filter */
export function matches(event, filter) {
  if (filter.table !== "" && event.table !== filter.table) return false;
  if (filter.event !== "" && event.event_type !== filter.event && event.business_event !== filter.event) return false;
  if (filter.text === "") return true;
  const wanted = filter.text.toLowerCase();
  return (
    `${event.id} ${event.table} ${kindOf(event)} ${event.origin ?? ""}`.toLowerCase().includes(wanted) ||
    JSON.stringify(event.data ?? "")
      .toLowerCase()
      .includes(wanted)
  );
}

/** What changed, in a line: the changed columns with their old and new values, else the first columns of the row that say
 * something and are no time of writing. @param {any} event */
export function whatOf(event, limit = 4) {
  const data = event.data ?? {};
  if (event.event_type === "UPDATE" && Array.isArray(event.changed)) {
    const parts = event.changed
      .slice(0, limit)
      .map((/** @type {string} */ name) => `${name} ${brief(event.old?.[name])} → ${brief(data[name])}`);
    return parts.join(", ") + (event.changed.length > limit ? ", …" : "");
  }
  const names = Object.keys(data).filter(
    (name) => name !== "id" && !name.endsWith("_at") && data[name] !== null && data[name] !== "",
  );
  return (
    names
      .slice(0, limit)
      .map((name) => `${name} ${brief(data[name])}`)
      .join(", ") + (names.length > limit ? ", …" : "")
  );
}

/** @param {unknown} value */
function brief(value) {
  const text =
    value === undefined || value === null ? "∅" : typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > 32 ? `${text.slice(0, 31)}…` : text;
}
