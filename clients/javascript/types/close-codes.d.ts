/** Close codes as the instructions they are (`docs/protocol.md`, "Close codes"). */
export declare const NORMAL = 1000;
export declare const GOING_AWAY = 1001;
/** What ends a link that nobody closed (RFC 6455 section 7.4.1). */
export declare const LOST = 1006;
export declare const PING_TIMEOUT = 4004;
/**
 * Tell whether a code says not to come back until something has changed.
 *
 * @param {number} code
 */
export declare function mustStop(code: number): boolean;
/**
 * Return what a code means, as a sentence for people.
 *
 * @param {number} code
 */
export declare function sentenceFor(code: number): string;
