/** The model card: a dialog with every field of a network's entry in the manifest. */
import { DATASETS } from "../domain/datasets.js";
import { make, must, setText } from "../page/dom.js";
import { modelName, number, percent, t } from "../page/i18n.js";

/** @typedef {import("../session/state.js").ManifestEntry} ManifestEntry */

/** @type {{ [field in keyof ManifestEntry]: (value: any) => Node | string }} */
const FIELDS = {
  role: (value) => t(`role.${value}`),
  temperature: (value) => number(value),
  test_accuracy: (value) => percent(value),
  logit_norm: (value) => number(value, { maximumFractionDigits: 1 }),
  parameters: (value) => number(value),
  dataset: (value) => DATASETS[value]?.name ?? value,
  epochs: (value) => number(value),
  epochs_reason: (value) => value,
  seconds: (value) => t("card.duration", { minutes: number(value / 60, { maximumFractionDigits: 1 }) }),
  seed: (value) => String(value),
  hardware: (value) => value,
  date: (value) => make("time", {}, value),
  command: (value) => make("code", {}, value),
  id: (value) => make("code", {}, value),
  file: (value) => make("code", {}, value),
  bytes: (value) => t("card.size", { count: value }),
  sha256: (value) => make("code", {}, value),
};

export function setUpModelCard() {
  const dialog = must("#card", HTMLDialogElement);
  must("#card-close", HTMLButtonElement).addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", ({ target }) => {
    // The content fills the dialog, so a click on the dialog itself was outside its box.
    if (target === dialog) dialog.close();
  });
}

/** Opens the card as a dialog over the page. @param {ManifestEntry} model */
export function openModelCard(model) {
  const rows = Object.entries(FIELDS)
    .map(([field, show]) => ({ field, value: show(model[/** @type {keyof ManifestEntry} */ (field)]) }))
    .filter(({ value }) => value)
    .map(({ field, value }) => make("div", {}, make("dt", {}, t(`card.${field}`)), make("dd", {}, value)));
  setText(must("#card-title", HTMLElement), `${t("card.title")}: ${modelName(model)}`);
  must("#card dl", HTMLDListElement).replaceChildren(...rows);
  must("#card", HTMLDialogElement).showModal();
}
