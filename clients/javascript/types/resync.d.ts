export declare class Resync {
    /** @type {"epoch_changed" | "position_expired" | "capture_failed" | "rights_changed" | (string & {})} */
    reason: "epoch_changed" | "position_expired" | "capture_failed" | "rights_changed" | (string & {});
    /** To be loaded again; null: all of them. */
    tables: string[] | null;
    epoch: string;
    /** Events go on after this one. */
    seq: number;
    /** @param {{ reason?: string, tables?: string[] | null, epoch: string, seq: number }} told in the protocol's words */
    constructor({ reason, tables, epoch, seq }: {
        reason?: string;
        tables?: string[] | null;
        epoch: string;
        seq: number;
    });
}
