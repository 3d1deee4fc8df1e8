/**
 * How the link stands, and what of it has changed since it was last told.
 *
 * @import { LinkStatus } from "./effects.js"
 */
export class Standing {
  /** @type {LinkStatus} */
  now;
  /** @type {LinkStatus} */
  #told;

  constructor() {
    this.now = {
      connected: false,
      connecting: false,
      reconnectAttempts: 0,
      database: null,
      latencyMs: null,
      url: "",
    };
    this.#told = { ...this.now };
  }

  /**
   * Return what has changed since the last call, null if nothing has.
   *
   * @returns {Partial<LinkStatus> | null}
   */
  changes() {
    const told = this.#told;
    const changed = Object.entries(this.now).filter(([name, value]) => told[/** @type {"url"} */ (name)] !== value);
    this.#told = { ...this.now };
    return changed.length === 0 ? null : Object.fromEntries(changed);
  }
}
