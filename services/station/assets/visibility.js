/**
 * Which events a snapshot holds already. Pure.
 *
 * The rows of a screen are read through one snapshot of PostgreSQL, written `xmin:xmax:running,running` (pg_snapshot,
 * https://www.postgresql.org/docs/current/functions-info.html). An event belongs to it when its transaction had ended
 * by then. The number of the event cannot tell: what was committed a moment ago is in the rows and not numbered yet.
 */

/** Return whether a transaction's changes are in the snapshot. @param {string} snapshot @returns {(txId: string) => boolean} */
export function visibleIn(snapshot) {
  const [xmin, xmax, running] = snapshot.split(":");
  const first = BigInt(xmin);
  const end = BigInt(xmax);
  const stillRunning = new Set(running === "" ? [] : running.split(","));
  return (txId) => {
    const number = BigInt(txId);
    return number < first || (number < end && !stillRunning.has(txId));
  };
}
