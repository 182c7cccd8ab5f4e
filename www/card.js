/** The model card: what the manifest says of a network, field by field. */
import { DATASETS } from "./datasets.js";
import { make } from "./dom.js";
import { number, percent, t } from "./i18n.js";

/** @typedef {import("./state.js").ManifestEntry} ManifestEntry */

/** @type {{ [field in keyof ManifestEntry]: (value: any) => Node | string }} */
const FIELDS = {
  role: (value) => t(`role.${value}`),
  temperature: (value) => number(value),
  test_accuracy: (value) => percent(value),
  logit_norm: (value) => number(value, { maximumFractionDigits: 1 }),
  parameters: (value) => number(value),
  dataset: (value) => DATASETS[value]?.name ?? value,
  epochs: (value) => number(value),
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

/** @param {HTMLDListElement} list @param {ManifestEntry} model */
export function fillCard(list, model) {
  const rows = Object.entries(FIELDS).map(([field, show]) => make("div", {},
    make("dt", {}, t(`card.${field}`)),
    make("dd", {}, show(model[/** @type {keyof ManifestEntry} */ (field)]))));
  list.replaceChildren(...rows);
}
