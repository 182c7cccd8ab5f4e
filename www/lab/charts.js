/**
 * Charts by hand, in SVG: lines with intervals, bars, small histograms, heat maps. What they show is also in a table,
 * so they are pictures to those who hear the page.
 */
import { make } from "../page/dom.js";
import { makeSvg, svgText } from "../page/svg.js";

/**
 * @typedef {object} Point
 * @property {number} x
 * @property {number} y From 0 to 1.
 * @property {[number, number]} [interval]
 * @property {boolean} [isHollow] Whether most of its attempts ended without a gradient.
 *
 * @typedef {object} Series
 * @property {string} name
 * @property {string} look A class of lab.css: its colour and dashes.
 * @property {'circle' | 'square' | 'diamond' | 'triangle' | 'plus' | 'cross'} mark
 * @property {boolean} [isJoined] Whether a line leads through the points.
 * @property {Point[]} points
 */

const WIDTH = 720;
const HEIGHT = 380;
const LEFT = 56;
const RIGHT = 16;
const TOP = 30;
const BOTTOM = 48;
const DODGE = 4;

/**
 * Shares against something, on a plain or a logarithmic axis.
 *
 * @param {object} what
 * @param {Series[]} what.series
 * @param {{ ticks: number[], isLog: boolean, label: string }} what.x
 * @param {string} what.y
 * @param {(share: number) => string} what.format
 * @param {string} what.title
 */
export function lineChart({ series, x, y, format, title }) {
  const svg = sheet(WIDTH, HEIGHT, title);
  const [least, most] = [x.ticks[0], x.ticks[x.ticks.length - 1]];
  const along = (/** @type {number} */ value) =>
    x.isLog ? Math.log(value / least) / Math.log(most / least) : (value - least) / (most - least);
  const across = (/** @type {number} */ value) => LEFT + 12 + (WIDTH - LEFT - RIGHT - 24) * along(value);
  const up = (/** @type {number} */ share) => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share;
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(
      makeSvg("path", { class: "chart-grid", d: `M${LEFT} ${up(share)}H${WIDTH - RIGHT}` }),
      svgText(LEFT - 8, up(share) + 4, format(share), "end"),
    );
  }
  for (const tick of x.ticks) {
    svg.append(
      makeSvg("path", { class: "chart-axis", d: `M${across(tick)} ${HEIGHT - BOTTOM}v5` }),
      svgText(across(tick), HEIGHT - BOTTOM + 18, String(tick), "middle"),
    );
  }
  svg.append(makeSvg("path", { class: "chart-axis", d: `M${LEFT} ${HEIGHT - BOTTOM}H${WIDTH - RIGHT}` }));
  svg.append(svgText((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x.label, "middle"), svgText(8, 14, y, "start"));
  series.forEach(({ look, mark, isJoined, points }, place) => {
    // What lies at the same place is moved apart a little, so that no mark hides another.
    const aside = DODGE * (place - (series.length - 1) / 2);
    const group = makeSvg("g", { class: look });
    const sorted = [...points].sort((a, b) => a.x - b.x);
    if (isJoined && sorted.length > 1)
      group.append(
        makeSvg("path", {
          class: "chart-line",
          d: `M${sorted.map((point) => `${(across(point.x) + aside).toFixed(1)} ${up(point.y).toFixed(1)}`).join("L")}`,
        }),
      );
    for (const point of sorted) {
      const at = across(point.x) + aside;
      if (point.interval)
        group.append(
          makeSvg("path", {
            class: "chart-interval",
            d: `M${at} ${up(point.interval[0])}V${up(point.interval[1])}M${at - 4} ${up(point.interval[0])}h8M${at - 4} ${up(point.interval[1])}h8`,
          }),
        );
      group.append(
        makeSvg("path", { class: `chart-mark${point.isHollow ? " is-hollow" : ""}`, d: markAt(mark, at, up(point.y)) }),
      );
    }
    svg.append(group);
  });
  return svg;
}

/** What the marks of a chart mean. @param {Series[]} series */
export function legend(series) {
  return series.map(({ name, look, mark, isJoined }) => {
    const group = makeSvg("g", { class: look });
    if (isJoined) group.append(makeSvg("path", { class: "chart-line", d: "M1 6H27" }));
    group.append(makeSvg("path", { class: "chart-mark", d: markAt(mark, 14, 6) }));
    return key(group, name);
  });
}

/** What the bars of a chart mean. @param {{ name: string, look: string }[]} bars */
export const barLegend = (bars) =>
  bars.map(({ name, look }) => key(makeSvg("rect", { class: look, x: "1", y: "1", width: "26", height: "10" }), name));

/** @param {SVGElement} sign @param {string} name */
function key(sign, name) {
  const svg = sheet(28, 12, "");
  svg.append(sign);
  svg.setAttribute("aria-hidden", "true");
  return make("span", { class: "chart-key" }, svg, name);
}

/**
 * Bars, one under the other, as many of them as there are figures.
 *
 * @param {object} what
 * @param {{ name: string, bars: { share: number, interval?: [number, number] | null, look: string }[], words: string }[]}
 * what.rows
 * @param {number} what.most What the whole width stands for.
 * @param {number} [what.cap] A line across all bars.
 * @param {string} what.title
 */
