/** The rows of a run as files: JSON as the command line writes it, CSV for spreadsheets, PNG of the chart for slides. */
import { contextOf } from "../page/dom.js";

/** @typedef {Record<string, unknown>} Row */

/** @param {Row[]} rows */
export const toJson = (rows) => new Blob([`${JSON.stringify(rows, null, 2)}\n`], { type: "application/json" });

/** @param {Row[]} rows */
export const toCsv = (rows) => new Blob([csv(rows)], { type: "text/csv" });

/**
 * One line for each row, or for each cell of a row that has cells. Nested values become columns of their own.
 *
 * @param {Row[]} rows
 */
export function csv(rows) {
  const lines = rows
    .flatMap(({ cells, drawn, ...row }) =>
      Array.isArray(cells) ? cells.map((cell) => ({ ...sharedFields(row), ...cell })) : [row],
    )
    .map((row) => flatten(row));
  const columns = [...new Set(lines.flatMap((line) => Object.keys(line)))];
  return (
    [columns, ...lines.map((line) => columns.map((column) => line[column]))]
      .map((line) => line.map(quote).join(","))
      .join("\r\n") + "\r\n"
  );
}

/** The fields of a row that are repeated for each of its cells. @param {Row} row */
const sharedFields = ({
  dataset,
  model,
  role,
  temperature,
  scale,
  attack,
  attack_temperature,
  partial,
  images,
  planned,
  engine,
  model_sha256,
  date,
}) => ({
  dataset,
  model,
  role,
  temperature,
  scale,
  attack,
  attack_temperature,
  partial,
  images,
  planned,
  engine,
  model_sha256,
  date,
});

/** @param {Row} row @param {string} [prefix] @returns {Record<string, string>} */
function flatten(row, prefix = "") {
  return Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) => {
      const key = prefix + name;
      if (Array.isArray(value)) return value.map((each, place) => [`${key}_${place}`, String(each)]);
      if (value !== null && typeof value === "object")
        return Object.entries(flatten(/** @type {Row} */ (value), `${key}_`));
      return [[key, value === null || value === undefined ? "" : String(value)]];
    }),
  );
}

/** Quotes a CSV field. A field that some spreadsheets would run as a formula gets an apostrophe first. @param {string | undefined} text */
function quote(text = "") {
  const safe = /^[=+@\t\r]|^-(?![\d.])/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
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
