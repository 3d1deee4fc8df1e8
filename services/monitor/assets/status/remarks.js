/** What is worth a look although changes arrive, read from /status.json. Pure. */

/** @typedef {import("./rules.js").Finding} Finding */

/** States of supervisord's programs as tones. */
export const PROGRAM_TONES = /** @type {Record<string, import("./rules.js").Tone>} */ ({
  RUNNING: "good",
  STARTING: "warn",
  BACKOFF: "warn",
  STOPPING: "warn",
  FATAL: "bad",
  UNKNOWN: "bad",
  EXITED: "idle",
  STOPPED: "idle",
});
/** What is said of a line as tones. */
export const LINE_TONES = /** @type {Record<string, import("./rules.js").Tone>} */ ({
  good: "good",
  awaited: "idle",
  unheard: "bad",
  silent: "bad",
  no_database: "warn",
  elsewhere: "warn",
  behind: "warn",
  losing: "warn",
});
export const PRESENCE_TONES = /** @type {Record<string, import("./rules.js").Tone>} */ ({
  present: "good",
  late: "warn",
  lost: "bad",
});

/**
 * Everything that ails, as findings; `raw` is a sentence of the machine, shown as it is.
 *
 * @param {any} status
 * @returns {(Finding & {raw?: string})[]}
 */
export function remarks(status) {
  return [
    ...status.processes.flatMap(ofProcess),
    ...(status.programs ?? []).flatMap(ofProgram),
    ...status.lines.flatMap(ofLine),
    ...ofLeader(status),
    ...ofOthers(status),
  ];
}

/** @param {any} process */
function ofProcess(process) {
  const tone = PRESENCE_TONES[process.presence] ?? "warn";
  return tone === "good"
    ? []
    : [{ tone, key: `remark.${process.presence}`, values: { process: process.process }, since: process.age }];
}

/** @param {any} program */
function ofProgram(program) {
  if (program.state !== "FATAL" && program.state !== "BACKOFF") return [];
  return [
    {
      tone: PROGRAM_TONES[program.state],
      key: `remark.${program.state}`,
      values: { program: program.name },
      raw: program.explanation,
    },
  ];
}

/** @param {any} line */
function ofLine(line) {
  return line.remark === null
    ? []
    : [{ tone: LINE_TONES[line.state] ?? "warn", key: `remark.line.${line.state}`, values: { line: line.line } }];
}

/** @param {any} status */
function ofLeader(status) {
  const heard = status.lines.filter((/** @type {any} */ line) => line.epoch !== "" || line.listener !== "");
  const led = status.lines.some((/** @type {any} */ line) => line.leading && !line.silent);
  return heard.length > 0 && !led ? [{ tone: /** @type {const} */ ("warn"), key: "remark.leaderless" }] : [];
}

/** What only some process finds. @param {any} status */
function ofOthers(status) {
  const own = new Set(status.lines.map((/** @type {any} */ line) => line.remark));
  return status.processes
    .filter((/** @type {any} */ process) => process.presence === "present")
    .flatMap((/** @type {any} */ process) =>
      process.remarks
        .filter((/** @type {string} */ text) => !own.has(text))
        .map((/** @type {string} */ text) => ({
          tone: /** @type {const} */ ("warn"),
          key: "remark.of",
          values: { process: process.process },
          raw: text,
        })),
    );
}
