/** What is worth a look although changes arrive. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { remarks } from "../../../../services/monitor/assets/status/remarks.js";

const LINE = {
  line: "tcp://a:1",
  listener: "l",
  leading: true,
  silent: false,
  epoch: "e",
  state: "good",
  remark: null,
};
const PROCESS = { process: "gateway:gateway-00", presence: "present", age: 0.2, remarks: [] };
const status = (more = {}) => ({
  processes: [PROCESS],
  programs: [{ name: "g", state: "RUNNING", explanation: "" }],
  lines: [LINE],
  ...more,
});
const keys = (found) => found.map((remark) => remark.key);

test("nothing where all is well, nor where no supervisord is", () => {
  assert.deepEqual(remarks(status()), []);
  assert.deepEqual(remarks(status({ programs: null, lines: [] })), []);
});

test("a silent process, and for how long", () => {
  const [late, lost] = remarks(
    status({
      processes: [
        { ...PROCESS, presence: "late", age: 2.5 },
        { ...PROCESS, presence: "lost" },
      ],
    }),
  );
  assert.deepEqual(
    [late.key, late.tone, late.since, lost.key, lost.tone],
    ["remark.late", "warn", 2.5, "remark.lost", "bad"],
  );
});

test("a program that supervisord gave up, in its own words", () => {
  const [found] = remarks(
    status({
      programs: [
        { name: "g", state: "FATAL", explanation: "Exited too quickly" },
        { name: "h", state: "STOPPED", explanation: "" },
      ],
    }),
  );
  assert.deepEqual([found.key, found.tone, found.raw], ["remark.FATAL", "bad", "Exited too quickly"]);
});

test("a line that ails, and nobody who sequences", () => {
  const silent = { ...LINE, silent: true, state: "silent", remark: "the listener at tcp://a:1 has fallen silent" };
  assert.deepEqual(keys(remarks(status({ lines: [silent] }))), ["remark.line.silent", "remark.leaderless"]);
  assert.deepEqual(keys(remarks(status({ lines: [silent, { ...LINE, line: "tcp://b:1" }] }))), ["remark.line.silent"]);
});

test("what only a process finds is told as it says it, once", () => {
  const silent = { ...LINE, state: "behind", remark: "known" };
  const found = remarks(status({ lines: [silent], processes: [{ ...PROCESS, remarks: ["known", "only I see it"] }] }));
  assert.deepEqual(
    found.map((remark) => remark.raw ?? ""),
    ["", "only I see it"],
  );
});
