import type { CustomEvent, RealtimeEvent, Subscription } from "./types.js";
import type { Handler, Listeners } from "./listeners.js";
export declare class Dispatch {
    #private;
    /** @param {Listeners} listeners */
    constructor(listeners: Listeners);
    /** Return an id that no subscription has. */
    newId(): string;
    /**
     * Add a subscription's handler, in place of one with the same id.
     *
     * @param {Subscription} subscription
     * @param {Handler} handler
     * @returns {() => boolean} removes it; false where it was replaced or removed already
     */
    add(subscription: Subscription, handler: Handler): () => boolean;
    /**
     * Hand out a change; return what asynchronous handlers promise.
     *
     * The gateway may send more than is subscribed to, for a moment: before it has heard of a subscription that ended,
     * and after a register without any. Once the application has subscribed, that is not handed out.
     *
     * @param {RealtimeEvent} event
     * @returns {Promise<void>[]}
     */
    event(event: RealtimeEvent): Promise<void>[];
    /** @param {CustomEvent} event */
    custom(event: CustomEvent): void;
}
