/** Events of a vehicle's life, as the gateway sends them. */

let seq = 0;

/** @param {string} table @param {string} type @param {any} data */
export function event(table, type, data, { tx = "1", old = null, business = null, timestamp = "2026-01-01T10:00:00.000Z" } = {}) {
  seq += 1;
  const changed = old === null ? null : Object.keys(old);
  return { table, event_type: type, id: data?.id ?? null, data, old, changed, business_event: business, timestamp, seq, tx: { id: tx, index: 0, size: 1 } };
}

/** A vehicle of eight seats to Jemmal. */
export const vehicle = (free, status = "LOADING", more = {}) => ({
  id: "q1", vehicle_id: "v1", destination_id: "jemmal", destination_name: "JEMMAL", queue_position: 1, status,
  available_seats: free, total_seats: 8, base_price: 1.75, entered_at: "2026-01-01T09:00:00", ...more,
});

export const booking = (id, more = {}) => ({
  id, queue_id: "q1", destination_id: "jemmal", vehicle_license_plate: "1 TUN 1", seats_booked: 1, total_amount: 1.95,
  refund_amount: null, booking_status: "ACTIVE", updated_at: "2026-01-01T09:30:00", ...more,
});

export const pass = (more = {}) => ({ id: "p1", queue_id: "q1", license_plate: "1 TUN 1", current_exit_time: "2026-01-01T10:42:00", ...more });

/** The thirty changes of a vehicle that comes, is filled by eight sales and leaves. */
export function* wholeLife() {
  yield event("vehicle_queue", "INSERT", vehicle(8, "WAITING"), { tx: "10", business: "VEHICLE_ENTERED" });
  for (let sale = 1; sale <= 8; sale += 1) {
    const tx = String(10 + sale);
    const changed = (row, old) => event("vehicle_queue", "UPDATE", row, { tx, old, business: "VEHICLE_UPDATED" });
    const before = sale === 1 ? "WAITING" : "LOADING";
    yield event("bookings", "INSERT", booking(`b${sale}`), { tx, business: "BOOKING_CREATED" });
    yield changed(vehicle(8 - sale, before), { available_seats: 9 - sale });
    if (sale === 1) yield changed(vehicle(7), { status: "WAITING" });
    if (sale === 8) {
      yield changed(vehicle(0, "READY"), { status: "LOADING" });
      yield event("exit_passes", "INSERT", pass(), { tx });
    }
  }
  yield* departure(0, "READY");
}

export function* departure(free, status, bookings = 8) {
  yield event("vehicle_queue", "DELETE", vehicle(free, status), { tx: "30", business: "VEHICLE_EXITED" });
  for (let sale = 1; sale <= bookings; sale += 1) {
    yield event("bookings", "UPDATE", booking(`b${sale}`, { queue_id: null }), { tx: "30", old: { queue_id: "q1" } });
  }
  yield event("exit_passes", "UPDATE", pass({ queue_id: null }), { tx: "30", old: { queue_id: "q1" } });
}

export const emptyState = (more = {}) => ({
  epoch: "e", seq: 0, snapshot: "1:1:", routes: [{ station_id: "jemmal", station_name: "JEMMAL", base_price: 1.75 }],
  vehicles: { v1: "1 TUN 1" }, queue: [], bookings: [], exit_passes: [], today: { departures: 0, seats: 0, takings: 0 }, ...more,
});
