/**
 * The lab's charts: line charts with intervals, bar charts and histograms in SVG, and heat maps as HTML tables. The
 * figures of the SVG charts are also in a table, so to a screen reader each is one image with a title.
 */
import { make } from "../page/dom.js";
import { makeSvg, svgText } from "../page/svg.js";

/**
 * @typedef {object} Point
 * @property {number} x
 * @property {number} y From 0 to 1.
 * @property {[number, number]} [interval]
 * @property {boolean} [isHollow] Whether in most of its attempts the gradient vanished.
 *
 * @typedef {object} Series
 * @property {string} name
 * @property {string} cssClass A class of lab.css, which sets the colour and the dashes.
 * @property {'circle' | 'square' | 'diamond' | 'triangle' | 'plus' | 'cross'} mark
 * @property {boolean} [isJoined] Whether a line connects the points.
 * @property {Point[]} points
 */

const WIDTH = 720;
const HEIGHT = 380;
const LEFT = 56;
const RIGHT = 16;
const TOP = 30;
const BOTTOM = 48;
/** The horizontal distance between the marks of two series at the same x. */
const SERIES_OFFSET = 4;

/**
 * A line chart of shares from 0 to 1 over a linear or logarithmic x axis.
 *
 * @param {object} chart
 * @param {Series[]} chart.series
 * @param {{ ticks: number[], isLog: boolean, label: string }} chart.x
 * @param {string} chart.y The label of the y axis.
 * @param {(share: number) => string} chart.format
 * @param {string} chart.title
 */
export function lineChart({ series, x, y, format, title }) {
  const svg = createSvg(WIDTH, HEIGHT, title);
  const [least, most] = [x.ticks[0], x.ticks[x.ticks.length - 1]];
  const along = (/** @type {number} */ value) =>
    x.isLog ? Math.log(value / least) / Math.log(most / least) : (value - least) / (most - least);
  const xOf = (/** @type {number} */ value) => LEFT + 12 + (WIDTH - LEFT - RIGHT - 24) * along(value);
  const yOf = (/** @type {number} */ share) => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share;
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(
      makeSvg("path", { class: "chart-grid", d: `M${LEFT} ${yOf(share)}H${WIDTH - RIGHT}` }),
      svgText(LEFT - 8, yOf(share) + 4, format(share), "end"),
    );
  }
  for (const tick of x.ticks) {
    svg.append(
      makeSvg("path", { class: "chart-axis", d: `M${xOf(tick)} ${HEIGHT - BOTTOM}v5` }),
      svgText(xOf(tick), HEIGHT - BOTTOM + 18, String(tick), "middle"),
    );
  }
  svg.append(makeSvg("path", { class: "chart-axis", d: `M${LEFT} ${HEIGHT - BOTTOM}H${WIDTH - RIGHT}` }));
  svg.append(svgText((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x.label, "middle"), svgText(8, 14, y, "start"));
  series.forEach(({ cssClass, mark, isJoined, points }, place) => {
    // The series are moved apart a little, so that marks of the same value do not hide each other.
    const offset = SERIES_OFFSET * (place - (series.length - 1) / 2);
    const group = makeSvg("g", { class: cssClass });
    const sorted = [...points].sort((a, b) => a.x - b.x);
    if (isJoined && sorted.length > 1)
      group.append(
        makeSvg("path", {
          class: "chart-line",
          d: `M${sorted.map((point) => `${(xOf(point.x) + offset).toFixed(1)} ${yOf(point.y).toFixed(1)}`).join("L")}`,
        }),
      );
    for (const point of sorted) {
      const at = xOf(point.x) + offset;
      if (point.interval)
        group.append(
          makeSvg("path", {
            class: "chart-interval",
            d: `M${at} ${yOf(point.interval[0])}V${yOf(point.interval[1])}M${at - 4} ${yOf(point.interval[0])}h8M${at - 4} ${yOf(point.interval[1])}h8`,
          }),
        );
      group.append(
        makeSvg("path", {
          class: `chart-mark${point.isHollow ? " is-hollow" : ""}`,
          d: markAt(mark, at, yOf(point.y)),
        }),
      );
    }
    svg.append(group);
  });
  return svg;
}

/** The legend of a line chart: each series' mark with its name. @param {Series[]} series */
export function legend(series) {
  return series.map(({ name, cssClass, mark, isJoined }) => {
    const group = makeSvg("g", { class: cssClass });
    if (isJoined) group.append(makeSvg("path", { class: "chart-line", d: "M1 6H27" }));
    group.append(makeSvg("path", { class: "chart-mark", d: markAt(mark, 14, 6) }));
    return legendEntry(group, name);
  });
}

/** The legend of a bar chart or of histograms: each kind of bar with its name. @param {{ name: string, cssClass: string }[]} bars */
export const barLegend = (bars) =>
  bars.map(({ name, cssClass }) =>
    legendEntry(makeSvg("rect", { class: cssClass, x: "1", y: "1", width: "26", height: "10" }), name),
  );

/** @param {SVGElement} sign @param {string} name */
function legendEntry(sign, name) {
  const svg = createSvg(28, 12, "");
  svg.append(sign);
  svg.setAttribute("aria-hidden", "true");
  return make("span", { class: "chart-key" }, svg, name);
}

