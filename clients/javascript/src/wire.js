/**
 * The one WebSocket and the timers: carries out what the session decides, and reports what happens with the time.
 *
 * @import { Outgoing } from "./effects.js"
 * @import { Problem, TokenProvider } from "./types.js"
 * @typedef {{
 *   opened: (token: string | undefined) => void, received: (text: unknown) => void, closed: (code: number) => void,
 *   tick: () => void, failed: (problem: Problem) => void,
 * }} Reports
 */
import { LOST } from "./close-codes.js";

/** Monotonic seconds. */
export const now = () => performance.now() / 1000;

export class Wire {
  #reports;
  #token;
  /** @type {WebSocket | null} */
  #socket = null;
  /** Counts dials, so that what belongs to an earlier one is known as such. */
  #attempt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #dialTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #tickTimer;
  #tickAt = Infinity;

  /**
   * @param {Reports} reports
   * @param {TokenProvider} token asked at each dial
   */
  constructor(reports, token) {
    this.#reports = reports;
    this.#token = token;
  }

  /** @param {string} url @param {number} delay seconds */
  dial(url, delay) {
    this.drop();
    const attempt = this.#attempt;
    this.#dialTimer = setTimeout(() => void this.#open(url, attempt), delay * 1000);
  }

  /** @param {Outgoing} message */
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ ...message, timestamp: new Date().toISOString() }));
  }

  /** End the present link or attempt; nothing of it is reported any more. @param {number} [code] */
  drop(code) {
    this.#attempt += 1;
    clearTimeout(this.#dialTimer);
    const socket = this.#socket;
    this.#socket = null;
    // A dead link never confirms the close, so nobody waits for that.
    if (socket !== null && socket.readyState <= WebSocket.OPEN) socket.close(code);
  }

  /**
   * Tick at this time. A later time does not move the timer, which would be done for every event: it finds out itself.
   *
   * @param {number} due monotonic seconds; Infinity: never
   */
  schedule(due) {
    if (due < this.#tickAt) {
      clearTimeout(this.#tickTimer);
      this.#tickAt = due;
      this.#tickTimer = setTimeout(() => this.#tick(), Math.max(0, (due - now()) * 1000));
    }
    if (due === Infinity) {
      clearTimeout(this.#tickTimer);
      this.#tickAt = Infinity;
    }
  }

  #tick() {
    this.#tickAt = Infinity;
    this.#reports.tick();
  }

  /** @param {string} url @param {number} attempt */
  async #open(url, attempt) {
    let step = "token_failed";
    try {
      const token = await this.#token();
      if (attempt !== this.#attempt) return;
      step = "dial_failed";
      this.#listen(new WebSocket(url), token || undefined);
    } catch (cause) {
      if (attempt !== this.#attempt) return;
      this.#reports.failed({ code: step, reason: `No link to ${url} could be tried: ${String(cause)}`, cause });
      this.#reports.closed(LOST);
    }
  }

  /** @param {WebSocket} socket @param {string | undefined} token */
  #listen(socket, token) {
    this.#socket = socket;
    const reports = this.#reports;
    /** @param {() => void} report */
    const ifCurrent = (report) => {
      if (socket === this.#socket) report();
    };
    socket.addEventListener("open", () => ifCurrent(() => reports.opened(token)));
    socket.addEventListener("message", ({ data }) => ifCurrent(() => reports.received(data)));
    socket.addEventListener("close", ({ code }) =>
      ifCurrent(() => {
        this.#socket = null;
        reports.closed(code);
      }),
    );
  }
}
