/**
 * What the application has subscribed to, and how far the gateway knows it.
 *
 * @import { Subscription } from "./types.js"
 * @typedef {{ message_type: string, data: Record<string, unknown> }} Outgoing
 */
export class Wishes {
  /** @type {Map<string, Subscription>} */
  #wanted = new Map();
  /** What the register that was sent asked for. @type {Map<string, Subscription>} */
  #asked = new Map();

  /** @param {Subscription} subscription one with its id is replaced, in its place */
  add(subscription) {
    this.#wanted.set(subscription.id, subscription);
  }

  /**
   * @param {string} id
   * @returns {boolean} whether there was one
   */
  remove(id) {
    return this.#wanted.delete(id);
  }

  /** Take all there are into a register. */
  ask() {
    this.#asked = new Map(this.#wanted);
    return [...this.#asked.values()];
  }

  /** Leave them out of a register; return whether the one before had any. */
  leaveOut() {
    const hadSome = this.#asked.size > 0;
    this.#asked = new Map();
    return hadSome;
  }

  /**
   * Return what is to be sent once registered: what has changed since register was. New ones come first, because who
   * holds none, if only for a moment, is sent nothing.
   *
   * @returns {Outgoing[]}
   */
  since() {
    const fresh = [...this.#wanted.values()].filter((wish) => this.#asked.get(wish.id) !== wish);
    const gone = [...this.#asked.keys()].filter((id) => !this.#wanted.has(id));
    return [
      ...fresh.map((wish) => ({ message_type: "subscribe", data: wish })),
      ...gone.map((id) => ({ message_type: "unsubscribe", data: { id } })),
    ];
  }
}
