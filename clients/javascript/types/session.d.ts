import type { Subscription } from "./types.js";
import type { Announcement, Effect, SessionOptions } from "./effects.js";
export declare class Session {
    #private;
    /** @param {SessionOptions} options */
    constructor({ urls, appName, position, queueLimit, random, pace }: SessionOptions);
    /** Where the client stands. */
    get position(): import("./types.js").Position | null;
    /** How the link stands. */
    get standing(): import("./effects.js").LinkStatus;
    get due(): number;
    /** A link is wanted. @param {number} now */
    connect(now: number): Effect[];
    /** The link stands. @param {number} now @param {string} [token] */
    opened(now: number, token?: string): Effect[];
    /** The link, or the attempt to make one, has ended. @param {number} now @param {number} code */
    closed(now: number, code: number): Effect[];
    /** A frame came. @param {number} now @param {unknown} text */
    received(now: number, text: unknown): Effect[];
    /** Time has passed. @param {number} now */
    tick(now: number): Effect[];
    /** The network is back, or the page is seen again. @param {number} now */
    wake(now: number): Effect[];
    /** No link is wanted any more. @param {number} now */
    disconnect(now: number): Effect[];
    /** @param {number} now @param {Subscription} subscription */
    subscribe(now: number, subscription: Subscription): Effect[];
    /** @param {number} now @param {string} id */
    unsubscribe(now: number, id: string): Effect[];
    /** @param {number} now @param {Announcement} announcement @param {boolean} [queue] */
    broadcast(now: number, announcement: Announcement, queue?: boolean): Effect[];
    /** Who is connected is asked for. @param {number} now */
    clients(now: number): Effect[];
    /** A fresh token is here. @param {number} now @param {string} token */
    renew(now: number, token: string): Effect[];
}
