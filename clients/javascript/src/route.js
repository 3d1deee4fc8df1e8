/**
 * Which address is dialled next, and when.
 *
 * @import { Pace } from "./effects.js"
 */
import { Backoff } from "./backoff.js";
import { GOING_AWAY } from "./close-codes.js";

export class Route {
  #urls;
  #index = 0;
  #backoff;

  /**
   * @param {string[]} urls at least one
   * @param {() => number} random
   * @param {Pace} pace
   */
  constructor(urls, random, { firstDelay, maxDelay }) {
    this.#urls = urls;
    this.#backoff = new Backoff(random, { first: firstDelay, cap: maxDelay });
  }

  /** The address in use, or to be tried. */
  get url() {
    return this.#urls[this.#index] ?? "";
  }

  /** Links made or tried since one was healthy. */
  get attempts() {
    return this.#backoff.attempts;
  }

  /** A link was healthy long enough, or none is wanted any more. */
  reset() {
    this.#backoff.reset();
  }

  /**
   * Turn to the next address after a link ended; return how long to wait, in seconds. A gateway that drains is left at
   * once, but only once round the addresses: where all of them send away, nobody is hammered.
   *
   * @param {number} code
   */
  turn(code) {
    this.#index = (this.#index + 1) % this.#urls.length;
    const isAtOnce = code === GOING_AWAY && this.#backoff.attempts < this.#urls.length;
    return isAtOnce ? this.#backoff.skipDelay() : this.#backoff.nextDelay();
  }
}
