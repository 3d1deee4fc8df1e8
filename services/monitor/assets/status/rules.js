/**
 * What the three indicators say, and the one sentence above them: facts with `now` in, tones and words out.
 *
 * An indicator is only as good as its newest measurement. Each measurement has an age, also the page's own links: the
 * polling of the monitor and the WebSocket to a gateway. What is not measured any more turns amber, then red, whatever
 * it said last. Nothing here reads a clock, a network or a document. Times are seconds of the page's monotonic clock.
 *
 * @typedef {"good" | "warn" | "bad" | "idle"} Tone
 * @typedef {{tone: Tone, key: string, values?: Record<string, unknown>, since?: number | null}} Finding
 *   `key` names words, `values` fills their gaps, `since` is how many seconds it has been so, where that is known.
 * @typedef {{state: "connecting" | "connected" | "refused", since: number, before: boolean, answeredAt: number | null,
 *   database: "up" | "down" | null, databaseAt: number | null, code?: number | null}} Link
 *   The page's own WebSocket, "refused" where this page may not connect: `since` the state changed, `before` whether it
 *   was ever connected before that, `answeredAt` when the gateway last answered a question, `database` what it last said
 *   of the database, at `databaseAt`.
 * @typedef {{now: number, openedAt: number, wokeAt: number, status: any, heardAt: number | null, link: Link}} Facts
 *   `status` is the last /status.json, `heardAt` when it came, `wokeAt` when the page last woke from a sleep.
 */

/** Seconds without an answer of the monitor, which is asked every second. */
export const MONITOR = { warn: 3, bad: 6 };
/** Seconds without an answer on the page's WebSocket, which is asked every five. */
export const ANSWER = { warn: 12, bad: 20 };
/** Seconds for which the page's WebSocket may be away before it is red. */
export const LINK_BAD = 5;
/** Seconds for which a link that came back stays amber: a break is to be seen. */
export const SETTLE = 3;
/** Seconds from which a round trip is slow. */
export const SLOW = 0.5;

const RANK = { idle: 0, good: 1, warn: 2, bad: 3 };

/** The worst of some tones. @param {...Tone} tones @returns {Tone} */
export const worst = (...tones) => tones.reduce((a, b) => (RANK[b] > RANK[a] ? b : a), "idle");

/** Judge everything. @param {Facts} facts */
export function judge(facts) {
  const database = judgeDatabase(facts);
  const websocket = judgeWebSocket(facts);
  const realtime = judgeRealtime(facts, database);
  return { database, websocket, realtime, verdict: judgeAll(facts, { database, websocket, realtime }) };
}

/** Seconds since the monitor answered; a sleep of the page itself is nobody's silence. @param {Facts} facts */
export function monitorSilence(facts) {
  const silence = facts.now - (facts.heardAt ?? facts.openedAt);
  return Math.min(silence, MONITOR.warn + facts.now - facts.wokeAt);
}

/** How old a measurement may be that the monitor takes every `interval`. @param {number} interval */
export const staleAfter = (interval) => ({ warn: 2 * interval + 4, bad: 4 * interval + 8 });

/**
 * The present age of what was `age` seconds old when the monitor answered.
 *
 * @param {Facts} facts
 * @param {number | null} age
 */
export function ageNow(facts, age) {
  return age === null || facts.heardAt === null ? null : age + facts.now - facts.heardAt;
}

/** @param {number} age @param {{warn: number, bad: number}} limits @returns {Tone} */
function aged(age, limits) {
  return age >= limits.bad ? "bad" : age >= limits.warn ? "warn" : "good";
}

/**
 * What is wrong with the measuring itself, if anything.
 *
 * @param {Facts} facts
 * @param {number | null} age
 * @returns {Finding | null}
 */
function unmeasured(facts, age) {
  const silence = monitorSilence(facts);
  const heard = aged(silence, MONITOR);
  if (heard !== "good") return { tone: heard, key: heard === "bad" ? "unmeasured" : "waiting", since: silence };
  if (facts.status === null || age === null) return { tone: "idle", key: "measuring" };
  const tone = aged(ageNow(facts, age) ?? 0, staleAfter(facts.status.probe_interval));
  return tone === "good" ? null : { tone, key: "stale", since: ageNow(facts, age) };
}

/** @param {Facts} facts @returns {Finding} */
function judgeDatabase(facts) {
  const view = facts.status?.database;
  const failing = unmeasured(facts, view?.age ?? null);
  if (failing !== null && (failing.tone !== "warn" || facts.status === null)) return failing;
  const told = facts.link.state === "connected" && newer(facts, view.age) ? facts.link.database : null;
  if ((view.up === false && told !== "up") || told === "down")
    return { tone: "bad", key: "database.down", since: downSince(facts) };
  if (view.up === false) return { tone: "warn", key: "database.returning" };
  if (failing !== null) return failing;
  if (facts.link.state === "connected" && facts.link.database === "down")
    return { tone: "warn", key: "database.unheard" };
  return { tone: "good", key: "database.up", since: secondsSince(facts, view.since) };
}

