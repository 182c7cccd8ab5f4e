/** A panel: a network, the image at the shown step, how the network classifies it, and a verdict. */
import { ATTACKS, changesMade, countsChanges, hasSetting, isUntargeted, SYMBOLS } from "../domain/attacks.js";
import { DATASETS } from "../domain/datasets.js";
import { networksInRole } from "../domain/networks.js";
import { INITIAL_K, RANGES } from "../domain/settings.js";
import { make, must, setText } from "../page/dom.js";
import { className, modelName, number, percent, t, translate } from "../page/i18n.js";
import { stepAt } from "../session/player.js";
import { panelName, prospect, verdict } from "../session/verdict.js";
import { barsBody, createBars, formatSmall } from "./bars.js";
import { openModelCard } from "./model-card.js";
import { createPicture, isCrowded, mapOf, peak, viewOf } from "./picture.js";
import { setUpStatus } from "./status.js";

/** Ends the value of a menu entry for a network with scaled logits. */
const SCALED = "×";

/** @typedef {import("../session/state.js").Side} Side */
/** @typedef {import("../session/state.js").State} State */
/** @typedef {import("../session/state.js").Step} Step */

/**
 * @param {Side} side
 * @param {import("../session/session.js").Session} session
 * @param {boolean} [isFixed] Whether the network cannot be changed.
 */
