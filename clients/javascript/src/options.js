/**
 * What a client is made with, checked: each mistake is one sentence that says what was expected and what came.
 *
 * @import { Pace } from "./effects.js"
 * @import { ClientOptions, Keeper, TokenProvider } from "./types.js"
 * @typedef {{
 *   urls: string[], appName: string, token: TokenProvider, keeper: Keeper | null,
 *   queueLimit: number, pace: Partial<Pace>,
 * }} Settings
 */

/** Broadcasts that may wait: they are sent all at once, and a gateway takes 100 messages a second. */
const MAX_QUEUE = 50;

const KNOWN = ["urls", "appName", "token", "position", "queueLimit", "pace"];

/**
 * @param {ClientOptions} options
 * @returns {Settings}
 */
export function settingsOf(options) {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`expected options such as { urls, appName }, got ${shown(options)}`);
  }
  const unknown = Object.keys(options).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw new TypeError(`expected the options ${KNOWN.join(", ")}, got ${unknown}`);
  return {
    urls: urlsOf(options.urls),
    appName: appNameOf(options.appName),
    token: tokenOf(options.token),
    keeper: keeperOf(options.position),
    queueLimit: queueLimitOf(options.queueLimit),
    pace: options.pace ?? {},
  };
}

/** @param {unknown} urls */
function urlsOf(urls) {
  const list = typeof urls === "string" ? [urls] : urls;
  if (!Array.isArray(list) || list.length === 0) {
    throw new TypeError(`expected urls to be one or more addresses such as "ws://127.0.0.1:8765", got ${shown(urls)}`);
  }
  return list.map(urlOf);
}

/** @param {unknown} url */
function urlOf(url) {
  if (typeof url !== "string" || !isAddress(url)) {
    throw new TypeError(`expected an address such as "ws://127.0.0.1:8765" or "wss://host", got ${shown(url)}`);
  }
  return url;
}

/** @param {string} url */
function isAddress(url) {
  try {
    const { protocol, hash } = new URL(url);
    return ["ws:", "wss:"].includes(protocol) && hash === "";
  } catch {
    return false;
  }
}

/** @param {unknown} name */
function appNameOf(name) {
  const isName = typeof name === "string" && name.trim() !== "" && [...name].length <= 64 && !/\p{Cc}/u.test(name);
  if (!isName) {
    throw new TypeError(`expected appName to be a name of 1 to 64 characters to show to people, got ${shown(name)}`);
  }
  return name;
}

/** @param {unknown} token @returns {TokenProvider} */
function tokenOf(token) {
  if (typeof token === "function") return /** @type {TokenProvider} */ (token);
  if (token === undefined || (typeof token === "string" && token !== "")) return () => token;
  // What came is not shown: it may be a secret.
  throw new TypeError(`expected token to be a text, or a function that returns (a promise of) it, got ${typeof token}`);
}

/** @param {unknown} position @returns {Keeper | null} */
function keeperOf(position) {
  if (position === undefined) return null;
  const keeper = /** @type {any} */ (position === "session" ? sessionStorageOf() : position);
  if (typeof keeper?.getItem !== "function" || typeof keeper.setItem !== "function") {
    throw new TypeError(
      `expected position to be "session" in a browser, or an object with getItem and setItem, got ${shown(position)}`,
    );
  }
  return keeper;
}

/**
 * A page whose storage is forbidden throws when it is looked at. That page works without, and is told.
 *
 * @returns {Keeper | undefined}
 */
function sessionStorageOf() {
  try {
    return globalThis.window?.sessionStorage;
  } catch (cause) {
    const refuse = () => {
      throw cause;
    };
    return { getItem: () => null, setItem: refuse };
  }
}

/** @param {unknown} limit */
function queueLimitOf(limit = MAX_QUEUE) {
  if (!Number.isInteger(limit) || Number(limit) < 0 || Number(limit) > MAX_QUEUE) {
    throw new TypeError(`expected queueLimit to be a whole number from 0 to ${MAX_QUEUE}, got ${shown(limit)}`);
  }
  return Number(limit);
}

/** @param {unknown} value */
function shown(value) {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
