/**
 * Where a page's gateways are, where nobody says it: `globalThis.WASLA_URLS` (an address or a list), else port 8765 of
 * the machine the page came from, else of this one.
 *
 * @returns {string | string[]}
 */
export function defaultUrls() {
  const scope = /** @type {{ WASLA_URLS?: string | string[], location?: Location }} */ (globalThis);
  if (scope.WASLA_URLS !== undefined) return scope.WASLA_URLS;
  const { protocol = "", hostname = "" } = scope.location ?? {};
  // The pages of a Tauri app come out of the app itself: their host is no machine.
  const isServed = ["http:", "https:"].includes(protocol) && hostname !== "" && hostname !== "tauri.localhost";
  if (!isServed) return "ws://127.0.0.1:8765";
  return `${protocol === "https:" ? "wss" : "ws"}://${hostname}:8765`;
}
