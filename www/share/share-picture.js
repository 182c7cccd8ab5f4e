/** The share picture: both panels and their verdicts in one PNG, still or animated, with settings and link below. */

import { createPng } from "../codecs/apng.js";
import { ATTACKS, isUntargeted } from "../domain/attacks.js";
import { DATASETS } from "../domain/datasets.js";
import { readsBack } from "../page/canvas.js";
import { contextOf } from "../page/dom.js";
import { className, language, percent, t } from "../page/i18n.js";
import { formatProbability } from "../panels/bars.js";
import { summary } from "../panels/controls.js";
import { coloursOf, paintMarks, paintPixels, viewOf } from "../panels/picture.js";
import { lastIteration, stepAt } from "../session/player.js";
import { SIDES } from "../session/state.js";
import { panelName, verdict } from "../session/verdict.js";

/** @typedef {import("../session/state.js").State} State */
/** @typedef {import("../session/state.js").Side} Side */
/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {import("../domain/datasets.js").Dataset} Dataset */

const WIDTH = 960;
const HEIGHT = 560;
const MARGIN = 32;
const COLUMN = (WIDTH - 3 * MARGIN) / 2;
/** The greatest width of an image on the picture; the actual width is a multiple of the image's own. */
const IMAGE_SIZE = 288;

const FRAME_MS = 120;
/** How long the last frame stays before the animation starts again. */
const LAST_FRAME_MS = 2500;
/** If a run has more steps than this, some steps are left out of the animation. */
const MAX_FRAMES = 120;

/** The shown step as a PNG. @param {State} state @param {string} link */
export async function stillPicture(state, link) {
  const context = createContext();
  const png = createPng({ width: WIDTH, height: HEIGHT, texts: { Source: link } });
  await png.still(paint(context, state, state.shown, link));
  return png.finish();
}

/**
 * The whole run as an animated PNG. Programs that do not animate it show the step that the page shows.
 *
 * @param {State} state
 * @param {string} link
 * @param {(share: number) => void} onProgress
 */
export async function animatedPicture(state, link, onProgress) {
  const context = createContext();
  const last = lastIteration(state);
  const count = Math.min(MAX_FRAMES, last + 1);
  const png = createPng({ width: WIDTH, height: HEIGHT, frames: count, texts: { Source: link } });
  await png.still(paint(context, state, state.shown, link));
  for (let frame = 0; frame < count; frame++) {
    const shown = count === 1 ? last : Math.round((frame * last) / (count - 1));
    await png.frame(paint(context, state, shown, link), frame === count - 1 ? LAST_FRAME_MS : FRAME_MS);
    onProgress((frame + 1) / count);
    await new Promise((resolve) => setTimeout(resolve));
  }
  return png.finish();
}

/**
 * A thumbnail: both images side by side, one pixel for each of theirs; small enough for a `data:` address in HTML.
 *
 * @param {State} state
 */
export async function thumbnail(state) {
  const { side: height } = DATASETS[state.data];
  const width = 2 * height + 1;
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  SIDES.forEach((side, place) => {
    const view = viewOf(state, side, stepAt(state.panels[side], state.shown));
    const colours = coloursOf({ ...view, overlay: "image", channel: "all" });
    for (let y = 0; y < height; y++)
      rgba.set(colours.subarray(4 * y * height, 4 * (y + 1) * height), 4 * (y * width + place * (height + 1)));
  });
  const png = createPng({ width, height });
  await png.still(rgba);
  return png.finish();
}

function createContext() {
  if (!readsBack()) throw new Error(t("share.protected"));
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  return contextOf(canvas, { willReadFrequently: true });
}

/** @param {Context} context @param {State} state @param {number} shown @param {string} link */
function paint(context, state, shown, link) {
  const style = getComputedStyle(document.documentElement);
  const read = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  const ink = {
    paper: read("paper"),
    text: read("ink"),
    soft: read("soft"),
    line: read("line"),
    edge: read("edge"),
    source: read("source"),
    target: read("target"),
    sans: read("sans"),
    serif: read("serif"),
  };
  context.fillStyle = ink.paper;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.textBaseline = "alphabetic";
  SIDES.forEach((side, place) => paintPanel(context, state, side, shown, MARGIN + place * (COLUMN + MARGIN), ink));
  paintCaption(context, state, shown, link, ink);
  return context.getImageData(0, 0, WIDTH, HEIGHT).data;
}

/**
 * @typedef {Record<'paper' | 'text' | 'soft' | 'line' | 'edge' | 'source' | 'target' | 'sans' | 'serif', string>} Ink
 */

/**
 * @param {Context} context
 * @param {State} state
 * @param {Side} side
 * @param {number} shown
 * @param {number} left
 * @param {Ink} ink
 */
