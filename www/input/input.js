/** The choice of the data set, the image as the networks see it, and a caption that says where it comes from. */

import { DATASETS } from "../domain/datasets.js";
import { colours } from "../page/colours.js";
import { make, must, setDisabled, setText } from "../page/dom.js";
import { className, t } from "../page/i18n.js";
import { paintPixels } from "../panels/picture.js";

/** @param {import("../session/session.js").Session} session */
export function setUpInput(session) {
  const seen = must("#seen", HTMLCanvasElement);
  const undo = must("#undo", HTMLButtonElement);
  const clear = must("#clear", HTMLButtonElement);
  const caption = must("#input-caption", HTMLElement);
  const pad = must(".pad-frame", HTMLElement);
  const drawData = setUpData(session);
  /** @type {unknown[]} */
  let drawn = [];

  /** @param {import("../session/state.js").State} state */
  return (state) => {
    const { data, picture, samples, strokes } = state;
    const { sample, own, pixels } = picture;
    const dataset = DATASETS[data];
    const chosen = sample === null ? null : samples[sample];
    const empty = sample === null && own === null && strokes.length === 0;
    drawData(state);
    pad.hidden = undo.hidden = clear.hidden = !dataset.isDrawn;
    setDisabled(undo, strokes.length === 0);
    setDisabled(clear, empty);
    setText(
      caption,
      chosen
        ? t("input.sample", {
            data: dataset.name,
            index: String(chosen.index),
            label: className(dataset, chosen.label),
          })
        : t(own !== null ? "input.own" : empty ? "input.blank" : "input.drawn"),
    );
    const now = [data, pixels, colours()];
    if (now.every((part, index) => part === drawn[index])) return;
    drawn = now;
    paintPixels(seen, {
      dataset,
      image: pixels,
      original: pixels,
      strokes: null,
      map: null,
      overlay: "image",
      channel: "all",
      marks: false,
      chosen: null,
    });
  };
}

/**
 * Radio buttons for the data sets with published networks.
 *
 * @param {import("../session/session.js").Session} session
 */
function setUpData(session) {
  const group = must("#data", HTMLElement);
  const inputs = Object.values(DATASETS).map(({ id, name }) => {
    const input = make("input", { type: "radio", name: "data", value: id });
    input.addEventListener("change", () => session.chooseData(id));
    const label = make("label", { class: "segment" }, input, make("span", {}, name));
    group.append(label);
    return { id, input, label };
  });

  /** @param {import("../session/state.js").State} state */
  return ({ data, published }) => {
    const offered = inputs.filter(({ id }) => published.some(({ dataset }) => dataset === id));
    // Until the list of networks has been loaded, the buttons keep their space, so that the layout does not jump.
    group.hidden = published.length > 0 && offered.length < 2;
    for (const each of inputs) {
      each.label.hidden = published.length > 0 && !offered.includes(each);
      each.input.disabled = !offered.includes(each);
      each.input.checked = each.id === data;
    }
    document.documentElement.dataset.set = data;
  };
}
