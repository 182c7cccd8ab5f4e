/** The rows of a run as files: JSON as the command line writes it, CSV for spreadsheets, PNG of the chart for slides. */
import { contextOf } from "../page/dom.js";

/** @typedef {Record<string, unknown>} Row */

/** @param {Row[]} rows */
export const toJson = (rows) => new Blob([`${JSON.stringify(rows, null, 2)}\n`], { type: "application/json" });

/** @param {Row[]} rows @param {boolean} hasDecimalComma */
export const toCsv = (rows, hasDecimalComma) => new Blob([csv(rows, hasDecimalComma)], { type: "text/csv" });

/** Fields that are always empty in the lab, which draws no images by a seed and is no command. */
const EMPTY = ["seed", "command"];
/** Fields that sum up all cells of a row. They are left out of the lines of its cells. */
const SUMS = ["attempts", "already_target", "successes", "rate", "interval", "outcomes"];
/** Fields that are two numbers, or null if there are none. */
const PAIR = /(^|_)interval(_|$)/;

/**
 * A row in lines, in the order of the columns: what was measured, the figures, and how they were obtained. A row with
 * cells has a line for each cell.
 *
 * @param {Row} row
 * @returns {Row[]}
 */
function linesOf({ cells, ...row }) {
  for (const name of EMPTY) delete row[name];
  if (!Array.isArray(cells)) return [row];
  for (const name of SUMS) delete row[name];
  return cells.map((cell) => ({ ...row, ...cell }));
}

/**
 * The rows of the JSON file as lines of text. Nested values become columns of their own, and the list of images stays
 * one column.
 *
 * @param {Row[]} rows
 * @param {boolean} hasDecimalComma Whether numbers have a decimal comma, and fields are separated by semicolons, as
 *   spreadsheets in many languages expect it.
 */
export function csv(rows, hasDecimalComma = false) {
  const lines = rows.flatMap(linesOf).map((line) => flatten(line));
  const columns = [...new Set(lines.flatMap((line) => Object.keys(line)))];
  const separator = hasDecimalComma ? ";" : ",";
  const toText = (/** @type {unknown} */ value) =>
    quote(hasDecimalComma && typeof value === "number" ? `${value}`.replace(".", ",") : `${value ?? ""}`, separator);
  return (
    [columns, ...lines.map((line) => columns.map((column) => line[column]))]
      .map((line) => line.map(toText).join(separator))
      .join("\r\n") + "\r\n"
  );
}

/** @param {Row} row @param {string} [prefix] @returns {Row} */
function flatten(row, prefix = "") {
  return Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) => {
      const key = prefix + name;
      if (name === "drawn" && Array.isArray(value)) return [[key, value.join(" ")]];
      if (PAIR.test(name)) return [0, 1].map((place) => [`${key}_${place}`, /** @type {any} */ (value)?.[place]]);
      if (Array.isArray(value)) return value.map((each, place) => [`${key}_${place}`, each]);
      if (value !== null && typeof value === "object")
        return Object.entries(flatten(/** @type {Row} */ (value), `${key}_`));
      return [[key, value]];
    }),
  );
}

/**
 * Quotes a CSV field. A field that some spreadsheets would run as a formula gets an apostrophe first.
 *
 * @param {string} text
 * @param {string} separator
 */
function quote(text, separator) {
  const safe = /^[=+@\t\r]|^-(?![\d.,])/.test(text) ? `'${text}` : text;
  return /["\r\n]/.test(safe) || safe.includes(separator) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The CSS properties that a chart needs to look the same without the style sheets. */
const STYLES = /** @type {const} */ ([
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-linejoin",
  "font-family",
  "font-size",
  "font-weight",
  "opacity",
]);
const SCALE = 2;
const CAPTION_LINE_HEIGHT = 18;

/**
 * A chart as a PNG, with a caption below.
 *
 * @param {Element} chart
 * @param {string[]} caption
 */
export async function toPng(chart, caption) {
  const { width, height } = chart instanceof SVGSVGElement ? chart.viewBox.baseVal : chart.getBoundingClientRect();
  const canvas = document.createElement("canvas");
  canvas.width = SCALE * width;
  canvas.height = SCALE * (height + CAPTION_LINE_HEIGHT * caption.length + 12);
  const context = contextOf(canvas);
  const style = getComputedStyle(document.body);
  context.scale(SCALE, SCALE);
  context.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  if (chart instanceof SVGSVGElement) context.drawImage(await toImage(chart), 0, 0, width, height);
  else paintTable(context, chart);
  context.fillStyle = style.color;
  context.textAlign = "left";
  context.font = `12px ${style.fontFamily}`;
  caption.forEach((line, place) =>
    context.fillText(line, 8, height + CAPTION_LINE_HEIGHT * (place + 1) - 4, width - 16),
  );
  return new Promise((/** @type {(blob: Blob) => void} */ resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture could not be created.")))),
  );
}

/**
 * An SVG chart as an image. The page's style sheets do not apply to an image, so each element gets its computed styles
 * as attributes.
 *
 * @param {SVGSVGElement} chart
 */
async function toImage(chart) {
  const copy = /** @type {SVGSVGElement} */ (chart.cloneNode(true));
  const originals = [...chart.querySelectorAll("*")];
  [...copy.querySelectorAll("*")].forEach((element, place) => {
    const style = getComputedStyle(originals[place]);
    for (const name of STYLES) element.setAttribute(name, style.getPropertyValue(name));
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await image.decode();
  return image;
}

/**
 * Paints a heat map, which is a table: each cell at the place that it has on the page.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Element} table
 */
function paintTable(context, table) {
  const origin = table.getBoundingClientRect();
  context.textBaseline = "middle";
  for (const cell of /** @type {NodeListOf<HTMLElement>} */ (table.querySelectorAll("caption, th, td"))) {
    const { left, top, width, height } = cell.getBoundingClientRect();
    const style = getComputedStyle(cell);
    const [x, y] = [left - origin.left, top - origin.top];
    context.fillStyle = style.backgroundColor;
    context.fillRect(x, y, width, height);
    context.fillStyle = style.color;
    context.font = style.font;
    const isLeft = cell.tagName === "CAPTION";
    context.textAlign = isLeft ? "left" : "center";
    context.fillText(cell.innerText.replace(/\s*\n\s*/g, " · "), isLeft ? x : x + width / 2, y + height / 2, width);
  }
  context.textBaseline = "alphabetic";
}
