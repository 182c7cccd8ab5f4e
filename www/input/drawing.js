/**
 * The drawing pad. A drawing is a list of strokes, each x0, y0, x1, y1, … from 0 to 255 across the square. So
 * it can be undone, written into a link, rasterized by the engine and drawn at any size.
 */

import { hasRoom, MAX_POINTS, pointCount } from "../link/strokes.js";
import { colours } from "../page/colours.js";
import { must } from "../page/dom.js";
import { paintStrokes } from "../panels/picture.js";
import { paintCursor, setUpCursor } from "./cursor.js";

/**
 * @param {import("../session/state.js").Store} store
 * @param {import("../session/session.js").Session} session
 */
export function setUpDrawing(store, session) {
  const pad = must("#pad", HTMLCanvasElement);
  const cursorNow = setUpCursor(pad, store, session);
  /**
   * The pointer that draws, and its stroke.
   *
   * @type {{ pointer: number, type: string, points: number[], stroke: Uint8Array | null } | null}
   */
  let pen = null;

  pad.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    // The palm often touches the screen before the pen does. The pen draws, and what the palm drew is removed.
    if (pen?.type === "touch" && event.pointerType === "pen") discard();
    if (pen || !hasRoom(store.state.strokes)) return;
    event.preventDefault();
    pad.setPointerCapture(event.pointerId);
    pen = { pointer: event.pointerId, type: event.pointerType, points: [], stroke: null };
    move(event);
  });

  pad.addEventListener("pointermove", (event) => {
    if (pen?.pointer === event.pointerId) move(event);
  });

  for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) {
    pad.addEventListener(type, (event) => {
      if (!(event instanceof PointerEvent) || pen?.pointer !== event.pointerId) return;
      // The browser cancels a touch that it takes for a palm.
      if (type === "pointercancel" && pen.type === "touch") discard();
      pen = null;
    });
  }

  /** Whether the current stroke is still part of the drawing: it may have been undone or cleared meanwhile. */
  const isDrawn = () => pen !== null && pen.stroke !== null && store.state.strokes.at(-1) === pen.stroke;

  /** Removes the current stroke. */
  function discard() {
    if (isDrawn()) session.draw(store.state.strokes.slice(0, -1));
    pen = null;
  }

  /** Adds the points of a pointer event to the current stroke. @param {PointerEvent} event */
  function move(event) {
    if (!pen) return;
    if (pen.stroke && !isDrawn()) {
      pen = null;
      return;
    }
    const before = pen.stroke ? store.state.strokes.slice(0, -1) : [...store.state.strokes];
    const { points } = pen;
    const area = pad.getBoundingClientRect();
    const room = 2 * (MAX_POINTS - pointCount(before));
    const all = event.getCoalescedEvents?.() ?? [];
    for (const { clientX, clientY } of all.length > 0 ? all : [event]) {
      const x = quantise((clientX - area.left) / area.width);
      const y = quantise((clientY - area.top) / area.height);
      const isNew = x !== points.at(-2) || y !== points.at(-1);
      if (isNew && points.length < room) points.push(x, y);
    }
    pen.stroke = Uint8Array.from(points);
    session.draw([...before, pen.stroke]);
  }

  must("#undo", HTMLButtonElement).addEventListener("click", session.undo);
  must("#clear", HTMLButtonElement).addEventListener("click", session.clear);

  /** @type {unknown[]} */
  let drawn = [];
  /** @param {import("../session/state.js").State} state */
  return ({ strokes, picture }) => {
    const cursor = cursorNow();
    const now = [strokes, picture.sample === null, colours(), pad.clientWidth, devicePixelRatio, cursor];
    if (now.every((part, index) => part === drawn[index])) return;
    drawn = now;
    const shown = picture.sample === null ? strokes : [];
    must("#pad-hint", HTMLElement).hidden = shown.length > 0 || cursor !== null;
    must("#pad-keys", HTMLElement).hidden = cursor === null;
    must("#input-caption", HTMLElement).hidden = cursor !== null;
    paintStrokes(pad, shown, pad.clientWidth * devicePixelRatio);
    if (cursor) paintCursor(pad, cursor);
  };
}

/** Rounds a share of the pad's width or height to one of 256 values. @param {number} share */
const quantise = (share) => Math.min(255, Math.max(0, Math.round(share * 255)));
