/**
 * The pages' languages: French first, English beside it.
 *
 * A page brings its own words with `addWords({fr: {...}, en: {...}})` and asks for one with `t(key, {name: value})`,
 * which puts the value where the text says `{name}`. `translate(root)` fills the elements below `root` that name a key:
 * `data-t` (text), `data-t-label` (aria-label), `data-t-title`, `data-t-placeholder`. A key without words is an error
 * of the page and is thrown. Nothing here makes HTML of a text.
 */

/** The languages, the default first. */
export const LANGUAGES = ["fr", "en"];
const KEPT_AS = "wasla.language";

/** @type {Record<string, Record<string, string>>} */
const words = { fr: {}, en: {} };
/** @type {Set<(language: string) => void>} */
const listeners = new Set();
let current = chosen();

/** Add a page's words; both languages must have the same keys. @param {Record<string, Record<string, string>>} more */
export function addWords(more) {
  for (const language of LANGUAGES) Object.assign(words[language], more[language]);
}

/** The words of `key` in the language in force. @param {string} key @param {Record<string, unknown>} [values] */
export function t(key, values = {}) {
  const text = words[current][key];
  if (text === undefined) throw new Error(`no words for ${key} in ${current}`);
  return text.replace(/\{(\w+)\}/g, (gap, name) => (name in values ? String(values[name]) : gap));
}

/** Tell whether there are words for `key`. @param {string} key */
export const hasWords = (key) => key in words[current];

/** The language in force: "fr" or "en". */
export const language = () => current;

/** The locale that numbers, dates and times are written in. */
export const locale = () => (current === "fr" ? "fr-FR" : "en-GB");

/** Change the language, keep it for the next visit, and tell the page. @param {string} next */
export function setLanguage(next) {
  if (!LANGUAGES.includes(next)) throw new Error(`expected one of ${LANGUAGES.join(", ")}, got ${next}`);
  current = next;
  keep(next);
  if (globalThis.document !== undefined) translate(document.documentElement);
  for (const listener of listeners) listener(next);
}

/**
 * Call `listener` whenever the language changes; returns a function that ends it.
 *
 * @param {(language: string) => void} listener
 */
export function onLanguage(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Fill in every element below `root` that names a key. @param {Element} root */
export function translate(root) {
  document.documentElement.lang = current;
  for (const [attribute, fill] of FILLINGS) {
    for (const element of root.querySelectorAll(`[${attribute}]`))
      fill(element, t(/** @type {string} */ (element.getAttribute(attribute))));
  }
}

/** @type {[string, (element: Element, text: string) => void][]} */
const FILLINGS = [
  [
    "data-t",
    (element, text) => {
      element.textContent = text;
    },
  ],
  ["data-t-label", (element, text) => element.setAttribute("aria-label", text)],
  ["data-t-title", (element, text) => element.setAttribute("title", text)],
  ["data-t-placeholder", (element, text) => element.setAttribute("placeholder", text)],
];

function chosen() {
  const kept = recall();
  if (kept !== null && LANGUAGES.includes(kept)) return kept;
  const wanted = (globalThis.navigator?.languages ?? []).map((tag) => tag.slice(0, 2).toLowerCase());
  return wanted.find((tag) => LANGUAGES.includes(tag)) ?? LANGUAGES[0];
}

function recall() {
  try {
    return globalThis.localStorage?.getItem(KEPT_AS) ?? null;
  } catch {
    return null; // storage may be forbidden: the choice then lasts as long as the page
  }
}

/** @param {string} value */
function keep(value) {
  try {
    globalThis.localStorage?.setItem(KEPT_AS, value);
  } catch {
    // as above
  }
}
