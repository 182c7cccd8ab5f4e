/** What the networks see of the input, and where it comes from. */
import { colours, inkScale } from "./colours.js";
import { must, setText } from "./dom.js";
import { t } from "./i18n.js";

export function setUpInput() {
  const seen = must("#seen", HTMLCanvasElement);
  const undo = must("#undo", HTMLButtonElement);
  const clear = must("#clear", HTMLButtonElement);
  const caption = must("#input-caption", HTMLElement);
  /** @type {unknown[]} */
  let drawn = [];

  /** @param {import("./state.js").State} state */
  return ({ picture, samples, strokes }) => {
    const { sample, pixels } = picture;
    const chosen = sample === null ? null : samples[sample];
    const empty = sample === null && strokes.length === 0;
    undo.ariaDisabled = String(strokes.length === 0);
    clear.ariaDisabled = String(empty);
    setText(caption, chosen
      ? t("input.sample", { index: String(chosen.index), label: String(chosen.label) })
      : t(empty ? "input.blank" : "input.drawn"));
    if (drawn[0] === pixels && drawn[1] === colours()) return;
    drawn = [pixels, colours()];
    paint(seen, pixels);
  };
}

/** @param {HTMLCanvasElement} canvas @param {Float32Array | null} pixels */
function paint(canvas, pixels) {
  const context = canvas.getContext("2d");
  if (!context) return;
  const data = context.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < canvas.width * canvas.height; i++) data.data.set([...inkScale(pixels?.[i] ?? 0, colours()), 255], 4 * i);
  context.putImageData(data, 0, 0);
}
