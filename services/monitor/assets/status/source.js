/**
 * The monitor, asked every second; more seldom while nobody looks. An answer that takes too long is no answer.
 *
 * Only one question is under way at a time. A page that is looked at again asks at once.
 */

/** Seconds between two questions, and between two where nobody looks and the last was answered; until one is given up. */
export const EVERY = 1;
const EVERY_UNSEEN = 10;
const PATIENCE = 2;

export class Source {
  #timer = 0;
  #isAsking = false;
  #onStatus;
  #onSilence;

  /** @param {{onStatus: (status: any) => void, onSilence: () => void}} options `onSilence`: no answer this time */
  constructor({ onStatus, onSilence }) {
    this.#onStatus = onStatus;
    this.#onSilence = onSilence;
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.ask();
    });
    this.ask();
  }

  /** Ask now, and then again and again. */
  async ask() {
    if (this.#isAsking) return;
    this.#isAsking = true;
    window.clearTimeout(this.#timer);
    const began = performance.now();
    const status = await fetchJson("/status.json");
    this.#isAsking = false;
    const every = (document.hidden && status !== null ? EVERY_UNSEEN : EVERY) * 1000;
    this.#timer = window.setTimeout(() => this.ask(), Math.max(0, began + every - performance.now()));
    if (status === null) this.#onSilence();
    else this.#onStatus(status);
  }
}

/** The samples of the last minutes; null where the monitor does not answer. */
export async function fetchHistory() {
  return (await fetchJson("/history.json"))?.columns ?? null;
}

/** What is answered; null where nothing is, or nothing that can be read. @param {string} path */
async function fetchJson(path) {
  try {
    const answer = await fetch(path, { signal: AbortSignal.timeout(PATIENCE * 1000), cache: "no-store" });
    return answer.ok ? await answer.json() : null;
  } catch (error) {
    if (isSilence(error)) return null;
    throw error;
  }
}

/** Tell a monitor that does not answer, or not as one, from a fault of this page. @param {any} error */
const isSilence = (error) =>
  error instanceof TypeError ||
  error instanceof SyntaxError ||
  error?.name === "TimeoutError" ||
  error?.name === "AbortError";
