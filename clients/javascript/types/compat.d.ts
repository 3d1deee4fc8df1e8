import type { ClientOptions, EventOf, Status } from "./types.js";
import { WaslaClient } from "./client.js";
export type Link = {
    client: WaslaClient | null;
    waiting: Set<(client: WaslaClient) => void>;
};
/**
 * Connect, and stay connected. Calls after the first change nothing: the link keeps the name it was given first.
 *
 * @param {string} [appName]
 * @param {Partial<Omit<ClientOptions, "appName">>} [options]
 * @returns {Promise<boolean>} whether the first try succeeded. It goes on trying, so that an app starts offline, too
 */
export declare function initializeWebSocket(appName?: string, options?: Partial<Omit<ClientOptions, "appName">>): Promise<boolean>;
/**
 * Call *handler* whenever something of this name happens, now or once initialised.
 *
 * @template {string} Name
 * @param {Name} name
 * @param {(value: EventOf<Name>) => unknown} handler
 * @returns {() => void} removes it
 */
export declare function onWebSocketEvent<Name extends string>(name: Name, handler: (value: EventOf<Name>) => unknown): () => void;
/**
 * How things stand, also before the page is initialised.
 *
 * @returns {Status}
 */
export declare function getWebSocketStatus(): Status;
/**
 * Tell the other applications something; what goes wrong is told to who listens to `error`.
 *
 * @param {string} eventType
 * @param {unknown} [data]
 * @returns {boolean} whether there was a link to send it on
 */
export declare function broadcastToOtherApps(eventType: string, data?: unknown): boolean;
/** End the link and stay away until it is initialised again; what listens goes on listening. */
export declare function disconnectWebSocket(): void;
export declare const websocketDbClient: Readonly<{
    initializeWebSocket: typeof initializeWebSocket;
    onWebSocketEvent: typeof onWebSocketEvent;
    getWebSocketStatus: typeof getWebSocketStatus;
    broadcastToOtherApps: typeof broadcastToOtherApps;
    disconnectWebSocket: typeof disconnectWebSocket;
}>;
