/**
 * Draws an image on two canvases: the pixels, and the marks over them. The pixels show the image itself, its
 * difference from the original, the gradient of the target's output, or the saliency map. For a colour image
 * one channel or all channels can be shown; a map of all channels shows, at each pixel, the value of
 * the channel where its absolute value is largest.
 */

import { CHANNELS, DATASETS, positionOf } from "../domain/datasets.js";
import { colours, divergingScale, inkScale } from "../page/colours.js";
import { must } from "../page/dom.js";

/**
 * @typedef {object} View
 * @property {import("../domain/datasets.js").Dataset} dataset
 * @property {Float32Array | null} image
 * @property {Uint8Array[] | null} strokes The drawing, as long as its image has not been computed.
 * @property {Float32Array | null} original The image before the attack.
 * @property {Float32Array | null} map The gradient or the saliency.
 * @property {import("../session/state.js").Overlay} overlay
 * @property {import("../session/state.js").Channel} channel Which channels of a colour image are shown.
 * @property {boolean} marks
 * @property {number[] | null} chosen The features that are changed next.
 */

/** @param {HTMLElement} frame The element with the two canvases. */
export function createPicture(frame) {
  const pixels = must(".picture-pixels", HTMLCanvasElement, frame);
  const marks = must(".picture-marks", HTMLCanvasElement, frame);
  /** @type {unknown[]} */
  let drawn = [];

  /** @param {View} view */
  return (view) => {
    const now = [...Object.values(view), colours(), frame.clientWidth, devicePixelRatio];
    if (now.length === drawn.length && now.every((part, index) => part === drawn[index])) return;
    drawn = now;
    paintPixels(pixels, view);
    paintMarks(marks, view, frame.clientWidth * devicePixelRatio);
  };
}

/** The largest absolute value of a map. The colours are scaled to it. @param {Float32Array} map */
export const peak = (map) => map.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/**
 * What the picture of a panel shows at a step.
 *
 * @param {import("../session/state.js").State} state
 * @param {import("../session/state.js").Side} panelSide
 * @param {import("../session/state.js").Step | null} step
 * @returns {View}
 */
export function viewOf(state, panelSide, step) {
  const { data, overlay, channel, marks, picture, strokes, panels } = state;
  return {
    dataset: DATASETS[data],
    image: step?.image ?? picture.pixels,
    strokes: picture.pixels || strokes.length === 0 ? null : strokes,
    original: panels[panelSide].steps[0]?.image ?? picture.pixels,
    map: mapOf(state, panelSide, step).map,
    overlay,
    channel,
    marks,
    chosen: step?.chosen ?? null,
  };
}

/**
 * The gradient or saliency map to show with a step. The last step of an attack may have none of its own; then it
 * is that of the last step before.
 *
 * @param {import("../session/state.js").State} state
 * @param {import("../session/state.js").Side} panelSide
 * @param {import("../session/state.js").Step | null} step
 * @returns {{ map: Float32Array | null, isEarlier: boolean }}
 */
export function mapOf({ overlay, panels }, panelSide, step) {
  if (!step || (overlay !== "gradient" && overlay !== "saliency")) return { map: null, isEarlier: false };
  const { steps } = panels[panelSide];
  const last = step.outcome ? steps.filter((each) => each[overlay]).at(-1) : step;
  return { map: last?.[overlay] ?? null, isEarlier: Boolean(last) && last !== step };
}

/** If a larger share of the pixels has changed, they are not framed: the frames would hide the picture. */
const MAX_FRAMED = 0.2;

/** The pixels that differ from the original in a shown channel. @param {View} view */
function changedPixels(view) {
  const {
    dataset: { side },
    image,
    original,
  } = view;
  const count = side * side;
  if (!image || !original) return [];
  return Array.from({ length: count }, (_, pixel) => ({
    pixel,
    channels: shownChannels(view).filter(
      (channel) => image[channel * count + pixel] !== original[channel * count + pixel],
    ),
  })).filter(({ channels }) => channels.length > 0);
}

/** Whether too many pixels have changed to frame them. @param {View} view */
export const isCrowded = (view, changed = changedPixels(view)) =>
  view.marks && changed.length > MAX_FRAMED * view.dataset.side ** 2;

/** The channels that a view shows. @param {View} view */
function shownChannels({ dataset: { channels }, channel }) {
  if (channels === 1) return [0];
  return channel === "all" ? CHANNELS.map((_, index) => index) : [CHANNELS.indexOf(channel)];
}

/** Draws the pixels of the image, one canvas pixel each. @param {HTMLCanvasElement} canvas @param {View} view */
export function paintPixels(canvas, view) {
  const { side } = view.dataset;
  canvas.width = canvas.height = side;
  canvas.getContext("2d")?.putImageData(new ImageData(coloursOf(view), side, side), 0, 0);
}

