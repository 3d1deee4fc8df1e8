/** The journal on the screen: its latest lines, and how many changes they stand for. */
import { t } from "/assets/words.js";
import { keep, make, mark, say } from "./elements.js";
import { sentence } from "./line-sentences.js";
import * as phrase from "./phrases.js";

const SHOWN = 10;
const TONES = { left_full: "good", left_partial: "good", full: "good", filling: "info", removed: "bad", given_back: "warn" };

export class Happenings {
  /** @param {HTMLElement} root @param {import("./journal.js").Journal} journal */
  constructor(root, journal) {
    this.journal = journal;
    this.list = root.querySelector("ol");
    this.ratio = root.querySelector(".ratio");
    this.noise = root.querySelector(".noise");
    this.none = root.querySelector(".none");
  }

  show() {
    const { journal } = this;
    keep(this.list, journal.latest.slice(0, SHOWN), (line) => line.key, () => make("li", {}, make("time"), make("span", { className: "dot" }), make("span"), make("span", { className: "soft small push" })), fill);
    this.none.hidden = journal.changes > 0;
    this.ratio.hidden = journal.changes === 0;
    say(this.ratio, t("journal.ratio", { changes: phrase.changes(journal.changes), lines: phrase.lines(journal.written) }));
    this.noise.hidden = journal.noise === 0;
    say(this.noise, `· ${phrase.noise(journal.noise)}`);
  }
}

function fill(element, line) {
  const [time, dot, text, changes] = element.children;
  say(time, line.at);
  mark(dot, "data-tone", TONES[line.kind] ?? "idle");
  mark(element, "data-kind", line.kind);
  say(text, sentence(line));
  say(changes, phrase.changes(line.changes));
}
