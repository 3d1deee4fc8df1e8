/** Post 1, the counter: seats are sold by destination, with one touch; the latest sales can be given back. */
import { t } from "/assets/words.js";
import { act } from "./api.js";
import { keep, make, mark, say } from "./elements.js";
import { dinars, titled, unbroken } from "./format.js";
import * as phrase from "./phrases.js";

const FEE = 200; // millimes a seat
const MOST = 8;
const KEPT = 4;

export class Counter {
  #seats = 1;
  #sales = [];

  /** @param {HTMLElement} root @param {import("./post.js").Post} post @param {import("./told.js").Told} told */
  constructor(root, post, told) {
    this.post = post;
    this.told = told;
    this.picker = root.querySelector(".seats");
    this.destinations = root.querySelector(".destinations");
    this.sales = root.querySelector(".sales");
    this.noSales = root.querySelector(".no-sales");
    for (let n = 1; n <= MOST; n += 1) {
      this.picker.append(make("button", { type: "button", "data-key": String(n), textContent: String(n), onclick: () => this.choose(n) }));
    }
    this.choose(1);
  }

  /** Sell so many at a time from now on. @param {number} seats */
  choose(seats) {
    this.#seats = seats;
    this.show();
  }

  /** Sell to a destination; `queueId` insists on one vehicle. Resolves when it is done or refused. */
  async sell(destinationId, { seats = this.#seats, queueId = undefined, seenFree = undefined } = {}) {
    const free = seenFree ?? this.post.board.freeSeats(destinationId).together;
    try {
      const done = await act("sales", { post: this.post.name, destination_id: destinationId, seats, seen_free: free, ...(queueId && { queue_id: queueId }) });
      this.#sales = [{ ...done, given: false }, ...this.#sales].slice(0, KEPT);
      this.told.good(sold(done));
    } catch (error) {
      this.told.bad(error);
    }
    this.show();
  }

  async #giveBack(sale) {
    try {
      const done = await act("cancellations", { post: this.post.name, booking_id: sale.booking_id });
      sale.given = true;
      this.told.good(t("told.cancelled", { seats: phrase.seats(done.seats), destination: titled(done.destination_name), amount: dinars(-Number(done.amount) * 1000) }));
    } catch (error) {
      if (error.code === "booking_gone") sale.given = true;
      this.told.bad(error);
    }
    this.show();
  }

  show() {
    for (const [index, button] of [...this.picker.children].entries()) {
      mark(button, "aria-pressed", String(index + 1 === this.#seats));
      mark(button, "aria-label", phrase.seats(index + 1));
    }
    keep(this.destinations, this.post.board.routes, (route) => route.station_id, (route) => this.#destination(route), (card, route) => this.#fill(card, route));
    this.told.hint(this.#isSoldOut() ? "hint.empty" : "hint.counter");
    const standing = this.#sales.filter((sale) => !sale.given);
    keep(this.sales, this.#sales, (sale) => sale.booking_id, (sale) => this.#sale(sale), (row, sale) => this.#fillSale(row, sale));
    this.noSales.hidden = standing.length > 0 || this.#sales.length > 0;
  }

  /** Tell whether nobody could be sold a seat to anywhere, as far as the rows were read. */
  #isSoldOut() {
    const { board } = this.post;
    return board.routes.length > 0 && board.routes.every((route) => board.freeSeats(route.station_id).inAll === 0);
  }

  #destination(route) {
    return make("button", { type: "button", className: "destination primary", onclick: () => void this.sell(route.station_id) },
      make("span", { className: "name" }), make("span", { className: "price" }), make("span", { className: "free" }), make("span", { className: "verb" }));
  }

  #fill(card, route) {
    const { together, inAll } = this.post.board.freeSeats(route.station_id);
    const destination = titled(route.station_name);
    const amount = dinars(this.#seats * (Math.round(route.base_price * 1000) + FEE));
    const [name, price, free, verb] = card.children;
    say(name, destination);
    say(price, amount);
    say(free, phrase.freeSeats(inAll));
    say(verb, `${t("sell")} ${this.#seats}`);
    mark(card, "aria-label", `${t("sell.to", { seats: phrase.seats(this.#seats), destination, amount })} (${phrase.freeSeats(inAll)})`);
    mark(card, "data-short", together < this.#seats ? "true" : null); // it can be touched: then it is told why not
    mark(card, "data-free", String(inAll));
    mark(card, "data-low", inAll > 0 && inAll <= 2 ? "true" : null);
  }

  #sale(sale) {
    return make("li", {}, make("span", { className: "what" }), make("span", { className: "amount number" }),
      make("button", { type: "button", onclick: () => void this.#giveBack(sale) }), make("span", { className: "soft small" }));
  }

  #fillSale(row, sale) {
    const [what, amount, button, given] = row.children;
    const words = { seats: phrase.seats(sale.seats), destination: titled(sale.destination_name) };
    const booking = this.post.board.bookings.get(sale.booking_id);
    const vehicle = this.post.board.queue.get(sale.queue_id);
    const canBeGivenBack = !sale.given && booking?.booking_status === "ACTIVE" && vehicle?.status !== "READY";
    say(what, `${t("sold.to", words)} · ${sale.license_plate}`);
    say(amount, dinars(Number(sale.amount) * 1000));
    say(button, t("cancel"));
    mark(button, "aria-label", t("cancel.what", words));
    button.hidden = !canBeGivenBack;
    say(given, sale.given ? t("cancelled") : canBeGivenBack ? "" : t("status.DEPARTED"));
    given.hidden = canBeGivenBack;
  }
}

/** What a clerk is told of a sale. */
export function sold(done) {
  const words = { seats: phrase.seats(done.seats), destination: titled(done.destination_name), plate: unbroken(done.license_plate), amount: dinars(Number(done.amount) * 1000) };
  return done.status === "READY" ? `${t("told.sold", words)}. ${t("told.full", words)}` : t("told.sold", words);
}
