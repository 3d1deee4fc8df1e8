/**
 * What the session asks its shell to do, and how fast it goes about things.
 *
 * @import { CustomEvent, Position, Problem, RealtimeEvent, Registered, Resync, Status } from "./types.js"
 */
import type { CustomEvent, Position, Problem, RealtimeEvent, Registered, Resync, Status } from "./types.js";
export type Outgoing = {
    message_type: string;
    data: Record<string, unknown>;
};
export type Announcement = {
    event_type: string;
    data: unknown;
    to?: object;
    id?: string;
};
export type Effect = {
    dial?: {
        url: string;
        delay: number;
    };
    send?: Outgoing;
    close?: number;
    registered?: Registered;
    lost?: {
        url: string;
        code: number;
    };
    event?: RealtimeEvent;
    resync?: Pick<Resync, "reason" | "tables" | "epoch" | "seq">;
    custom_event?: CustomEvent;
    answer?: Outgoing;
    notice?: Problem;
    refused?: "not_connected" | "queue_full";
    token_wanted?: string;
    gave_up?: number;
    status?: Partial<LinkStatus>;
};
export type LinkStatus = Omit<Status, "lastEventAt" | "lastEventAge">;
export type Pace = {
    firstDelay: number;
    maxDelay: number;
    openingTimeout: number;
    healthyAfter: number;
    pingInterval: number | null;
};
export type SessionOptions = {
    urls: string[];
    appName: string;
    position?: Position | null;
    queueLimit?: number;
    random?: () => number;
    pace?: Partial<Pace>;
};
/** @typedef {{ message_type: string, data: Record<string, unknown> }} Outgoing */
/** @typedef {{ event_type: string, data: unknown, to?: object, id?: string }} Announcement */
/**
 * One thing to do: exactly one of these is there. `dial` replaces a dial that still waits; `close` ends the present
 * link or attempt, of which nothing more is to be reported.
 * @typedef {{
 *   dial?: { url: string, delay: number },
 *   send?: Outgoing,
 *   close?: number,
 *   registered?: Registered,
 *   lost?: { url: string, code: number },
 *   event?: RealtimeEvent,
 *   resync?: Pick<Resync, "reason" | "tables" | "epoch" | "seq">,
 *   custom_event?: CustomEvent,
 *   answer?: Outgoing,
 *   notice?: Problem,
 *   refused?: "not_connected" | "queue_full",
 *   token_wanted?: string,
 *   gave_up?: number,
 *   status?: Partial<LinkStatus>,
 * }} Effect
 */
/** @typedef {Omit<Status, "lastEventAt" | "lastEventAge">} LinkStatus The part of the status that has no clock. */
/**
 * Seconds: the first ceiling of the backoff and the largest, how long a dial may take, how long a link must live before
 * the backoff begins anew, and how often it is pinged (null: as the gateway says).
 * @typedef {{
 *   firstDelay: number, maxDelay: number, openingTimeout: number, healthyAfter: number, pingInterval: number | null,
 * }} Pace
 */
/**
 * @typedef {{
 *   urls: string[], appName: string, position?: Position | null, queueLimit?: number,
 *   random?: () => number, pace?: Partial<Pace>,
 * }} SessionOptions
 */
/** @type {Readonly<Pace>} */
export declare const PACE: Readonly<Pace>;
