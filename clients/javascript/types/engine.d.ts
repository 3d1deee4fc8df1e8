import type { Effect } from "./effects.js";
import type { Listeners } from "./listeners.js";
import type { Dispatch } from "./dispatch.js";
import type { Settings } from "./options.js";
import { WaslaError } from "./errors.js";
import { Keeping } from "./keeping.js";
import { Session } from "./session.js";
export declare class Engine {
    #private;
    keeping: Keeping;
    /** Unix time in milliseconds. @type {number | null} */
    lastEventAt: number | null;
    /**
     * @param {Settings} settings
     * @param {Listeners} listeners
     * @param {Dispatch} dispatch
     * @param {(error: WaslaError) => void} ended the gateway said not to come back
     */
    constructor({ urls, appName, token, keeper, queueLimit, pace }: Settings, listeners: Listeners, dispatch: Dispatch, ended: (error: WaslaError) => void);
    /** How things stand. */
    get status(): {
        connected: boolean;
        connecting: boolean;
        reconnectAttempts: number;
        database: "up" | "down" | null;
        latencyMs: number | null;
        url: string;
        lastEventAt: number | null;
        lastEventAge: number | null;
    };
    /**
     * Tell the session a fact and carry out what follows from it.
     *
     * @param {(session: Session, now: number) => Effect[]} fact
     */
    act(fact: (session: Session, now: number) => Effect[]): void;
    /**
     * @param {import("./effects.js").Announcement} announcement
     * @param {boolean} queue
     * @returns {Promise<void>}
     */
    broadcast(announcement: import("./effects.js").Announcement, queue: boolean): Promise<void>;
    /** @returns {Promise<import("./types.js").Roster>} */
    clients(): Promise<import("./types.js").Roster>;
}