export function setUpPanel(side, session, isFixed = false) {
  const root = must(`[data-panel="${side}"]`, HTMLElement);
  root.append(must("#panel-template", HTMLTemplateElement).content.cloneNode(true));
  translate(root);
  const find = (/** @type {string} */ selector) => must(selector, HTMLElement, root);
  const select = must(".panel-model", HTMLSelectElement, root);
  const drawPicture = createPicture(find(".picture-frame"));
  const drawBars = createBars(barsBody(root));
  const drawStatus = setUpStatus(find(".status"), side, session);
  const drawTemperature = setUpTemperature(root, side, session);
  const k = must(".panel-k", HTMLInputElement, root);
  Object.assign(k, RANGES.k);
  const cardOpen = must(".card-open", HTMLButtonElement, root);
  /** @type {import("../session/state.js").ManifestEntry | null} */
  let cardModel = null;
  cardOpen.addEventListener("click", () => {
    if (cardModel) openModelCard(cardModel);
  });
  select.addEventListener("change", () => {
    const [role, isScaled] = select.value.split(SCALED);
    session.chooseRole(side, role, isScaled === undefined ? null : INITIAL_K);
  });
  k.addEventListener("input", () => session.chooseRole(side, select.value.split(SCALED)[0], Number(k.value)));

  /** The values that the head was last built from, as JSON. It is rebuilt only when they change. */
  let headKey = "";

  /** @param {State} state */
  function drawHead({ models, panels }) {
    const { model, scale } = panels[side];
    const now = JSON.stringify([document.documentElement.lang, model?.id, scale, models.length]);
    if (now === headKey) return;
    headKey = now;
    const roles = [...new Set(models.map(({ role }) => role))];
    const scaled = roles.filter((role) => role === "undefended" || (scale !== null && role === model?.role));
    select.replaceChildren(
      ...roles.map((role) => make("option", { value: role }, t(`role.${role}`))),
      ...scaled.map((role) =>
        make(
          "option",
          { value: role + SCALED },
          t("role.scaled", { network: t(`role.${role}`), k: role === model?.role ? (scale ?? INITIAL_K) : INITIAL_K }),
        ),
      ),
    );
    select.disabled = isFixed || models.length === 0;
    select.setAttribute("aria-label", t("panel.choose", { panel: t(`panel.${side}`) }));
    if (!model) return;
    select.value = scale === null ? model.role : model.role + SCALED;
    find(".panel-scale").hidden = scale === null || isFixed;
    k.value = String(scale ?? INITIAL_K);
    k.setAttribute("aria-label", t("panel.k", { panel: t(`panel.${side}`) }));
    setText(find(".panel-k-value"), scale === null ? "" : `k = ${number(scale)}`);
    drawTemperature(networksInRole(models, model.role), model);
    cardModel = model;
    cardOpen.setAttribute("aria-label", `${t("card.title")}: ${modelName(model)}`);
  }

  /** @param {State} state @param {Step | null} step */
  function drawImage(state, step) {
    const { overlay } = state;
    const view = viewOf(state, side, step);
    drawPicture(view);
    find(".picture").dataset.overlay = overlay;
    const { low, high, about } = scaleLabels(state, side, step);
    setText(find(".scale-low"), low);
    setText(find(".scale-high"), high);
    setText(find(".scale-about"), overlay === "image" && isCrowded(view) ? t("picture.crowded") : about);
    const isEarlier = mapOf(state, side, step).isEarlier;
    setText(find(".picture-note"), isEarlier ? t("picture.earlier") : "");
    find(".picture-note").hidden = !isEarlier;
    find(".picture-frame").setAttribute(
      "aria-label",
      t("picture.label", {
        panel: panelName(state, side),
        overlay: t(`overlay.${overlay}`),
        side: DATASETS[state.data].side,
        count: step?.featuresChanged ?? 0,
      }),
    );
  }

  /** @param {State} state @param {Step | null} step */
  function drawNumbers(state, step) {
    const { reading, readingOf, steps } = state.panels[side];
    const now = step ?? (state.picture.pixels ? reading : null);
    const source = steps[0]?.label ?? now?.label ?? null;
    const target = isUntargeted(state.settings) ? null : state.target;
    drawBars(DATASETS[state.data], now?.probabilities ?? null, { source, target, label: now?.label ?? null });
    const reads = find(".readout-reads");
    setText(reads, now ? className(DATASETS[state.data], now.label) : "–");
    reads.dataset.role = now && now.label === target ? "target" : now?.label === source ? "source" : "";
    const changed = changedReadout(state, steps[0], step);
    setText(find(".readout-changed-name"), changed.name);
    setText(find(".readout-changed"), changed.value);
    const zeros = step && step.zeroGradients !== null && step.gradientEntries !== null;
    setText(
      find(".readout-zeros"),
      zeros ? `${number(step.zeroGradients ?? 0)} / ${number(step.gradientEntries ?? 0)}` : "–",
    );
    setText(
      find(".readout-gap"),
      now ? number(logitGap(now.logits), { maximumFractionDigits: 1, minimumFractionDigits: 1 }) : "–",
    );
    root.dataset.label = step
      ? String(step.label)
      : readingOf === state.picture.pixels
        ? String(reading?.label ?? "")
        : "";
  }

  /** @param {State} state */
  return (state) => {
    const panel = state.panels[side];
    const step = stepAt(panel, state.shown);
    drawHead(state);
    drawImage(state, step);
    drawNumbers(state, step);
    drawStatus(state);
    const { tone, text } = verdict(state, side, state.shown);
    const caption = find(".verdict");
    setText(caption, text);
    caption.dataset.tone = tone;
    caption.hidden = Boolean(state.engine.error ?? panel.loading.error);
    const expected = caption.hidden ? "" : prospect(state, side);
    setText(find(".prospect"), expected);
    find(".prospect").hidden = expected === "";
    Object.assign(root.dataset, {
      model: panel.model?.id ?? "",
      status: panel.loading.status,
      outcome: panel.outcome ?? "",
      iteration: String(step?.iteration ?? 0),
      iterations: String(Math.max(0, panel.steps.length - 1)),
      featuresChanged: String(step?.featuresChanged ?? 0),
      zeroGradients: String(step?.zeroGradients ?? ""),
    });
  };
}

/**
 * The slider over the temperatures at which networks of the panel's role are published. While it is dragged, it
 * shows the temperature and accuracy of the network; the network is loaded when the slider is released.
 *
 * @param {HTMLElement} root
 * @param {Side} side
 * @param {import("../session/session.js").Session} session
 */
