import type { Problem } from "./types.js";
export type Handler = (value: any) => unknown;
/**
 * Handlers by name. A handler that throws, or whose promise rejects, harms nobody: the others are called, and what it
 * threw is reported.
 *
 * @import { Problem } from "./types.js"
 * @typedef {(value: any) => unknown} Handler
 */
export declare class Listeners {
    #private;
    /**
     * @param {string} name
     * @param {Handler} handler
     * @returns {() => void} removes it; the same handler may have been added several times
     */
    on(name: string, handler: Handler): () => void;
    /**
     * Call every handler of a name, and return what asynchronous ones promise.
     *
     * @param {string} name
     * @param {unknown} value
     * @returns {Promise<void>[]}
     */
    tell(name: string, value: unknown): Promise<void>[];
    /**
     * @param {Handler} handler
     * @param {unknown} value
     * @param {string} name what it handles, for the report
     * @returns {Promise<void> | undefined} settled, never rejected, when an asynchronous handler is done
     */
    call(handler: Handler, value: unknown, name: string): Promise<void> | undefined;
    /**
     * Tell who listens to `error`, or else the console.
     *
     * @param {Problem} problem
     */
    report(problem: Problem): void;
}
/** @param {unknown} handler */
export declare function requireHandler(handler: unknown): void;
