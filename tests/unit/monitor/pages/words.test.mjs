/** Every word of the pages is there in both languages, and none is left over. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { addWords, hasWords, language, setLanguage, t } from "../../../../services/monitor/assets/words.js";
import { en } from "../../../../services/monitor/assets/status/texts.en.js";
import { fr } from "../../../../services/monitor/assets/status/texts.fr.js";

const FOLDER = new URL("../../../../services/monitor/assets/status/", import.meta.url);
const SOURCES = readdirSync(FOLDER)
  .filter((name) => /\.(js|html)$/.test(name) && !name.startsWith("texts."))
  .map((name) => readFileSync(new URL(name, FOLDER), "utf8"))
  .join("\n");
const LITERALS = new Set([...SOURCES.matchAll(/["'`]([\w.]+)["'`]/g)].map((match) => match[1]));
const BEGINNINGS = [...SOURCES.matchAll(/`([\w.]+\.)\$\{/g)].map((match) => match[1]);
/** What is said in two forms, of one and of many. */
const COUNTED = [...SOURCES.matchAll(/\bcounted\("([\w.]+)"/g)].flatMap((match) => [`${match[1]}.one`, `${match[1]}.many`]);

/** What is called the same in both languages. */
const ALIKE = new Set([
  "nav",
  "nav.station",
  "name.websocket",
  "fact.clients",
  "column.clients",
  "column.app",
  "column.pid",
  "column.largest",
  "column.seq",
  "column.position",
  "feed.column.table",
  "feed.column.seq",
  "feed.pause",
  "total",
]);

test("the languages have the same keys, with the same gaps", () => {
  assert.deepEqual(Object.keys(fr).sort(), Object.keys(en).sort());
  const gaps = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
  for (const key of Object.keys(fr)) assert.deepEqual(gaps(fr[key]), gaps(en[key]), key);
});

test("no text is empty, and none was left untranslated", () => {
  for (const key of Object.keys(fr)) assert.ok(fr[key].length > 0 && en[key].length > 0, key);
  const same = Object.keys(fr).filter(
    (key) => fr[key] === en[key] && /\p{L}{3}/u.test(fr[key].replace(/\{\w+\}/g, "")),
  );
  assert.deepEqual(
    same.filter((key) => !ALIKE.has(key)),
    [],
  );
});

test("every key is used", () => {
  const unused = Object.keys(fr).filter(
    (key) => !LITERALS.has(key) && !COUNTED.includes(key) && !BEGINNINGS.some((beginning) => key.startsWith(beginning)),
  );
  assert.deepEqual(unused, []);
});

test("every key that the page names has words", () => {
  const named = [
    ...SOURCES.matchAll(/data-t(?:-\w+)?="([^"]+)"/g),
    ...SOURCES.matchAll(/\bt\("([\w.]+)"/g),
    ...SOURCES.matchAll(/\bword: "([\w.]+)"/g),
  ]
    .map((match) => match[1])
    .concat(COUNTED);
  assert.ok(named.length > 40);
  assert.deepEqual(
    named.filter((key) => !(key in fr)),
    [],
  );
});

test("every tone of the rules has a word for each indicator and for the sentence", () => {
  const rules = readFileSync(new URL("rules.js", FOLDER), "utf8");
  const found = [...rules.matchAll(/key: "([\w.]+)"/g)]
    .map((match) => match[1])
    .filter((key) => !key.startsWith("verdict."));
  assert.ok(found.length > 12);
  for (const key of found) {
    assert.ok(key in fr, key);
    if (!/\.up$|\.good$|connecting$|refused$|^measuring$/.test(key))
      assert.ok(`verdict.${key}` in fr, `verdict.${key}`);
  }
});

test("a gap is filled with text, whatever it holds", () => {
  setLanguage("fr");
  addWords({ fr: { hello: "Bonjour {name}, {name} {other}" }, en: { hello: "Hello {name}" } });
  assert.equal(t("hello", { name: "<b>$&</b>" }), "Bonjour <b>$&</b>, <b>$&</b> {other}");
  setLanguage("en");
  assert.deepEqual([language(), t("hello", { name: "you" })], ["en", "Hello you"]);
  assert.ok(!hasWords("nothing"));
  assert.throws(() => t("nothing"), /no words for nothing in en/);
  assert.throws(() => setLanguage("de"), /expected one of fr, en, got de/);
});
