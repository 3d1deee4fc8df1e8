/**
 * Events as an asynchronous iterator: what `client.events()` returns. What arrives while the reader is busy waits in a
 * buffer of bounded length. A reader that falls behind by more gets everything up to there, and then a WaslaError
 * `reader_too_slow` out of its loop: it reloads what it shows and begins another one.
 *
 * @import { RealtimeEvent } from "./types.js"
 * @typedef {{ event?: RealtimeEvent, error?: Error, done: () => void }} Item
 */
import { WaslaError } from "./errors.js";

/** @implements {AsyncIterableIterator<RealtimeEvent, undefined>} */
export class EventReader {
  /** @type {Item[]} */
  #buffer = [];
  #limit;
  #stop;
  #hasEnded = false;
  /** The event in the reader's hands. @type {Item | null} */
  #given = null;
  /** Calls of `next` that wait. @type {(() => void)[]} */
  #waiters = [];

  /**
   * @param {number} limit events that may wait
   * @param {() => void} stop called once, when nothing more is wanted
   */
  constructor(limit, stop) {
    this.#limit = limit;
    this.#stop = stop;
  }

  /**
   * An event came; the promise settles when the reader is done with it.
   *
   * @param {RealtimeEvent} event
   * @returns {Promise<void>}
   */
  push(event) {
    return new Promise((done) => {
      if (this.#hasEnded) done();
      else if (this.#buffer.length < this.#limit) this.#offer({ event, done });
      else this.#fail(tooSlow(this.#limit), done);
    });
  }

  /**
   * Nothing more comes: the reader gets what waits, then the end, or the error where one is given.
   *
   * @param {Error} [error]
   */
  end(error) {
    if (this.#hasEnded) return;
    if (error) this.#fail(error, () => {});
    else this.#finish();
  }

  /** @returns {Promise<IteratorResult<RealtimeEvent, undefined>>} */
  async next() {
    this.#given?.done();
    this.#given = null;
    while (this.#buffer.length === 0 && !this.#hasEnded) await this.#somethingNew();
    const item = this.#buffer.shift();
    if (item === undefined) return { value: undefined, done: true };
    if (item.event !== undefined) {
      this.#given = item;
      return { value: item.event, done: false };
    }
    item.done();
    throw item.error;
  }

  /** @returns {Promise<IteratorResult<RealtimeEvent, undefined>>} */
  async return() {
    this.#finish();
    for (const item of [this.#given, ...this.#buffer.splice(0)]) item?.done();
    this.#given = null;
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  /** @returns {Promise<void>} */
  #somethingNew() {
    return new Promise((wake) => this.#waiters.push(wake));
  }

  /** @param {Item} item */
  #offer(item) {
    this.#buffer.push(item);
    this.#waiters.shift()?.();
  }

  /** @param {Error} error @param {() => void} done */
  #fail(error, done) {
    this.#buffer.push({ error, done });
    this.#finish();
  }

  #finish() {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#stop();
    for (const wake of this.#waiters.splice(0)) wake();
  }
}

/** @param {number} limit */
function tooSlow(limit) {
  const sentence = `More than ${limit} events waited for this loop: reload what it shows, then begin another.`;
  return new WaslaError("reader_too_slow", sentence);
}
