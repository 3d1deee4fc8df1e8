/** The journal on the screen: its latest lines, and how many changes they stand for. */
import { t } from "/assets/words.js";
import { keep, make, mark, say } from "./elements.js";
import { titled, whole } from "./format.js";
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
    say(this.ratio, t("journal.ratio", { changes: whole(journal.changes), lines: whole(journal.written) }));
    this.noise.hidden = journal.noise === 0;
    say(this.noise, `· ${t("journal.noise", { n: whole(journal.noise) })}`);
  }
}

function fill(element, line) {
  const [time, dot, text, changes] = element.children;
  say(time, line.at);
  mark(dot, "data-tone", TONES[line.kind] ?? "idle");
  mark(element, "data-kind", line.kind);
  say(text, sentence(line));
  say(changes, t(line.changes === 1 ? "journal.changes.one" : "journal.changes", { n: line.changes }));
}

function sentence(line) {
  const words = { ...line, destination: titled(line.destination), seats: phrase.seats(line.taken) };
  if (line.kind === "removed" && line.refunded > 0) return t("line.removed.refunded", words);
  if (line.kind === "given_back" && line.taken === 1) return t("line.given_back.one", words);
  return t(`line.${line.kind}`, words);
}