export function barChart({ rows, most, cap, title }) {
  const [head, bar, left, width] = [22, 11, 8, WIDTH - 16];
  const tall = rows.reduce((sum, { bars }) => sum + head + bar * bars.length + 6, 0);
  const svg = sheet(WIDTH, tall + 8, title);
  const wide = (/** @type {number} */ share) => Math.min(1, share / most) * width;
  let top = 0;
  for (const { name, bars, words: said } of rows) {
    svg.append(svgText(left, top + 16, name, "start"), svgText(left + width, top + 16, said, "end"));
    bars.forEach(({ share, interval, look }, which) => {
      const y = top + head + which * bar;
      svg.append(
        makeSvg("rect", {
          class: look,
          x: String(left),
          y: String(y),
          width: Math.max(1, wide(share)).toFixed(1),
          height: String(bar - 2),
        }),
      );
      if (interval) {
        const [from, to] = interval.map((end) => left + wide(Math.max(0, end)));
        svg.append(
          makeSvg("path", { class: "chart-whisker", d: `M${from} ${y + 4.5}H${to}m0 -3v6M${from} ${y + 1.5}v6` }),
        );
      }
    });
    // Beside the bars alone: it would cross out the figures above them.
    if (cap !== undefined)
      svg.append(
        makeSvg("path", { class: "chart-cap", d: `M${left + wide(cap)} ${top + head - 3}v${bar * bars.length + 4}` }),
      );
    top += head + bar * bars.length + 6;
  }
  return svg;
}

/**
 * One histogram a network, on the same bins; where it was measured twice, the bars stand side by side.
 *
 * @param {object} what
 * @param {string[]} what.bins
 * @param {{ name: string, bars: { shares: number[], look: string }[], words: string }[]} what.rows
 * @param {string} what.title
 */
export function histograms({ bins, rows, title }) {
  const [row, bin] = [96, (WIDTH - 16) / bins.length];
  const svg = sheet(WIDTH, rows.length * row + 24, title);
  rows.forEach(({ name, bars, words: said }, place) => {
    const floor = place * row + 88;
    svg.append(svgText(8, place * row + 16, name, "start"), svgText(WIDTH - 8, place * row + 16, said, "end"));
    const wide = (bin - 8) / bars.length;
    bars.forEach(({ shares, look }, which) =>
      shares.forEach((share, at) => {
        const tall = share * 50;
        const left = 8 + at * bin + 4 + which * wide;
        svg.append(
          makeSvg("rect", {
            class: look,
            x: left.toFixed(1),
            y: (floor - tall).toFixed(1),
            width: (wide - 1).toFixed(1),
            height: tall.toFixed(1),
          }),
        );
        if (share >= 0.005)
          svg.append(svgText(left + wide / 2, floor - tall - 3, String(Math.round(share * 100)), "middle"));
      }),
    );
    svg.append(makeSvg("path", { class: "chart-axis", d: `M8 ${floor}H${WIDTH - 8}` }));
  });
  bins.forEach((name, at) => svg.append(svgText(8 + (at + 0.5) * bin, rows.length * row + 12, name, "middle")));
  return svg;
}

/**
 * A table whose cells are coloured by what they hold; those with something behind them are buttons.
 *
 * @param {object} what
 * @param {string} what.caption
 * @param {string} what.corner
 * @param {string[]} what.across
 * @param {{ name: string, cells: ({ share: number | null, text: string, label: string, note?: string, isVanished?: boolean, isFew?: boolean, onOpen?: () => void } | null)[] }[]}
 * what.rows
 */
export function heatMap({ caption, corner, across, rows }) {
  return make(
    "table",
    { class: "heat" },
    make("caption", {}, caption),
    make(
      "thead",
      {},
      make("tr", {}, make("th", { scope: "col" }, corner), ...across.map((name) => make("th", { scope: "col" }, name))),
    ),
    make(
      "tbody",
      {},
      ...rows.map(({ name, cells }) =>
        make(
          "tr",
          {},
          make("th", { scope: "row" }, name),
          ...cells.map((cell) => {
            if (!cell) return make("td", { class: "heat-none" }, "–");
            const { share, text, label, note, isVanished, isFew, onOpen } = cell;
            const said = [text, ...(note ? [" ", make("span", { class: "heat-note" }, note)] : [])];
            const about = { ...(isVanished ? { "data-vanished": "" } : {}), ...(isFew ? { "data-few": "" } : {}) };
            // Eleven shades, named in the style sheet, since the page's policy allows no style attributes.
            const shade = share === null ? "none" : String(Math.round(10 * Math.min(1, Math.max(0, share))));
            if (!onOpen) return make("td", { "data-shade": shade, ...about }, ...said);
            // What is seen is part of what is said, so that who speaks to the page can say it.
            const button = make(
              "button",
              { type: "button", "aria-label": note ? `${label} ${text} ${note}` : label },
              ...said,
            );
            button.addEventListener("click", onOpen);
            return make("td", { "data-shade": shade, ...about }, button);
          }),
        ),
      ),
    ),
  );
}

/** @param {number} width @param {number} height @param {string} title */
function sheet(width, height, title) {
  const svg = /** @type {SVGSVGElement} */ (
    makeSvg("svg", {
      viewBox: `0 0 ${width} ${height}`,
      width: String(width),
      height: String(height),
      class: "chart",
      ...(title ? { role: "img", "aria-label": title } : {}),
    })
  );
  return svg;
}

/** @param {Series["mark"]} mark @param {number} x @param {number} y */
function markAt(mark, x, y) {
  const at = `M${x.toFixed(1)} ${y.toFixed(1)}`;
  if (mark === "plus") return `${at}m-6 0h12m-6 -6v12`;
  if (mark === "cross") return `${at}m-5 -5l10 10m0 -10l-10 10`;
  if (mark === "square") return `${at}m-4.5 -4.5h9v9h-9z`;
  if (mark === "diamond") return `${at}m0 -6l6 6l-6 6l-6 -6z`;
  if (mark === "triangle") return `${at}m0 -6l6 10h-12z`;
  return `${at}m-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z`;
}
