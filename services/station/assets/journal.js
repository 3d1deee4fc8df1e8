/**
 * What a clerk needs to read of what happened: one line a vehicle, which tells how far it is, instead of one a change. Pure.
 *
 * A vehicle that comes, is filled by eight sales and leaves is thirty changes of rows; nine of those only say that the
 * bookings let go of it. `journal.add(event, board)` is called with the board as it was *before* the event. Lines hold
 * facts, the words are put in where they are shown. A line that changes moves to the top.
 */

export const KINDS = ["entered", "filling", "full", "left_full", "left_partial", "removed", "given_back", "sold"];
const KEPT = 60;

export class Journal {
  constructor() {
    this.changes = 0;
    this.noise = 0;
    this.written = 0;
    /** @type {Map<string, any>} in the order of their last change, the latest last */
    this.lines = new Map();
    /** The station's time of the sale or refund seen last, which its vehicle's change in the same transaction has too. */
    this.clock = { txId: "", at: "" };
  }

  /** The lines, the latest first. */
  get latest() {
    return [...this.lines.values()].reverse();
  }

  /** How many changes of rows one line stands for. */
  get ratio() {
    return this.written === 0 ? 0 : this.changes / this.written;
  }

  /** Take an event. @param {any} event @param {any} board */
  add(event, board) {
    if (event.event_type === "TEST" || event.data === null) return;
    this.changes += 1;
    if (event.table === "vehicle_queue") this.#vehicle(event, board);
    else if (event.table === "bookings") this.#booking(event, board);
    else if (isNoise(event)) this.#letGo(event);
    else if (event.table === "exit_passes") this.#absorb(event.data.queue_id);
  }

  #vehicle(event, board) {
    const { data } = event;
    const facts = {
      plate: board.plate(data),
      destination: data.destination_name,
      taken: data.total_seats - data.available_seats,
      total: data.total_seats,
    };
    if (event.event_type !== "DELETE") {
      const at = event.event_type === "INSERT" ? clockOf(data.entered_at) : this.#clockOf(event);
      this.#write(data.id, { kind: kindOf(data), at, ...facts });
      return;
    }
    const pass = board.exitPasses.get(data.id);
    if (pass !== undefined) {
      const kind = data.available_seats === 0 ? "left_full" : "left_partial";
      this.#write(data.id, { kind, at: clockOf(pass.current_exit_time), ...facts });
      return;
    }
    const refunded = this.#withdraw(`${event.tx.id}/${data.id}`);
    this.#write(data.id, { kind: "removed", at: this.#clockOf(event), ...facts, refunded });
  }

  #booking(event, board) {
    const { data, tx } = event;
    if (isNoise(event)) {
      this.#letGo(event);
      return;
    }
    this.clock = { txId: tx.id, at: clockOf(data.updated_at) };
    const { at } = this.clock;
    if (event.event_type === "INSERT" && data.queue_id !== null) {
      this.#absorb(data.queue_id);
      return;
    }
    const facts = { plate: data.vehicle_license_plate ?? "?", destination: nameOf(board, data.destination_id) };
    if (event.event_type === "INSERT") {
      this.#write(data.id, { kind: "sold", at, taken: data.seats_booked, ...facts });
    } else if (event.business_event === "BOOKING_CANCELLED") {
      const key = `${tx.id}/${data.queue_id}`;
      const lowered = event.old?.seats_booked === undefined ? data.seats_booked : event.old.seats_booked - data.seats_booked;
      const taken = (this.lines.get(key)?.taken ?? 0) + lowered;
      this.#write(key, { kind: "given_back", at, taken, ...facts });
    }
  }

  #clockOf({ tx, timestamp }) {
    return this.clock.txId === tx.id ? this.clock.at : clockOf(timestamp);
  }

  #write(key, facts) {
    const known = this.lines.get(key);
    if (known === undefined) this.written += 1;
    this.lines.delete(key);
    this.lines.set(key, { key, changes: (known?.changes ?? 0) + 1, ...facts });
    for (const oldest of this.lines.keys()) {
      if (this.lines.size <= KEPT) break;
      this.lines.delete(oldest);
    }
  }

  /** A change that the line of its vehicle tells of already. */
  #absorb(key) {
    const line = this.lines.get(key);
    if (line !== undefined) line.changes += 1;
  }

  /** The refunds of a vehicle that is taken out belong to the line that says so. */
  #withdraw(key) {
    const line = this.lines.get(key);
    if (line === undefined) return 0;
    this.lines.delete(key);
    this.written -= 1;
    return line.taken;
  }

  #letGo(event) {
    this.noise += 1;
    this.#absorb(event.old?.queue_id);
  }
}

/** Tell whether an event only says that a row lost its vehicle, or nothing at all. @param {any} event */
export function isNoise(event) {
  return event.event_type === "UPDATE" && event.business_event === null && event.changed.every((name) => name === "queue_id");
}

function kindOf(row) {
  if (row.status === "READY") return "full";
  return row.available_seats === row.total_seats ? "entered" : "filling";
}

const nameOf = (board, id) => board.routes.find((route) => route.station_id === id)?.station_name ?? id ?? "?";

/** `HH:MM` of a time: the station's as it is written, an event's (with a zone) in the reader's. @param {string} time */
export function clockOf(time) {
  if (!time.endsWith("Z")) return time.slice(11, 16);
  const local = new Date(time);
  return `${String(local.getHours()).padStart(2, "0")}:${String(local.getMinutes()).padStart(2, "0")}`;
}
