/**
 * How long a change takes from the database to the screen, by the database's stamp on it and this browser's clock. Pure.
 *
 * The stamp is taken as the row is written, a little before its transaction commits, and cut to milliseconds: what is
 * shown is never too little. Where the two clocks differ visibly (another machine's), the difference is taken off.
 */

const KEPT = 500;

export class Latencies {
  #samples = [];
  offset = 0;
  count = 0;

  /** The clocks were compared: three times in milliseconds. @param {number} sentAt @param {number} theirs @param {number} receivedAt */
  compare(sentAt, theirs, receivedAt) {
    const difference = theirs - (sentAt + receivedAt) / 2;
    const uncertainty = Math.max((receivedAt - sentAt) / 2, 2);
    this.offset = Math.abs(difference) > uncertainty ? difference : 0;
  }

  /** A change written at `timestamp` is on the screen at `now`. Returns the milliseconds. @param {string} timestamp @param {number} now */
  shown(timestamp, now) {
    const milliseconds = Math.max(0, now + this.offset - Date.parse(timestamp));
    this.#samples.push(milliseconds);
    if (this.#samples.length > KEPT) this.#samples.shift();
    this.count += 1;
    return milliseconds;
  }

  /** The milliseconds that this share of the latest changes did not exceed; null before the first. @param {number} share */
  percentile(share) {
    if (this.#samples.length === 0) return null;
    const ordered = this.#samples.toSorted((one, other) => one - other);
    return ordered[Math.min(ordered.length - 1, Math.max(0, Math.ceil(share * ordered.length) - 1))];
  }
}
