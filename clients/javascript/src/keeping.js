/**
 * The position that may be kept across a reload of the page: everything up to it was handed to the application, and
 * the application was done with it. A handler is done when it returns or, where it returns a promise, when that
 * settles; an `events()` loop is done with an event when it asks for the next.
 *
 * @import { Keeper, Position, Problem } from "./types.js"
 * @typedef {Map<string, Keeping>} Owners who keeps a position under which name
 */
const PLACE = Symbol.for("wasla.realtime.positions");

/**
 * Return who keeps what in a keeper. It belongs to the page, not to this module, which a bundler may have put there
 * twice.
 *
 * @param {Keeper} keeper
 * @returns {Owners}
 */
function ownersIn(keeper) {
  const page = /** @type {Record<symbol, WeakMap<Keeper, Owners>>} */ (/** @type {unknown} */ (globalThis));
  const keepers = (page[PLACE] ??= new WeakMap());
  const owners = keepers.get(keeper) ?? new Map();
  keepers.set(keeper, owners);
  return owners;
}

export class Keeping {
  /**
   * Where the stream stood before each thing that is still being handled, oldest first.
   * @type {Set<{ before: Position | null }>}
   */
  #held = new Set();
  /** @type {Position | null} */
  #reached = null;
  /** @type {Position | null} */
  #saved = null;
  #keeper;
  /** @type {Owners} */
  #owners;
  #name;
  #report;
  #failed = false;

  /**
   * @param {Keeper | null} keeper null: nothing is kept
   * @param {string} name under which it is kept
   * @param {(problem: Problem) => void} report
   */
  constructor(keeper, name, report) {
    this.#keeper = keeper;
    this.#owners = keeper === null ? new Map() : ownersIn(keeper);
    this.#name = name;
    this.#report = report;
    this.#reached = this.#saved = this.#load();
  }

  /** Everything up to here was dealt with. */
  get position() {
    for (const { before } of this.#held) return before;
    return this.#reached;
  }

  /** Keep it here from now on. Two would overwrite each other, and each go on from the other's: a TypeError. */
  claim() {
    const owner = this.#owners.get(this.#name) ?? this;
    if (owner !== this) {
      const expected = `expected no other connected client to keep its position under ${this.#name}`;
      throw new TypeError(`${expected}, got a second one: give it an appName or a keeper of its own`);
    }
    this.#owners.set(this.#name, this);
  }

  /** Another client may keep its own here. */
  release() {
    if (this.#owners.get(this.#name) === this) this.#owners.delete(this.#name);
  }

  /**
   * Something is being handed out; keep the position before it until all of these promises have settled.
   *
   * @param {Promise<void>[]} promises
   */
  hold(promises) {
    if (promises.length === 0) return;
    const hold = { before: this.#reached };
    this.#held.add(hold);
    void Promise.allSettled(promises).then(() => {
      this.#held.delete(hold);
      this.#save();
    });
  }

  /** @param {Position | null} position where the stream stands, after everything up to it was handed out */
  reached(position) {
    if (position === this.#reached) return;
    this.#reached = position;
    this.#save();
  }

  /** @returns {Position | null} */
  #load() {
    try {
      const { epoch, seq } = JSON.parse(this.#keeper?.getItem(this.#name) ?? "{}");
      return typeof epoch === "string" && Number.isSafeInteger(seq) ? { epoch, seq } : null;
    } catch {
      return null; // not ours, or not readable: begin with the present
    }
  }

  #save() {
    const position = this.position;
    if (this.#keeper === null || position === null || position === this.#saved) return;
    if ((this.#owners.get(this.#name) ?? this) !== this) return; // a handler was done after its client was replaced
    this.#saved = position;
    try {
      this.#keeper.setItem(this.#name, JSON.stringify(position));
    } catch (cause) {
      this.#complain(cause);
    }
  }

  /** @param {unknown} cause */
  #complain(cause) {
    if (this.#failed) return;
    this.#failed = true;
    const reason = "The position cannot be kept across reloads: the storage refused it.";
    this.#report({ code: "storage_failed", reason, cause });
  }
}
