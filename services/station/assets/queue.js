/** Post 2, the queue: every vehicle with its seats as dots, and what a supervisor does with it. */
import { t } from "/assets/words.js";
import { act } from "./api.js";
import { isOpen } from "./board.js";
import { sold } from "./counter.js";
import { keep, make, mark, say } from "./elements.js";
import { dinars, titled, unbroken } from "./format.js";
import { move } from "./motion.js";

const TONES = { WAITING: "idle", LOADING: "info", READY: "good" };

export class Queue {
  /** @param {HTMLElement} root @param {import("./post.js").Post} post @param {import("./told.js").Told} told */
  constructor(root, post, told) {
    this.post = post;
    this.told = told;
    this.routes = root.querySelector(".routes");
  }

  /** A vehicle changed: its row lights up. @param {string} queueId */
  light(queueId) {
    const row = this.routes.querySelector(`[data-key="${CSS.escape(queueId)}"]`);
    if (row !== null) move(row, "light");
  }

  /** Sell one seat in a vehicle. */
  async sell(row, seenFree = row.available_seats) {
    await this.#do("sales", { destination_id: row.destination_id, seats: 1, queue_id: row.id, seen_free: seenFree }, sold);
  }

  show() {
    const board = this.post.board;
    keep(this.routes, board.routes, (route) => route.station_id, (route) => this.#route(route), (group, route) => {
      const destination = titled(route.station_name);
      const [header, list] = group.children;
      const [name, none, enter] = header.children;
      const waiting = board.waiting(route.station_id);
      say(name, destination);
      say(enter, t("enter"));
      mark(enter, "aria-label", t("enter.to", { destination }));
      mark(list, "aria-label", t("queue", { destination }));
      keep(list, waiting, (row) => row.id, () => this.#vehicle(), (element, row) => this.#fill(element, row));
      say(none, t("queue.none"));
      none.hidden = waiting.length > 0;
      list.hidden = waiting.length === 0;
    });
  }

  #route(route) {
    const enter = make("button", { type: "button", className: "quiet", onclick: () => void this.enter(route.station_id) });
    return make("section", { className: "route" }, make("header", {}, make("h3"), make("span", { className: "soft small none" }), enter), make("ol", { className: "vehicles" }));
  }

  #vehicle() {
    const button = (className, run) => make("button", { type: "button", className, onclick: run });
    const element = make("li", { className: "vehicle" },
      make("span", { className: "plate mono" }), make("span", { className: "badge" }),
      make("span", { className: "dots", role: "img" }), make("span", { className: "left small soft" }),
      make("span", { className: "acts" },
        button("", () => void this.sell(this.#row(element))),
        button("quiet", () => void this.#do("departures", { queue_id: element.dataset.key }, (done) => t("told.left", named(done)))),
        button("quiet", () => void this.#do("removals", { queue_id: element.dataset.key }, (done) => t("told.removed", named(done))))));
    return element;
  }

  #row(element) {
    return this.post.board.queue.get(element.dataset.key);
  }

  #fill(element, row) {
    const [plateOf, badge, dots, left, acts] = element.children;
    const plate = this.post.board.plate(row);
    const taken = row.total_seats - row.available_seats;
    say(plateOf, plate);
    say(badge, t(`status.${row.status}`));
    mark(badge, "data-tone", TONES[row.status] ?? "idle");
    mark(element, "data-status", row.status);
    mark(element, "data-free", String(row.available_seats));
    mark(dots, "aria-label", t("dots", { taken, total: row.total_seats }));
    fillDots(dots, taken, row.total_seats);
    say(left, t(row.available_seats === 0 ? "free.short.none" : row.available_seats === 1 ? "free.short.one" : "free.short", { n: row.available_seats }));
    const [sell, depart, remove] = acts.children;
    for (const [button, name] of [[sell, "act.sell"], [depart, "act.depart"], [remove, "act.remove"]]) {
      say(button, t(name));
      mark(button, "aria-label", t(`${name}${name === "act.sell" ? ".to" : ".of"}`, { plate }));
    }
    sell.disabled = !isOpen(row);
    depart.disabled = taken === 0;
  }

  /** Let a vehicle in. Returns what was done, null where it was refused. @param {string} destinationId */
  async enter(destinationId) {
    const plate = `${120 + Math.floor(Math.random() * 130)} TUN ${1000 + Math.floor(Math.random() * 9000)}`;
    return this.#do("arrivals", { license_plate: plate, destination_id: destinationId }, (done) => t("told.entered", named(done)));
  }

  async #do(call, what, tell) {
    try {
      const done = await act(call, { post: this.post.name, ...what });
      this.told.good(tell(done));
      return done;
    } catch (error) {
      this.told.bad(error);
      return null;
    }
  }
}

function fillDots(dots, taken, total) {
  while (dots.children.length < total) dots.append(make("i"));
  while (dots.children.length > total) dots.lastElementChild.remove();
  for (const [index, dot] of [...dots.children].entries()) dot.classList.toggle("taken", index < taken);
}

const named = (done) => ({ plate: unbroken(done.license_plate), destination: titled(done.destination_name), amount: dinars(-Number(done.amount) * 1000) });
