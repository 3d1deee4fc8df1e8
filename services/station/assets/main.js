/** The page: two posts, what happened, the busiest day. Everything on it is drawn at most once a frame. */
import { connectSwitches } from "/assets/appearance.js";
import { keepToken } from "/assets/token.js";
import { addWords, onLanguage, t, translate } from "/assets/words.js";
import { Refusal, ask } from "./api.js";
import { provoke } from "./conflict.js";
import { Counter } from "./counter.js";
import { Day } from "./day.js";
import { mark, say } from "./elements.js";
import { dinars, whole } from "./format.js";
import { Happenings } from "./happenings.js";
import { Journal } from "./journal.js";
import { Latencies } from "./latency.js";
import { move } from "./motion.js";
import { Post } from "./post.js";
import { Queue } from "./queue.js";
import { Told } from "./told.js";
import { words } from "./words-of-station.js";

const SIMULATION = "simulation";
const HIDDEN_INTERVAL = 500;
const PATIENCE = 1500;
const ENOUGH = 5; // measurements before percentiles mean anything
const NOTHING_HERE = ["no_station", "switched_off"];
const TONES = { connected: "good", connecting: "idle", lost: "bad", stale: "warn", refused: "bad" };
const UNAUTHORIZED = 4501;
const TROUBLES = ["no_station", "switched_off", "database_down"];

addWords(words);
const $ = (selector) => document.querySelector(selector);
const journal = new Journal();
const latencies = new Latencies();
/** @type {Map<string, string>} the latest stamp of each transaction that is not on the screen yet */
let arrived = new Map();
let lit = new Set();
let isScheduled = false;
/** @type {number | null} milliseconds of the change seen last */
let latest = null;

const urls = await gatewayUrls();
const counterPost = new Post({ name: "Poste 1, guichet", urls, changed: schedule });
const queuePost = new Post({ name: "Poste 2, file", urls, changed: schedule, taken: note });
const counter = new Counter($("#counter"), counterPost, new Told($("#counter .told")));
const queue = new Queue($("#queue"), queuePost, new Told($("#queue .told")));
const happenings = new Happenings($("#journal"), journal);
const day = new Day($("#day"), new Told($("#day .told")));

$("#access").addEventListener("submit", introduce);
connectSwitches({ theme: $("#theme"), language: $("#language") });
translate(document.documentElement);
onLanguage(showAll);
$("#conflict").addEventListener("click", async ({ currentTarget }) => {
  currentTarget.disabled = true;
  await provoke(counter, queue);
  currentTarget.disabled = false;
  $('.told[data-tone="bad"]')?.scrollIntoView({ block: "center" }); // the button stands below the posts
});
await compareClocks();
counterPost.connect();
queuePost.connect();
setTimeout(loadWithoutLink, PATIENCE);
void day.look();
showAll();

/** Where no gateway answers, the rows are shown all the same, or why there are none; they are read again with the link. */
function loadWithoutLink() {
  for (const post of [counterPost, queuePost]) if (post.gateway === null) void post.screen.follow();
}

function note(event, before) {
  journal.add(event, before);
  if (!document.hidden) arrived.set(event.tx.id, event.timestamp);
  if (event.origin === SIMULATION) day.seen();
  const queueId = event.table === "vehicle_queue" ? event.data?.id : event.data?.queue_id;
  if (queueId) lit.add(queueId);
}

function schedule() {
  if (isScheduled) return;
  isScheduled = true;
  if (document.hidden) setTimeout(draw, HIDDEN_INTERVAL);
  else requestAnimationFrame(draw);
}

function draw() {
  isScheduled = false;
  show();
  const stamps = [...arrived.values()];
  arrived = new Map();
  for (const queueId of lit) queue.light(queueId);
  lit = new Set();
  if (stamps.length === 0) return;
  // The next task runs when this frame is painted.
  const channel = new MessageChannel();
  channel.port1.onmessage = () => {
    channel.port1.close();
    const now = Date.now();
    pulse(Math.max(...stamps.map((stamp) => latencies.shown(stamp, now))));
  };
  channel.port2.postMessage(null);
}

function showAll() {
  show();
  showSync();
}

function show() {
  counter.show();
  queue.show();
  happenings.show();
  day.show();
  link($("#counter .link"), counterPost);
  link($("#queue .link"), queuePost);
  access();
  trouble();
  const { today } = queuePost.board;
  say($("#departures"), whole(today.departures));
  say($("#seats-sold"), whole(today.seats));
  say($("#takings"), dinars(today.takings));
  document.body.toggleAttribute("data-loaded", queuePost.screen.isLoaded && counterPost.screen.isLoaded);
}

function link(badge, post) {
  const state = post.linkState;
  mark(badge, "data-tone", TONES[state]);
  mark(badge, "data-gateway", post.client.status.connected ? post.gateway : null);
  say(badge.querySelector(".text"), t(`link.${state}`, { gateway: post.gateway }));
}

/** Gateways that turn this page away mostly want a key, which is asked for here; until then nothing moves by itself. */
function access() {
  const refused = counterPost.refused ?? queuePost.refused;
  $("#access").hidden = refused === null;
  if (refused === null) return;
  say($("#access .why"), t(refused === UNAUTHORIZED ? "access.why" : "access.other", { code: refused }));
  $("#access .key").hidden = refused !== UNAUTHORIZED;
}

function introduce(event) {
  event.preventDefault();
  keepToken($("#access-key").value);
  for (const post of [counterPost, queuePost]) post.connect();
  schedule();
}

function trouble() {
  const failure = queuePost.failure ?? counterPost.failure;
  const place = $("#trouble");
  place.hidden = failure === null;
  document.body.toggleAttribute("data-off", NOTHING_HERE.includes(failure?.code) && !queuePost.screen.isLoaded);
  if (failure === null) return;
  const code = failure instanceof Refusal && TROUBLES.includes(failure.code) ? failure.code : "other";
  say(place, t(`trouble.${code}`));
}

function pulse(milliseconds) {
  latest = milliseconds;
  move($("#sync .wire i"), "run");
  showSync();
}

function showSync() {
  const ms = $("#sync .ms");
  say(ms, latest === null ? t("sync.waiting") : t("sync.ms", { ms: whole(latest) }));
  $("#sync").classList.toggle("measured", latest !== null);
  const percentiles = $("#sync .percentiles");
  percentiles.hidden = latencies.count < ENOUGH;
  if (percentiles.hidden) return;
  const figures = { p50: whole(latencies.percentile(0.5)), p99: whole(latencies.percentile(0.99)), count: whole(latencies.count) };
  for (const [place, key] of ["sync.p50", "sync.p99", "sync.count"].entries()) say(percentiles.children[place], t(key, figures));
}

async function compareClocks() {
  try {
    await ask("clock"); // the first call also opens a connection
    const sentAt = Date.now();
    const { now } = await ask("clock");
    latencies.compare(sentAt, now, Date.now());
  } catch {
    // the posts say what the trouble is
  }
}

async function gatewayUrls() {
  if (globalThis.WASLA_URLS !== undefined) return globalThis.WASLA_URLS;
  const status = await fetch("/status.json", { cache: "no-store" }).then((answer) => answer.json()).catch(() => ({}));
  const scheme = location.protocol === "https:" ? "wss" : (status.gateway_scheme ?? "ws");
  return [`${scheme}://${location.hostname}:${status.gateway_port ?? 8765}`];
}
