/** No event is lost or taken twice between the rows and the stream. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Latencies } from "../../../services/station/assets/latency.js";
import { Screen } from "../../../services/station/assets/screen.js";
import { visibleIn } from "../../../services/station/assets/visibility.js";
import { booking, emptyState, event } from "./events.js";

test("a transaction is in a snapshot when it had ended", () => {
  const isVisible = visibleIn("10:20:12,15");
  assert.deepEqual(["9", "10", "11", "12", "14", "15", "19", "20", "21"].map(isVisible), [true, true, true, false, true, false, true, false, false]);
  assert.equal(visibleIn("7:7:")("6"), true);
  assert.equal(visibleIn("18446744073709551610:18446744073709551615:")("18446744073709551612"), true);
});

function screenThat(load, options = {}) {
  const taken = [];
  const screen = new Screen({ load, taken: (one) => taken.push(one.tx.id), changed: () => {}, wait: async () => {}, ...options });
  return { screen, taken };
}

const sale = (tx) => event("bookings", "INSERT", booking(`b${tx}`), { tx, business: "BOOKING_CREATED" });

test("events that come while the rows are read wait, and those in the rows are dropped", async () => {
  let answer;
  const { screen, taken } = screenThat(() => new Promise((resolve) => { answer = resolve; }));
  const following = screen.follow();
  screen.take(sale("11")); // in the rows, numbered while they were read
  screen.take(sale("12")); // was still running then
  answer(emptyState({ snapshot: "12:14:12", bookings: [booking("b11"), booking("b13")], today: { departures: 0, seats: 2, takings: 3.9 } }));
  await following;
  screen.take(sale("13")); // in the rows, although its event comes late
  screen.take(sale("14"));
  assert.deepEqual(taken, ["12", "14"]);
  assert.equal(screen.board.today.seats, 4);
  assert.deepEqual([...screen.board.bookings.keys()].sort(), ["b11", "b12", "b13", "b14"]);
});

test("only the latest load counts", async () => {
  const answers = [];
  const { screen } = screenThat(() => new Promise((resolve) => { answers.push(resolve); }));
  const first = screen.follow();
  const second = screen.follow();
  answers[1](emptyState({ snapshot: "2:2:", today: { departures: 7, seats: 0, takings: 0 } }));
  await second;
  answers[0](emptyState({ snapshot: "1:1:" }));
  await first;
  assert.equal(screen.board.today.departures, 7);
});

test("a load that fails is told and tried again", async () => {
  let tries = 0;
  const failures = [];
  const load = async () => {
    tries += 1;
    if (tries < 3) throw new Error("down");
    return emptyState();
  };
  const { screen } = screenThat(load, { failed: (error) => failures.push(error.message) });
  await screen.follow();
  assert.deepEqual([tries, failures, screen.isLoaded], [3, ["down", "down"], true]);
});

test("a load that can never succeed is not tried again", async () => {
  let tries = 0;
  const { screen } = screenThat(async () => { tries += 1; throw new Error("off"); }, { failed: () => "hopeless" });
  await screen.follow();
  assert.deepEqual([tries, screen.isLoaded], [1, false]);
});

test("a truncated table is loaded again", async () => {
  let loads = 0;
  const { screen } = screenThat(async () => { loads += 1; return emptyState(); });
  await screen.follow();
  screen.take(event("bookings", "TRUNCATE", null, { tx: "99" }));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(loads, 2);
});

test("latency: the clocks' difference counts where it is beyond doubt", () => {
  const latencies = new Latencies();
  assert.equal(latencies.percentile(0.5), null);
  latencies.compare(1000, 1003, 1006);
  assert.equal(latencies.offset, 0);
  assert.equal(latencies.shown("1970-01-01T00:00:01.000Z", 1012), 12);
  latencies.compare(1000, 61_003, 1006);
  assert.equal(latencies.offset, 60_000);
  assert.equal(latencies.shown("1970-01-01T00:01:01.000Z", 1020), 20);
  assert.equal(latencies.shown("1970-01-01T00:01:01.000Z", 900), 0);
  assert.deepEqual([latencies.percentile(0.5), latencies.percentile(1), latencies.count], [12, 20, 3]);
});
