/**
 * What goes over the wire and what the application holds, as types. Nothing here exists at run time.
 *
 * Field names of messages are the protocol's (`docs/protocol.md`); what is this client's own is in camel case.
 */
export type Position = {
    epoch: string;
    seq: number;
};
export type Scalar = string | number | boolean;
export type Condition = {
    eq?: Scalar;
    neq?: Scalar;
    in?: Scalar[];
    lt?: string | number;
    lte?: string | number;
    gt?: string | number;
    gte?: string | number;
    is_null?: boolean;
};
export type Where = Record<string, Condition>;
export type Interest = {
    id?: string;
    table?: string;
    tables?: string[];
    channel?: string;
    channels?: string[];
    events?: string[];
    where?: Where;
};
export type Subscription = {
    id: string;
    tables?: string[];
    channels?: string[];
    events?: string[];
    where?: Where;
};
export type Row = Record<string, unknown>;
export type RealtimeEvent = {
    event_type: "INSERT" | "UPDATE" | "DELETE" | "TRUNCATE" | "TEST";
    table: string;
    id: string | null;
    timestamp: string;
    data: Row | null;
    seq: number;
    channel: string;
    business_event: string | null;
    changed: string[] | null;
    old: Row | null;
    origin: string | null;
    tx: {
        id: string;
        index: number;
        size: number;
    };
};
export type Sender = {
    client_id: string;
    app_name: string;
};
export type CustomEvent = {
    event_type: string;
    data: unknown;
    from: Sender;
};
export type Resync = import("./resync.js").Resync;
export type Item = RealtimeEvent | Resync;
export type Registered = {
    client_id: string;
    gateway: string;
    epoch: string;
    seq: number;
    resumed: boolean;
    ping_interval: number;
};
export type ConnectedApp = {
    client_id: string;
    app_name: string;
    gateway: string;
    connected_at: string;
    last_seen: string;
};
export type Roster = {
    clients: ConnectedApp[];
    missing: string[];
};
export type Status = {
    connected: boolean;
    connecting: boolean;
    reconnectAttempts: number;
    database: "up" | "down" | null;
    lastEventAt: number | null;
    lastEventAge: number | null;
    latencyMs: number | null;
    url: string;
};
export type Problem = {
    code: string;
    reason: string;
    in_reply_to?: string | null;
    id?: string | number | null;
    cause?: unknown;
    close_code?: number;
};
export type Disconnected = {
    url: string;
    code: number;
    reason: string;
};
export type EventMap = {
    connected: Registered;
    disconnected: Disconnected;
    error: Problem;
    status: Status;
    resync: Resync;
    "realtime-event": RealtimeEvent;
    "custom-event": CustomEvent;
};
export type Operation = "insert" | "update" | "delete" | "truncate";
export type EventOf<Name extends string> = Name extends keyof EventMap ? EventMap[Name] : Name extends Operation | `${string}-${Operation}` | `${string}-change` ? RealtimeEvent : CustomEvent;
export type Recipient = {
    app_name?: string;
    client_id?: string;
};
export type BroadcastOptions = {
    to?: Recipient;
    queue?: boolean;
};
export type TokenProvider = () => string | null | undefined | Promise<string | null | undefined>;
export type Keeper = Pick<Storage, "getItem" | "setItem">;
export type ClientOptions = {
    urls: string | string[];
    appName: string;
    token?: string | TokenProvider;
    position?: "session" | Keeper;
    queueLimit?: number;
    pace?: Partial<import("./effects.js").Pace>;
};
/** @typedef {{ epoch: string, seq: number }} Position Everything up to `seq` of `epoch` was handed out. */
/** @typedef {string | number | boolean} Scalar */
/**
 * One or more tests of a column's value; all of them must hold.
 * @typedef {{
 *   eq?: Scalar, neq?: Scalar, in?: Scalar[],
 *   lt?: string | number, lte?: string | number, gt?: string | number, gte?: string | number,
 *   is_null?: boolean,
 * }} Condition
 */
