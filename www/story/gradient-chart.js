/**
 * The gradient chart: why a gradient-based attack fails on a distilled network. It plots the largest of the ten
 * derivatives ∂F_target/∂z_j, which scale every pixel's gradient, against the temperature of the softmax that the
 * attack differentiates. Both axes are logarithmic. A value of exactly zero is drawn on a line of its own, below the
 * smallest positive 32-bit float.
 */

import { DATASETS } from "../domain/datasets.js";
import { largestDerivative } from "../domain/softmax.js";
import { must, setText } from "../page/dom.js";
import { className, number, t } from "../page/i18n.js";
import { makeSvg, svgText } from "../page/svg.js";
import { formatSmall } from "../panels/bars.js";
import { SIDES } from "../session/state.js";
import { effectiveTemperature, panelName } from "../session/verdict.js";

/** @typedef {import("../session/state.js").State} State */

const WIDTH = 300;
const HEIGHT = 150;
const LEFT = 40;
const TOP = 8;
const BOTTOM = 28;
/** The range of the vertical axis, in powers of ten. */
const [HIGHEST, LOWEST] = [0, -46];
const HIGHEST_TEMPERATURE = 100;
const POINTS = 80;

/** @param {number} temperature */
const xOf = (temperature) => LEFT + ((WIDTH - LEFT - 6) * Math.log(temperature)) / Math.log(HIGHEST_TEMPERATURE);

/** @param {number} value */
function yOf(value) {
  const power = value > 0 ? Math.max(LOWEST + 1, Math.log10(value)) : LOWEST;
  return TOP + ((HEIGHT - TOP - BOTTOM) * (HIGHEST - power)) / (HIGHEST - LOWEST);
}

export function setUpGradientChart() {
  const root = must("#fog", HTMLElement);
  const chart = must("#fog svg", SVGSVGElement);
  drawAxes(chart);
  const lines = SIDES.map((side) => chart.appendChild(makeSvg("path", { class: `fog-line fog-${side}` })));
  const captions = SIDES.map((side) => must(`#fog [data-side="${side}"]`, HTMLElement));
  /** @type {unknown[]} */
  let drawn = [];

  /** @param {State} state */
  return (state) => {
    const readings = SIDES.map((side) => state.panels[side].reading);
    const target = className(DATASETS[state.data], state.target);
    const now = [...readings, target, document.documentElement.lang, ...SIDES.map((side) => state.panels[side].model)];
    if (now.every((part, place) => part === drawn[place])) return;
    drawn = now;
    SIDES.forEach((side, place) => {
      const logits = readings[place]?.logits;
      lines[place].setAttribute("d", logits ? pathOf(logits, state.target) : "");
      setText(captions[place], logits ? steepestText(state, side, logits) : t("verdict.waiting"));
    });
    chart.setAttribute("aria-label", t("fog.label", { target }));
    setText(must(".fog-axis", HTMLElement, root), t("fog.axis", { target }));
  };
}

/** @param {number[]} logits @param {number} target */
function pathOf(logits, target) {
  const points = Array.from({ length: POINTS + 1 }, (_, place) => {
    const temperature = HIGHEST_TEMPERATURE ** (place / POINTS);
    return `${xOf(temperature).toFixed(1)} ${yOf(largestDerivative(logits, target, temperature)).toFixed(1)}`;
  });
  return `M${points.join("L")}`;
}

/** @param {State} state @param {import("../session/state.js").Side} side @param {number[]} logits */
function steepestText(state, side, logits) {
  const textAt = (/** @type {number} */ temperature) => {
    const value = largestDerivative(logits, state.target, temperature);
    return value === 0 ? t("fog.zero") : formatSmall(value);
  };
  const trained = effectiveTemperature(state.panels[side]);
  const atOne = t("fog.at-one", { network: panelName(state, side), value: textAt(1) });
  return trained === 1 ? atOne : `${atOne} ${t("fog.at-own", { temperature: trained, value: textAt(trained) })}`;
}

/** @param {SVGSVGElement} chart */
function drawAxes(chart) {
  chart.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  for (const power of [0, -10, -20, -30, -40]) {
    const y = yOf(10 ** power);
    chart.append(
      makeSvg("path", { class: "fog-grid", d: `M${LEFT} ${y}H${WIDTH - 6}` }),
      svgText(LEFT - 5, y + 4, power === 0 ? "1" : `1e${String(power).replace("-", "−")}`, "end"),
    );
  }
  chart.append(
    makeSvg("path", { class: "fog-floor", d: `M${LEFT} ${yOf(0)}H${WIDTH - 6}` }),
    svgText(LEFT - 5, yOf(0) + 4, "0", "end"),
  );
  for (const temperature of [1, 2, 5, 10, 20, 50, 100]) {
    const x = xOf(temperature);
    chart.append(
      makeSvg("path", { class: "fog-floor", d: `M${x} ${yOf(0)}v4` }),
      svgText(x, yOf(0) + 16, number(temperature), "middle"),
    );
  }
}
