/** What a screen knows, kept up with events. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Board } from "../../../services/station/assets/board.js";
import { booking, departure, emptyState, event, pass, vehicle, wholeLife } from "./events.js";

test("a vehicle's whole life leaves the day's sums and an empty queue", () => {
  const board = Board.load(emptyState());
  for (const one of wholeLife()) assert.equal(board.apply(one), true);
  assert.deepEqual(board.today, { departures: 1, seats: 8, takings: 15600 });
  assert.equal(board.queue.size + board.bookings.size + board.exitPasses.size, 0);
});

test("half way through a life the same is known from the rows as from the events", () => {
  const life = [...wholeLife()];
  const board = Board.load(emptyState());
  for (const one of life.slice(0, 20)) board.apply(one);
  const rows = emptyState({ queue: [...board.queue.values()], bookings: [...board.bookings.values()], exit_passes: [...board.exitPasses.values()], today: { departures: 0, seats: board.today.seats, takings: board.today.takings / 1000 } });
  const other = Board.load(rows);
  for (const one of life.slice(20)) { board.apply(one); other.apply(one); }
  assert.deepEqual(other.today, board.today);
});

test("seats are counted in the vehicle that can hold them, and in all that load", () => {
  const queue = [vehicle(3), vehicle(8, "WAITING", { id: "q2", queue_position: 2 }), vehicle(0, "READY", { id: "q3", queue_position: 0 })];
  const board = Board.load(emptyState({ queue }));
  assert.deepEqual(board.freeSeats("jemmal"), { together: 8, inAll: 11 });
  assert.deepEqual(board.freeSeats("nowhere"), { together: 0, inAll: 0 });
  assert.deepEqual(board.waiting("jemmal").map((row) => row.id), ["q3", "q1", "q2"]);
});

test("what is given back is taken off: whole sales, single seats, a vehicle taken out", () => {
  const rows = emptyState({ queue: [vehicle(5)], bookings: [booking("b1", { seats_booked: 3, total_amount: 5.85 })], today: { departures: 0, seats: 3, takings: 5.85 } });
  const board = Board.load(rows);
  board.apply(event("bookings", "UPDATE", booking("b1", { seats_booked: 2, total_amount: 5.85, refund_amount: 1.95 }), { old: { seats_booked: 3, refund_amount: null }, business: "BOOKING_CANCELLED" }));
  assert.deepEqual(board.today, { departures: 0, seats: 2, takings: 3900 });
  board.apply(event("bookings", "UPDATE", booking("b1", { seats_booked: 2, total_amount: 5.85, refund_amount: 5.85, booking_status: "REFUNDED" }), { old: { booking_status: "ACTIVE", refund_amount: 1.95 }, business: "BOOKING_CANCELLED" }));
  board.apply(event("vehicle_queue", "DELETE", vehicle(5), { business: "VEHICLE_EXITED" }));
  assert.deepEqual(board.today, { departures: 0, seats: 0, takings: 0 });
});

test("a departure is one only with its exit pass", () => {
  const board = Board.load(emptyState({ queue: [vehicle(5)], exit_passes: [pass()] }));
  for (const one of departure(5, "LOADING", 0)) board.apply(one);
  assert.equal(board.today.departures, 1);
});

test("a new vehicle is known by the day pass it buys", () => {
  const board = Board.load(emptyState());
  board.apply(event("day_passes", "INSERT", { id: "d", vehicle_id: "v9", license_plate: "9 TUN 9" }));
  assert.equal(board.plate({ vehicle_id: "v9" }), "9 TUN 9");
});

test("a truncated table, or a row that was too large to send, can only be loaded again", () => {
  const board = Board.load(emptyState());
  assert.equal(board.apply(event("bookings", "TRUNCATE", null)), false);
  assert.equal(board.apply(event("vehicle_queue", "UPDATE", null)), false);
  assert.equal(board.apply(event("bookings", "TEST", null)), true);
  assert.equal(board.apply(event("others", "INSERT", { id: "x" })), true);
});
