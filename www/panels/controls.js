/** The controls of the attack and of what is shown. Their choices and ranges come from the settings' table. */
import { ATTACKS, isUntargeted, tempered } from "../domain/attacks.js";
import { DATASETS } from "../domain/datasets.js";
import { make, must, setText } from "../page/dom.js";
import { number, percent, t } from "../page/i18n.js";
import { CHOICES, NUMERIC, fit, rangeOf } from "../domain/settings.js";
import { SIDES } from "../session/state.js";
import { ownTemperature } from "../session/verdict.js";

/** @typedef {import("../session/session.js").Session} Session */
/** @typedef {import("../session/state.js").State} State */

/** Whether the page is one column, as the style sheets lay it out on a phone. */
export const isNarrow = () => matchMedia("(max-width: 46rem)").matches;

/** @param {Session} session */
export function setUpControls(session) {
  const choices = /** @type {const} */ (["attack", "direction"]).map((name) => {
    const group = must(`[data-choice="${name}"]`, HTMLElement);
    const show = makeRadios(group, name, CHOICES[name], (value) => session.changeSettings({ [name]: value }));
    return (/** @type {State} */ { settings }) => show(settings[name]);
  });
  const ranges = NUMERIC.map((name) => setUpRange(name, session));
  const drawTemper = setUpTemper(session);
  const untargeted = must("#untargeted", HTMLInputElement);
  untargeted.addEventListener("change", () => session.changeSettings({ untargeted: untargeted.checked }));
  const showOverlay = makeRadios(must("#overlays", HTMLElement), "overlay", CHOICES.overlay, (overlay) => session.look({ overlay }));
  const channels = must("#channels", HTMLElement);
  const showChannel = makeRadios(channels, "channel", CHOICES.channel, (channel) => session.look({ channel }));
  const marks = must("#marks", HTMLInputElement);
  marks.addEventListener("change", () => session.look({ marks: marks.checked }));
  const drawActions = setUpActions(session);

  /** @param {State} state */
  return (state) => {
    for (const draw of [...choices, ...ranges, drawTemper]) draw(state);
    showOverlay(state.overlay);
    channels.hidden = DATASETS[state.data].channels === 1;
    showChannel(state.channel);
    marks.checked = state.marks;
    const { attack, budget } = state.settings;
    const { settings, directions, unit } = ATTACKS[attack];
    const share = percent(budget / DATASETS[state.data].features, 1);
    setText(must("#settings-summary", HTMLElement), summary(state.settings));
    setText(must("#attack-note", HTMLElement), t(`attack.${attack}.note`));
    for (const row of document.querySelectorAll("[data-of-attack]")) /** @type {HTMLElement} */ (row).hidden = !settings.some((name) => name === row.getAttribute("data-of-attack"));
    for (const name of CHOICES.direction) must(`[data-choice="direction"] [data-value="${name}"]`, HTMLElement).hidden = !directions.includes(name);
    setText(must("#budget-note", HTMLElement), t(`setting.budget.note.${unit === "pixel" ? "pixel" : "pair"}`, { count: unit === "pixel" ? budget : Math.floor(budget / 2), share }));
    must("#untargeted-row", HTMLElement).hidden = !ATTACKS[attack].untargeted;
    untargeted.checked = isUntargeted(state.settings);
    must("#targets .targets-row", HTMLElement).toggleAttribute("data-unused", untargeted.checked);
    drawActions(state);
  };
}

/** The attack with its settings, in one line. @param {import("../domain/settings.js").Settings} settings */
export function summary(settings) {
  const { attack, direction, theta, budget, epsilon, seed, confidence, iterations } = settings;
  const parts = { direction: t(`direction.${direction}`), theta: `θ ${number(theta)}`, budget: number(budget), epsilon: `ε ${number(epsilon)}`, seed: t("setting.seed.summary", { seed }), confidence: `κ ${number(confidence)}`, iterations: t("setting.iterations.summary", { iterations }) };
  const own = ATTACKS[attack].settings.map((name) => parts[name]);
  const knows = ATTACKS[attack].twin || !tempered(settings) ? [] : ["softmax(Z/T)"];
  return [t(`attack.${attack}`), ...knows, ...own, ...(isUntargeted(settings) ? [t("untargeted")] : [])].join(" · ");
}

