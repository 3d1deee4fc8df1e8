/**
 * The client without its wires: facts go in with the time they happened at, effects come out in the order in which
 * they are to be carried out. It decides when which address is dialled and when a link is left; it has no clock, no
 * timer and no socket. Times are monotonic seconds.
 *
 * | state    | meaning                                                           |
 * |----------|-------------------------------------------------------------------|
 * | idle     | no link is wanted: not yet, not any more, or 4500-4999 forbids it |
 * | dialling | a link was asked for, now or after a delay                        |
 * | linked   | the link stands: see `Conversation`                               |
 *
 * After every fact, `due` says when `tick` wants to be called next; Infinity: nothing is waited for.
 *
 * @import { Subscription } from "./types.js"
 * @import { Announcement, Effect, Pace, SessionOptions } from "./effects.js"
 */
import { NORMAL, PING_TIMEOUT, mustStop } from "./close-codes.js";
import { Conversation } from "./conversation.js";
import { PACE } from "./effects.js";
import { Memory } from "./memory.js";
import { Route } from "./route.js";

export class Session {
  #state = /** @type {"idle" | "dialling" | "linked"} */ ("idle");
  #memory;
  /** @type {Pace} */
  #pace;
  #route;
  #dialAt = 0;
  /** @type {Conversation | null} */
  #conversation = null;
  /** @type {Effect[]} */
  #effects = [];

  /** @param {SessionOptions} options */
  constructor({ urls, appName, position = null, queueLimit = 50, random = Math.random, pace = {} }) {
    this.#memory = new Memory(appName, position, queueLimit);
    this.#pace = { ...PACE, ...pace };
    this.#route = new Route(urls, random, this.#pace);
  }

  /** Where the client stands. */
  get position() {
    return this.#memory.position;
  }

  /** How the link stands. */
  get standing() {
    return this.#memory.standing.now;
  }

  get due() {
    if (this.#state === "dialling") return this.#dialAt + this.#pace.openingTimeout;
    if (this.#conversation === null) return Infinity;
    return Math.min(this.#conversation.due, this.#route.attempts > 0 ? this.#healthyAt : Infinity);
  }

  get #healthyAt() {
    return (this.#conversation?.registeredAt ?? Infinity) + this.#pace.healthyAfter;
  }

  /** A link is wanted. @param {number} now */
  connect(now) {
    return this.#after(now, () => {
      if (this.#state === "idle") this.#dial(now, 0);
    });
  }

  /** The link stands. @param {number} now @param {string} [token] */
  opened(now, token) {
    return this.#after(now, () => {
      if (this.#state !== "dialling") return;
      this.#state = "linked";
      this.#conversation = new Conversation(this.#memory, {
        now,
        token,
        pingInterval: this.#pace.pingInterval,
        tell: (effect) => this.#effects.push(effect),
        leave: (at, code) => this.#leave(at, code),
      });
    });
  }

  /** The link, or the attempt to make one, has ended. @param {number} now @param {number} code */
  closed(now, code) {
    return this.#after(now, () => {
      if (this.#state !== "idle") this.#ended(now, code);
    });
  }

  /** A frame came. @param {number} now @param {unknown} text */
  received(now, text) {
    return this.#after(now, () => this.#conversation?.received(now, text));
  }

  /** Time has passed. @param {number} now */
  tick(now) {
    return this.#after(now, () => {
      if (this.#state === "dialling" && now >= this.due) this.#leave(now, PING_TIMEOUT);
      else this.#conversation?.tick(now);
    });
  }

  /** The network is back, or the page is seen again. @param {number} now */
  wake(now) {
    return this.#after(now, () => {
      if (this.#state === "dialling" && now < this.#dialAt) this.#dial(now, 0);
      this.#conversation?.wake(now);
    });
  }

  /** No link is wanted any more. @param {number} now */
  disconnect(now) {
    return this.#after(now, () => {
      if (this.#state === "idle") return;
      this.#effects.push({ close: NORMAL });
      this.#lost(NORMAL);
      this.#rest();
    });
  }

  /** @param {number} now @param {Subscription} subscription */
  subscribe(now, subscription) {
    return this.#after(now, () => {
      this.#memory.wishes.add(subscription);
      this.#registered?.send("subscribe", subscription);
    });
  }

  /** @param {number} now @param {string} id */
  unsubscribe(now, id) {
    return this.#after(now, () => {
      if (this.#memory.wishes.remove(id)) this.#registered?.send("unsubscribe", { id });
    });
  }

  /** @param {number} now @param {Announcement} announcement @param {boolean} [queue] */
  broadcast(now, announcement, queue = false) {
    return this.#after(now, () => {
      if (this.#registered) this.#registered.send("broadcast", announcement);
      else if (!queue) this.#effects.push({ refused: "not_connected" });
      else if (!this.#memory.queue(announcement)) this.#effects.push({ refused: "queue_full" });
    });
  }

  /** Who is connected is asked for. @param {number} now */
  clients(now) {
    return this.#after(now, () => {
      if (this.#registered) this.#registered.send("clients", {});
      else this.#effects.push({ refused: "not_connected" });
    });
  }

  /** A fresh token is here. @param {number} now @param {string} token */
  renew(now, token) {
    return this.#after(now, () => this.#registered?.send("token", { token }));
  }

  get #registered() {
    return this.#conversation?.isRegistered ? this.#conversation : null;
  }

  /** @param {number} now @param {() => void} act */
  #after(now, act) {
    if (now >= this.#healthyAt) this.#route.reset();
    act();
    const { standing } = this.#memory;
    standing.now.reconnectAttempts = this.#route.attempts;
    const changes = standing.changes();
    if (changes !== null) this.#effects.push({ status: changes });
    return this.#effects.splice(0);
  }

  /** Leave a link of one's own accord for the next. @param {number} now @param {number} code */
  #leave(now, code) {
    this.#effects.push({ close: code });
    this.#ended(now, code);
  }

  /** @param {number} now @param {number} code */
  #ended(now, code) {
    this.#lost(code);
    if (mustStop(code)) {
      this.#effects.push({ gave_up: code });
      this.#rest();
      return;
    }
    this.#dial(now, this.#route.turn(code));
  }

  /** @param {number} now @param {number} delay */
  #dial(now, delay) {
    const { url } = this.#route;
    this.#state = "dialling";
    this.#dialAt = now + delay;
    this.#effects.push({ dial: { url, delay } });
    Object.assign(this.standing, { connecting: true, url });
  }

  /** @param {number} code */
  #lost(code) {
    if (this.#registered) this.#effects.push({ lost: { url: this.standing.url, code } });
    this.#conversation = null;
    Object.assign(this.standing, { connected: false, database: null, latencyMs: null });
  }

  #rest() {
    this.#state = "idle";
    this.#route.reset();
    this.standing.connecting = false;
  }
}
