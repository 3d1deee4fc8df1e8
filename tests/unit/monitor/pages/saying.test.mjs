/** Counts in words: one is one, in French as in English. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { countOf, moreApps } from "../../../../services/monitor/assets/status/saying.js";
import { en } from "../../../../services/monitor/assets/status/texts.en.js";
import { fr } from "../../../../services/monitor/assets/status/texts.fr.js";
import { addWords, setLanguage } from "../../../../services/monitor/assets/words.js";

addWords({ fr, en });

test("how many events are shown of those received, in French", () => {
  setLanguage("fr");
  assert.deepEqual(
    [countOf(0, 0), countOf(1, 1), countOf(0, 1), countOf(1, 3), countOf(2, 2)],
    [
      "",
      "1 affiché sur 1 reçu",
      "0 affiché sur 1 reçu, 1 non affiché",
      "1 affiché sur 3 reçus, 2 non affichés",
      "2 affichés sur 2 reçus",
    ],
  );
});

test("and in English", () => {
  setLanguage("en");
  assert.equal(countOf(500, 10_000), "500 shown of 10,000 received, 9,500 not shown");
});

test("how many applications are not listed", () => {
  setLanguage("fr");
  assert.deepEqual([moreApps(1), moreApps(2)], ["et 1 autre", "et 2 autres"]);
});
