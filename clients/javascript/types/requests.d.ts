import type { Problem } from "./types.js";
export type Waiting = {
    resolve: (value: any) => void;
    reject: (error: Error) => void;
    isSent: boolean;
    answer: Promise<any>;
};
export declare class Requests {
    #private;
    /** Return a key that no other request has. */
    newKey(): string;
    /**
     * @param {string} key
     * @param {boolean} isSent false: it waits for a link itself
     * @returns {Promise<any>}
     */
    wait(key: string, isSent: boolean): Promise<any>;
    /** Return the answer that is waited for under a key already. @param {string} key */
    pending(key: string): Promise<any> | undefined;
    /** Whatever waited for a link has been sent. */
    allSent(): void;
    /** @param {unknown} key @param {unknown} value */
    answered(key: unknown, value: unknown): void;
    /** @param {unknown} key @param {Problem} problem */
    refused(key: unknown, { code, reason }: Problem): void;
    /** The link has ended: what was sent is not answered any more, and nobody knows what became of it. */
    lost(): void;
}
