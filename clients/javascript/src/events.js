/**
 * Changes and resyncs as an asynchronous iterator: what `client.events()` returns. What arrives while the reader is busy waits in a
 * buffer of bounded length. A reader that falls behind by more gets everything up to there, and then a WaslaError
 * `reader_too_slow` out of its loop: it reloads what it shows and begins another one.
 *
 * @import { Item } from "./types.js"
 * @typedef {{ item?: Item, error?: Error, done: () => void }} Waiting
 */
import { WaslaError } from "./errors.js";

/** @implements {AsyncIterableIterator<Item, undefined>} */
export class EventReader {
  /** @type {Waiting[]} */
  #buffer = [];
  #limit;
  #stop;
  #hasEnded = false;
  /** Whether anybody reads. */
  #isRead = false;
  /** What the reader has in its hands. @type {Waiting | null} */
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
   * Something came; the promise settles when the reader is done with it.
   *
   * @param {Item} item
   * @returns {Promise<void>}
   */
  push(item) {
    return new Promise((done) => {
      if (this.#hasEnded) done();
      else if (this.#buffer.length < this.#limit) this.#offer({ item, done });
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

  /** @returns {Promise<IteratorResult<Item, undefined>>} */
  async next() {
    this.#isRead = true;
    this.#given?.done();
    this.#given = null;
    while (this.#buffer.length === 0 && !this.#hasEnded) await this.#somethingNew();
    const waiting = this.#buffer.shift();
    if (waiting === undefined) return { value: undefined, done: true };
    if (waiting.item !== undefined) {
      this.#given = waiting;
      return { value: waiting.item, done: false };
    }
    waiting.done();
    throw waiting.error;
  }

  /** @returns {Promise<IteratorResult<Item, undefined>>} */
  async return() {
    this.#finish();
    this.#given?.done();
    this.#given = null;
    for (const { done } of this.#buffer.splice(0)) done();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  /** @returns {Promise<void>} */
  #somethingNew() {
    return new Promise((wake) => this.#waiters.push(wake));
  }

  /** @param {Waiting} waiting */
  #offer(waiting) {
    this.#buffer.push(waiting);
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
    // What a loop has not come to is not dealt with; what no loop was ever begun for is nobody's.
    if (!this.#isRead) for (const { done } of this.#buffer) done();
  }
}

/** @param {number} limit */
function tooSlow(limit) {
  const sentence = `More than ${limit} events waited for this loop: reload what it shows, then begin another.`;
  return new WaslaError("reader_too_slow", sentence);
}
