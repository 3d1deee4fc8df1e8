/**
 * The switch between light and dark, and between the languages: two buttons that any page may have in its bar.
 *
 * `connectSwitches({theme: button, language: button})` makes them work. The light or dark in force is the system's
 * until somebody chooses; the choice is kept (see early.js, which restores it before anything is drawn).
 */
import { addWords, language, onLanguage, setLanguage, t } from "./words.js";

addWords({
  fr: {
    "theme.light": "Clair",
    "theme.dark": "Sombre",
    "theme.to": "Passer à l'affichage {name}",
    "language.to": "Show in English",
    "language.name": "English",
  },
  en: {
    "theme.light": "Light",
    "theme.dark": "Dark",
    "theme.to": "Switch to the {name} display",
    "language.to": "Afficher en français",
    "language.name": "Français",
  },
});

const KEPT_AS = "wasla.theme";
const system = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
/** @type {Set<(theme: string) => void>} */
const listeners = new Set();

/** The appearance in force: "light" or "dark". */
export function theme() {
  return document.documentElement.dataset.theme ?? (system?.matches ? "dark" : "light");
}

/** Choose "light" or "dark". @param {string} next */
export function setTheme(next) {
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(KEPT_AS, next);
  } catch {
    // storage may be forbidden: the choice then lasts as long as the page
  }
  for (const listener of listeners) listener(next);
}

/**
 * Call `listener` whenever the appearance changes, chosen or by the system.
 *
 * @param {(theme: string) => void} listener
 */
export function onTheme(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

system?.addEventListener("change", () => {
  if (document.documentElement.dataset.theme === undefined) for (const listener of listeners) listener(theme());
});

/** Make the two buttons work. @param {{theme: HTMLElement, language: HTMLElement}} buttons */
export function connectSwitches(buttons) {
  const other = () => (theme() === "dark" ? "light" : "dark");
  const label = () => {
    const name = t(`theme.${other()}`);
    buttons.theme.textContent = name;
    buttons.theme.setAttribute("aria-label", t("theme.to", { name: name.toLowerCase() }));
    buttons.language.textContent = t("language.name");
    buttons.language.setAttribute("aria-label", t("language.to"));
    buttons.language.lang = language() === "fr" ? "en" : "fr";
  };
  buttons.theme.addEventListener("click", () => setTheme(other()));
  buttons.language.addEventListener("click", () => setLanguage(language() === "fr" ? "en" : "fr"));
  onTheme(label);
  onLanguage(label);
  label();
}