function paintPanel(context, state, side, shown, left, ink) {
  const panel = state.panels[side];
  const step = stepAt(panel, shown);
  context.fillStyle = ink.text;
  context.font = `600 20px ${ink.serif}`;
  context.fillText(panelName(state, side), left, 44, COLUMN - 110);
  context.font = `13px ${ink.sans}`;
  context.fillStyle = ink.soft;
  context.textAlign = "right";
  if (panel.model) context.fillText(percent(panel.model.test_accuracy), left + COLUMN, 44);
  context.textAlign = "left";
  context.fillStyle = ink.text;
  context.fillRect(left, 54, COLUMN, 1);

  const top = 68;
  const view = viewOf(state, side, step);
  const dataset = DATASETS[state.data];
  const size = Math.floor(IMAGE_SIZE / dataset.side) * dataset.side;
  const pixels = document.createElement("canvas");
  const marks = document.createElement("canvas");
  paintPixels(pixels, view);
  paintMarks(marks, view, size);
  context.imageSmoothingEnabled = false;
  context.drawImage(pixels, left, top, size, size);
  context.drawImage(marks, left, top);
  context.strokeStyle = ink.edge;
  context.lineWidth = 1;
  context.strokeRect(left - 0.5, top - 0.5, size + 1, size + 1);

  const now = step ?? panel.reading;
  const source = panel.steps[0]?.label ?? now?.label;
  if (now)
    paintBars(
      context,
      dataset,
      now.probabilities,
      { left: left + size + 16, top, width: COLUMN - size - 16, height: size },
      (place) => (place === state.target ? ink.target : place === source ? ink.source : ink.edge),
      now.label,
      ink,
    );

  const { text, tone } = verdict(state, side, shown);
  const wordsTop = top + size + 16;
  context.fillStyle = { fooled: ink.target, still: ink.source, vanished: ink.text, quiet: ink.line }[tone];
  // A vanished gradient is neither success nor failure: its line is dashed, as on the page.
  const dash = tone === "vanished" ? 3 : 66;
  for (let y = 0; y < 66; y += 2 * dash) context.fillRect(left, wordsTop + y, 3, dash);
  context.fillStyle = ink.text;
  context.font = `16px ${ink.serif}`;
  paintLines(context, segments(text, "word"), {
    x: left + 14,
    y: wordsTop + 15,
    width: COLUMN - 14,
    height: 21,
    most: 4,
  });
}

/**
 * Paints a bar for each class. CIFAR-10's class names are long, so its bars lie below the names instead of beside them.
 *
 * @param {Context} context
 * @param {Dataset} dataset
 * @param {number[]} probabilities
 * @param {{ left: number, top: number, width: number, height: number }} area
 * @param {(place: number) => string} colour
 * @param {number} label
 * @param {Ink} ink
 */
function paintBars(context, dataset, probabilities, { left, top, width, height }, colour, label, ink) {
  probabilities.forEach((probability, place) => {
    const y = top + (height / probabilities.length) * place;
    const isBelow = dataset.channels > 1;
    context.font = `${place === label ? "700 " : ""}13px ${ink.sans}`;
    context.fillStyle = ink.text;
    context.fillText(className(dataset, place), left, y + 18);
    context.textAlign = "right";
    context.fillText(formatProbability(probability), left + width, y + 18);
    context.textAlign = "left";
    context.fillStyle = colour(place);
    if (isBelow) context.fillRect(left, y + 22, Math.max(1, width * probability), 4);
    else context.fillRect(left + 14, y + 8, Math.max(1, (width - 74) * probability), 12);
  });
}

/** @param {Context} context @param {State} state @param {number} shown @param {string} link @param {Ink} ink */
function paintCaption(context, state, shown, link, ink) {
  const last = lastIteration(state);
  context.fillStyle = ink.line;
  context.fillRect(MARGIN, 476, WIDTH - 2 * MARGIN, 1);
  context.fillStyle = ink.text;
  context.font = `13px ${ink.sans}`;
  const target = isUntargeted(state.settings)
    ? []
    : [t("share.target", { target: className(DATASETS[state.data], state.target) })];
  const parts = [
    summary(state.settings),
    ...target,
    ...(last > 0 ? [t(`transport.position.${ATTACKS[state.settings.attack].changes}`, { shown, last })] : []),
  ];
  context.fillText(parts.join(" · "), MARGIN, 498, WIDTH - 2 * MARGIN);
  context.fillStyle = ink.soft;
  context.font = `12px ${ink.sans}`;
  // An address on localhost is of no use to others, so only its hash is printed.
  const { hostname, hash } = new URL(link);
  paintLines(context, segments(hostname === "localhost" ? hash : link, "grapheme"), {
    x: MARGIN,
    y: 518,
    width: WIDTH - 2 * MARGIN,
    height: 16,
    most: 2,
  });
}

/**
 * The pieces of a text between which a line may be broken. Firefox has `Intl.Segmenter` from version 125. Before, a line
 * is broken after a space or beside a character of Chinese or Japanese.
 *
 * @param {string} text
 * @param {"word" | "grapheme"} granularity
 */
function segments(text, granularity) {
  if (typeof Intl.Segmenter === "function")
    return Array.from(new Intl.Segmenter(language(), { granularity }).segment(text), ({ segment }) => segment);
  if (granularity === "grapheme") return Array.from(text);
  return text.match(/[^\s\u3000-\u9fff\uff00-\uffef]+\s*|./gsu) ?? [];
}

/**
 * Paints text in lines that fit the area's width. Of more than `most` lines the rest is cut off, with an ellipsis.
 *
 * @param {Context} context
 * @param {string[]} pieces
 * @param {{ x: number, y: number, width: number, height: number, most: number }} area
 */
function paintLines(context, pieces, { x, y, width, height, most }) {
  const lines = [""];
  for (const segment of pieces) {
    const longer = lines[lines.length - 1] + segment;
    if (context.measureText(longer.trimEnd()).width <= width) lines[lines.length - 1] = longer;
    else lines.push(segment.trimStart());
  }
  if (lines.length > most) lines[most - 1] = `${lines[most - 1].trimEnd().slice(0, -2)}…`;
  lines.slice(0, most).forEach((line, place) => context.fillText(line.trimEnd(), x, y + place * height));
}
