/**
 * The client that applications hold: handlers, subscriptions, loops and requests, over one link that is made again
 * whenever it ends.
 *
 * Order of use: none. Handlers and subscriptions may come before `connect()` or after it.
 *
 * @import {
 *   BroadcastOptions, ClientOptions, EventOf, Interest, Item, Position, RealtimeEvent, Registered, Roster, Status,
 * } from "./types.js"
 */
import { Dispatch } from "./dispatch.js";
import { Engine } from "./engine.js";
import { WaslaError } from "./errors.js";
import { EventReader } from "./events.js";
import { Listeners, requireHandler } from "./listeners.js";
import { settingsOf } from "./options.js";
import { concerns, subscriptionOf } from "./subscriptions.js";
import { watchWakeups } from "./wakeups.js";

/** Events that may wait for an `events()` loop. */
const READER_BUFFER = 10_000;

export class WaslaClient {
  #listeners = new Listeners();
  #dispatch = new Dispatch(this.#listeners);
  #engine;
  /** @type {Set<EventReader>} */
  #readers = new Set();
  /** Settles with the first registration. @type {Promise<Registered> | null} */
  #arrival = null;
  /** @type {(error: Error) => void} */
  #refuseArrival = () => {};
  #stopAwaiting = () => {};
  #stopWatching = () => {};

  /** @param {ClientOptions} options a mistake is a TypeError that says what was expected */
  constructor(options) {
    this.#engine = new Engine(settingsOf(options), this.#listeners, this.#dispatch, (error) => this.#rest(error));
  }

  /** How things stand now; `on("status", ...)` tells of changes. @returns {Status} */
  get status() {
    return this.#engine.status;
  }

  /**
   * Everything up to here was handed to the application, which is done with it; null before the first registration.
   *
   * @returns {Position | null}
   */
  get position() {
    return this.#engine.keeping.position;
  }

  /**
   * Call *handler* whenever something of this name happens; the README lists the names.
   *
   * @template {string} Name
   * @param {Name} name
   * @param {(value: EventOf<Name>) => unknown} handler
   * @returns {() => void} removes it
   */
  on(name, handler) {
    return this.#listeners.on(name, handler);
  }

  /**
   * Call *handler* with every change that matches. Once there is a subscription, nothing else is sent.
   *
   * @param {Interest} interest
   * @param {(event: RealtimeEvent) => unknown} handler
   * @returns {() => void} ends the subscription
   */
  subscribe(interest, handler) {
    requireHandler(handler);
    const subscription = subscriptionOf(interest, this.#dispatch.newId());
    const remove = this.#dispatch.add(subscription, handler);
    this.#engine.act((session, at) => session.subscribe(at, subscription));
    return () => {
      if (remove()) this.#engine.act((session, at) => session.unsubscribe(at, subscription.id));
    };
  }

  /**
   * Return the changes that match as they come, from now on, and in its place among them each `Resync` that may concern
   * them. Leaving the loop ends the subscription.
   *
   * @param {Interest} [interest] everything where it is not given
   * @param {{ buffer?: number }} [options] `buffer`: how many may wait while the loop is busy
   * @returns {AsyncIterableIterator<Item>}
   */
  events(interest = {}, { buffer = READER_BUFFER } = {}) {
    if (!Number.isInteger(buffer) || buffer < 1) {
      throw new TypeError(`expected buffer to be a whole number of events from 1, got ${String(buffer)}`);
    }
    const reader = new EventReader(buffer, () => {
      this.#readers.delete(reader);
      unsubscribe();
      forgo();
    });
    const subscription = subscriptionOf(interest, this.#dispatch.newId());
    const unsubscribe = this.subscribe(subscription, (event) => reader.push(event));
    const forgo = this.on("resync", (resync) => (concerns(subscription, resync) ? reader.push(resync) : undefined));
    this.#readers.add(reader);
    return reader;
  }

  /**
   * Connect, and stay connected until `disconnect()`. Idempotent. A TypeError where another connected client of the page
   * keeps its position in the same place, or where there is no `WebSocket`.
   *
   * @returns {Promise<Registered>} the first registration; it need not be waited for
   */
  connect() {
    if (this.#arrival === null) {
      if (typeof globalThis.WebSocket !== "function") {
        throw new TypeError("Expected a global WebSocket, found none: Node 22 or newer, Deno, or a browser is needed.");
      }
      this.#engine.keeping.claim();
      this.#arrival = new Promise((resolve, reject) => {
        this.#stopAwaiting = this.on("connected", (registered) => {
          this.#stopAwaiting();
          resolve(registered);
        });
        this.#refuseArrival = reject;
      });
      this.#arrival.catch(() => {}); // who does not wait for it hears of it by `error`
      this.#stopWatching = watchWakeups(() => this.#engine.act((session, at) => session.wake(at)));
      this.#engine.act((session, at) => session.connect(at));
    }
    return this.#arrival;
  }

  /** End the link and stay away; `events()` loops end. Handlers and subscriptions are kept. Idempotent. */
  disconnect() {
    this.#engine.act((session, at) => session.disconnect(at));
    for (const reader of [...this.#readers]) reader.end();
    this.#rest(new WaslaError("disconnected", "disconnect() was called before a gateway had answered."));
  }

  /**
   * Ask who is connected, at every gateway.
   *
   * @returns {Promise<Roster>} rejects with a WaslaError where there is no link
   */
  async clients() {
    return this.#engine.clients();
  }

  /**
   * Tell the other applications something.
   *
   * @param {string} eventType 1 to 64 characters; it is told under its name in lower case
   * @param {unknown} [data] anything that JSON can say
   * @param {BroadcastOptions} [options]
   * @returns {Promise<void>} settles when the gateway has passed it on, rejects with a WaslaError where it has not
   */
  async broadcast(eventType, data = null, { to, queue = false } = {}) {
    if (typeof eventType !== "string" || eventType === "" || [...eventType].length > 64) {
      const expected = "expected the type of a broadcast to be a text of 1 to 64 characters";
      throw new TypeError(`${expected}, got ${String(eventType)}`);
    }
    return this.#engine.broadcast({ event_type: eventType, data: sayable(data), ...(to && { to }) }, queue);
  }

  /** @param {WaslaError} error why nothing more comes */
  #rest(error) {
    this.#stopWatching();
    this.#stopAwaiting();
    this.#engine.keeping.release();
    this.#refuseArrival(error);
    this.#arrival = null;
    for (const reader of [...this.#readers]) reader.end(error);
  }
}

/**
 * Return a copy of what is to be said, which may wait; throw a TypeError where JSON cannot say it.
 *
 * @param {unknown} data
 */
function sayable(data) {
  const text = JSON.stringify(data);
  if (text === undefined) throw new TypeError(`expected data that JSON can say, got ${String(data)}`);
  return JSON.parse(text);
}
