/** Short movements that say "this just changed". None where the reader's system asks for less motion. */

const isCalm = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");

const MOVEMENTS = {
  light: [[{ backgroundColor: "var(--info-soft)" }, {}], 1200],
  tell: [[{ transform: "translateY(-0.35rem)", opacity: 0.2 }, {}], 300],
  refuse: [[0, -5, 4, -3, 2, 0].map((x) => ({ transform: `translateX(${x}px)` })), 400],
  run: [[{ left: "0", opacity: 1 }, { opacity: 1, offset: 0.8 }, { left: "calc(100% - 0.75rem)", opacity: 0 }], 500],
};

/** Play a movement, from its beginning where it is under way. @param {Element} element @param {keyof typeof MOVEMENTS} name */
export function move(element, name) {
  if (isCalm?.matches) return;
  const [frames, duration] = MOVEMENTS[name];
  for (const animation of element.getAnimations()) animation.cancel();
  element.animate(frames, { duration, easing: "ease-out" });
}
