/**
 * Where a page's gateways are, where nobody says it: `globalThis.WASLA_URLS` (an address or a list), else port 8765 of
 * the machine the page came from, else of this one.
 *
 * @returns {string | string[]}
 */
export declare function defaultUrls(): string | string[];
