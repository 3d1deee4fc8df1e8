/**
 * Carries out the session's effects, one after the other: what a handler asks for while it is being called comes after
 * what is under way.
 *
 * @import { Effect } from "./effects.js"
 * @import { Listeners } from "./listeners.js"
 * @import { Dispatch } from "./dispatch.js"
 * @import { Settings } from "./options.js"
 * @import { Problem } from "./types.js"
 */
import { sentenceFor } from "./close-codes.js";
import { WaslaError } from "./errors.js";
import { Keeping } from "./keeping.js";
import { Requests } from "./requests.js";
import { Resync } from "./resync.js";
import { Session } from "./session.js";
import { Wire, now } from "./wire.js";

/** The key under which the answers to `clients` are waited for. */
const ROSTER = "clients";

const REFUSALS = {
  not_connected: "There is no link to a gateway now.",
  queue_full: "There is no link to a gateway now, and as many broadcasts wait for one as may.",
};

export class Engine {
  #listeners;
  #dispatch;
  #requests = new Requests();
  #session;
  #wire;
  #token;
  #ended;
  /** @type {Effect[]} */
  #pending = [];
  #isPerforming = false;
  keeping;
  /** Unix time in milliseconds. @type {number | null} */
  lastEventAt = null;

  /**
   * @param {Settings} settings
   * @param {Listeners} listeners
   * @param {Dispatch} dispatch
   * @param {(error: WaslaError) => void} ended the gateway said not to come back
   */
  constructor({ urls, appName, token, keeper, queueLimit, pace }, listeners, dispatch, ended) {
    this.#listeners = listeners;
    this.#dispatch = dispatch;
    this.#token = token;
    this.#ended = ended;
    this.keeping = new Keeping(keeper, `wasla:position:${appName}`, (problem) => listeners.report(problem));
    this.#session = new Session({ urls, appName, queueLimit, pace, position: this.keeping.position });
    this.#wire = new Wire(
      {
        opened: (fresh) => this.act((session, at) => session.opened(at, fresh)),
        received: (text) => this.act((session, at) => session.received(at, text)),
        closed: (code) => this.act((session, at) => session.closed(at, code)),
        tick: () => this.act((session, at) => session.tick(at)),
        failed: (problem) => listeners.report(problem),
      },
      token,
    );
  }

  /** How things stand. */
  get status() {
    const at = this.lastEventAt;
    const lastEventAge = at === null ? null : Math.max(0, Date.now() - at) / 1000;
    return { ...this.#session.standing, lastEventAt: at, lastEventAge };
  }

  /**
   * Tell the session a fact and carry out what follows from it.
   *
   * @param {(session: Session, now: number) => Effect[]} fact
   */
  act(fact) {
    this.#pending.push(...fact(this.#session, now()));
    if (this.#isPerforming) return;
    this.#isPerforming = true;
    try {
      for (let effect = this.#pending.shift(); effect; effect = this.#pending.shift()) this.#perform(effect);
    } finally {
      this.#isPerforming = false;
    }
    this.keeping.reached(this.#session.position);
    this.#wire.schedule(this.#session.due);
  }

  /**
   * @param {import("./effects.js").Announcement} announcement
   * @param {boolean} queue
   * @returns {Promise<void>}
   */
  broadcast(announcement, queue) {
    const id = this.#requests.newKey();
    return this.#ask(id, (session, at) => session.broadcast(at, { ...announcement, id }, queue));
  }

  /** @returns {Promise<import("./types.js").Roster>} */
  clients() {
    return this.#requests.pending(ROSTER) ?? this.#ask(ROSTER, (session, at) => session.clients(at));
  }

  /**
   * @param {string} key
   * @param {(session: Session, now: number) => Effect[]} fact
   * @returns {Promise<any>}
   */
  #ask(key, fact) {
    const effects = fact(this.#session, now());
    const refusal = effects.find(({ refused }) => refused)?.refused;
    if (refusal) return Promise.reject(new WaslaError(refusal, REFUSALS[refusal]));
    const answer = this.#requests.wait(key, effects.length > 0);
    this.act(() => effects);
    return answer;
  }

  /** @param {Effect} effect */
  #perform(effect) {
    if (effect.event) this.#event(effect.event);
    else if (effect.send) this.#wire.send(effect.send);
    else if (effect.dial) this.#wire.dial(effect.dial.url, effect.dial.delay);
    else if (effect.close) this.#wire.drop(effect.close);
    else if (effect.registered) this.#registered(effect.registered);
    else if (effect.lost) this.#lost(effect.lost);
    else if (effect.resync) this.keeping.hold(this.#listeners.tell("resync", new Resync(effect.resync)));
    else if (effect.custom_event) this.#dispatch.custom(effect.custom_event);
    else if (effect.answer) this.#answered(effect.answer);
    else if (effect.notice) this.#noticed(effect.notice);
    else if (effect.token_wanted) void this.#renewToken();
    else if (effect.gave_up) this.#gaveUp(effect.gave_up);
    else if (effect.status) this.#listeners.tell("status", this.status);
  }

  /** @param {import("./types.js").RealtimeEvent} event */
  #event(event) {
    this.lastEventAt = Date.now();
    this.keeping.hold(this.#dispatch.event(event));
  }

  /** @param {import("./types.js").Registered} registered */
  #registered(registered) {
    this.#requests.allSent();
    this.#listeners.tell("connected", registered);
  }

  /** @param {{ url: string, code: number }} lost */
  #lost({ url, code }) {
    this.#requests.lost();
    this.#listeners.tell("disconnected", { url, code, reason: sentenceFor(code) });
  }

  /** @param {import("./effects.js").Outgoing} answer */
  #answered({ message_type, data }) {
    if (message_type === "clients") this.#requests.answered(ROSTER, data);
    if (message_type === "broadcasted") this.#requests.answered(data.id, undefined);
  }

  /** @param {Problem} problem */
  #noticed(problem) {
    this.#requests.refused(problem.in_reply_to === "clients" ? ROSTER : problem.id, problem);
    this.#listeners.report(problem);
  }

  async #renewToken() {
    try {
      const token = await this.#token();
      if (token) this.act((session, at) => session.renew(at, token));
    } catch (cause) {
      const reason = `The token could not be renewed: ${String(cause)}`;
      this.#listeners.report({ code: "token_failed", reason, cause });
    }
  }

  /** @param {number} code */
  #gaveUp(code) {
    const reason = `The gateway closed with ${code}, so the client does not come back. ${sentenceFor(code)}`;
    this.#ended(new WaslaError("gave_up", reason)); // first, so that a handler may connect again
    this.#listeners.report({ code: "gave_up", reason, close_code: code });
  }
}
