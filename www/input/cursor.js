/**
 * Drawing by keyboard. The arrow keys move a cursor over the 28×28 pixels of the image; Space and Enter put
 * the pen down and lift it. This makes the same strokes as a pointer does, from the centre of one square to
 * the centre of the next.
 */

import { DATASETS, MNIST } from "../domain/datasets.js";
import { hasRoom } from "../link/strokes.js";
import { announce } from "../page/announce.js";
import { colours } from "../page/colours.js";
import { t } from "../page/i18n.js";

const { side: SIDE } = DATASETS[MNIST];
/** The number of squares that the cursor moves while Shift is held. */
const LEAP = 4;
/** @type {Record<string, [right: number, down: number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * @typedef {{ column: number, row: number, isDown: boolean }} Cursor The square, counted from zero at the top left, and
 * whether the pen is down.
 */

/**
 * Handles the keys of the drawing pad.
 *
 * @param {HTMLCanvasElement} pad
 * @param {import("../session/state.js").Store} store
 * @param {import("../session/session.js").Session} session
 * @returns {() => Cursor | null} The cursor; null while it is not shown. Each change returns a new object.
 */
export function setUpCursor(pad, store, session) {
  const { state } = store;
  /** @type {Cursor} */
  let cursor = { column: SIDE / 2, row: SIDE / 4, isDown: false };
  let isShown = false;

  /** @param {boolean} now */
  function show(now) {
    isShown = now;
    if (!now) cursor = { ...cursor, isDown: false };
    store.changed();
  }

  pad.addEventListener("focus", () => show(pad.matches(":focus-visible")));
  pad.addEventListener("blur", () => show(false));
  pad.addEventListener("pointerdown", () => show(false));

  pad.addEventListener("keydown", (event) => {
    const action = actionOf(event);
    if (!action) return;
    event.preventDefault();
    isShown = true;
    action();
    store.changed();
  });

  /**
   * The action of a key; null for the keys of the page and the browser.
   *
   * @param {KeyboardEvent} event
   * @returns {(() => void) | null}
   */
  function actionOf({ key, shiftKey, ctrlKey, metaKey, altKey, repeat }) {
    if ((ctrlKey || metaKey) && !altKey && key === "z") return undo;
    if (ctrlKey || metaKey || altKey) return null;
    if (key in ARROWS) return () => move(ARROWS[key], shiftKey ? LEAP : 1);
    if (key === " " || key === "Enter") return repeat ? () => {} : cursor.isDown ? lift : lower;
    if (key === "Backspace") return undo;
    return key === "Delete" ? clear : null;
  }

  /** @param {[number, number]} way @param {number} squares */
  function move([right, down], squares) {
    const clamp = (/** @type {number} */ square) => Math.min(SIDE - 1, Math.max(0, square));
    cursor = { ...cursor, column: clamp(cursor.column + right * squares), row: clamp(cursor.row + down * squares) };
    if (cursor.isDown && !extend()) return;
    announce(t("pad.at", position()));
  }

  function lower() {
    if (!hasRoom(state.strokes)) return announce(t("pad.full"));
    cursor = { ...cursor, isDown: true };
    session.draw([...state.strokes, point()]);
    announce(t("pad.down", position()));
  }

  async function lift() {
    cursor = { ...cursor, isDown: false };
    announce(t("pad.up"));
    await session.announceReading();
  }

  /** Extends the stroke to the cursor. Returns false if the drawing has no room for another point. */
  function extend() {
    const stroke = state.strokes.at(-1);
    const [x, y] = point();
    if (!stroke || (stroke.at(-2) === x && stroke.at(-1) === y)) return true;
    if (!hasRoom(state.strokes, 0)) {
      cursor = { ...cursor, isDown: false };
      announce(t("pad.full"));
      return false;
    }
    session.draw([...state.strokes.slice(0, -1), Uint8Array.of(...stroke, x, y)]);
    return true;
  }

  function undo() {
    cursor = { ...cursor, isDown: false };
    session.undo();
  }

  function clear() {
    cursor = { ...cursor, isDown: false };
    session.clear();
  }

  const point = () =>
    Uint8Array.of(...[cursor.column, cursor.row].map((square) => Math.round((255 * (square + 0.5)) / SIDE)));
  /** The square as it is announced, counted from 1. */
  const position = () => ({ column: cursor.column + 1, row: cursor.row + 1 });

  return () => (isShown ? cursor : null);
}

/**
 * Draws the cursor: a ring around its square, filled while the pen is down.
 *
 * @param {HTMLCanvasElement} pad
 * @param {Cursor} cursor
 */
export function paintCursor(pad, { column, row, isDown }) {
  const context = pad.getContext("2d");
  if (!context) return;
  const cell = pad.width / SIDE;
  const { halo, changed } = colours();
  const ring = () => {
    context.beginPath();
    context.arc((column + 0.5) * cell, (row + 0.5) * cell, 0.95 * cell, 0, 2 * Math.PI);
  };
  for (const [colour, width] of /** @type {const} */ ([
    [halo, 0.9],
    [changed, 0.4],
  ])) {
    ring();
    context.strokeStyle = colour.css;
    context.lineWidth = width * cell;
    context.stroke();
  }
  if (!isDown) return;
  ring();
  context.fillStyle = changed.css;
  context.fill();
}
