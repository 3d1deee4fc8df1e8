/**
 * What the pages introduce themselves to the gateways with, where a key or token is asked for.
 *
 * `new WaslaClient({urls, appName, token})` asks `token()` at every connection. It is what somebody typed on this page
 * (kept for as long as the tab is open), else what the browser presented to be let in to this page, else nothing.
 */
const KEPT_AS = "wasla.token";
/** What was typed on this page: kept for the tab where storage is allowed, for the page where it is not. */
let typed = /** @type {string | null} */ (null);

/** The token; undefined where there is none. @returns {Promise<string | undefined>} */
export async function token() {
  const kept = typed ?? recall();
  if (kept !== null) return kept;
  try {
    const answer = await fetch("/token.json", { cache: "no-store", signal: AbortSignal.timeout(2000) });
    return (answer.ok && (await answer.json()).token) || undefined;
  } catch {
    return undefined; // the gateway then says itself whether it asks for one
  }
}

/** Keep what somebody typed. @param {string} text */
export function keepToken(text) {
  typed = text;
  try {
    sessionStorage.setItem(KEPT_AS, text);
  } catch {
    // storage may be forbidden
  }
}

function recall() {
  try {
    return sessionStorage.getItem(KEPT_AS);
  } catch {
    return null; // as above
  }
}
