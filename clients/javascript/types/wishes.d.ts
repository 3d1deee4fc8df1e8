import type { Subscription } from "./types.js";
export type Outgoing = {
    message_type: string;
    data: Record<string, unknown>;
};
/**
 * What the application has subscribed to, and how far the gateway knows it.
 *
 * @import { Subscription } from "./types.js"
 * @typedef {{ message_type: string, data: Record<string, unknown> }} Outgoing
 */
export declare class Wishes {
    #private;
    /** @param {Subscription} subscription one with its id is replaced, in its place */
    add(subscription: Subscription): void;
    /**
     * @param {string} id
     * @returns {boolean} whether there was one
     */
    remove(id: string): boolean;
    /** Take all there are into a register. */
    ask(): Subscription[];
    /** Leave them out of a register; return whether the one before had any. */
    leaveOut(): boolean;
    /**
     * Return what is to be sent once registered: what has changed since register was. New ones come first, because who
     * holds none, if only for a moment, is sent nothing.
     *
     * @returns {Outgoing[]}
     */
    since(): Outgoing[];
}
