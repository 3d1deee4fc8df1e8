import type { Keeper, Position, Problem } from "./types.js";
export type Owners = Map<string, Keeping>;
export declare class Keeping {
    #private;
    /**
     * @param {Keeper | null} keeper null: nothing is kept
     * @param {string} name under which it is kept
     * @param {(problem: Problem) => void} report
     */
    constructor(keeper: Keeper | null, name: string, report: (problem: Problem) => void);
    /** Everything up to here was dealt with. */
    get position(): Position | null;
    /** Keep it here from now on. Two would overwrite each other, and each go on from the other's: a TypeError. */
    claim(): void;
    /** Another client may keep its own here. */
    release(): void;
    /**
     * Something is being handed out; keep the position before it until all of these promises have settled.
     *
     * @param {Promise<void>[]} promises
     */
    hold(promises: Promise<void>[]): void;
    /** @param {Position | null} position where the stream stands, after everything up to it was handed out */
    reached(position: Position | null): void;
}
