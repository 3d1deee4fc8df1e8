/** Figures as people read them. */
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  clock,
  duration,
  latency,
  megabytes,
  number,
  rate,
} from "../../../../services/monitor/assets/status/format.js";

test("short times", () => {
  assert.equal(latency(0.0042, "en-GB"), "4.2 ms");
  assert.equal(latency(0.0042, "fr-FR"), "4,2 ms");
  assert.equal(latency(0.01234, "en-GB"), "12 ms");
  assert.equal(latency(0.00999, "en-GB"), "10 ms");
  assert.equal(latency(1.25, "en-GB"), "1.3 s");
});

test("long times", () => {
  assert.deepEqual(
    [0, 59.9, 65, 7800, 100_000, -1].map((seconds) => duration(seconds)),
    ["0 s", "59 s", "1 min 05 s", "2 h 10 min", "1 d 3 h", "0 s"],
  );
  assert.equal(duration(100_000, "j"), "1 j 3 h");
});

test("numbers, rates, memory and the time of day", () => {
  assert.equal(number(12_345, "en-GB"), "12,345");
  assert.deepEqual([rate(0.33, "en-GB"), rate(1234.5, "en-GB")], ["0.3", "1,235"]);
  assert.deepEqual([megabytes(64_000_000, "fr-FR"), megabytes(64_000_000, "en-GB")], ["64 Mo", "64 MB"]);
  assert.equal(clock(new Date(2026, 0, 1, 7, 5, 9, 4)), "07:05:09");
  assert.equal(clock(new Date(2026, 0, 1, 7, 5, 9, 4), true), "07:05:09.004");
});
