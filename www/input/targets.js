/**
 * The choice of the target class. The classes that the networks read now are marked; they can be chosen too.
 */
import { DATASETS } from "../domain/datasets.js";
import { make, must, setText } from "../page/dom.js";
import { className, t } from "../page/i18n.js";
import { SIDES } from "../session/state.js";
import { showSample } from "./strip.js";

/**
 * @typedef {{ input: HTMLInputElement, chip: HTMLElement, picture: HTMLElement, name: HTMLElement, note: HTMLElement }}
 * Chip
 */

/** @param {import("../session/session.js").Session} session */
export function setUpTargets(session) {
  const row = must("#targets .targets-row", HTMLElement);
  /** @type {Chip[]} */
  let chips = [];
  let shown = "";
  let hasPictures = false;

  /** @param {string} data */
  function build(data) {
    if (shown === data) return;
    shown = data;
    hasPictures = false;
    chips = DATASETS[data].classes.map((_, target) => makeChip(target, session));
    row.replaceChildren(...chips.map(({ chip }) => chip));
  }

  /** Adds a photograph to each class; a digit needs none. @param {import("../session/state.js").State} state */
  function addPictures({ data, samples }) {
    if (hasPictures || samples.length === 0 || DATASETS[data].channels === 1) return;
    hasPictures = true;
    chips.forEach(({ picture }, target) => {
      showSample(
        picture,
        data,
        Math.max(
          0,
          samples.findIndex(({ label }) => label === target),
        ),
      );
      picture.hidden = false;
    });
  }

  /** @param {import("../session/state.js").State} state */
  return (state) => {
    const { data, target, panels } = state;
    build(data);
    addPictures(state);
    chips.forEach(({ input, chip, name, note }, index) => {
      const sides = SIDES.filter((side) => panels[side].reading?.label === index);
      setText(name, className(DATASETS[data], index));
      input.checked = index === target;
      chip.dataset.readBy = sides.join(" ");
      const names = sides.map((side) => t(`panel.${side}`)).join(", ");
      setText(note, sides.length > 0 ? t("target.read-now", { panels: names }) : "");
      chip.title = note.textContent ?? "";
    });
  };
}

/** @param {number} target @param {import("../session/session.js").Session} session @returns {Chip} */
function makeChip(target, session) {
  const input = make("input", { type: "radio", name: "target", value: String(target) });
  input.addEventListener("change", () => session.chooseTarget(target));
  const picture = make("span", { class: "chip-picture", hidden: "" });
  const name = make("span", { class: "chip-name" });
  const note = make("span", { class: "unseen" });
  return {
    input,
    picture,
    name,
    note,
    chip: make("label", { class: "chip", "data-target": String(target) }, input, picture, name, note),
  };
}
