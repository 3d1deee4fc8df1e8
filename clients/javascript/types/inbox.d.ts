/**
 * From a frame to a message. What a newer gateway adds passes; what is there must be of the kind it is used as.
 *
 * @typedef {{ message_type: string, data: Record<string, any> }} Message
 */
export type Message = {
    message_type: string;
    data: Record<string, any>;
};
/**
 * @param {unknown} text
 * @returns {Message | { problem: string }}
 */
export declare function read(text: unknown): Message | {
    problem: string;
};
