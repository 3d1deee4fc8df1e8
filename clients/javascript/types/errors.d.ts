/**
 * What this client throws and rejects with, beside the TypeErrors of a wrong argument: `code` is a slug to test for,
 * the message a sentence for people.
 *
 * | code              | when                                                                                    |
 * |-------------------|-----------------------------------------------------------------------------------------|
 * | `not_connected`   | something was asked of the gateway while there is no link                               |
 * | `queue_full`      | a broadcast was to wait for the link, and as many as may wait do already                |
 * | `link_lost`       | the link ended before the gateway answered                                              |
 * | `gave_up`         | the gateway closed with 4500 to 4999: something must change before the next `connect()` |
 * | `disconnected`    | `disconnect()` ended what was waited for                                                |
 * | `reader_too_slow` | an `events()` loop fell behind by more than its buffer                                  |
 * | `resync`          | an `events()` loop took a `Resync` for a change                                         |
 *
 * A refusal by the gateway carries the protocol's own code.
 */
export declare class WaslaError extends Error {
    code: string;
    /**
     * @param {string} code
     * @param {string} message
     */
    constructor(code: string, message: string);
}
