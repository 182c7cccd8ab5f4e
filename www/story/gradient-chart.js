/**
 * Why the attack sees nothing: the largest of the ten derivatives that every pixel's gradient is made
 * of, by the temperature of the softmax that the attack looks through. Both axes are logarithmic; what
 * is exactly zero lies on the floor below the smallest number that 32 bits can hold.
 */

import { DATASETS } from "../domain/datasets.js";
import { largestDerivative } from "../domain/softmax.js";
import { must, setText } from "../page/dom.js";
import { className, number, t } from "../page/i18n.js";
import { makeSvg, svgText } from "../page/svg.js";
import { formatSmall } from "../panels/bars.js";
import { SIDES } from "../session/state.js";
import { ownTemperature, panelName } from "../session/verdict.js";

/** @typedef {import("../session/state.js").State} State */

const WIDTH = 300;
const HEIGHT = 150;
const LEFT = 40;
const TOP = 8;
const BOTTOM = 28;
/** Powers of ten. */
const [HIGHEST, LOWEST] = [0, -46];
const MOST = 100;
const POINTS = 80;

/** @param {number} temperature */
const across = (temperature) => LEFT + ((WIDTH - LEFT - 6) * Math.log(temperature)) / Math.log(MOST);

/** @param {number} value */
function up(value) {
  const power = value > 0 ? Math.max(LOWEST + 1, Math.log10(value)) : LOWEST;
  return TOP + ((HEIGHT - TOP - BOTTOM) * (HIGHEST - power)) / (HIGHEST - LOWEST);
}

export function setUpGradientChart() {
  const root = must("#fog", HTMLElement);
  const chart = must("#fog svg", SVGSVGElement);
  drawAxes(chart);
  const lines = SIDES.map((side) => chart.appendChild(makeSvg("path", { class: `fog-line fog-${side}` })));
  const words = SIDES.map((side) => must(`#fog [data-side="${side}"]`, HTMLElement));
  /** @type {unknown[]} */
  let drawn = [];

  /** @param {State} state */
  return (state) => {
    const read = SIDES.map((side) => state.panels[side].reading);
    const target = className(DATASETS[state.data], state.target);
    const now = [...read, target, document.documentElement.lang, ...SIDES.map((side) => state.panels[side].model)];
    if (now.every((part, place) => part === drawn[place])) return;
    drawn = now;
    SIDES.forEach((side, place) => {
      const logits = read[place]?.logits;
      lines[place].setAttribute("d", logits ? pathOf(logits, state.target) : "");
      setText(words[place], logits ? steepestText(state, side, logits) : t("verdict.waiting"));
    });
    chart.setAttribute("aria-label", t("fog.label", { target }));
    setText(must(".fog-axis", HTMLElement, root), t("fog.axis", { target }));
  };
}

/** @param {number[]} logits @param {number} target */
function pathOf(logits, target) {
  const points = Array.from({ length: POINTS + 1 }, (_, place) => {
    const temperature = MOST ** (place / POINTS);
    return `${across(temperature).toFixed(1)} ${up(largestDerivative(logits, target, temperature)).toFixed(1)}`;
  });
  return `M${points.join("L")}`;
}

/** @param {State} state @param {import("../session/state.js").Side} side @param {number[]} logits */
function steepestText(state, side, logits) {
  const at = (/** @type {number} */ temperature) => {
    const value = largestDerivative(logits, state.target, temperature);
    return value === 0 ? t("fog.zero") : formatSmall(value);
  };
  const trained = ownTemperature(state.panels[side]);
  const first = t("fog.at-one", { network: panelName(state, side), value: at(1) });
  return trained === 1 ? first : `${first} ${t("fog.at-own", { temperature: trained, value: at(trained) })}`;
}

/** @param {SVGSVGElement} chart */
function drawAxes(chart) {
  chart.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  for (const power of [0, -10, -20, -30, -40]) {
    const y = up(10 ** power);
    chart.append(
      makeSvg("path", { class: "fog-grid", d: `M${LEFT} ${y}H${WIDTH - 6}` }),
      svgText(LEFT - 5, y + 4, power === 0 ? "1" : `1e${String(power).replace("-", "−")}`, "end"),
    );
  }
  chart.append(
    makeSvg("path", { class: "fog-floor", d: `M${LEFT} ${up(0)}H${WIDTH - 6}` }),
    svgText(LEFT - 5, up(0) + 4, "0", "end"),
  );
  for (const temperature of [1, 2, 5, 10, 20, 50, 100]) {
    const x = across(temperature);
    chart.append(
      makeSvg("path", { class: "fog-floor", d: `M${x} ${up(0)}v4` }),
      svgText(x, up(0) + 16, number(temperature), "middle"),
    );
  }
}
