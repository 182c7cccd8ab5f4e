/**
 * An image as the network sees it, one value a square, with a sheet of marks laid over it. It shows
 * the image itself, how it differs from the untouched one, the gradient of the target's output, or
 * the saliency that the attack makes of it.
 */
import { colours, divergingScale, inkScale } from "./colours.js";
import { DATASETS, MNIST } from "./datasets.js";
import { must } from "./dom.js";
import { paintStrokes } from "./drawing.js";

const { side, features } = DATASETS[MNIST];

/**
 * @typedef {object} View
 * @property {Float32Array | null} image
 * @property {Uint8Array[] | null} strokes The drawing, until there is an image of it.
 * @property {Float32Array | null} original The image before the attack.
 * @property {Float32Array | null} map The gradient or the saliency.
 * @property {import("./state.js").Overlay} overlay
 * @property {boolean} marks
 * @property {number[] | null} chosen The features that are changed next.
 */

/** @param {HTMLElement} frame It holds the two canvases. */
export function createPicture(frame) {
  const pixels = must(".picture-pixels", HTMLCanvasElement, frame);
  const marks = must(".picture-marks", HTMLCanvasElement, frame);
  pixels.width = pixels.height = side;
  /** @type {unknown[]} */
  let drawn = [];

  /** @param {View} view */
  return (view) => {
    const now = [...Object.values(view), colours(), frame.clientWidth, devicePixelRatio];
    if (now.length === drawn.length && now.every((part, place) => part === drawn[place])) return;
    drawn = now;
    paintPixels(pixels, view);
    paintMarks(marks, view, frame.clientWidth * devicePixelRatio);
  };
}

/** The largest absolute value of a map; its colours are scaled to it. @param {Float32Array} map */
export const peak = (map) => map.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/**
 * What a panel has to show of a step.
 *
 * @param {import("./state.js").State} state
 * @param {import("./state.js").Side} panelSide
 * @param {import("./state.js").Step | null} step
 * @returns {View}
 */
export function viewOf({ overlay, marks, picture, strokes, panels }, panelSide, step) {
  const map = overlay === "saliency" ? step?.saliency : step?.gradient;
  return {
    image: step?.image ?? picture.pixels,
    strokes: picture.pixels || strokes.length === 0 ? null : strokes,
    original: panels[panelSide].steps[0]?.image ?? picture.pixels,
    map: map ?? null,
    overlay,
    marks,
    chosen: step?.chosen ?? null,
  };
}

/** One pixel of the canvas a feature. @param {HTMLCanvasElement} canvas @param {View} view */
export function paintPixels(canvas, { image, original, map, overlay }) {
  const context = canvas.getContext("2d");
  if (!context) return;
  const scale = colours();
  const data = context.createImageData(side, side);
  const most = map ? peak(map) : 0;
  for (let i = 0; i < features; i++) {
    const value = image?.[i] ?? 0;
    const colour = overlay === "image" ? inkScale(value, scale)
      : overlay === "perturbation" ? divergingScale(value - (original?.[i] ?? value), scale)
      : divergingScale(map && most > 0 ? map[i] / most : 0, scale);
    data.data.set([...colour, 255], 4 * i);
  }
  context.putImageData(data, 0, 0);
}

/** @param {HTMLCanvasElement} canvas @param {View} view @param {number} width */
export function paintMarks(canvas, { image, strokes, original, overlay, marks, chosen }, width) {
  const size = Math.max(1, Math.round(width));
  canvas.width = canvas.height = size;
  const context = canvas.getContext("2d");
  if (strokes) return paintStrokes(canvas, strokes, size);
  if (!context || !image) return;
  const cell = size / side;
  if (overlay !== "image") outline(context, original ?? image, cell);
  if (marks && original) {
    for (let i = 0; i < features; i++) if (image[i] !== original[i]) box(context, i, cell, overlay === "image" ? "changed" : "ink");
  }
  for (const feature of chosen ?? []) ring(context, feature, cell);
}

/** The digit's contour, so that a map can be read against it. @param {CanvasRenderingContext2D} context @param {Float32Array} image @param {number} cell */
function outline(context, image, cell) {
  const isInk = (/** @type {number} */ x, /** @type {number} */ y) => x < side && y < side && image[y * side + x] > 0.5;
  context.beginPath();
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (isInk(x, y) !== isInk(x + 1, y)) line(context, [x + 1, y, x + 1, y + 1], cell);
      if (isInk(x, y) !== isInk(x, y + 1)) line(context, [x, y + 1, x + 1, y + 1], cell);
    }
  }
  context.strokeStyle = colours().ink.css;
  context.lineWidth = Math.max(1, cell / 10);
  context.stroke();
}

/** @param {CanvasRenderingContext2D} context @param {number[]} ends @param {number} cell */
function line(context, [x0, y0, x1, y1], cell) {
  context.moveTo(x0 * cell, y0 * cell);
  context.lineTo(x1 * cell, y1 * cell);
}

/** A changed feature: a frame within its square, which leaves the value visible. @param {CanvasRenderingContext2D} context @param {number} feature @param {number} cell @param {"changed" | "ink"} colour */
function box(context, feature, cell, colour) {
  const [x, y] = [feature % side, Math.floor(feature / side)];
  const thick = Math.max(1, cell * (colour === "ink" ? 0.1 : 0.2));
  context.lineWidth = thick;
  context.strokeStyle = colours()[colour].css;
  context.strokeRect(x * cell + thick / 2, y * cell + thick / 2, cell - thick, cell - thick);
}

/** A feature that is changed next: a ring wider than its square, told from a frame by its shape. @param {CanvasRenderingContext2D} context @param {number} feature @param {number} cell */
function ring(context, feature, cell) {
  const [x, y] = [(feature % side) + 0.5, Math.floor(feature / side) + 0.5];
  for (const [colour, width] of /** @type {const} */ ([["halo", 0.55], ["next", 0.2]])) {
    context.beginPath();
    context.arc(x * cell, y * cell, cell * 0.66, 0, 2 * Math.PI);
    context.strokeStyle = colours()[colour].css;
    context.lineWidth = Math.max(1, cell * width);
    context.stroke();
  }
}
