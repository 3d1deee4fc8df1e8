/**
 * From a frame to a message. What a newer gateway adds passes; what is there must be of the kind it is used as.
 *
 * @typedef {{ message_type: string, data: Record<string, any> }} Message
 */

const isText = (/** @type {unknown} */ value) => typeof value === "string";
const isSeq = (/** @type {unknown} */ value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isTables = (/** @type {unknown} */ value) => value == null || (Array.isArray(value) && value.every(isText));

/** @type {Record<string, Record<string, (value: unknown) => boolean>>} */
const SHAPES = {
  registered: { epoch: isText, seq: isSeq },
  realtime_event: { event_type: isText, table: isText, seq: isSeq },
  position: { epoch: isText, seq: isSeq },
  resync: { epoch: isText, seq: isSeq, tables: isTables },
  custom_event: { event_type: isText },
  error: { code: isText, reason: isText },
};

/**
 * @param {unknown} text
 * @returns {Message | { problem: string }}
 */
export function read(text) {
  let message;
  try {
    message = JSON.parse(String(text));
  } catch {
    return { problem: `expected JSON, got ${shortened(text)}` };
  }
  const whole = isObject(message) ? { data: {}, ...message } : message;
  return check(whole) ?? whole;
}

/**
 * @param {any} message
 * @returns {{ problem: string } | null}
 */
function check(message) {
  if (typeof message?.message_type !== "string" || !isObject(message.data)) {
    return { problem: `expected a message with message_type and data, got ${shown(message)}` };
  }
  const shape = Object.hasOwn(SHAPES, message.message_type) ? (SHAPES[message.message_type] ?? {}) : {};
  const wrong = Object.entries(shape).find(([field, test]) => !test(message.data[field]));
  if (wrong === undefined) return null;
  const got = shown(message.data[wrong[0]]);
  return { problem: `expected ${message.message_type} with a usable ${wrong[0]}, got ${got}` };
}

/** @param {unknown} value */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param {unknown} value */
function shown(value) {
  try {
    return shortened(JSON.stringify(value));
  } catch {
    return "something nested too deeply to show"; // JSON.parse takes any depth, JSON.stringify does not
  }
}

/** @param {unknown} value */
function shortened(value) {
  const text = String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
