import type { Announcement } from "./effects.js";
import type { Position } from "./types.js";
/**
 * What outlives a link: where the client stands, what it wants, and what waits to be sent.
 *
 * @import { Announcement } from "./effects.js"
 * @import { Position } from "./types.js"
 */
import { Standing } from "./standing.js";
import { Wishes } from "./wishes.js";
export declare class Memory {
    #private;
    /** @type {Position | null} */
    position: Position | null;
    appName: string;
    standing: Standing;
    wishes: Wishes;
    /**
     * @param {string} appName
     * @param {Position | null} position
     * @param {number} queueLimit
     */
    constructor(appName: string, position: Position | null, queueLimit: number);
    /**
     * Keep an announcement for the next link; return whether there was room.
     *
     * @param {Announcement} announcement
     */
    queue(announcement: Announcement): boolean;
    /** Return what waited, in order; it waits no longer. */
    takeQueue(): Announcement[];
}
