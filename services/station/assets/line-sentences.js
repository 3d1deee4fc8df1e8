/** A line of the journal in words. */
import { t } from "/assets/words.js";
import { titled } from "./format.js";
import * as phrase from "./phrases.js";

/** @param {any} line */
export function sentence(line) {
  const words = {
    ...line,
    destination: titled(line.destination),
    seats: (line.kind === "given_back" ? phrase.givenBack : phrase.seats)(line.taken),
  };
  if (line.kind !== "removed" || line.refunded === 0) return t(`line.${line.kind}`, words);
  return t("line.removed.refunded", { ...words, refunded: phrase.refunded(line.refunded) });
}
