/** The curves on the page, drawn by uPlot in the colours of the theme. What they say stands in the table below each. */
import uPlot from "../vendor/uplot/uPlot.esm.js";
import { locale } from "../words.js";
import { ceiling } from "./curves.js";
import { clock, number } from "./format.js";

/** Seconds on the axis: as many as there are samples for, within these bounds. */
const SPAN = { least: 120, most: 900 };

/**
 * One plot. `series` are names of colours (`--series-1`), each drawn over the one before when `isStacked`.
 *
 * @typedef {{series: string[], isStacked?: boolean, unit: "milliseconds" | "rate",
 *   onCursor?: (row: number | null) => void}} Options
 */
export class Plot {
  /** @type {any} uPlot's own, which ships no types beside the module */
  #plot = null;
  /** @type {(number | null)[][]} */
  #data = [[]];
  /** @type {[number, number][]} */
  #outages = [];
  #top = 1;

  /** @param {HTMLElement} place @param {Options} options */
  constructor(place, options) {
    this.place = place;
    this.options = options;
    new ResizeObserver(() => this.#resize()).observe(place);
  }

  /**
   * Draw these columns, the first one Unix seconds; `outages` are times in which nothing was delivered. Returns what
   * was cut off.
   *
   * @param {(number | null)[][]} data
   * @param {[number, number][]} outages
   */
  draw(data, outages) {
    const { top, cut } = ceiling(data.at(-1) ?? [], this.options.unit);
    this.#data = data;
    this.#outages = outages;
    this.#top = top;
    if (this.#plot === null) this.restyle();
    else this.#plot.setData(data);
    return cut;
  }

  /** Make it anew: the theme, or the language, is another. */
  restyle() {
    this.#plot?.destroy();
    this.#plot = new /** @type {any} */ (uPlot)(this.#options(), this.#data, this.place);
  }

  #resize() {
    const { width, height } = sizeOf(this.place);
    if (this.#plot !== null && width > 0) this.#plot.setSize({ width, height });
  }

  #options() {
    const style = this.options;
    const ink = colour(this.place, "--ink-soft");
    const line = colour(this.place, "--line");
    const colours = style.series.map((name) => colour(this.place, name));
    return {
      ...sizeOf(this.place),
      legend: { show: false },
      padding: [8, 30, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, points: { show: !style.isStacked } },
      scales: { x: { time: true, range: () => this.#span() }, y: { range: () => [0, this.#top] } },
      series: [
        {},
        ...colours.map((stroke) => ({
          stroke,
          width: 1.5,
          fill: alpha(stroke, style.isStacked ? 0.3 : 0.14),
          points: { show: false },
          spanGaps: false,
        })),
      ],
      bands: style.isStacked ? colours.slice(1).map((_, index) => ({ series: [index + 2, index + 1] })) : [],
      axes: [
        {
          stroke: ink,
          font: FONT,
          grid: { show: false },
          ticks: { show: false },
          size: 28,
          space: 70,
          values: (/** @type {any} */ _, /** @type {number[]} */ at) => at.map((second) => this.#time(second)),
        },
        {
          stroke: ink,
          font: FONT,
          grid: { stroke: line, width: 1 },
          ticks: { show: false },
          size: 62,
          space: 32,
          values: (/** @type {any} */ _, /** @type {number[]} */ at) => at.map((value) => this.#label(value)),
        },
      ],
      hooks: {
        drawClear: [(/** @type {any} */ plot) => this.#shade(plot)],
        setCursor: [(/** @type {any} */ plot) => style.onCursor?.(plot.cursor.idx ?? null)],
      },
    };
  }

  /** @param {number} value */
  #label(value) {
    if (value === 0) return "0";
    return `${number(value, locale(), value < 100 ? 1 : 0)}${this.options.unit === "milliseconds" ? " ms" : ""}`;
  }

  /** A time of day, with the seconds where minutes do not tell the times on the axis apart. @param {number} second */
  #time(second) {
    const [from, to] = this.#span();
    return clock(new Date(second * 1000)).slice(0, to - from > 400 ? 5 : 8);
  }

  #span() {
    const newest = this.#data[0].at(-1) ?? Date.now() / 1000;
    const span = Math.min(SPAN.most, Math.max(SPAN.least, newest - (this.#data[0][0] ?? newest)));
    return [newest - span, newest];
  }

  /** Outages are seen behind the curves. @param {any} plot */
  #shade(plot) {
    plot.ctx.save();
    plot.ctx.fillStyle = colour(this.place, "--bad-soft");
    for (const [from, to] of this.#outages) {
      const left = Math.max(plot.bbox.left, plot.valToPos(from, "x", true));
      const right = plot.valToPos(to + 1, "x", true);
      if (right > left) plot.ctx.fillRect(left, plot.bbox.top, Math.max(2, right - left), plot.bbox.height);
    }
    plot.ctx.restore();
  }
}

const FONT = "12px system-ui, sans-serif";

/** @param {HTMLElement} place */
function sizeOf(place) {
  const style = getComputedStyle(place);
  return {
    width: place.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight),
    height: place.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom),
  };
}

/**
 * The colour behind a name of the theme, for the light or dark in force.
 *
 * @param {HTMLElement} place
 * @param {string} name
 */
function colour(place, name) {
  const sample = document.createElement("i");
  sample.style.color = `var(${name})`;
  place.append(sample);
  const found = getComputedStyle(sample).color;
  sample.remove();
  return found;
}

/** @param {string} rgb @param {number} opacity */
const alpha = (rgb, opacity) =>
  rgb.replace(/^rgba?\(([^)]*)\)$/, (_, parts) => `rgba(${parts.split(",").slice(0, 3).join(",")}, ${opacity})`);
