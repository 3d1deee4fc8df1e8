/** A table that does not fit scrolls inside its card; as long as it does, the keyboard reaches it too (WCAG 2.1.1). */
import { t } from "../words.js";

/** @param {Iterable<Element>} places */
export function makeScrollable(places) {
  const observer = new ResizeObserver((entries) =>
    entries.forEach((entry) => mark(entry.target.closest(".table") ?? entry.target)),
  );
  for (const place of places) {
    observer.observe(place);
    if (place.firstElementChild !== null) observer.observe(place.firstElementChild);
  }
}

/** @param {Element} place */
function mark(place) {
  const scrolls = place.scrollWidth > place.clientWidth || place.scrollHeight > place.clientHeight;
  if (scrolls === place.hasAttribute("tabindex")) return;
  const title = place.closest("section")?.querySelector("h2");
  if (scrolls) {
    place.setAttribute("tabindex", "0");
    place.setAttribute("role", "region");
    if (title?.id) place.setAttribute("aria-labelledby", title.id);
    else place.setAttribute("aria-label", t("feed.rows"));
  } else for (const name of ["tabindex", "role", "aria-labelledby", "aria-label"]) place.removeAttribute(name);
}
