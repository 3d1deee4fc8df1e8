/**
 * What cannot be told change by change: an item of `events()` in its place among the changes, and what `on("resync")`
 * brings. A loop that takes it for a change is stopped by an error, lest it show stale rows for ever: TypeScript says so
 * before it runs, and at run time every field that only a change has throws.
 */
import { WaslaError } from "./errors.js";

/** What only a change has. */
const OF_CHANGES = [
  "event_type",
  "table",
  "id",
  "timestamp",
  "data",
  "channel",
  "business_event",
  "changed",
  "old",
  "origin",
  "tx",
];

export class Resync {
  /** @param {{ reason?: string, tables?: string[] | null, epoch: string, seq: number }} told in the protocol's words */
  constructor({ reason = "", tables = null, epoch, seq }) {
    /** @type {"epoch_changed" | "position_expired" | "capture_failed" | "rights_changed" | (string & {})} */
    this.reason = reason;
    /** To be loaded again; null: all of them. */
    this.tables = tables;
    this.epoch = epoch;
    /** Events go on after this one. */
    this.seq = seq;
  }
}

for (const field of OF_CHANGES) {
  Object.defineProperty(Resync.prototype, field, {
    get() {
      const tables = this.tables?.join(", ") ?? "every table";
      throw new WaslaError("resync", `This is a Resync, which has no ${field}: load ${tables} again, then go on.`);
    },
  });
}
