/** The figures behind the curves, as tables: their legend, and what stands for them where they cannot be seen. */
import { locale, t } from "../words.js";
import { HOPS } from "./curves.js";
import { clock, latency, rate } from "./format.js";
import { fillTable, setText } from "./table.js";

/** @param {unknown} value @param {(value: number) => string} format */
const or = (value, format) => (typeof value === "number" ? format(value) : "–");

/**
 * The figures behind the curves; at the cursor's row where there is one.
 *
 * @param {HTMLTableElement} table
 * @param {import("./curves.js").Curves} curves
 * @param {number | null} row
 */
export function drawLatencies(table, curves, row) {
  fillFigures(table, "latency.column", [...HOPS, "total"], curves, row, (value) => latency(value, locale()));
}

/** @param {HTMLTableElement} table @param {import("./curves.js").Curves} curves @param {number | null} row */
export function drawFlow(table, curves, row) {
  fillFigures(table, "flow.column", ["events", "deliveries", "clients"], curves, row, (value) => rate(value, locale()));
}

/**
 * @param {HTMLTableElement} table
 * @param {string} heading
 * @param {string[]} names
 * @param {import("./curves.js").Curves} curves
 * @param {number | null} row
 * @param {(value: number) => string} format
 */
function fillFigures(table, heading, names, curves, row, format) {
  const rows = names.map((name) => {
    const { latest, median, largest } = curves.summary(name);
    const shown = row === null ? latest : curves.columns[name][row];
    const isDrawn = name !== "total" && name !== "clients";
    return {
      key: name,
      className: name === "total" ? "sum" : "",
      cells: [
        isDrawn ? { text: t(name), series: name } : t(name),
        or(shown, format),
        or(median, format),
        or(largest, format),
      ],
    };
  });
  const numbers = ["column.latest", "column.median", "column.largest"].map((word) => ({ word, number: true }));
  fillTable(table, [{ word: heading }, ...numbers], rows);
  const at = row === null ? null : curves.columns.at[row];
  if (typeof at === "number") setText(table.rows[0].cells[1], clock(new Date(at * 1000)));
}
