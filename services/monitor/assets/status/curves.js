/**
 * What the curves are drawn from: the newest samples of the monitor, column by column. Pure, and bounded.
 *
 * Columns are arrays of numbers or null; `at` is Unix seconds and only ever grows. Where samples are missing a row of
 * nulls stands in, so that a gap is drawn as a gap.
 */

/** The hops of a change, in order. Each takes the time since the one before. */
export const HOPS = ["captured", "sequenced", "published", "gateway", "received"];
export const COLUMNS = ["at", "ready", "total", ...HOPS, "events", "deliveries", "clients"];
/** Seconds between two samples from which something is missing between them. */
export const GAP = 3.5;

/** @typedef {Record<string, (number | boolean | null)[]>} Columns */

export class Curves {
  /** @param {number} [kept] samples kept at most */
  constructor(kept = 900) {
    this.kept = kept;
    /** @type {Columns} */
    this.columns = {};
    this.replace({});
  }

  /** Take the columns of /history.json instead of everything so far. @param {Columns} columns */
  replace(columns) {
    this.columns = Object.fromEntries(COLUMNS.map((name) => [name, []]));
    const rows = columns.at?.length ?? 0;
    for (let row = 0; row < rows; row += 1)
      this.append(Object.fromEntries(COLUMNS.map((name) => [name, columns[name]?.[row] ?? null])));
  }

  /** The time of the newest sample; null while there is none. */
  get latestAt() {
    return /** @type {number | null} */ (this.columns.at.at(-1) ?? null);
  }

  /** Add a sample; one that is there already, or older, is none. Returns whether it was added. @param {any} sample */
  append(sample) {
    const latest = this.latestAt;
    if (latest !== null && sample.at <= latest) return false;
    if (latest !== null && sample.at - latest > GAP) this.#push({ at: latest + 1 });
    this.#push(sample);
    return true;
  }

  /** Tell whether samples are missing between the newest and that one. @param {any} sample */
  misses(sample) {
    return this.latestAt === null || sample.at - this.latestAt > GAP;
  }

  /** @param {any} sample */
  #push(sample) {
    for (const name of COLUMNS) {
      const column = this.columns[name];
      column.push(sample[name] ?? null);
      if (column.length > this.kept) column.shift();
    }
  }

  /** One column with each value times `factor`. @param {string} name @param {number} [factor] */
  column(name, factor = 1) {
    return this.columns[name].map((value) => (value === null ? null : Number(value) * factor));
  }

  /** The hops in milliseconds, each on top of the ones before it: the last is the whole round trip. */
  stacked() {
    const sums = this.columns.at.map(() => 0);
    return HOPS.map((hop) =>
      this.columns[hop].map((value, row) => {
        if (this.columns.total[row] === null) return null;
        sums[row] += Number(value ?? 0) * 1000;
        return sums[row];
      }),
    );
  }

  /** From when to when nothing was delivered in time, as pairs of Unix seconds. */
  outages() {
    /** @type {[number, number][]} */
    const found = [];
    this.columns.ready.forEach((ready, row) => {
      if (ready !== false) return;
      const at = Number(this.columns.at[row]);
      const open = found.at(-1);
      if (open !== undefined && row > 0 && this.columns.ready[row - 1] === false) open[1] = at;
      else found.push([at, at]);
    });
    return found;
  }

  /** The latest value of a column, its median and its largest; null where nothing was measured. @param {string} name */
  summary(name) {
    const values = /** @type {number[]} */ (this.columns[name].filter((value) => value !== null)).sort((a, b) => a - b);
    if (values.length === 0) return { latest: null, median: null, largest: null };
    return { latest: this.columns[name].at(-1), median: values[values.length >> 1], largest: values.at(-1) };
  }
}

/**
 * The top of a scale on which the usual can be read: of milliseconds, a few outliers are cut off rather than flatten the
 * rest; of rates nothing is cut, a burst is what one wants to see.
 *
 * @param {(number | null)[]} values @param {"milliseconds" | "rate"} unit
 * @returns {{top: number, cut: number | null}} `cut` is the largest value where it lies above
 */
export function ceiling(values, unit) {
  const found = /** @type {number[]} */ (values.filter((value) => value !== null)).sort((a, b) => a - b);
  const largest = found.at(-1) ?? 0;
  if (unit === "rate") return { top: Math.max(5, largest * 1.1), cut: null };
  const usual = found[Math.floor((found.length - 1) * 0.95)] ?? 0;
  if (usual > 0 && largest > 4 * usual) return { top: 2 * usual, cut: largest };
  return { top: largest > 0 ? largest * 1.1 : 1, cut: null };
}
