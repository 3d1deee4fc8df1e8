import type { BroadcastOptions, ClientOptions, EventOf, Interest, Item, Position, RealtimeEvent, Registered, Roster, Status } from "./types.js";
export declare class WaslaClient {
    #private;
    /** @param {ClientOptions} options a mistake is a TypeError that says what was expected */
    constructor(options: ClientOptions);
    /** How things stand now; `on("status", ...)` tells of changes. @returns {Status} */
    get status(): Status;
    /**
     * Everything up to here was handed to the application, which is done with it; null before the first registration.
     *
     * @returns {Position | null}
     */
    get position(): Position | null;
    /**
     * Call *handler* whenever something of this name happens; the README lists the names.
     *
     * @template {string} Name
     * @param {Name} name
     * @param {(value: EventOf<Name>) => unknown} handler
     * @returns {() => void} removes it
     */
    on<Name extends string>(name: Name, handler: (value: EventOf<Name>) => unknown): () => void;
    /**
     * Call *handler* with every change that matches. Once there is a subscription, nothing else is sent.
     *
     * @param {Interest} interest
     * @param {(event: RealtimeEvent) => unknown} handler
     * @returns {() => void} ends the subscription
     */
    subscribe(interest: Interest, handler: (event: RealtimeEvent) => unknown): () => void;
    /**
     * Return the changes that match as they come, from now on, and in its place among them each `Resync` that may concern
     * them. Leaving the loop ends the subscription.
     *
     * @param {Interest} [interest] everything where it is not given
     * @param {{ buffer?: number }} [options] `buffer`: how many may wait while the loop is busy
     * @returns {AsyncIterableIterator<Item>}
     */
    events(interest?: Interest, { buffer }?: {
        buffer?: number;
    }): AsyncIterableIterator<Item>;
    /**
     * Connect, and stay connected until `disconnect()`. Idempotent. A TypeError where another connected client of the page
     * keeps its position in the same place, or where there is no `WebSocket`.
     *
     * @returns {Promise<Registered>} the first registration; it need not be waited for
     */
    connect(): Promise<Registered>;
    /** End the link and stay away; `events()` loops end. Handlers and subscriptions are kept. Idempotent. */
    disconnect(): void;
    /**
     * Ask who is connected, at every gateway.
     *
     * @returns {Promise<Roster>} rejects with a WaslaError where there is no link
     */
    clients(): Promise<Roster>;
    /**
     * Tell the other applications something.
     *
     * @param {string} eventType 1 to 64 characters; it is told under its name in lower case
     * @param {unknown} [data] anything that JSON can say
     * @param {BroadcastOptions} [options]
     * @returns {Promise<void>} settles when the gateway has passed it on, rejects with a WaslaError where it has not
     */
    broadcast(eventType: string, data?: unknown, { to, queue }?: BroadcastOptions): Promise<void>;
}
