/**
 * A board that follows the database: loads the rows, then takes every event that is not in them, each once. Pure but for `load`.
 *
 * The order matters: the stream is live first (`follow`), then the rows are read, and what came meanwhile waits. Events
 * that the rows hold already are told by their transaction (visibility.js), also when they come after the load.
 */
import { Board } from "./board.js";
import { visibleIn } from "./visibility.js";

/** `failed` is told why the rows could not be read; they are tried again unless it answers "hopeless". */
export class Screen {
  #waiting = [];
  #isLoading = true;
  #loads = 0;
  #isVisible = () => false;

  /**
   * @param {{load: () => Promise<any>, taken?: (event: any, before: Board) => void, changed: () => void,
   *   failed?: (error: unknown) => unknown, wait?: (milliseconds: number) => Promise<void>}} options
   */
  constructor(options) {
    this.options = options;
    this.board = new Board();
    this.isLoaded = false;
  }

  /** Read the rows (again): the stream is live, or something in it was missed. */
  async follow() {
    const load = (this.#loads += 1);
    this.#isLoading = true;
    this.#waiting = [];
    for (let delay = 500; ; delay = Math.min(delay * 2, 5000)) {
      try {
        const state = await this.options.load();
        if (load === this.#loads) this.#loaded(state);
        return;
      } catch (error) {
        if (load !== this.#loads) return;
        if (this.options.failed?.(error) === "hopeless") return;
        await (this.options.wait ?? pause)(delay);
        if (load !== this.#loads) return;
      }
    }
  }

  /** Take an event of the stream. @param {any} event */
  take(event) {
    if (this.#isLoading) this.#waiting.push(event);
    else this.#apply(event);
  }

  #loaded(state) {
    this.board = Board.load(state);
    this.#isVisible = visibleIn(state.snapshot);
    this.#isLoading = false;
    this.isLoaded = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const event of waiting) this.take(event);
    this.options.changed();
  }

  #apply(event) {
    if (this.#isVisible(event.tx.id)) return;
    this.options.taken?.(event, this.board);
    if (this.board.apply(event)) this.options.changed();
    else void this.follow();
  }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
