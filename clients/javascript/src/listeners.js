/**
 * Handlers by name. A handler that throws, or whose promise rejects, harms nobody: the others are called, and what it
 * threw is reported.
 *
 * @import { Problem } from "./types.js"
 * @typedef {(value: any) => unknown} Handler
 */
export class Listeners {
  /** @type {Map<string, Set<{ handler: Handler }>>} */
  #byName = new Map();

  /**
   * @param {string} name
   * @param {Handler} handler
   * @returns {() => void} removes it; the same handler may have been added several times
   */
  on(name, handler) {
    if (typeof name !== "string" || name === "") {
      throw new TypeError(`expected the name of an event such as "connected", got ${JSON.stringify(name)}`);
    }
    requireHandler(handler);
    const entry = { handler };
    const entries = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, entries.add(entry));
    return () => void entries.delete(entry);
  }

  /**
   * Call every handler of a name, and return what asynchronous ones promise.
   *
   * @param {string} name
   * @param {unknown} value
   * @returns {Promise<void>[]}
   */
  tell(name, value) {
    const entries = [...(this.#byName.get(name) ?? [])];
    return entries.flatMap(({ handler }) => this.call(handler, value, name) ?? []);
  }

  /**
   * @param {Handler} handler
   * @param {unknown} value
   * @param {string} name what it handles, for the report
   * @returns {Promise<void> | undefined} settled, never rejected, when an asynchronous handler is done
   */
  call(handler, value, name) {
    try {
      const result = handler(value);
      if (result instanceof Promise) return result.then(nothing, (cause) => this.#failed(name, cause));
    } catch (cause) {
      this.#failed(name, cause);
    }
    return undefined;
  }

  /**
   * Tell who listens to `error`, or else the console.
   *
   * @param {Problem} problem
   */
  report(problem) {
    if (this.#byName.get("error")?.size) this.tell("error", problem);
    else say(problem);
  }

  /** @param {string} name @param {unknown} cause */
  #failed(name, cause) {
    const problem = { code: "handler_failed", reason: `A handler of ${name} threw: ${String(cause)}`, cause };
    // Who fails at errors is not told of its own.
    if (name === "error") say(problem);
    else this.report(problem);
  }
}

/** @param {unknown} handler */
export function requireHandler(handler) {
  if (typeof handler !== "function") throw new TypeError(`expected a function as handler, got ${String(handler)}`);
}

/** @param {Problem} problem */
function say({ code, reason, cause }) {
  console.error(`wasla: ${code}: ${reason}`, ...(cause === undefined ? [] : [cause]));
}

function nothing() {}
