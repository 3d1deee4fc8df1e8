/**
 * What is said on one link, from the moment it stands until it ends: `register` and its answer, then events, pings and
 * answers. Times are monotonic seconds. It tells effects as they arise and asks its session to leave a link that is
 * refused or dead.
 *
 * @import { Effect } from "./effects.js"
 * @import { Memory } from "./memory.js"
 * @import { Subscription } from "./types.js"
 */
import { NORMAL, PING_TIMEOUT } from "./close-codes.js";
import { Heartbeat } from "./heartbeat.js";
import { read } from "./inbox.js";
import { isRepeated, moved } from "./position.js";

/** Seconds between pings where the gateway has not said anything else. */
const USUAL_PING_INTERVAL = 15;
/** Beyond so many seconds an interval is taken for a mistake. */
const LONGEST_PING_INTERVAL = 86_400;

export class Conversation {
  #memory;
  #tell;
  #leave;
  #pingInterval;
  #token;
  #heardAt;
  /** The link's: of its `registered`, or of a `resync` since. */
  #epoch = "";
  /** @type {Heartbeat | null} */
  #heartbeat = null;
  /** When it was registered; Infinity before. */
  registeredAt = Infinity;

  /**
   * @param {Memory} memory
   * @param {{
   *   now: number, token: string | undefined, pingInterval: number | null,
   *   tell: (effect: Effect) => void, leave: (now: number, code: number) => void,
   * }} options
   */
  constructor(memory, { now, token, pingInterval, tell, leave }) {
    this.#memory = memory;
    this.#tell = tell;
    this.#leave = leave;
    this.#pingInterval = pingInterval;
    this.#token = token;
    this.#heardAt = now;
    this.#register(memory.wishes.ask());
  }

  get isRegistered() {
    return this.#heartbeat !== null;
  }

  /** When `tick` wants to be called next. */
  get due() {
    return this.#heartbeat?.due ?? this.#heardAt + 2 * (this.#pingInterval ?? USUAL_PING_INTERVAL);
  }

  /** @param {number} now @param {unknown} text */
  received(now, text) {
    this.#heardAt = now;
    this.#heartbeat?.heard(now);
    const message = read(text);
    if ("problem" in message) {
      this.#tell({ notice: { code: "malformed_message", reason: message.problem } });
    } else if (this.#heartbeat === null) {
      this.#awaitRegistered(now, message.message_type, message.data);
    } else {
      this.#take(this.#heartbeat, now, message.message_type, message.data);
    }
  }

  /** @param {number} now */
  tick(now) {
    const verdict = this.#heartbeat?.look(now) ?? (now >= this.due ? "dead" : "alive");
    if (verdict === "ping") this.#ping(now);
    if (verdict === "dead") this.#leave(now, PING_TIMEOUT);
  }

  /** @param {number} now */
  wake(now) {
    if (this.#heartbeat?.wake(now)) this.#ping(now);
  }

  /** @param {string} message_type @param {object} data */
  send(message_type, data) {
    this.#tell({ send: { message_type, data: /** @type {Record<string, unknown>} */ (data) } });
  }

  /** @param {Subscription[]} subscribe */
  #register(subscribe) {
    const { appName, position } = this.#memory;
    this.send("register", {
      app_name: appName,
      ...(this.#token !== undefined && { token: this.#token }),
      ...(position && { resume: position }),
      ...(subscribe.length > 0 && { subscribe }),
    });
  }

  /** @param {number} now @param {string} type @param {Record<string, any>} data */
  #awaitRegistered(now, type, data) {
    if (type === "registered") this.#begin(now, data);
    else if (type === "error") this.#refused(now, data);
  }

  /** @param {number} now @param {Record<string, any>} data of `registered` */
  #begin(now, data) {
    const memory = this.#memory;
    this.#epoch = data.epoch;
    memory.position = moved(memory.position, "registered", data, data.epoch);
    this.registeredAt = now;
    this.#heartbeat = new Heartbeat(this.#pingInterval ?? secondsOf(data.ping_interval), now);
    this.#tell({ registered: /** @type {any} */ (data) });
    for (const { message_type, data: change } of memory.wishes.since()) this.send(message_type, change);
    for (const announcement of memory.takeQueue()) this.send("broadcast", announcement);
    this.#ping(now);
    Object.assign(memory.standing.now, { connected: true, connecting: false });
  }

  /**
   * A refusal does not say which subscription is wrong: register without them, then ask for each by itself. After one
   * of the key or token the gateway closes, and the code tells what to do.
   *
   * @param {number} now
   * @param {Record<string, any>} problem
   */
  #refused(now, problem) {
    this.#tell({ notice: /** @type {any} */ (problem) });
    if (problem.code === "unauthorized") return;
    if (this.#memory.wishes.leaveOut()) this.#register([]);
    else this.#leave(now, NORMAL);
  }

  /** @param {Heartbeat} heartbeat @param {number} now @param {string} type @param {Record<string, any>} data */
  #take(heartbeat, now, type, data) {
    if (type === "registered") return; // a link is registered once
    const { standing, wishes, position } = this.#memory;
    if (type === "resync") this.#epoch = data.epoch;
    this.#memory.position = moved(position, type, data, this.#epoch);
    switch (type) {
      case "realtime_event":
        if (!isRepeated(position, data.seq, this.#epoch)) this.#tell({ event: /** @type {any} */ (data) });
        break;
      case "resync":
      case "custom_event":
        this.#tell({ [type]: data });
        break;
      case "pong":
        standing.now.latencyMs = heartbeat.pong(data.n, now) ?? standing.now.latencyMs;
        break;
      case "status":
        if (data.database === "up" || data.database === "down") standing.now.database = data.database;
        break;
      case "error":
        this.#tell({ notice: /** @type {any} */ (data) });
        // It would be refused again at the next register, and all the others with it.
        if (data.in_reply_to === "subscribe") wishes.remove(data.id);
        break;
      case "token_expiring":
        // Of an object that says how it is to be written, String would believe it, and throw.
        this.#tell({ token_wanted: typeof data.expires_at === "object" ? "" : String(data.expires_at) });
        break;
      case "subscribed":
      case "unsubscribed":
      case "broadcasted":
      case "clients":
      case "token_accepted":
        this.#tell({ answer: { message_type: type, data } });
        break;
    }
  }

  /** @param {number} now */
  #ping(now) {
    const heartbeat = this.#heartbeat;
    if (heartbeat !== null) this.send("ping", heartbeat.ping(now));
  }
}

/** @param {unknown} interval as a gateway has said it */
function secondsOf(interval) {
  const isUsable = typeof interval === "number" && interval > 0 && interval <= LONGEST_PING_INTERVAL;
  return isUsable ? interval : USUAL_PING_INTERVAL;
}
