/** Mistakes are sentences. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { WaslaClient } from "../src/index.js";

const GOOD = { urls: "ws://127.0.0.1:8765", appName: "Guichet 1" };

const MISTAKES = [
  [undefined, /expected options such as { urls, appName }, got undefined/],
  [{ appName: "a" }, /expected urls to be one or more addresses such as "ws:\/\/127.0.0.1:8765", got undefined/],
  [{ ...GOOD, urls: [] }, /expected urls to be one or more addresses/],
  [{ ...GOOD, urls: ["http://a"] }, /expected an address such as .*, got "http:\/\/a"/],
  [{ ...GOOD, urls: "ws://a/#b" }, /expected an address/],
  [{ ...GOOD, appName: " " }, /expected appName to be a name of 1 to 64 characters to show to people, got " "/],
  [{ ...GOOD, appName: "a".repeat(65) }, /expected appName/],
  [{ ...GOOD, appName: "a\nb" }, /expected appName/],
  [{ ...GOOD, token: 5 }, /expected token to be a text, or a function .*, got number/],
  [{ ...GOOD, position: "session" }, /expected position to be "session" in a browser, or an object with getItem/],
  [{ ...GOOD, queueLimit: 51 }, /expected queueLimit to be a whole number from 0 to 50, got 51/],
  [{ ...GOOD, url: "ws://a" }, /expected the options urls, .*, got url/],
];

for (const [options, sentence] of MISTAKES) {
  test(`a mistake: ${String(sentence)}`, () => {
    assert.throws(() => new WaslaClient(options), { name: "TypeError", message: sentence });
  });
}

test("names are counted in characters, and one address may come alone", () => {
  assert.ok(new WaslaClient({ ...GOOD, appName: "🚌".repeat(64) }));
});

test("a wrong subscription, handler, name or buffer is a sentence, too", () => {
  const client = new WaslaClient(GOOD);
  const mistakes = [
    [() => client.subscribe({ tabel: "bookings" }, () => {}), /expected a subscription of id, table, .*, got tabel/],
    [() => client.subscribe({ tables: "bookings" }, () => {}), /expected table to be a name and tables a list/],
    [() => client.subscribe({ id: "" }, () => {}), /expected a subscription's id/],
    [() => client.subscribe(null, () => {}), /expected a subscription such as { table: "bookings" }, got null/],
    [() => client.subscribe({ table: "a", where: 1 }, () => {}), /expected where such as .*, got 1/],
    [() => client.subscribe({ table: "a", where: { b: { in: 1 } } }, () => {}), /expected where such as/],
    [() => client.subscribe({ table: "a", where: { b: { is: 1 } } }, () => {}), /expected where .* is_null, got/],
    [() => client.subscribe({}), /expected a function as handler, got undefined/],
    [() => client.on("", () => {}), /expected the name of an event/],
    [() => client.events({}, { buffer: 0 }), /expected buffer to be a whole number/],
  ];
  for (const [mistake, sentence] of mistakes) assert.throws(mistake, { name: "TypeError", message: sentence });
});
