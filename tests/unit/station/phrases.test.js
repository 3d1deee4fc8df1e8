/** What is counted agrees with its number, in both languages. */
import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { test } from "node:test";

/** Pages import from the monitor's port, where `/assets/` is this folder. */
const ASSETS = new URL("../../../services/monitor/", import.meta.url);
registerHooks({
  resolve: (specifier, context, next) => next(specifier.startsWith("/assets/") ? new URL(`.${specifier}`, ASSETS).href : specifier, context),
});

const { addWords, setLanguage } = await import("/assets/words.js");
const { words } = await import("../../../services/station/assets/words-of-station.js");
const phrase = await import("../../../services/station/assets/phrases.js");
const { sentence } = await import("../../../services/station/assets/line-sentences.js");
const { refusal } = await import("../../../services/station/assets/told.js");
const { Refusal } = await import("../../../services/station/assets/api.js");

addWords(words);
const line = (kind, more) => sentence({ kind, plate: "1 TUN 1", destination: "JEMMAL", total: 8, taken: 0, ...more });

test("one seat is one seat", () => {
  setLanguage("fr");
  assert.deepEqual([1, 3].map((taken) => line("left_partial", { taken })), [
    "1 TUN 1 est partie pour Jemmal avec 1 place sur 8",
    "1 TUN 1 est partie pour Jemmal avec 3 places sur 8",
  ]);
  assert.deepEqual([0, 1, 3].map((refunded) => line("removed", { refunded })), [
    "1 TUN 1 est retirée de la file pour Jemmal",
    "1 TUN 1 est retirée de la file pour Jemmal, 1 place remboursée",
    "1 TUN 1 est retirée de la file pour Jemmal, 3 places remboursées",
  ]);
  assert.deepEqual([1, 3].map((taken) => line("given_back", { taken })), ["1 place rendue pour Jemmal (1 TUN 1)", "3 places rendues pour Jemmal (1 TUN 1)"]);
  assert.deepEqual([1, 3].map((taken) => line("sold", { taken })), ["1 place pour Jemmal (1 TUN 1)", "3 places pour Jemmal (1 TUN 1)"]);
});

test("so are one change, one line and one departure", () => {
  const counted = (n) => [phrase.changes(n), phrase.lines(n), phrase.noise(n), phrase.departures(n)];
  setLanguage("fr");
  assert.deepEqual(counted(1), ["1 changement", "1 ligne", "1 sans intérêt, masqué", "1 départ"]);
  assert.deepEqual(counted(2), ["2 changements", "2 lignes", "2 sans intérêt, masqués", "2 départs"]);
  setLanguage("en");
  assert.deepEqual(counted(1), ["1 change", "1 line", "1 of no interest, hidden", "1 departure"]);
  assert.equal(phrase.changes(10_000), "10,000 changes");
  assert.deepEqual([line("removed", { refunded: 1 }), line("left_partial", { taken: 1 })], [
    "1 TUN 1 is taken out of the queue to Jemmal, 1 seat refunded",
    "1 TUN 1 has left for Jemmal with 1 of 8 seats taken",
  ]);
});

test("a refusal is a sentence of its own, with one colon", () => {
  const refused = new Refusal({ code: "sold_elsewhere", reason: "r", sentence: { fr: "déjà vendu : il ne reste rien", en: "already sold: nothing is left" } });
  setLanguage("fr");
  assert.equal(refusal(refused), "Refusé. Déjà vendu : il ne reste rien");
  assert.equal(refusal(new TypeError("no network")), "Refusé. La station ne répond pas : réessayez");
  setLanguage("en");
  assert.equal(refusal(refused), "Refused. Already sold: nothing is left");
});
