/**
 * The page's own WebSocket to a gateway, as facts for the rules: a client like any application's.
 *
 * It hears every event, and asks who is connected every five seconds: the answer fills the roster, and that one came
 * at all proves the link, in both directions. An answer that is an error proves it too.
 *
 * @typedef {import("./rules.js").Link} Link
 */
import { WaslaClient } from "/client/index.js";
import { token } from "../token.js";

const APP_NAME = "Wasla status";
/** Seconds between two questions. */
const ASK_EVERY = 5;

export class PageLink {
  /** @type {Link} */
  facts;
  /** The gateway that answers; "" while none does. */
  gateway = "";
  /** Who is connected, as last told; null before that. @type {any[] | null} */
  apps = null;
  #client;
  #clock;
  #asked = false;
  #timer = 0;

  /**
   * @param {{url: string, clock: () => number, onEvent: (event: any) => void, onResync: (resync: any) => void,
   *   onChange: () => void}} options
   */
  constructor({ url, clock, onEvent, onResync, onChange }) {
    this.#clock = clock;
    this.facts = {
      state: "connecting",
      since: clock(),
      before: false,
      answeredAt: null,
      database: null,
      databaseAt: null,
    };
    this.#client = new WaslaClient({
      urls: [url],
      appName: APP_NAME,
      token: /** @type {() => Promise<string>} */ (token),
    });
    this.#client.on("connected", (/** @type {any} */ registered) => {
      this.gateway = registered.gateway;
      this.#become("connected");
      this.#ask(onChange);
      onChange();
    });
    this.#client.on("disconnected", () => {
      this.gateway = "";
      this.#become("connecting");
      onChange();
    });
    this.#client.on("error", (/** @type {any} */ problem) => {
      if (problem.code !== "gave_up") return;
      this.#become("refused", problem.close_code);
      onChange();
    });
    this.#client.on("status", (/** @type {any} */ status) => {
      if (this.#hear(status.database)) onChange();
    });
    this.#client.on("realtime-event", onEvent);
    this.#client.on("resync", onResync);
    this.#client.connect().catch(() => undefined); // it goes on trying, and says so by itself
    this.#timer = window.setInterval(() => this.#ask(onChange), ASK_EVERY * 1000);
  }

  /** End it. */
  close() {
    window.clearInterval(this.#timer);
    this.#client.disconnect();
  }

  /** @param {Link["state"]} state @param {number | null} [code] */
  #become(state, code = null) {
    if (state === this.facts.state) return;
    const before = this.facts.before || this.facts.state === "connected";
    this.facts = { ...this.facts, state, code, before, since: this.#clock() };
  }

  /** @param {"up" | "down" | null} database */
  #hear(database) {
    if (database === this.facts.database) return false;
    this.facts = { ...this.facts, database, databaseAt: this.#clock() };
    return true;
  }

  /** @param {() => void} onChange */
  async #ask(onChange) {
    if (this.#asked || this.facts.state !== "connected") return;
    this.#asked = true;
    try {
      this.apps = (await this.#client.clients()).clients;
      this.facts = { ...this.facts, answeredAt: this.#clock() };
    } catch (error) {
      if (isAnswer(error)) this.facts = { ...this.facts, answeredAt: this.#clock() };
    } finally {
      this.#asked = false;
      onChange();
    }
  }
}

/** Refusals that the client itself makes, without a gateway's word. */
const OWN = new Set(["not_connected", "link_lost", "gave_up", "disconnected"]);

/** Tell whether the gateway itself said no, rather than nobody anything. @param {any} error */
const isAnswer = (error) => typeof error?.code === "string" && !OWN.has(error.code);
