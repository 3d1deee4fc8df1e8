import type { Item } from "./types.js";
export type Waiting = {
    item?: Item;
    error?: Error;
    done: () => void;
};
/** @implements {AsyncIterableIterator<Item, undefined>} */
export declare class EventReader implements AsyncIterableIterator<Item, undefined> {
    #private;
    /**
     * @param {number} limit events that may wait
     * @param {() => void} stop called once, when nothing more is wanted
     */
    constructor(limit: number, stop: () => void);
    /**
     * Something came; the promise settles when the reader is done with it.
     *
     * @param {Item} item
     * @returns {Promise<void>}
     */
    push(item: Item): Promise<void>;
    /**
     * Nothing more comes: the reader gets what waits, then the end, or the error where one is given.
     *
     * @param {Error} [error]
     */
    end(error?: Error): void;
    /** @returns {Promise<IteratorResult<Item, undefined>>} */
    next(): Promise<IteratorResult<Item, undefined>>;
    /** @returns {Promise<IteratorResult<Item, undefined>>} */
    return(): Promise<IteratorResult<Item, undefined>>;
    [Symbol.asyncIterator](): this;
}
