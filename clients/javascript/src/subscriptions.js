/**
 * Subscriptions: from what the application asks for to what is sent, and which of them an event concerns. The gateway
 * sends an event once, however many subscriptions match; which handlers it is for is decided here.
 *
 * @import { Interest, RealtimeEvent, Resync, Subscription } from "./types.js"
 */
import { accepts, whereOf } from "./where.js";

/** Changes of this channel are the product's own probe; they are only for who names it. */
const PROBE_CHANNEL = "wasla_probe";

const PARTS = ["id", "table", "tables", "channel", "channels", "events", "where"];

/**
 * Return what is sent for an interest; throw a TypeError that says what was expected.
 *
 * @param {Interest} interest
 * @param {string} id for an interest that gives none
 * @returns {Subscription}
 */
export function subscriptionOf(interest, id) {
  if (typeof interest !== "object" || interest === null) {
    throw new TypeError(`expected a subscription such as { table: "bookings" }, got ${String(interest)}`);
  }
  const unknown = Object.keys(interest).find((part) => !PARTS.includes(part));
  if (unknown !== undefined) {
    throw new TypeError(`expected a subscription of ${PARTS.join(", ")}, got ${unknown}`);
  }
  const tables = names("table", interest.table, interest.tables);
  const channels = names("channel", interest.channel, interest.channels);
  const events = names("event", undefined, interest.events);
  return {
    id: checkedId(interest.id ?? id),
    ...(tables && { tables }),
    ...(channels && { channels }),
    ...(events && { events }),
    ...(interest.where !== undefined && { where: whereOf(interest.where) }),
  };
}

/**
 * @param {string} what
 * @param {string | undefined} one
 * @param {string[] | undefined} several
 */
function names(what, one, several) {
  if (one === undefined && several === undefined) return undefined;
  const all = [...(one === undefined ? [] : [one]), ...(several ?? [])];
  if (!Array.isArray(several ?? []) || all.some((name) => typeof name !== "string")) {
    const expected = `expected ${what} to be a name and ${what}s a list of names`;
    throw new TypeError(`${expected}, got ${JSON.stringify(several ?? one)}`);
  }
  return all;
}

/** @param {string} id */
function checkedId(id) {
  if (typeof id !== "string" || id.length < 1 || id.length > 128) {
    throw new TypeError(`expected a subscription's id to be a text of 1 to 128 characters, got ${JSON.stringify(id)}`);
  }
  return id;
}

/**
 * Tell whether an event is for a subscription, as the gateway decides it.
 *
 * @param {Subscription} subscription
 * @param {RealtimeEvent} event
 */
export function matches({ tables, channels, events, where }, event) {
  if (event.channel === PROBE_CHANNEL && !channels?.includes(PROBE_CHANNEL)) return false;
  return (
    among(tables, event.table) &&
    among(channels, event.channel) &&
    (among(events, event.event_type) || among(events, event.business_event)) &&
    (where === undefined || accepts(where, event))
  );
}

/**
 * Tell whether what is to be loaded again may be of what a subscription shows.
 *
 * @param {Subscription} subscription
 * @param {Resync} resync
 */
export function concerns({ tables: shown }, { tables }) {
  return tables === null || !shown?.length || tables.some((table) => shown.includes(table));
}

/**
 * @param {string[] | undefined} wanted
 * @param {string | null} name
 */
function among(wanted, name) {
  return wanted === undefined || wanted.length === 0 || (name !== null && wanted.includes(name));
}