/** The pixels of the image as red, green, blue and alpha. @param {View} view */
export function coloursOf(view) {
  const {
    dataset: { side, channels, features },
    image,
    original,
    map,
    overlay,
  } = view;
  const scale = colours();
  const rgba = new Uint8ClampedArray(4 * side * side);
  const shown = shownChannels(view);
  const most = map ? peak(map) : 0;
  const count = side * side;
  for (let i = 0; i < count; i++) {
    const pixel = shown.map((channel) => image?.[channel * count + i] ?? 0);
    rgba.set(
      [...(overlay === "image" ? pixelColour(pixel) : divergingScale(largestValue(i), scale, zeroColour(i))), 255],
      4 * i,
    );
  }
  return rgba;

  /**
   * A digit is drawn as ink on paper; a colour image, or a single channel of it, as light on black.
   *
   * @param {number[]} pixel
   */
  function pixelColour(pixel) {
    if (channels === 1) return inkScale(pixel[0], scale);
    return pixel.length === 1 ? [255 * pixel[0], 255 * pixel[0], 255 * pixel[0]] : pixel.map((value) => 255 * value);
  }

  /**
   * The map's value at a pixel, as a share of the peak: that of the shown channel where its absolute value is largest.
   *
   * @param {number} i
   */
  function largestValue(i) {
    const values = shown.map((channel) => {
      const feature = channel * count + i;
      if (overlay === "perturbation") return image && original ? image[feature] - original[feature] : 0;
      return map && most > 0 ? map[feature] / most : 0;
    });
    return values.reduce((one, other) => (Math.abs(other) > Math.abs(one) ? other : one));
  }

  /**
   * The colour for zero in a map. For a colour image it varies a little, so that the image shows faintly.
   *
   * @param {number} i
   */
  function zeroColour(i) {
    if (channels === 1 || !original) return scale.middle.rgb;
    let sum = 0;
    for (let feature = i; feature < features; feature += count) sum += original[feature];
    return scale.middle.rgb.map((level) => level + ZERO_RANGE * (sum / channels - 0.5));
  }
}

/** The difference between the darkest and the lightest colour for zero, out of 256. */
const ZERO_RANGE = 70;

/** Draws the marks over the pixels. @param {HTMLCanvasElement} canvas @param {View} view @param {number} width */
export function paintMarks(canvas, view, width) {
  const { dataset, image, strokes, original, overlay, marks, chosen } = view;
  const size = Math.max(1, Math.round(width));
  canvas.width = canvas.height = size;
  const context = canvas.getContext("2d");
  if (strokes) return paintStrokes(canvas, strokes, size);
  if (!context || !image) return;
  const cell = size / dataset.side;
  if (overlay !== "image" && dataset.channels === 1) outline(context, dataset.side, original ?? image, cell);
  const framed = marks ? changedPixels(view) : [];
  if (!isCrowded(view, framed)) {
    for (const { pixel, channels } of framed) {
      const { x, y } = positionOf(dataset, pixel);
      changedMark(context, x, y, cell, overlay === "image" ? "changed" : "ink", dataset.channels > 1);
      if (dataset.channels > 1) for (const channel of channels) channelMark(context, x, y, cell, channel);
    }
  }
  for (const feature of chosen ?? []) nextMark(context, positionOf(dataset, feature), cell);
}

/**
 * Draws the contour of the digit over a map.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {number} side
 * @param {Float32Array} image
 * @param {number} cell
 */
function outline(context, side, image, cell) {
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

/**
 * Marks a changed pixel with a frame inside its square, which leaves its value visible. Over a photograph the frame
 * has a halo, because the photograph can have the colour of the frame.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} cell
 * @param {"changed" | "ink"} colour
 * @param {boolean} hasHalo
 */
function changedMark(context, x, y, cell, colour, hasHalo) {
  const thick = Math.max(1, cell * (colour === "ink" ? 0.1 : 0.2));
  if (hasHalo) frame(context, x, y, cell, 1.6 * thick, "halo");
  frame(context, x, y, cell, thick, colour);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} cell
 * @param {number} thick
 * @param {"changed" | "ink" | "halo"} colour
 */
function frame(context, x, y, cell, thick, colour) {
  context.lineWidth = thick;
  context.strokeStyle = colours()[colour].css;
  context.strokeRect(x * cell + thick / 2, y * cell + thick / 2, cell - thick, cell - thick);
}

/**
 * Marks a changed channel with a small square of its colour. Each channel has its own third of the frame.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} cell
 * @param {number} channel
 */
function channelMark(context, x, y, cell, channel) {
  const third = (cell * 0.6) / 3;
  context.fillStyle = colours()[CHANNELS[channel]].css;
  context.fillRect(x * cell + cell * 0.2 + channel * third, y * cell + cell * 0.8 - third, third, third);
}

/**
 * Marks a feature that is changed next with a ring, wider than its square. Its shape differs from a changed pixel's
 * frame.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {{ x: number, y: number }} position
 * @param {number} cell
 */
function nextMark(context, { x, y }, cell) {
  for (const [colour, width] of /** @type {const} */ ([
    ["halo", 0.55],
    ["next", 0.2],
  ])) {
    context.beginPath();
    context.arc((x + 0.5) * cell, (y + 0.5) * cell, cell * 0.66, 0, 2 * Math.PI);
    context.strokeStyle = colours()[colour].css;
    context.lineWidth = Math.max(1, cell * width);
    context.stroke();
  }
}

/** The width of a stroke, as a share of the canvas. The engine draws strokes 2.6 of 28 pixels wide. */
const PEN = 2.6 / 28;

/** Draws the strokes. @param {HTMLCanvasElement} canvas @param {Uint8Array[]} strokes @param {number} width */
export function paintStrokes(canvas, strokes, width) {
  const size = Math.max(1, Math.round(width));
  canvas.width = size;
  canvas.height = size;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = PEN * size;
  context.strokeStyle = context.fillStyle = colours().ink.css;
  for (const stroke of strokes) {
    context.beginPath();
    for (let i = 0; i < stroke.length; i += 2) context.lineTo((stroke[i] / 255) * size, (stroke[i + 1] / 255) * size);
    context.stroke();
    // A line without length has no caps, so a dot is drawn as a disc. On a longer stroke the cap hides it.
    context.beginPath();
    context.arc((stroke[0] / 255) * size, (stroke[1] / 255) * size, (PEN * size) / 2, 0, 2 * Math.PI);
    context.fill();
  }
}