function setUpTemperature(root, side, session) {
  const slider = must(".panel-temperature", HTMLInputElement, root);
  const [temperature, accuracy] = [".temperature-value", ".temperature-accuracy"].map((name) =>
    must(name, HTMLElement, root),
  );
  /** @type {import("../session/state.js").ManifestEntry[]} */
  let models = [];
  slider.addEventListener("input", drawValue);
  slider.addEventListener("change", () => session.chooseTemperature(side, models[Number(slider.value)].id));

  function drawValue() {
    const model = models[Number(slider.value)];
    const words = t("panel.facts", { temperature: model.temperature, accuracy: percent(model.test_accuracy) });
    setText(temperature, t("soft.value", { temperature: model.temperature }));
    setText(accuracy, percent(model.test_accuracy));
    accuracy.title = words;
    slider.setAttribute("aria-valuetext", words);
  }

  return (
    /** @type {import("../session/state.js").ManifestEntry[]} */ all,
    /** @type {import("../session/state.js").ManifestEntry} */ model,
  ) => {
    models = all;
    slider.max = String(models.length - 1);
    slider.value = String(models.indexOf(model));
    slider.disabled = slider.hidden = models.length < 2;
    slider.setAttribute("aria-label", t("panel.temperature", { panel: t(`panel.${side}`) }));
    drawValue();
  };
}

/**
 * How much of the image has been changed: the number of changed features, out of the budget or, without one, of
 * all features. If features can be changed several times, it is the number of changes. For an attack that minimises the L2 norm it is ‖δ‖₂.
 *
 * @param {State} state
 * @param {Step | undefined} first
 * @param {Step | null} step
 */
function changedReadout({ data, settings }, first, step) {
  if (ATTACKS[settings.attack].norm === "L2") {
    const length = first && step ? Math.hypot(...step.image.map((value, feature) => value - first.image[feature])) : 0;
    return { name: t("readout.length"), value: number(length, { maximumFractionDigits: 2, minimumFractionDigits: 2 }) };
  }
  if (countsChanges(settings))
    return {
      name: t("readout.changes"),
      value: `${number(changesMade(settings, step?.iteration ?? 0))} / ${number(settings.budget)}`,
    };
  const hasBudget = hasSetting(settings.attack, "budget");
  const most = hasBudget ? settings.budget : DATASETS[data].features;
  return {
    name: t(hasBudget ? "readout.changed" : "readout.changed-all"),
    value: `${number(step?.featuresChanged ?? 0)} / ${number(most)}`,
  };
}

/**
 * The difference between the largest and the second largest logit. It almost entirely decides the output of the
 * softmax.
 *
 * @param {number[]} logits
 */
function logitGap(logits) {
  const [first, second] = [...logits].sort((a, b) => b - a);
  return first - second;
}

/**
 * The labels of the colour scale under the picture.
 *
 * @param {State} state
 * @param {Side} side
 * @param {Step | null} step
 */
function scaleLabels(state, side, step) {
  const { data, overlay, channel, settings, target } = state;
  const dataset = DATASETS[data];
  const isColour = dataset.channels > 1 && channel === "all";
  if (overlay === "image")
    return isColour ? { low: "", high: "", about: "" } : { low: "0", high: "1", about: t("scale.image") };
  if (overlay === "perturbation") return { low: "−1", high: "+1", about: t("scale.perturbation") };
  const { map } = mapOf(state, side, step);
  const { output } = ATTACKS[settings.attack];
  // Only the variants of JSMA have a saliency map, and only with a fixed direction.
  const hasNone =
    output === null
    || (overlay === "saliency" && (!hasSetting(settings.attack, "direction") || settings.direction === "either"));
  if (!map)
    return {
      low: "",
      high: "",
      about: t(hasNone ? `scale.none.${overlay}` : step ? "scale.not-needed" : "scale.not-yet"),
    };
  const most = peak(map);
  if (overlay === "saliency") {
    if (most === 0) return { low: "", high: "", about: t("scale.no-saliency") };
    return { low: "0", high: formatSmall(most), about: t("scale.saliency", { target: className(dataset, target) }) };
  }
  if (most === 0) return { low: "", high: "", about: t("scale.zero") };
  const symbol = output ? SYMBOLS[output] : "";
  const of =
    output === "loss" || output === "margin"
      ? symbol
      : dataset.channels === 1
        ? `${symbol}${SUBSCRIPTS[target]}`
        : `${symbol}(${className(dataset, target)})`;
  return { low: `−${formatSmall(most)}`, high: `+${formatSmall(most)}`, about: t("scale.gradient", { output: of }) };
}

const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";
