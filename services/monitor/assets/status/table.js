/** A table that is filled again and again: only what changed is touched, so that a reader's place in it stays. */
import { t } from "../words.js";

/**
 * @typedef {string | {text: string, tone?: string, title?: string, series?: string}} Cell
 * @typedef {{key: string, className?: string, cells: Cell[]}} Row
 */

/** Show these rows below these headings (names of words; `number` columns stand to the right). */
export function fillTable(
  /** @type {HTMLTableElement} */ table,
  /** @type {{word: string, number?: boolean}[]} */ columns,
  /** @type {Row[]} */ rows,
  emptyWord = "none",
) {
  const head = table.tHead ?? table.createTHead();
  const body = table.tBodies[0] ?? table.createTBody();
  fillHead(head, columns);
  const old = new Map([...body.rows].map((row) => [row.dataset.key, row]));
  rows.forEach((row, place) => {
    const line = old.get(row.key) ?? makeRow(row, columns);
    old.delete(row.key);
    line.className = row.className ?? "";
    row.cells.forEach((cell, index) => fillCell(/** @type {HTMLElement} */ (line.cells[index]), cell));
    if (body.rows[place] !== line) body.insertBefore(line, body.rows[place] ?? null);
  });
  for (const line of old.values()) line.remove();
  fillEmpty(table, rows.length === 0, emptyWord);
}

/** @param {HTMLTableSectionElement} head @param {{word: string, number?: boolean}[]} columns */
function fillHead(head, columns) {
  const row = head.rows[0] ?? head.insertRow();
  columns.forEach((column, index) => {
    const cell = row.cells[index] ?? row.appendChild(Object.assign(document.createElement("th"), { scope: "col" }));
    cell.className = column.number ? "number" : "";
    setText(cell, t(column.word));
  });
}

/** @param {Row} row @param {{number?: boolean}[]} columns */
function makeRow(row, columns) {
  const line = document.createElement("tr");
  line.dataset.key = row.key;
  columns.forEach((column, index) => {
    const cell = document.createElement(index === 0 ? "th" : "td");
    if (index === 0) cell.setAttribute("scope", "row");
    if (column.number) cell.className = "number";
    line.append(cell);
  });
  return line;
}

/** @param {HTMLElement} place @param {Cell} cell */
function fillCell(place, cell) {
  const { text, tone, title, series } = typeof cell === "string" ? { text: cell } : cell;
  const kind = tone !== undefined ? "badge" : series !== undefined ? "swatch" : "";
  if (place.dataset.kind !== kind) {
    place.replaceChildren(...parts(kind));
    place.dataset.kind = kind;
  }
  if (kind === "badge") {
    const badge = /** @type {HTMLElement} */ (place.firstElementChild);
    if (badge.dataset.tone !== tone) badge.dataset.tone = tone ?? "idle";
    setText(badge, text);
  } else if (kind === "swatch") {
    /** @type {HTMLElement} */ (place.firstElementChild).dataset.series = series ?? "";
    setText(/** @type {HTMLElement} */ (place.lastElementChild), text);
  } else setText(place, text);
  if ((title ?? "") !== place.title) place.title = title ?? "";
}

/** @param {string} kind */
function parts(kind) {
  if (kind === "badge") return [Object.assign(document.createElement("span"), { className: "badge" })];
  if (kind === "swatch")
    return [Object.assign(document.createElement("span"), { className: "swatch" }), document.createElement("span")];
  return [];
}

/** @param {HTMLTableElement} table @param {boolean} isEmpty @param {string} word */
function fillEmpty(table, isEmpty, word) {
  let note = /** @type {HTMLElement | null} */ (table.parentElement?.querySelector(":scope > .empty"));
  if (note === null || note === undefined) {
    note = Object.assign(document.createElement("p"), { className: "empty" });
    table.after(note);
  }
  note.hidden = !isEmpty;
  table.hidden = isEmpty;
  if (isEmpty) setText(note, t(word));
}

/** Set an element's text where it is another. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
