/** The columns behind the curves: bounded, in order, and with gaps where nothing was measured. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { COLUMNS, Curves, ceiling } from "../../../../services/monitor/assets/status/curves.js";

const sample = (at, more = {}) => ({
  at,
  ready: true,
  total: 0.015,
  captured: 0.001,
  sequenced: 0.002,
  published: 0.003,
  gateway: 0.004,
  received: 0.005,
  events: 1,
  deliveries: 2,
  clients: 3,
  ...more,
});

test("samples come once, in order, and the oldest makes room", () => {
  const curves = new Curves(3);
  assert.equal(curves.latestAt, null);
  for (const at of [1, 2, 2, 1, 3, 4]) curves.append(sample(at));
  assert.deepEqual(curves.columns.at, [2, 3, 4]);
  assert.ok(COLUMNS.every((name) => curves.columns[name].length === 3));
});

test("what is missing is a gap", () => {
  const curves = new Curves();
  curves.append(sample(1));
  assert.ok(!curves.misses(sample(2)));
  assert.ok(curves.misses(sample(10)));
  curves.append(sample(10));
  assert.deepEqual(curves.columns.at, [1, 2, 10]);
  assert.deepEqual(curves.column("events"), [1, null, 1]);
});

test("the history of the monitor replaces everything", () => {
  const curves = new Curves();
  curves.append(sample(5));
  curves.replace({ at: [1, 2], ready: [true, false], total: [0.1, null], events: [4, 5] });
  assert.deepEqual(curves.columns.at, [1, 2]);
  assert.deepEqual(curves.column("events"), [4, 5]);
  assert.deepEqual(curves.column("clients"), [null, null]);
});

test("the hops stand on top of each other, in milliseconds, and the last is all of them", () => {
  const curves = new Curves();
  curves.append(sample(1));
  curves.append(sample(2, { total: null }));
  const rounded = curves.stacked().map((column) => column.map((value) => value && Math.round(value)));
  assert.deepEqual(rounded, [
    [1, null],
    [3, null],
    [6, null],
    [10, null],
    [15, null],
  ]);
});

test("outages are the times in which nothing was delivered in time", () => {
  const curves = new Curves();
  [true, false, false, true, false].forEach((ready, index) => curves.append(sample(index + 1, { ready })));
  assert.deepEqual(curves.outages(), [
    [2, 3],
    [5, 5],
  ]);
});

test("latest, median and largest of what was measured", () => {
  const curves = new Curves();
  assert.deepEqual(curves.summary("total"), { latest: null, median: null, largest: null });
  [3, 9, null, 1].forEach((events, index) => curves.append(sample(index + 1, { events })));
  assert.deepEqual(curves.summary("events"), { latest: 1, median: 3, largest: 9 });
});

test("one outlier does not flatten a scale of milliseconds, and is told", () => {
  const usual = Array.from({ length: 99 }, () => 10);
  assert.deepEqual(ceiling([...usual, 1000], "milliseconds"), { top: 20, cut: 1000 });
  assert.deepEqual(ceiling([10, 30, null], "milliseconds"), { top: 33, cut: null });
  assert.deepEqual(ceiling([...usual, 1000], "rate").cut, null);
  assert.deepEqual(ceiling([], "milliseconds"), { top: 1, cut: null });
  assert.equal(ceiling([0, 1], "rate").top, 5);
});
