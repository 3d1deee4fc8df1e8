/** The last seat, sold at both posts at the same instant: the one act a station fears most, on purpose. */
import { isOpen } from "./board.js";

/**
 * Sell a vehicle down to its last seat, then that seat at both posts at once. The fullest vehicle is
 * taken, a new one where none has a free seat.
 * @param {import("./counter.js").Counter} counter @param {import("./queue.js").Queue} queue
 */
export async function provoke(counter, queue) {
  const open = [...queue.post.board.queue.values()].filter(isOpen).sort((one, other) => one.available_seats - other.available_seats);
  const row = open[0] ?? (await newcomer(queue));
  if (row === null) return;
  if (row.available_seats > 1) {
    await counter.sell(row.destination_id, { seats: row.available_seats - 1, queueId: row.id, seenFree: row.available_seats });
  }
  await Promise.all([
    counter.sell(row.destination_id, { seats: 1, queueId: row.id, seenFree: 1 }),
    queue.sell(row, 1),
  ]);
}

async function newcomer(queue) {
  const done = await queue.enter(queue.post.board.routes[0]?.station_id);
  return done && { id: done.queue_id, destination_id: done.destination_id, available_seats: done.free_seats };
}
