/**
 * The moments at which a page learns that the world may have changed while it was not looking. Where there is no page
 * (Node), there are none.
 *
 * @param {() => void} woke
 * @returns {() => void} stops watching
 */
export declare function watchWakeups(woke: () => void): () => void;
