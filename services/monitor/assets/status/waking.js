/**
 * When the page last woke: from a machine's sleep, a frozen tab, or being out of sight. Pure; monotonic seconds.
 *
 * What a page did not ask for while it slept is nobody's silence, so silence counts again from the waking. But the
 * timers of a tab that nobody looks at run once a minute, which looks like sleep every time: once a question of this
 * page went unanswered, sleeping excuses nothing until somebody answers.
 */

/** Seconds between two looks at the clock from which the page must have slept. */
export const SLEPT = 3;

export class Waking {
  /** When it woke; the rules take it. */
  wokeAt = -Infinity;
  #lookedAt;
  #isUnanswered = false;

  /** @param {number} now */
  constructor(now) {
    this.#lookedAt = now;
  }

  /** The clock was looked at. @param {number} now */
  look(now) {
    if (now - this.#lookedAt > SLEPT) this.wake(now);
    this.#lookedAt = now;
  }

  /** The page is seen again. @param {number} now */
  wake(now) {
    if (!this.#isUnanswered) this.wokeAt = now;
  }

  /** The monitor answered a question, or did not. @param {boolean} isAnswered */
  answered(isAnswered) {
    this.#isUnanswered = !isAnswered;
  }
}
