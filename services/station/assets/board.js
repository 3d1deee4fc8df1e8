/**
 * What a screen of the station knows: routes, queue, bookings and the day's sums, kept up with events. Pure.
 *
 * `Board.load(state)` takes what `/station/api/state` answers; `board.apply(event)` takes one event that is not in it
 * yet and returns false where only another load can help. Amounts are whole millimes.
 */

const NOTHING = { seats: 0, takings: 0 };

export class Board {
  constructor() {
    /** @type {{station_id: string, station_name: string, base_price: number}[]} */
    this.routes = [];
    this.queue = new Map();
    this.bookings = new Map();
    this.exitPasses = new Map();
    this.plates = new Map();
    this.today = { departures: 0, ...NOTHING };
  }

  /** Make a board of what the server read. @param {any} state */
  static load(state) {
    const board = new Board();
    board.routes = state.routes;
    board.plates = new Map(Object.entries(state.vehicles));
    board.queue = byId(state.queue);
    board.bookings = byId(state.bookings);
    board.exitPasses = new Map(state.exit_passes.map((pass) => [pass.queue_id, pass]));
    board.today = { departures: state.today.departures, seats: state.today.seats, takings: millimes(state.today.takings) };
    return board;
  }

  /** Take an event; returns false where the rows have to be loaded again. @param {any} event */
  apply(event) {
    if (event.event_type === "TEST") return true;
    const take = TAKERS[event.table];
    if (take === undefined) return true;
    if (event.event_type === "TRUNCATE" || event.data === null) return false;
    take(this, event);
    return true;
  }

  /** The plate of a vehicle in the queue. @param {any} row */
  plate(row) {
    return this.plates.get(row.vehicle_id) ?? "?";
  }

  /** The vehicles of a destination, in the order they are filled. @param {string} destination */
  waiting(destination) {
    return [...this.queue.values()].filter((row) => row.destination_id === destination).sort(inOrder);
  }

  /** How many seats can be sold to a destination: together in one vehicle, and in all. @param {string} destination */
  freeSeats(destination) {
    const seats = this.waiting(destination).filter(isOpen).map((row) => row.available_seats);
    return { together: Math.max(0, ...seats), inAll: seats.reduce((sum, free) => sum + free, 0) };
  }
}

/** Tell whether seats are sold in a vehicle. @param {any} row */
export const isOpen = (row) => (row.status === "WAITING" || row.status === "LOADING") && row.available_seats > 0;

const TAKERS = { vehicle_queue: takeVehicle, bookings: takeBooking, exit_passes: takeExitPass, day_passes: takeDayPass };

function takeVehicle(board, { event_type: type, data }) {
  if (type !== "DELETE") {
    board.queue.set(data.id, data);
    return;
  }
  board.queue.delete(data.id);
  if (board.exitPasses.has(data.id)) board.today.departures += 1;
}

function takeBooking(board, { event_type: type, data, old }) {
  const before = type === "INSERT" ? NOTHING : worth(type === "DELETE" ? data : { ...data, ...old });
  const after = type === "DELETE" ? NOTHING : worth(data);
  board.today.seats += after.seats - before.seats;
  board.today.takings += after.takings - before.takings;
  if (type === "DELETE" || data.queue_id === null) board.bookings.delete(data.id);
  else board.bookings.set(data.id, data);
}

function takeExitPass(board, { event_type: type, data, old }) {
  if (type === "UPDATE" && old?.queue_id) board.exitPasses.delete(old.queue_id);
  if (type === "DELETE") board.exitPasses.delete(data.queue_id);
  else if (data.queue_id !== null) board.exitPasses.set(data.queue_id, data);
}

function takeDayPass(board, { event_type: type, data }) {
  if (type !== "DELETE" && data.vehicle_id !== null) board.plates.set(data.vehicle_id, data.license_plate);
}

function worth(booking) {
  if (booking.booking_status !== "ACTIVE" && booking.booking_status !== "COMPLETED") return NOTHING;
  return { seats: booking.seats_booked, takings: millimes(booking.total_amount) - millimes(booking.refund_amount ?? 0) };
}

const millimes = (dinars) => Math.round(Number(dinars) * 1000);
const byId = (rows) => new Map(rows.map((row) => [row.id, row]));
const inOrder = (one, other) =>
  one.queue_position - other.queue_position || (one.entered_at < other.entered_at ? -1 : 1);
