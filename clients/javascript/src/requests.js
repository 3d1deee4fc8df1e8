/**
 * What was asked of the gateway and waits for an answer.
 *
 * @import { Problem } from "./types.js"
 * @typedef {{
 *   resolve: (value: any) => void, reject: (error: Error) => void, isSent: boolean, answer: Promise<any>,
 * }} Waiting
 */
import { WaslaError } from "./errors.js";

export class Requests {
  /** @type {Map<string, Waiting>} */
  #waiting = new Map();
  #count = 0;

  /** Return a key that no other request has. */
  newKey() {
    this.#count += 1;
    return `r${this.#count}`;
  }

  /**
   * @param {string} key
   * @param {boolean} isSent false: it waits for a link itself
   * @returns {Promise<any>}
   */
  wait(key, isSent) {
    const { promise, ...settle } = deferred();
    this.#waiting.set(key, { ...settle, isSent, answer: promise });
    return promise;
  }

  /** Return the answer that is waited for under a key already. @param {string} key */
  pending(key) {
    return this.#waiting.get(key)?.answer;
  }

  /** Whatever waited for a link has been sent. */
  allSent() {
    for (const waiting of this.#waiting.values()) waiting.isSent = true;
  }

  /** @param {unknown} key @param {unknown} value */
  answered(key, value) {
    this.#take(key)?.resolve(value);
  }

  /** @param {unknown} key @param {Problem} problem */
  refused(key, { code, reason }) {
    this.#take(key)?.reject(new WaslaError(code, reason));
  }

  /** The link has ended: what was sent is not answered any more, and nobody knows what became of it. */
  lost() {
    const sentence = "The link ended before the gateway answered; whether it was carried out is not known.";
    for (const [key, { isSent, reject }] of [...this.#waiting]) {
      if (!isSent) continue;
      this.#waiting.delete(key);
      reject(new WaslaError("link_lost", sentence));
    }
  }

  /** @param {unknown} key */
  #take(key) {
    const waiting = this.#waiting.get(/** @type {string} */ (key));
    this.#waiting.delete(/** @type {string} */ (key));
    return waiting;
  }
}

function deferred() {
  /** @type {Pick<Waiting, "resolve" | "reject">} */
  let settle = { resolve: () => {}, reject: () => {} };
  const promise = new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle };
}
