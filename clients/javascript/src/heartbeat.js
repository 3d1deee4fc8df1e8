/**
 * Whether a link is alive, decided without a clock. It is pinged once an interval; one that says nothing for two
 * intervals is dead.
 *
 * Looks come late: a tab in the background gets a turn of its timers once a minute, a machine that slept goes on an
 * hour later, and what arrived meanwhile is read after the timer has run. So a link is only given up after a ping that
 * had time to be answered, and a look that comes much too late asks once more before it judges.
 *
 * Times are monotonic seconds.
 */

/** Seconds a link has for a sign of life after the page woke. */
export const WAKE_TIMEOUT = 5;

/** Pings whose answers are waited for; a gateway that answers none shall not fill the memory. */
const MAX_OPEN_PINGS = 8;

export class Heartbeat {
  #interval;
  #heardAt;
  #count = 0;
  #pingedAt = -Infinity;
  /** @type {Map<number, number>} */
  #open = new Map();
  /** When the first ping since the last sign of life was sent. @type {number | null} */
  #askedAt = null;
  /** @type {number | null} */
  #wakeDeadline = null;
  #wasLate = false;

  /**
   * @param {number} interval
   * @param {number} now
   */
  constructor(interval, now) {
    this.#interval = interval;
    this.#heardAt = now;
  }

  /** When the link is to be looked at next. */
  get due() {
    return Math.min(this.#pingedAt + this.#interval, this.#judgement);
  }

  /** When silence becomes death. */
  get #judgement() {
    if (this.#askedAt === null) return Infinity;
    const silence = Math.max(this.#askedAt + this.#interval, this.#heardAt + 2 * this.#interval);
    return Math.min(this.#wakeDeadline ?? Infinity, silence);
  }

  /** @param {number} now something came */
  heard(now) {
    this.#heardAt = now;
    this.#askedAt = null;
    this.#wakeDeadline = null;
    this.#wasLate = false;
  }

  /**
   * Return the data of the ping that is sent now.
   *
   * @param {number} now
   */
  ping(now) {
    this.#count += 1;
    this.#pingedAt = now;
    this.#askedAt ??= now;
    this.#open.set(this.#count, now);
    if (this.#open.size > MAX_OPEN_PINGS) this.#open.delete(this.#count - MAX_OPEN_PINGS);
    return { n: this.#count };
  }

  /**
   * Return the round trip in milliseconds that an answer measures, null if it answers no open ping.
   *
   * @param {unknown} n
   * @param {number} now
   */
  pong(n, now) {
    const sentAt = this.#open.get(/** @type {number} */ (n));
    if (sentAt === undefined) return null;
    this.#open.delete(/** @type {number} */ (n));
    return Math.round((now - sentAt) * 1000);
  }

  /**
   * The page woke; return whether to ping now.
   *
   * @param {number} now
   */
  wake(now) {
    if (this.#wakeDeadline !== null) return false;
    this.#wakeDeadline = now + WAKE_TIMEOUT;
    return true;
  }

  /**
   * @param {number} now
   * @returns {"alive" | "ping" | "dead"}
   */
  look(now) {
    const judgement = this.#judgement;
    if (now >= judgement) return this.#judge(now, now - judgement);
    return now >= this.#pingedAt + this.#interval ? "ping" : "alive";
  }

  /**
   * @param {number} now
   * @param {number} lateness
   */
  #judge(now, lateness) {
    if (this.#wasLate || lateness <= this.#interval / 2) return "dead";
    this.#wasLate = true;
    this.#askedAt = null;
    this.#heardAt = now;
    this.#wakeDeadline = now + WAKE_TIMEOUT;
    return "ping";
  }
}
