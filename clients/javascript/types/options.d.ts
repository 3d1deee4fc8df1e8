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
import type { Pace } from "./effects.js";
import type { ClientOptions, Keeper, TokenProvider } from "./types.js";
export type Settings = {
    urls: string[];
    appName: string;
    token: TokenProvider;
    keeper: Keeper | null;
    queueLimit: number;
    pace: Partial<Pace>;
};
/**
 * @param {ClientOptions} options
 * @returns {Settings}
 */
export declare function settingsOf(options: ClientOptions): Settings;
