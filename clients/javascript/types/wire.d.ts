import type { Outgoing } from "./effects.js";
import type { Problem, TokenProvider } from "./types.js";
export type Reports = {
    opened: (token: string | undefined) => void;
    received: (text: unknown) => void;
    closed: (code: number) => void;
    tick: () => void;
    failed: (problem: Problem) => void;
};
/** Monotonic seconds. */
export declare const now: () => number;
export declare class Wire {
    #private;
    /**
     * @param {Reports} reports
     * @param {TokenProvider} token asked at each dial
     */
    constructor(reports: Reports, token: TokenProvider);
    /** @param {string} url @param {number} delay seconds */
    dial(url: string, delay: number): void;
    /** @param {Outgoing} message */
    send(message: Outgoing): void;
    /** End the present link or attempt; nothing of it is reported any more. @param {number} [code] */
    drop(code?: number): void;
    /**
     * Tick at this time. A later time does not move the timer, which would be done for every event: it finds out itself.
     *
     * @param {number} due monotonic seconds; Infinity: never
     */
    schedule(due: number): void;
}
