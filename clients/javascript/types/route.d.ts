import type { Pace } from "./effects.js";
export declare class Route {
    #private;
    /**
     * @param {string[]} urls at least one
     * @param {() => number} random
     * @param {Pace} pace
     */
    constructor(urls: string[], random: () => number, { firstDelay, maxDelay }: Pace);
    /** The address in use, or to be tried. */
    get url(): string;
    /** Links made or tried since one was healthy. */
    get attempts(): number;
    /** A link was healthy long enough, or none is wanted any more. */
    reset(): void;
    /**
     * Turn to the next address after a link ended; return how long to wait, in seconds. A gateway that drains is left at
     * once, but only once round the addresses: where all of them send away, nobody is hammered.
     *
     * @param {number} code
     */
    turn(code: number): number;
}
