/**
 * The five calls of the original application, over one link per page however often and from wherever it is initialised:
 * it belongs to the page, not to this module, which a bundler may have put there twice.
 *
 * Order of use: none. What listens before `initializeWebSocket` is called hears everything from the beginning.
 *
 * @import { ClientOptions, EventOf, Status } from "./types.js"
 */
import { defaultUrls } from "./addresses.js";
import { WaslaClient } from "./client.js";

const PLACE = Symbol.for("wasla.realtime.link");

/** @typedef {{ client: WaslaClient | null, waiting: Set<(client: WaslaClient) => void> }} Link */

/** @returns {Link} */
function link() {
  const page = /** @type {Record<symbol, Link>} */ (/** @type {unknown} */ (globalThis));
  return (page[PLACE] ??= { client: null, waiting: new Set() });
}

/** @type {Status} */
const NO_LINK = {
  connected: false,
  connecting: false,
  reconnectAttempts: 0,
  database: null,
  lastEventAt: null,
  lastEventAge: null,
  latencyMs: null,
  url: "",
};

/**
 * Connect, and stay connected. Calls after the first change nothing: the link keeps the name it was given first.
 *
 * @param {string} [appName]
 * @param {Partial<Omit<ClientOptions, "appName">>} [options]
 * @returns {Promise<boolean>} whether the first try succeeded. It goes on trying, so that an app starts offline, too
 */
export async function initializeWebSocket(appName = "Wasla App", options = {}) {
  const place = link();
  if (place.client === null) {
    place.client = new WaslaClient({ urls: defaultUrls(), ...options, appName });
    for (const attach of place.waiting) attach(place.client);
    place.waiting.clear();
  }
  return firstTry(place.client);
}

/**
 * @param {WaslaClient} client
 * @returns {Promise<boolean>}
 */
function firstTry(client) {
  return new Promise((resolve) => {
    const look = () => {
      const { connected, connecting, reconnectAttempts } = client.status;
      if (connecting && reconnectAttempts === 0) return;
      stop();
      resolve(connected);
    };
    const stop = client.on("status", look);
    void client.connect();
    look();
  });
}

/**
 * Call *handler* whenever something of this name happens, now or once initialised.
 *
 * @template {string} Name
 * @param {Name} name
 * @param {(value: EventOf<Name>) => unknown} handler
 * @returns {() => void} removes it
 */
export function onWebSocketEvent(name, handler) {
  const place = link();
  if (place.client !== null) return place.client.on(name, handler);
  let remove = () => {
    place.waiting.delete(attach);
  };
  const attach = (/** @type {WaslaClient} */ client) => {
    remove = client.on(name, handler);
  };
  place.waiting.add(attach);
  return () => remove();
}

/**
 * How things stand, also before the page is initialised.
 *
 * @returns {Status}
 */
export function getWebSocketStatus() {
  return link().client?.status ?? { ...NO_LINK };
}

/**
 * Tell the other applications something; what goes wrong is told to who listens to `error`.
 *
 * @param {string} eventType
 * @param {unknown} [data]
 * @returns {boolean} whether there was a link to send it on
 */
export function broadcastToOtherApps(eventType, data) {
  const { client } = link();
  const isSent = client?.status.connected ?? false;
  client?.broadcast(eventType, data).catch((error) => {
    if (error instanceof TypeError) console.error(error); // the gateway's refusals are told by `error`
  });
  return isSent;
}

/** End the link and stay away until it is initialised again; what listens goes on listening. */
export function disconnectWebSocket() {
  link().client?.disconnect();
}

export const websocketDbClient = Object.freeze({
  initializeWebSocket,
  onWebSocketEvent,
  getWebSocketStatus,
  broadcastToOtherApps,
  disconnectWebSocket,
});
