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
export declare const WAKE_TIMEOUT = 5;
export declare class Heartbeat {
    #private;
    /**
     * @param {number} interval
     * @param {number} now
     */
    constructor(interval: number, now: number);
    /** When the link is to be looked at next. */
    get due(): number;
    /** @param {number} now something came */
    heard(now: number): void;
    /**
     * Return the data of the ping that is sent now.
     *
     * @param {number} now
     */
    ping(now: number): {
        n: number;
    };
    /**
     * Return the round trip in milliseconds that an answer measures, null if it answers no open ping.
     *
     * @param {unknown} n
     * @param {number} now
     */
    pong(n: unknown, now: number): number | null;
    /**
     * The page woke; return whether to ping now.
     *
     * @param {number} now
     */
    wake(now: number): boolean;
    /**
     * @param {number} now
     * @returns {"alive" | "ping" | "dead"}
     */
    look(now: number): "alive" | "ping" | "dead";
}
