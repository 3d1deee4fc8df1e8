import type { LinkStatus } from "./effects.js";
/**
 * How the link stands, and what of it has changed since it was last told.
 *
 * @import { LinkStatus } from "./effects.js"
 */
export declare class Standing {
    #private;
    /** @type {LinkStatus} */
    now: LinkStatus;
    constructor();
    /**
     * Return what has changed since the last call, null if nothing has.
     *
     * @returns {Partial<LinkStatus> | null}
     */
    changes(): Partial<LinkStatus> | null;
}
