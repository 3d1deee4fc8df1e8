/**
 * Exponential backoff with full jitter, without a clock: a uniform draw between zero and a ceiling that doubles.
 * Full jitter spreads the return of many clients that lost the same gateway at the same moment.
 */
export declare class Backoff {
    #private;
    /**
     * @param {() => number} random draws from [0, 1)
     * @param {{ first?: number, cap?: number }} [ceilings] seconds
     */
    constructor(random: () => number, { first, cap }?: {
        first?: number;
        cap?: number;
    });
    /** Attempts since the link was last healthy. */
    get attempts(): number;
    /** Count an attempt and return how long to wait before it, in seconds. */
    nextDelay(): number;
    /** Count an attempt that is made at once. */
    skipDelay(): number;
    /** The link was healthy long enough: begin anew. */
    reset(): void;
}
