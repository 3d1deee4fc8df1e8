import type { Effect } from "./effects.js";
import type { Memory } from "./memory.js";
export declare class Conversation {
    #private;
    /** When it was registered; Infinity before. */
    registeredAt: number;
    /**
     * @param {Memory} memory
     * @param {{
     *   now: number, token: string | undefined, pingInterval: number | null,
     *   tell: (effect: Effect) => void, leave: (now: number, code: number) => void,
     * }} options
     */
    constructor(memory: Memory, { now, token, pingInterval, tell, leave }: {
        now: number;
        token: string | undefined;
        pingInterval: number | null;
        tell: (effect: Effect) => void;
        leave: (now: number, code: number) => void;
    });
    get isRegistered(): boolean;
    /** When `tick` wants to be called next. */
    get due(): number;
    /** @param {number} now @param {unknown} text */
    received(now: number, text: unknown): void;
    /** @param {number} now */
    tick(now: number): void;
    /** @param {number} now */
    wake(now: number): void;
    /** @param {string} message_type @param {object} data */
    send(message_type: string, data: object): void;
}
