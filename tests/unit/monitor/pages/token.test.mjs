/** What the pages introduce themselves with: what was typed, else what the browser presented, else nothing. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

const URL_OF_IT = new URL("../../../../services/monitor/assets/token.js", import.meta.url);
let pages = 0;
/** The module as a page has it that was just opened. */
const opened = () => import(`${URL_OF_IT}?page=${(pages += 1)}`);

function storage() {
  const kept = new Map();
  return { getItem: (name) => kept.get(name) ?? null, setItem: (name, text) => kept.set(name, text) };
}

function forbidden() {
  throw new DOMException("storage is forbidden here", "SecurityError");
}

function define(name, descriptor) {
  Object.defineProperty(globalThis, name, { configurable: true, ...descriptor });
}

beforeEach(() => {
  define("sessionStorage", { value: storage() });
  define("fetch", { value: async () => Response.json({ token: "presented" }), writable: true });
});

test("what was typed is kept for the tab", async () => {
  (await opened()).keepToken("typed");
  assert.equal(await (await opened()).token(), "typed");
});

test("where storage is forbidden it is kept for the page", async () => {
  define("sessionStorage", { get: forbidden });
  const page = await opened();
  page.keepToken("typed");
  assert.equal(await page.token(), "typed");
  assert.equal(await (await opened()).token(), "presented");
});

test("what is typed last counts", async () => {
  const page = await opened();
  page.keepToken("wrong");
  page.keepToken("right");
  assert.equal(await page.token(), "right");
});

test("nothing typed and nothing presented is nothing", async () => {
  define("fetch", { value: async () => Response.json({ token: null }) });
  assert.equal(await (await opened()).token(), undefined);
  define("fetch", { value: async () => Promise.reject(new TypeError("nobody answers")) });
  assert.equal(await (await opened()).token(), undefined);
});
