/**
 * Which handlers an event is for: those of the subscriptions it matches, and those that listen to its names.
 *
 * @import { CustomEvent, RealtimeEvent, Subscription } from "./types.js"
 * @import { Handler, Listeners } from "./listeners.js"
 */
import { namesOfBroadcast, namesOfChange } from "./names.js";
import { matches } from "./subscriptions.js";

export class Dispatch {
  #listeners;
  /** @type {Map<string, { subscription: Subscription, handler: Handler }>} */
  #entries = new Map();
  #isNarrowed = false;
  #count = 0;

  /** @param {Listeners} listeners */
  constructor(listeners) {
    this.#listeners = listeners;
  }

  /** Return an id that no subscription has. */
  newId() {
    do this.#count += 1;
    while (this.#entries.has(`sub-${this.#count}`));
    return `sub-${this.#count}`;
  }

  /**
   * Add a subscription's handler, in place of one with the same id.
   *
   * @param {Subscription} subscription
   * @param {Handler} handler
   * @returns {() => boolean} removes it; false where it was replaced or removed already
   */
  add(subscription, handler) {
    const entry = { subscription, handler };
    this.#entries.set(subscription.id, entry);
    this.#isNarrowed = true;
    return () => this.#entries.get(subscription.id) === entry && this.#entries.delete(subscription.id);
  }

  /**
   * Hand out a change; return what asynchronous handlers promise.
   *
   * The gateway may send more than is subscribed to, for a moment: before it has heard of a subscription that ended,
   * and after a register without any. Once the application has subscribed, that is not handed out.
   *
   * @param {RealtimeEvent} event
   * @returns {Promise<void>[]}
   */
  event(event) {
    const interested = [...this.#entries.values()].filter(({ subscription }) => matches(subscription, event));
    const promises = interested.flatMap(
      ({ subscription, handler }) => this.#listeners.call(handler, event, `the subscription ${subscription.id}`) ?? [],
    );
    if (this.#isNarrowed && interested.length === 0) return promises;
    return [...promises, ...namesOfChange(event).flatMap((name) => this.#listeners.tell(name, event))];
  }

  /** @param {CustomEvent} event */
  custom(event) {
    for (const name of namesOfBroadcast(event.event_type)) this.#listeners.tell(name, event);
  }
}