/** The switch from the paper's result to what becomes of it. @param {Session} session */
function setUpTemper(session) {
  const box = must("#temper", HTMLInputElement);
  const note = must("#temper-note", HTMLElement);
  box.addEventListener("click", (event) => {
    // Not `disabled`, which would take it away from those who go from control to control.
    if (box.ariaDisabled === "true") event.preventDefault();
  });
  box.addEventListener("change", () => session.takeTemperature(box.checked));

  /** @param {State} state */
  return ({ settings, panels }) => {
    const on = tempered(settings);
    box.checked = on ?? false;
    box.ariaDisabled = String(on === null);
    const [a, b] = SIDES.map((side) => panels[side].model && ownTemperature(panels[side]));
    if (on === null) setText(note, t("temper.none", { attack: t(`attack.${settings.attack}`) }));
    else if (on && a && b) setText(note, t("temper.on", { a, b }));
    else setText(note, t("temper.off"));
  };
}

/** @param {Session} session */
function setUpActions(session) {
  const run = must("#run", HTMLButtonElement);
  const step = must("#step", HTMLButtonElement);
  const cancel = must("#cancel", HTMLButtonElement);
  const message = must("#message", HTMLElement);
  run.addEventListener("click", () => {
    if (run.ariaDisabled === "true") return;
    session.run();
    // On a phone the panels are below the controls; in somebody else's page the scrolling is theirs.
    if (isNarrow() && document.documentElement.dataset.embed === undefined) must("#views", HTMLElement).scrollIntoView();
  });
  step.addEventListener("click", session.step);
  cancel.addEventListener("click", session.cancel);
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && !document.querySelector("dialog[open]")) session.cancel();
  });

  /** @param {State} state */
  return ({ running, panels, message: words }) => {
    // Not `disabled`, which would take the focus from whoever has just pressed the button.
    run.ariaDisabled = String(running);
    cancel.ariaDisabled = String(!running);
    message.hidden = words() === "";
    setText(message, words());
    document.body.dataset.running = String(running);
    document.body.dataset.started = String(running || SIDES.some((side) => panels[side].steps.length > 0));
    // On a phone the others go away when there is nothing for them to do, and the focus would go with them.
    if ([step, cancel].some((button) => button === document.activeElement && button.getClientRects().length === 0)) run.focus();
  };
}

/**
 * A group of radio buttons that looks like one switch.
 *
 * @template {string} Value
 * @param {HTMLElement} group
 * @param {string} name
 * @param {readonly Value[]} values
 * @param {(value: Value) => void} onChoice
 */
function makeRadios(group, name, values, onChoice) {
  const inputs = values.map((value) => {
    const input = make("input", { type: "radio", name, value });
    input.addEventListener("change", () => onChoice(value));
    group.append(make("label", { class: "segment", "data-value": value }, input, make("span", { "data-t": `${name}.${value}` }, t(`${name}.${value}`))));
    return input;
  });
  return (/** @type {Value} */ chosen) => inputs.forEach((input) => { input.checked = input.value === chosen; });
}

/**
 * A slider for the hand, where one number is near another, and a field for the exact number.
 *
 * @param {import("../domain/settings.js").Numeric} name
 * @param {Session} session
 */
function setUpRange(name, session) {
  const field = must(`#${name}`, HTMLInputElement);
  const slider = name === "seed" ? null : must(`#${name}-range`, HTMLInputElement);
  let data = "";
  slider?.addEventListener("input", () => session.changeSettings({ [name]: fit(name, slider.value, data) }));
  field.addEventListener("change", () => {
    const value = fit(name, field.value, data);
    field.value = String(value);
    session.changeSettings({ [name]: value });
  });

  /** @param {State} state */
  return ({ settings, ...state }) => {
    if (data !== state.data) for (const input of slider ? [field, slider] : [field]) Object.assign(input, rangeOf(name, state.data));
    data = state.data;
    if (slider) {
      slider.value = String(settings[name]);
      slider.title = number(settings[name]);
    }
    if (document.activeElement !== field) field.value = String(settings[name]);
  };
}