/** @typedef {Record<string, Condition>} Where Conditions by column. */
/**
 * What one wants to hear of; what is not given does not matter. `table` and `channel` are short for lists of one.
 * @typedef {{
 *   id?: string, table?: string, tables?: string[], channel?: string, channels?: string[],
 *   events?: string[], where?: Where,
 * }} Interest
 */
/**
 * An interest as it is sent.
 * @typedef {{ id: string, tables?: string[], channels?: string[], events?: string[], where?: Where }} Subscription
 */
/** @typedef {Record<string, unknown>} Row */
/**
 * One change, in the words of the protocol.
 * @typedef {{
 *   event_type: "INSERT" | "UPDATE" | "DELETE" | "TRUNCATE" | "TEST",
 *   table: string,
 *   id: string | null,
 *   timestamp: string,
 *   data: Row | null,
 *   seq: number,
 *   channel: string,
 *   business_event: string | null,
 *   changed: string[] | null,
 *   old: Row | null,
 *   origin: string | null,
 *   tx: { id: string, index: number, size: number },
 * }} RealtimeEvent
 */
/** @typedef {{ client_id: string, app_name: string }} Sender */
/** @typedef {{ event_type: string, data: unknown, from: Sender }} CustomEvent What another application broadcast. */
/** @typedef {import("./resync.js").Resync} Resync */
/** @typedef {RealtimeEvent | Resync} Item What a loop over `events()` is given. */
/**
 * @typedef {{
 *   client_id: string, gateway: string, epoch: string, seq: number, resumed: boolean, ping_interval: number,
 * }} Registered
 */
/**
 * @typedef {{
 *   client_id: string, app_name: string, gateway: string, connected_at: string, last_seen: string,
 * }} ConnectedApp
 */
/** @typedef {{ clients: ConnectedApp[], missing: string[] }} Roster `missing`: the gateways that did not answer. */
/**
 * How things stand. `lastEventAt` is Unix time in milliseconds, `lastEventAge` seconds, both null before the first
 * event; `latencyMs` is the round trip of the last ping; `url` is the address in use or tried.
 * @typedef {{
 *   connected: boolean, connecting: boolean, reconnectAttempts: number, database: "up" | "down" | null,
 *   lastEventAt: number | null, lastEventAge: number | null, latencyMs: number | null, url: string,
 * }} Status
 */
/**
 * Something went wrong and was dealt with as far as it could be. `code` is a slug of the protocol's, or one of this
 * client's: `gave_up`, `handler_failed`, `token_failed`, `dial_failed`, `storage_failed`.
 * @typedef {{
 *   code: string, reason: string, in_reply_to?: string | null, id?: string | number | null,
 *   cause?: unknown, close_code?: number,
 * }} Problem
 */
/** @typedef {{ url: string, code: number, reason: string }} Disconnected */
/**
 * What each name brings to its handler; every other name is that of a change or of a custom event.
 * @typedef {{
 *   connected: Registered, disconnected: Disconnected, error: Problem, status: Status,
 *   resync: Resync, "realtime-event": RealtimeEvent, "custom-event": CustomEvent,
 * }} EventMap
 */
/** @typedef {"insert" | "update" | "delete" | "truncate"} Operation */
/**
 * What a handler of this name is given.
 * @template {string} Name
 * @typedef {Name extends keyof EventMap ? EventMap[Name]
 *   : Name extends Operation | `${string}-${Operation}` | `${string}-change` ? RealtimeEvent : CustomEvent} EventOf
 */
/** @typedef {{ app_name?: string, client_id?: string }} Recipient */
/** @typedef {{ to?: Recipient, queue?: boolean }} BroadcastOptions `queue`: where offline, keep it. */
/** @typedef {() => string | null | undefined | Promise<string | null | undefined>} TokenProvider */
/** @typedef {Pick<Storage, "getItem" | "setItem">} Keeper What keeps text by name, as `sessionStorage` does. */
/**
 * @typedef {{
 *   urls: string | string[],
 *   appName: string,
 *   token?: string | TokenProvider,
 *   position?: "session" | Keeper,
 *   queueLimit?: number,
 *   pace?: Partial<import("./effects.js").Pace>,
 * }} ClientOptions
 */
export {};