/**
 * Tell whether the gateway's word on the database is newer than the monitor's look.
 *
 * @param {Facts} facts
 * @param {number} age
 */
function newer(facts, age) {
  return facts.link.databaseAt !== null && facts.link.databaseAt > facts.now - (ageNow(facts, age) ?? 0);
}

/** Since when the database is down, by whoever noticed first. @param {Facts} facts */
function downSince(facts) {
  const { link, status, now } = facts;
  const told = link.database === "down" && link.databaseAt !== null ? now - link.databaseAt : 0;
  return Math.max(told, status.database.up === false ? (secondsSince(facts, status.database.since) ?? 0) : 0);
}

/** How the page's own WebSocket is. @param {Facts} facts @returns {Finding} */
export function judgeLink(facts) {
  const { link, now } = facts;
  const age = now - link.since;
  if (link.state === "refused") return { tone: "idle", key: "link.refused", values: { code: link.code } };
  if (link.state === "connecting") {
    if (!link.before && age < LINK_BAD) return { tone: "idle", key: "link.connecting" };
    return { tone: age < LINK_BAD ? "warn" : "bad", key: "link.down", since: age };
  }
  const asked = Math.min(now - Math.max(link.answeredAt ?? 0, link.since), ANSWER.warn + now - facts.wokeAt);
  const tone = aged(asked, ANSWER);
  if (tone !== "good") return { tone, key: "link.silent", since: asked };
  if (link.before && age < SETTLE) return { tone: "warn", key: "link.settling" };
  return { tone: "good", key: "link.up" };
}

/** @param {Facts} facts @returns {Finding} */
function judgeWebSocket(facts) {
  const link = judgeLink(facts);
  const view = facts.status?.websocket;
  const failing = unmeasured(facts, view?.age ?? null);
  if (failing !== null && failing.tone !== "idle")
    return link.tone === "good" ? { tone: "warn", key: "websocket.alone" } : { ...failing };
  if (link.tone === "bad") return link;
  if (failing !== null) return failing;
  if (view.up === false)
    return link.tone === "good" ? { tone: "warn", key: "websocket.partly" } : { tone: "bad", key: "websocket.down" };
  if (link.tone === "warn") return link;
  return link.key === "link.connecting" ? link : { tone: "good", key: "websocket.up" };
}

/** @param {Facts} facts @param {Finding} database @returns {Finding} */
function judgeRealtime(facts, database) {
  const view = facts.status?.realtime;
  const silent = unmeasured(facts, 0);
  if (silent !== null && (silent.tone !== "warn" || facts.status === null)) return silent;
  if (view.late)
    return { tone: "bad", key: "realtime.late", values: { hop: view.missing_hop }, since: ageNow(facts, view.age) };
  if (database.tone === "bad") return { tone: "bad", key: "realtime.database" };
  const link = judgeLink(facts);
  if (link.tone === "bad") return { tone: "bad", key: "realtime.link", since: link.since };
  const failing = unmeasured(facts, view.age);
  if (failing !== null) return failing;
  if (link.tone === "warn") return { tone: "warn", key: link.key, since: link.since };
  if (view.seconds >= SLOW) return { tone: "warn", key: "realtime.slow" };
  return { tone: "good", key: "realtime.good" };
}

/**
 * The sentence: what is wrong first, and since when.
 *
 * @param {Facts} facts
 * @param {{database: Finding, websocket: Finding, realtime: Finding}} found
 * @returns {Finding}
 */
function judgeAll(facts, found) {
  const silence = monitorSilence(facts);
  const heard = aged(silence, MONITOR);
  const link = judgeLink(facts);
  if (heard !== "good") {
    const everything = heard === "bad" && link.tone !== "good";
    return { tone: heard, key: everything ? "verdict.server" : "verdict.monitor", since: silence };
  }
  const all = [found.database, found.websocket, found.realtime];
  const tone = worst(...all.map((finding) => finding.tone));
  if (all.some((finding) => finding.tone === "idle") && tone !== "bad")
    return { tone: "idle", key: "verdict.measuring" };
  if (tone === "good") return { tone, key: "verdict.good" };
  const cause = all.find((finding) => finding.tone === tone) ?? found.realtime;
  return { ...cause, key: `verdict.${cause.key}` };
}

/**
 * Seconds since a time of the monitor's clock, by the monitor's clock.
 *
 * @param {Facts} facts
 * @param {string | null} since
 */
function secondsSince(facts, since) {
  if (since === null || facts.heardAt === null) return null;
  return Math.max(0, (Date.parse(facts.status.generated_at) - Date.parse(since)) / 1000) + facts.now - facts.heardAt;
}
