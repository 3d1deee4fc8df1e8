/** The status page, put together: what comes from the monitor and from the gateways, judged and drawn. */
import { connectSwitches, onTheme } from "../appearance.js";
import { keepToken } from "../token.js";
import { addWords, locale, onLanguage, t, translate } from "../words.js";
import { Plot } from "./charts.js";
import { drawFlow, drawLatencies } from "./curve_tables.js";
import { Curves } from "./curves.js";
import { FeedView } from "./feed_view.js";
import { latency } from "./format.js";
import { Indicators } from "./indicators.js";
import { PageLink } from "./link.js";
import { drawApps, drawLines, drawProcesses, drawPrograms, drawRemarks, tellBus } from "./panels.js";
import { remarks } from "./remarks.js";
import { ageNow, judge } from "./rules.js";
import { makeScrollable } from "./scrolling.js";
import { Source, fetchHistory } from "./source.js";
import { en } from "./texts.en.js";
import { fr } from "./texts.fr.js";
import { Waking } from "./waking.js";

/** Seconds between two looks of the page at its clock. */
const TICK = 0.5;

addWords({ fr, en });
translate(document.documentElement);

const clock = () => performance.now() / 1000;
const place = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
const unlinked = () => ({
  state: /** @type {const} */ ("connecting"),
  since: clock(),
  before: false,
  answeredAt: null,
  database: null,
  databaseAt: null,
});

const state = {
  openedAt: clock(),
  heardAt: /** @type {number | null} */ (null),
  status: /** @type {any} */ (null),
  first: unlinked(),
  cursor: /** @type {number | null} */ (null),
};
const waking = new Waking(clock());
const curves = new Curves();
const feed = new FeedView(place("feed"), place("event"));
const indicators = new Indicators({
  verdict: place("verdict"),
  indicators: place("indicators"),
  announcement: place("announcement"),
});
const onCursor = (/** @type {number | null} */ row) => {
  state.cursor = row;
  drawFigures();
};
const plots = {
  latency: new Plot(place("latency-plot"), {
    series: ["--series-1", "--series-2", "--series-3", "--series-4", "--series-5"],
    isStacked: true,
    unit: "milliseconds",
    onCursor,
  }),
  events: new Plot(place("events-plot"), { series: ["--series-1"], unit: "rate", onCursor }),
  deliveries: new Plot(place("deliveries-plot"), { series: ["--series-2"], unit: "rate", onCursor }),
};
/** @type {{link: PageLink, url: string} | null} */
let linked = null;

function draw() {
  const now = clock();
  waking.look(now);
  const facts = {
    now,
    openedAt: state.openedAt,
    wokeAt: waking.wokeAt,
    status: state.status,
    heardAt: state.heardAt,
    link: linked?.link.facts ?? state.first,
  };
  const found = state.status === null ? [] : remarks(state.status);
  indicators.draw(facts, judge(facts), { remarks: found.length, gateway: linked?.link.gateway ?? "" });
  place("access").hidden = facts.link.state !== "refused";
  if (state.status === null) return;
  const age = (/** @type {number} */ seconds) => ageNow(facts, seconds) ?? 0;
  drawRemarks(place("remarks"), found);
  drawProcesses(place("processes"), state.status, age);
  drawLines(place("lines"), state.status, age);
  tellBus(place("lines-about"), state.status);
  drawPrograms(place("programs"), place("programs-stopped"), state.status);
  drawApps(place("apps"), place("apps-count"), linked?.link.apps ?? null, facts.link);
}

/** Where the gateways ask for a key, so does the page. */
place("access").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  keepToken(place("access-key").value);
  linked?.link.close();
  linked = null;
  if (state.status !== null) connect(state.status);
});

function drawFigures() {
  drawLatencies(place("latency-table"), curves, state.cursor);
  drawFlow(place("flow-table"), curves, state.cursor);
}

function drawCurves() {
  const at = /** @type {number[]} */ (curves.columns.at);
  const outages = curves.outages();
  const cut = plots.latency.draw([at, ...curves.stacked()], outages);
  place("latency-cut").textContent = cut === null ? "" : t("latency.cut", { time: latency(cut / 1000, locale()) });
  plots.events.draw([at, curves.column("events")], outages);
  plots.deliveries.draw([at, curves.column("deliveries")], outages);
  drawFigures();
}

/** @param {any} status */
async function hear(status) {
  state.status = status;
  state.heardAt = clock();
  waking.answered(true);
  connect(status);
  draw();
  if (status.sample === null) return;
  if (curves.misses(status.sample)) curves.replace((await fetchHistory()) ?? curves.columns);
  curves.append(status.sample);
  drawCurves();
}

function miss() {
  waking.answered(false);
  draw();
}

/** Link the page to the gateways, where the monitor says they are. @param {any} status */
function connect(status) {
  const scheme = location.protocol === "https:" ? "wss" : status.gateway_scheme;
  const url = `${scheme}://${location.hostname}:${status.gateway_port}`;
  if (linked?.url === url) return;
  linked?.link.close();
  const onChange = () => {
    const { state: is, code } = link.facts;
    feed.refused = is === "refused" ? (code ?? null) : null;
    feed.relabel();
    if (!document.hidden) draw(); // out of sight, the monitor's answers are drawn
  };
  const link = new PageLink({
    url,
    clock,
    onChange,
    onEvent: (event) => feed.add(event),
    onResync: () => feed.addGap(),
  });
  linked = { link, url };
}

function tick() {
  if (document.hidden) waking.look(clock());
  else draw();
}

connectSwitches({ theme: place("theme"), language: place("language") });
onTheme(() => Object.values(plots).forEach((plot) => plot.restyle()));
onLanguage(() => {
  feed.relabel();
  draw();
  drawCurves();
  Object.values(plots).forEach((plot) => plot.restyle());
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) waking.wake(clock()); // the monitor is asked now, and drawn when it has answered
});
makeScrollable(document.querySelectorAll(".table"));
new Source({ onStatus: hear, onSilence: miss });
window.setInterval(tick, TICK * 1000);
draw();
