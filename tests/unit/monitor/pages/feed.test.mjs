/** The newest events: bounded whatever comes, in batches, filtered, and what is left out is known. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { BATCH, Feed, GAP, KEPT, SHOWN, kindOf, matches, whatOf } from "../../../../services/monitor/assets/status/feed.js";

const NONE = { table: "", event: "", text: "" };
const event = (seq, more = {}) => ({
  seq,
  event_type: "INSERT",
  table: "bookings",
  id: `b-${seq}`,
  business_event: "BOOKING_CREATED",
  data: { id: `b-${seq}`, seats_booked: 2, created_at: "t" },
  ...more,
});
const drain = (feed) => {
  const batches = [];
  for (let batch = feed.take(); batch.length > 0; batch = feed.take()) batches.push(batch);
  return batches;
};

test("a burst is drawn in batches, and only what fits the view", () => {
  const feed = new Feed();
  for (let seq = 1; seq <= 10_000; seq += 1) feed.add(event(seq));
  const batches = drain(feed);
  assert.ok(batches.every((batch) => batch.length <= BATCH));
  const drawn = batches.flat();
  assert.ok(drawn.length < 2 * SHOWN);
  assert.equal(drawn.at(-1).seq, 10_000);
  assert.deepEqual(
    drawn.map((each) => each.seq),
    drawn.map((_, index) => 10_000 - drawn.length + 1 + index),
    "the newest, none missing, in order",
  );
  assert.equal(feed.received, 10_000);
  assert.ok(feed.events.length < 2 * KEPT);
});

test("every event is drawn once when there is time", () => {
  const feed = new Feed();
  const drawn = [];
  for (let seq = 1; seq <= 3000; seq += 1) {
    feed.add(event(seq));
    drawn.push(...feed.take().map((each) => each.seq));
  }
  assert.deepEqual(
    drawn,
    Array.from({ length: 3000 }, (_, index) => index + 1),
  );
});

test("a filter lets through what fits, of what is kept and of what comes", () => {
  const feed = new Feed();
  feed.add(event(1));
  feed.add(event(2, { table: "vehicle_queue" }));
  feed.choose({ ...NONE, table: "vehicle_queue" });
  assert.deepEqual(
    drain(feed)
      .flat()
      .map((each) => each.seq),
    [2],
  );
  feed.add(event(3));
  feed.add(event(4, { table: "vehicle_queue" }));
  assert.deepEqual(
    drain(feed)
      .flat()
      .map((each) => each.seq),
    [4],
  );
  assert.equal(feed.received, 4);
});

test("by table, by event of either kind, by text", () => {
  const one = event(1);
  assert.ok(matches(one, NONE));
  assert.ok(matches(one, { ...NONE, event: "INSERT" }) && matches(one, { ...NONE, event: "BOOKING_CREATED" }));
  assert.ok(!matches(one, { ...NONE, event: "DELETE" }));
  assert.ok(matches(one, { ...NONE, text: "B-1" }) && matches(one, { ...NONE, text: "seats_booked" }));
  assert.ok(!matches(one, { ...NONE, text: "elsewhere" }));
  assert.ok(matches(event(1, { data: null, id: null }), { ...NONE, text: "bookings" }));
});

test("paused it goes on counting, and shows what came when it goes on", () => {
  const feed = new Feed();
  feed.add(event(1));
  drain(feed);
  assert.equal(feed.pause(true), false);
  feed.add(event(2));
  assert.deepEqual([drain(feed), feed.held], [[], 1]);
  assert.equal(feed.pause(false), true, "the view is to be emptied");
  assert.deepEqual(
    drain(feed)
      .flat()
      .map((each) => each.seq),
    [1, 2],
  );
  assert.equal(feed.held, 0);
});

test("a gap stands where it was, passes every filter, and is no event", () => {
  const feed = new Feed();
  const shown = () =>
    drain(feed)
      .flat()
      .map((each) => (each === GAP ? "gap" : each.seq));
  feed.add(event(1));
  feed.add(event(2, { table: "vehicle_queue" }));
  feed.addGap();
  feed.add(event(3));
  assert.deepEqual(shown(), [1, 2, "gap", 3], "not before what was still waiting to be drawn");
  feed.choose({ ...NONE, table: "vehicle_queue", text: "b-2" });
  assert.deepEqual(shown(), [2, "gap"]);
  feed.choose(NONE);
  feed.pause(true);
  feed.addGap();
  assert.deepEqual([shown().length, feed.held], [4, 0]);
  feed.pause(false);
  assert.deepEqual(shown(), [1, 2, "gap", 3, "gap"]);
  assert.equal(feed.received, 3);
});

test("cleared it begins anew", () => {
  const feed = new Feed();
  feed.add(event(1));
  feed.clear();
  assert.deepEqual([drain(feed), feed.received], [[], 0]);
});

test("the filters offer what was seen, and not without end", () => {
  const feed = new Feed();
  for (let seq = 0; seq < 1000; seq += 1) feed.add(event(seq, { table: `t${seq}`, business_event: `E${seq}` }));
  assert.ok(feed.tables.size <= 200 && feed.kinds.size <= 202);
});

test("what changed, in a line", () => {
  assert.equal(whatOf(event(1)), "seats_booked 2");
  const update = event(2, { event_type: "UPDATE", changed: ["seats_booked"], old: { seats_booked: 3 } });
  assert.equal(whatOf(update), "seats_booked 3 → 2");
  assert.equal(whatOf(event(3, { data: null })), "");
  assert.match(whatOf(event(4, { data: { note: "x".repeat(100) } })), /^note x{31}…$/);
  assert.equal(kindOf(event(5, { business_event: null })), "INSERT");
});
