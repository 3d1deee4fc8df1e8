/** Thirty changes are one line. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Board } from "../../../services/station/assets/board.js";
import { Journal } from "../../../services/station/assets/journal.js";
import { booking, departure, emptyState, event, vehicle, wholeLife } from "./events.js";

function read(events, state = emptyState()) {
  const board = Board.load(state);
  const journal = new Journal();
  const kinds = [];
  for (const one of events) {
    journal.add(one, board);
    board.apply(one);
    kinds.push(journal.latest[0]?.kind);
  }
  return { journal, kinds };
}

test("a vehicle's thirty changes are one line that tells how far it is", () => {
  const life = [...wholeLife()];
  assert.equal(life.length, 30);
  const { journal, kinds } = read(life);
  assert.deepEqual([journal.changes, journal.written, journal.noise, journal.ratio], [30, 1, 9, 30]);
  assert.deepEqual([...new Set(kinds)], ["entered", "filling", "full", "left_full"]);
  const [line] = journal.latest;
  assert.deepEqual({ ...line }, { key: "q1", changes: 30, kind: "left_full", at: "10:42", plate: "1 TUN 1", destination: "JEMMAL", taken: 8, total: 8 });
});

test("a vehicle that leaves with free seats says so", () => {
  const { journal } = read(departure(3, "LOADING", 5), emptyState({ queue: [vehicle(3)], exit_passes: [{ id: "p1", queue_id: "q1", current_exit_time: "2026-01-01T18:52:00" }] }));
  const [line] = journal.latest;
  assert.deepEqual([line.kind, line.taken, line.at], ["left_partial", 5, "18:52"]);
});

test("a vehicle taken out is one line, its refunds in it", () => {
  const refund = (id) => event("bookings", "UPDATE", booking(id, { booking_status: "REFUNDED" }), { tx: "40", old: { booking_status: "ACTIVE" }, business: "BOOKING_CANCELLED" });
  const { journal } = read([refund("b1"), refund("b2"), event("vehicle_queue", "DELETE", vehicle(6), { tx: "40", business: "VEHICLE_EXITED" })], emptyState({ queue: [vehicle(6)] }));
  assert.equal(journal.latest.length, 1);
  assert.deepEqual([journal.latest[0].kind, journal.latest[0].refunded, journal.written], ["removed", 2, 1]);
});

test("what is given back has a line of its own", () => {
  const { journal } = read([
    event("bookings", "UPDATE", booking("b1", { seats_booked: 2 }), { tx: "50", old: { seats_booked: 3, refund_amount: null }, business: "BOOKING_CANCELLED" }),
    event("vehicle_queue", "UPDATE", vehicle(6), { tx: "50", old: { available_seats: 5 }, business: "VEHICLE_UPDATED" }),
  ], emptyState({ queue: [vehicle(5)] }));
  assert.deepEqual(journal.latest.map((line) => [line.kind, line.taken, line.at]), [["filling", 2, "09:30"], ["given_back", 1, "09:30"]]);
});

test("a booking without a vehicle is told by itself, and a test event not at all", () => {
  const { journal } = read([event("bookings", "INSERT", booking("b1", { queue_id: null, seats_booked: 2 }), { business: "BOOKING_CREATED" }), event("bookings", "TEST", null)]);
  assert.deepEqual(journal.latest.map((line) => [line.kind, line.taken]), [["sold", 2]]);
  assert.equal(journal.changes, 1);
});

test("old lines are forgotten, the counts are not", () => {
  const many = Array.from({ length: 200 }, (_, place) => event("vehicle_queue", "INSERT", vehicle(8, "WAITING", { id: `q${place}` })));
  const { journal } = read(many);
  assert.equal(journal.latest.length, 60);
  assert.deepEqual([journal.latest[0].key, journal.written], ["q199", 200]);
});
