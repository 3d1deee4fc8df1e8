/**
 * The moments at which a page learns that the world may have changed while it was not looking. Where there is no page
 * (Node), there are none.
 *
 * @param {() => void} woke
 * @returns {() => void} stops watching
 */
export function watchWakeups(woke) {
  const page = globalThis.document;
  const seen = () => {
    if (page.visibilityState === "visible") woke();
  };
  /** @type {[EventTarget | undefined, string, () => void][]} */
  const moments = [
    [globalThis.window, "online", woke],
    [globalThis.window, "pageshow", woke],
    [page, "visibilitychange", seen],
    [page, "resume", woke],
  ];
  for (const [target, name, handler] of moments) target?.addEventListener(name, handler);
  return () => {
    for (const [target, name, handler] of moments) target?.removeEventListener(name, handler);
  };
}
