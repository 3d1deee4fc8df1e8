/**
 * Conditions of a subscription's `where`, with the gateway's meaning of each operator, so that an event reaches the
 * handlers of the subscriptions it was sent for and no others. A null satisfies `is_null` alone, an absent column
 * nothing; a value of another JSON kind than the operand satisfies nothing; strings compare by code point.
 *
 * @import { Condition, RealtimeEvent, Row, Where } from "./types.js"
 */

/**
 * Return a copy of what the application gave as `where`, which it may change or lose; throw a TypeError where it
 * cannot be one. Columns and the kinds of values are the gateway's to check.
 *
 * @param {unknown} where
 * @returns {Where}
 */
export function whereOf(where) {
  const copy = isObject(where) ? JSON.parse(JSON.stringify(where)) : undefined;
  if (copy === undefined || !Object.values(copy).every(isCondition)) {
    const expected = `expected where such as { seats: { lte: 2 } }, with ${Object.keys(TESTS).join(", ")}`;
    throw new TypeError(`${expected}, got ${JSON.stringify(where)}`);
  }
  return copy;
}

/** @param {unknown} condition */
function isCondition(condition) {
  return isObject(condition) && Object.entries(condition).every(isTest);
}

/** @param {[string, unknown]} test */
function isTest([operator, operand]) {
  return Object.hasOwn(TESTS, operator) && (operator !== "in" || Array.isArray(operand));
}

/**
 * @param {unknown} value
 * @returns {value is object}
 */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Tell whether some version of the event's row satisfies every condition. What carries no row cannot be tested: yes.
 *
 * @param {Where} where
 * @param {RealtimeEvent} event
 */
export function accepts(where, event) {
  const versions = versionsOf(event);
  return versions.length === 0 || versions.some((row) => holds(where, row));
}

/**
 * @param {RealtimeEvent} event
 * @returns {Row[]}
 */
function versionsOf({ data, old }) {
  if (!data) return [];
  return old && Object.keys(old).length > 0 ? [data, { ...data, ...old }] : [data];
}

/**
 * @param {Where} where
 * @param {Row} row
 */
function holds(where, row) {
  return Object.entries(where).every(
    ([column, condition]) => Object.hasOwn(row, column) && satisfies(condition, row[column]),
  );
}

/**
 * @param {Condition} condition
 * @param {unknown} value
 */
function satisfies(condition, value) {
  return Object.entries(condition).every(([operator, operand]) => TESTS[operator]?.(value, operand) ?? false);
}

/** @type {Record<string, (value: any, operand: any) => boolean>} */
const TESTS = {
  eq: (value, operand) => value === operand,
  neq: (value, operand) => sameKind(value, operand) && value !== operand,
  in: (value, operands) => operands.includes(value),
  lt: (value, operand) => sameKind(value, operand) && compare(value, operand) < 0,
  lte: (value, operand) => sameKind(value, operand) && compare(value, operand) <= 0,
  gt: (value, operand) => sameKind(value, operand) && compare(value, operand) > 0,
  gte: (value, operand) => sameKind(value, operand) && compare(value, operand) >= 0,
  is_null: (value, operand) => (value === null) === operand,
};

/**
 * @param {unknown} value
 * @param {unknown} operand
 */
function sameKind(value, operand) {
  return value !== null && typeof value === typeof operand;
}

/**
 * @param {string | number} left
 * @param {string | number} right
 */
function compare(left, right) {
  if (typeof left === "string" && typeof right === "string") return compareByCodePoint(left, right);
  return left < right ? -1 : Number(left > right);
}

/**
 * JavaScript's own `<` compares UTF-16 units, which puts what lies beyond U+FFFF before U+E000 to U+FFFF.
 *
 * @param {string} left
 * @param {string} right
 */
function compareByCodePoint(left, right) {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    if (left.charCodeAt(index) !== right.charCodeAt(index)) {
      return Number(left.codePointAt(index)) - Number(right.codePointAt(index));
    }
  }
  return left.length - right.length;
}
