/**
 * Exponential backoff with full jitter, without a clock: a uniform draw between zero and a ceiling that doubles.
 * Full jitter spreads the return of many clients that lost the same gateway at the same moment.
 */
export class Backoff {
  #attempts = 0;
  #random;
  #first;
  #cap;

  /**
   * @param {() => number} random draws from [0, 1)
   * @param {{ first?: number, cap?: number }} [ceilings] seconds
   */
  constructor(random, { first = 0.5, cap = 30 } = {}) {
    this.#random = random;
    this.#first = first;
    this.#cap = cap;
  }

  /** Attempts since the link was last healthy. */
  get attempts() {
    return this.#attempts;
  }

  /** Count an attempt and return how long to wait before it, in seconds. */
  nextDelay() {
    const ceiling = Math.min(this.#cap, this.#first * 2 ** Math.min(this.#attempts, 32));
    this.#attempts += 1;
    return this.#random() * ceiling;
  }

  /** Count an attempt that is made at once. */
  skipDelay() {
    this.#attempts += 1;
    return 0;
  }

  /** The link was healthy long enough: begin anew. */
  reset() {
    this.#attempts = 0;
  }
}
