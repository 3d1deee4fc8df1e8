/** What a post tells its clerk: the last act's outcome, good or refused, read out by screen readers. */
import { language, t } from "/assets/words.js";
import { Refusal } from "./api.js";
import { mark, say } from "./elements.js";
import { move } from "./motion.js";

/** Why an act was not done, as its clerk reads it. @param {unknown} error */
export function refusal(error) {
  const sentence = error instanceof Refusal ? error.in(language()) : t("told.unreachable");
  return t("told.refused", { sentence: sentence.charAt(0).toUpperCase() + sentence.slice(1) });
}

export class Told {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
  }

  /** Say what there is to do; until an act was done or refused. @param {string} word */
  hint(word) {
    if (this.place.dataset.t === undefined) return;
    mark(this.place, "data-t", word); // which translates it, too
    say(this.place, t(word));
  }

  good(text) {
    this.#show("good", text);
  }

  /** An act was refused, or did not get through. @param {unknown} error */
  bad(error) {
    this.#show("bad", refusal(error));
  }

  #show(tone, text) {
    mark(this.place, "data-tone", tone);
    this.place.removeAttribute("data-t"); // the hint that stood here
    say(this.place, text);
    move(this.place, tone === "bad" ? "refuse" : "tell");
  }
}