/**
 * Horizontal bars. A row has a name, a text and one bar for each of its figures.
 *
 * @param {object} chart
 * @param {{ name: string, bars: { share: number, interval?: [number, number] | null, cssClass: string }[], text: string }[]}
 * chart.rows
 * @param {number} chart.most The share that fills the whole width.
 * @param {number} [chart.cap] The share at which a vertical line crosses all bars.
 * @param {string} chart.title
 */
export function barChart({ rows, most, cap, title }) {
  const [head, bar, left, width] = [22, 11, 8, WIDTH - 16];
  const height = rows.reduce((sum, { bars }) => sum + head + bar * bars.length + 6, 0);
  const svg = createSvg(WIDTH, height + 8, title);
  const widthOf = (/** @type {number} */ share) => Math.min(1, share / most) * width;
  let top = 0;
  for (const { name, bars, text } of rows) {
    svg.append(svgText(left, top + 16, name, "start"), svgText(left + width, top + 16, text, "end"));
    bars.forEach(({ share, interval, cssClass }, which) => {
      const y = top + head + which * bar;
      svg.append(
        makeSvg("rect", {
          class: cssClass,
          x: String(left),
          y: String(y),
          width: Math.max(1, widthOf(share)).toFixed(1),
          height: String(bar - 2),
        }),
      );
      if (interval) {
        const [from, to] = interval.map((end) => left + widthOf(Math.max(0, end)));
        svg.append(
          makeSvg("path", { class: "chart-whisker", d: `M${from} ${y + 4.5}H${to}m0 -3v6M${from} ${y + 1.5}v6` }),
        );
      }
    });
    // The line is interrupted between the rows, so that it does not cross their texts.
    if (cap !== undefined)
      svg.append(
        makeSvg("path", {
          class: "chart-cap",
          d: `M${left + widthOf(cap)} ${top + head - 3}v${bar * bars.length + 4}`,
        }),
      );
    top += head + bar * bars.length + 6;
  }
  return svg;
}

/**
 * One histogram for each network, all with the same bins. If a network was measured twice, each bin has two bars.
 *
 * @param {object} chart
 * @param {string[]} chart.bins
 * @param {{ name: string, bars: { shares: number[], cssClass: string }[], text: string }[]} chart.rows
 * @param {string} chart.title
 */
export function histograms({ bins, rows, title }) {
  const [rowHeight, binWidth] = [96, (WIDTH - 16) / bins.length];
  const svg = createSvg(WIDTH, rows.length * rowHeight + 24, title);
  rows.forEach(({ name, bars, text }, place) => {
    const bottom = place * rowHeight + 88;
    svg.append(
      svgText(8, place * rowHeight + 16, name, "start"),
      svgText(WIDTH - 8, place * rowHeight + 16, text, "end"),
    );
    const width = (binWidth - 8) / bars.length;
    bars.forEach(({ shares, cssClass }, which) =>
      shares.forEach((share, at) => {
        const height = share * 50;
        const left = 8 + at * binWidth + 4 + which * width;
        svg.append(
          makeSvg("rect", {
            class: cssClass,
            x: left.toFixed(1),
            y: (bottom - height).toFixed(1),
            width: (width - 1).toFixed(1),
            height: height.toFixed(1),
          }),
        );
        if (share >= 0.005)
          svg.append(svgText(left + width / 2, bottom - height - 3, String(Math.round(share * 100)), "middle"));
      }),
    );
    svg.append(makeSvg("path", { class: "chart-axis", d: `M8 ${bottom}H${WIDTH - 8}` }));
  });
  bins.forEach((name, at) =>
    svg.append(svgText(8 + (at + 0.5) * binWidth, rows.length * rowHeight + 12, name, "middle")),
  );
  return svg;
}

/**
 * A table whose cells are shaded by their share. Cells with `onOpen` are buttons.
 *
 * @param {object} chart
 * @param {string} chart.caption
 * @param {string} chart.corner The heading of the first column.
 * @param {string[]} chart.columns
 * @param {{ name: string, cells: ({ share: number | null, text: string, label: string, note?: string, isVanished?: boolean, isFew?: boolean, onOpen?: () => void } | null)[] }[]}
 * chart.rows
 */
export function heatMap({ caption, corner, columns, rows }) {
  return make(
    "table",
    { class: "heat" },
    make("caption", {}, caption),
    make(
      "thead",
      {},
      make(
        "tr",
        {},
        make("th", { scope: "col" }, corner),
        ...columns.map((name) => make("th", { scope: "col" }, name)),
      ),
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
            const content = [text, ...(note ? [" ", make("span", { class: "heat-note" }, note)] : [])];
            const marks = { ...(isVanished ? { "data-vanished": "" } : {}), ...(isFew ? { "data-few": "" } : {}) };
            // The style sheet has eleven shades; the page's Content-Security-Policy allows no style attributes.
            const shade = share === null ? "none" : String(Math.round(10 * Math.min(1, Math.max(0, share))));
            if (!onOpen) return make("td", { "data-shade": shade, ...marks }, ...content);
            // The accessible name contains the visible text, so that voice control can find the button by it.
            const button = make(
              "button",
              { type: "button", "aria-label": note ? `${label} ${text} ${note}` : label },
              ...content,
            );
            button.addEventListener("click", onOpen);
            return make("td", { "data-shade": shade, ...marks }, button);
          }),
        ),
      ),
    ),
  );
}

/** @param {number} width @param {number} height @param {string} title */
function createSvg(width, height, title) {
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
