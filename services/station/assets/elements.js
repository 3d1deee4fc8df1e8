/** Elements made and kept by key, so that a screen changes only where something changed. */

/**
 * Make an element. @param {string} tag @param {Record<string, any>} [properties] `data-…`, `aria-…` and `role` are
 * attributes, `on…` listeners, the rest properties. @param {...(Node | string)} children
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** Set an element's text where it differs. @param {Element} element @param {string} text */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Set an attribute where it differs; null takes it away. @param {Element} element @param {string} name @param {string | null} value */
export function mark(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * Make the children of `parent` those of `items`, in their order: made once by key, then only filled.
 * @template T @param {Element} parent @param {T[]} items @param {(item: T) => string} keyOf
 * @param {(item: T) => HTMLElement} create @param {(element: HTMLElement, item: T) => void} fill
 */
export function keep(parent, items, keyOf, create, fill) {
  const wanted = new Set(items.map(keyOf));
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  for (const [key, element] of known) if (!wanted.has(key)) element.remove();
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let element = known.get(key);
    if (element === undefined) {
      element = create(item);
      element.dataset.key = key;
    }
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
    fill(element, item);
  }
}
