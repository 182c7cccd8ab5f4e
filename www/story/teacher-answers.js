/** The teacher's answers to the image: its probabilities at the temperature that the reader sets with a slider. */

import { DATASETS } from "../domain/datasets.js";
import { networksInRole } from "../domain/networks.js";
import { RANGES } from "../domain/settings.js";
import { softmax } from "../domain/softmax.js";
import { must, setText } from "../page/dom.js";
import { modelName, t } from "../page/i18n.js";
import { barsBody, createBars } from "../panels/bars.js";

/** How many powers of ten a bar spans: enough to show the small probabilities of a confident teacher. */
const DECADES = 20;

/** The length of a bar from 0 to 1, on a logarithmic scale. @param {number} probability */
const lengthOf = (probability) => Math.max(0, 1 + Math.log10(probability) / DECADES);

/** @param {import("../session/session.js").Session} session */
export function setUpTeacherAnswers(session) {
  const root = must("#soft", HTMLElement);
  const slider = must("#soft-temperature", HTMLInputElement);
  const value = must("#soft-value", HTMLOutputElement);
  const caption = must("#soft-caption", HTMLElement);
  const drawBars = createBars(barsBody(root), lengthOf);
  Object.assign(slider, RANGES.soft);
  slider.addEventListener("input", () => session.changeView({ soft: Number(slider.value) }));

  /** @param {import("../session/state.js").State} state */
  return ({ data, soft, teacher, picture, engine, models }) => {
    slider.value = String(soft);
    setText(value, t("soft.value", { temperature: soft }));
    slider.setAttribute("aria-valuetext", value.value);
    const logits = teacher?.of === picture.pixels ? teacher?.logits : undefined;
    const label = logits ? logits.indexOf(Math.max(...logits)) : null;
    drawBars(DATASETS[data], logits ? softmax(logits, soft) : null, { source: label, target: -1, label });
    const reason = teacher?.error
      ? t("soft.error")
      : !picture.pixels
        ? t("verdict.blank")
        : models.length > 0 && networksInRole(models, "teacher").length === 0
          ? t("soft.none")
          : engine.status === "ready"
            ? t("soft.loading")
            : t("verdict.waiting");
    setText(caption, logits && teacher ? t("soft.caption", { teacher: modelName(teacher.model) }) : reason);
  };
}
