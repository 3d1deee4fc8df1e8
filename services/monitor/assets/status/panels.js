/**
 * The tables of the page: what is worth a look, processes, lines, applications, programs, and the figures of the
 * curves.
 */
import { hasWords, locale, t } from "../words.js";
import { duration, latency, megabytes, number } from "./format.js";
import { LINE_TONES, PRESENCE_TONES, PROGRAM_TONES } from "./remarks.js";
import { ago, moreApps, shortName } from "./saying.js";
import { fillTable, setText } from "./table.js";

/** Applications listed at most. */
const APPS_SHOWN = 200;
const UNKNOWN = "–";

/** @param {unknown} value @param {(value: any) => string} format */
const or = (value, format) => (value === null || value === undefined ? UNKNOWN : format(value));
/** @param {number} value */
const count = (value) => number(value, locale());
/** @param {string} key @param {string} text */
const word = (key, text) => (hasWords(key) ? t(key) : text);

const columns = (/** @type {string[]} */ names, /** @type {string[]} */ numbers) =>
  names.map((name) => ({ word: name, number: numbers.includes(name) }));

const PROCESS = columns(
  [
    "column.process",
    "column.presence",
    "column.state",
    "column.clients",
    "column.lagging",
    "column.lag",
    "column.memory",
    "column.restarts",
    "column.heard",
    "column.pid",
  ],
  ["column.clients", "column.lagging", "column.lag", "column.memory", "column.restarts", "column.heard", "column.pid"],
);

/** @param {HTMLTableElement} table @param {any} status @param {(age: number) => number} ageNow */
export function drawProcesses(table, status, ageNow) {
  const rows = status.processes.map((/** @type {any} */ each) => ({
    key: each.process,
    cells: [
      each.process,
      { text: word(`presence.${each.presence}`, each.presence), tone: PRESENCE_TONES[each.presence] ?? "idle" },
      word(`state.${each.state}`, each.state),
      or(each.clients, count),
      or(each.lagging, count),
      latency(each.loop_lag, locale()),
      or(each.memory, (bytes) => megabytes(bytes, locale())),
      count(each.restarts),
      ago(ageNow(each.age)),
      String(each.pid),
    ],
  }));
  fillTable(table, PROCESS, rows, "processes.empty");
}

const LINE = columns(
  [
    "column.line",
    "column.state",
    "column.role",
    "column.share",
    "column.first",
    "column.duplicates",
    "column.missed",
    "column.behind",
    "column.seq",
    "column.heard",
  ],
  ["column.share", "column.first", "column.duplicates", "column.missed", "column.behind", "column.seq", "column.heard"],
);

/** @param {HTMLTableElement} table @param {any} status @param {(age: number) => number} ageNow */
export function drawLines(table, status, ageNow) {
  const taken = status.lines.reduce((/** @type {number} */ sum, /** @type {any} */ line) => sum + (line.first ?? 0), 0);
  const rows = status.lines.map((/** @type {any} */ line) => ({
    key: line.line,
    cells: [
      line.line,
      { text: word(`line.${line.state}`, line.state), tone: LINE_TONES[line.state] ?? "idle" },
      line.silent ? UNKNOWN : t(line.leading ? "role.leader" : "role.standby"),
      taken > 0 ? `${number((100 * (line.first ?? 0)) / taken, locale())} %` : UNKNOWN,
      or(line.first, count),
      or(line.duplicates, count),
      or(line.missed, count),
      count(line.behind),
      count(line.top_seq),
      ago(ageNow(line.age)),
    ],
  }));
  fillTable(table, LINE, rows, "lines.empty");
}

/** What brings the events: the lines, or a stream of all. @param {HTMLElement} about @param {any} status */
export function tellBus(about, status) {
  about.dataset.t = status.bus?.[0] === "nats" ? "lines.stream" : "lines.about";
  about.textContent = t(about.dataset.t);
}

const APP = columns(
  ["column.app", "column.gateway", "column.connected", "column.seen"],
  ["column.connected", "column.seen"],
);

/**
 * @param {HTMLTableElement} table
 * @param {HTMLElement} counted
 * @param {any[] | null} apps
 * @param {import("./rules.js").Link} link
 */
export function drawApps(table, counted, apps, link) {
  const listed = apps ?? [];
  const left = listed.length - APPS_SHOWN;
  setText(
    counted,
    apps === null
      ? ""
      : t("apps.count", { count: count(listed.length) }) +
          (left > 0 ? `, ${moreApps(left)}` : ""),
  );
  const rows = [...listed]
    .sort((a, b) => a.app_name.localeCompare(b.app_name))
    .slice(0, APPS_SHOWN)
    .map((app) => ({
      key: app.client_id,
      cells: [
        { text: app.app_name, title: app.client_id },
        shortName(app.gateway),
        sinceTime(app.connected_at),
        sinceTime(app.last_seen),
      ],
    }));
  fillTable(table, APP, rows, "apps.empty");
  if (link.state === "refused")
    setText(/** @type {Element} */ (table.nextElementSibling), t("apps.refused", { code: link.code }));
}

/** @param {string} time */
const sinceTime = (time) => ago(Math.max(0, (Date.now() - Date.parse(time)) / 1000));

const PROGRAM = columns(
  ["column.program", "column.state", "column.uptime", "column.pid"],
  ["column.uptime", "column.pid"],
);

/**
 * What runs, or should; what was stopped on purpose is only named.
 *
 * @param {HTMLTableElement} table
 * @param {HTMLElement} stopped
 * @param {any} status
 */
export function drawPrograms(table, stopped, status) {
  const programs = /** @type {any[]} */ (status.programs ?? []);
  const resting = programs.filter((program) => program.state === "STOPPED");
  stopped.hidden = resting.length === 0;
  setText(stopped, t("programs.stopped", { names: resting.map((program) => shortName(program.name)).join(", ") }));
  const rows = programs
    .filter((program) => program.state !== "STOPPED")
    .map((/** @type {any} */ program) => ({
      key: program.name,
      cells: [
        program.name,
        { text: word(`program.${program.state}`, program.state), tone: PROGRAM_TONES[program.state] ?? "idle" },
        program.pid ? duration(program.uptime, t("day")) : UNKNOWN,
        program.pid ? String(program.pid) : UNKNOWN,
      ],
    }));
  fillTable(table, PROGRAM, rows, "programs.none");
}

/** @param {HTMLElement} card @param {any[]} found */
export function drawRemarks(card, found) {
  card.hidden = found.length === 0;
  const list = /** @type {HTMLElement} */ (card.querySelector('[data-part="list"]'));
  found.forEach((remark, index) => {
    const item = list.children[index] ?? list.appendChild(makeRemark());
    const [dot, text, raw] = /** @type {HTMLElement[]} */ ([...item.children]);
    dot.dataset.tone = remark.tone;
    setText(
      text,
      t(remark.key, remark.values) +
        (remark.since == null ? "" : ` (${t("for", { time: duration(remark.since, t("day")) })})`),
    );
    setText(raw, remark.raw ?? "");
  });
  while (list.children.length > found.length) list.lastElementChild?.remove();
}

function makeRemark() {
  const item = document.createElement("li");
  const dot = Object.assign(document.createElement("span"), { className: "dot" });
  dot.setAttribute("aria-hidden", "true");
  item.append(
    dot,
    document.createElement("span"),
    Object.assign(document.createElement("span"), { className: "raw", lang: "en" }),
  );
  return item;
}
