/** The busiest day, played on the server: start, stop, and how far it is. Asked about while it runs only. */
import { t } from "/assets/words.js";
import { act, ask } from "./api.js";
import { mark, say } from "./elements.js";
import * as phrase from "./phrases.js";

const LOOK_EVERY = 500;

export class Day {
  #timer = null;
  #status = null;

  /** @param {HTMLElement} root @param {import("./told.js").Told} told */
  constructor(root, told) {
    this.told = told;
    this.speed = root.querySelector("select");
    this.button = root.querySelector("button");
    this.bar = root.querySelector("progress");
    this.text = root.querySelector(".now");
    this.button.addEventListener("click", () => void this.#toggle());
  }

  get #isRunning() {
    return this.#status?.running === true;
  }

  /** See whether one runs. To be called at the start and when somebody else may have begun one. */
  async look() {
    clearTimeout(this.#timer);
    this.#timer = null;
    try {
      this.#status = await ask("simulation");
    } catch {
      // the posts say what the trouble is
    }
    this.show();
    if (this.#isRunning) this.#timer = setTimeout(() => void this.look(), LOOK_EVERY);
  }

  /** An event of a simulation was seen. */
  seen() {
    if (this.#timer !== null || this.#isRunning) return;
    this.#timer = setTimeout(() => void this.look(), LOOK_EVERY);
  }

  show() {
    const running = this.#isRunning;
    say(this.button, t(running ? "day.stop" : "day.start"));
    this.button.classList.toggle("primary", !running);
    this.speed.disabled = running;
    const progress = this.#status?.progress;
    this.bar.hidden = !progress;
    this.text.hidden = !progress;
    if (!progress) return;
    this.bar.max = progress.steps;
    this.bar.value = progress.done;
    say(this.text, summary(this.#status, progress));
    mark(this.bar, "aria-label", t("day.progress"));
  }

  async #toggle() {
    this.button.disabled = true;
    try {
      const what = this.#isRunning ? { action: "stop" } : { action: "start", speed: Number(this.speed.value) };
      this.#status = await act("simulation", what);
    } catch (error) {
      this.told.bad(error);
    }
    this.button.disabled = false;
    await this.look();
  }
}

function summary(status, progress) {
  const seconds = Math.floor(progress.at);
  const clock = `${String(Math.floor(seconds / 3600)).padStart(2, "0")}:${String(Math.floor(seconds / 60) % 60).padStart(2, "0")}`;
  const words = { clock, departures: phrase.departures(progress.departures), changes: phrase.changes(progress.changes), reason: status.failure };
  if (status.failure !== null) return t("day.failed", words);
  if (status.running) return t("day.now", words);
  return t(progress.done === progress.steps ? "day.ended" : "day.stopped", words);
}
