/** The classes that the image can be made to be mistaken for. What the networks read now is marked, and may be chosen. */
import { DATASETS, MNIST } from "./datasets.js";
import { make, must, setText } from "./dom.js";
import { t } from "./i18n.js";
import { SIDES } from "./state.js";

/** @param {import("./session.js").Session} session */
export function setUpTargets(session) {
  const row = must("#targets .targets-row", HTMLElement);
  const chips = DATASETS[MNIST].classes.map((name, target) => {
    const input = make("input", { type: "radio", name: "target", value: String(target) });
    input.addEventListener("change", () => session.chooseTarget(target));
    const note = make("span", { class: "unseen" });
    const chip = make("label", { class: "chip", "data-target": String(target) }, input, make("span", { class: "chip-name" }, name), note);
    row.append(chip);
    return { input, chip, note };
  });

  /** @param {import("./state.js").State} state */
  return ({ target, panels }) => {
    chips.forEach(({ input, chip, note }, place) => {
      const readers = SIDES.filter((side) => panels[side].reading?.label === place);
      input.checked = place === target;
      chip.dataset.readBy = readers.join(" ");
      const names = readers.map((side) => t(`panel.${side}`)).join(", ");
      setText(note, readers.length > 0 ? t("target.read-now", { panels: names }) : "");
      chip.title = note.textContent ?? "";
    });
  };
}
