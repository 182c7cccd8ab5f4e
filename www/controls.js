/** The controls of the attack and of what is shown. Their choices and ranges come from the settings' table. */
import { DATASETS } from "./datasets.js";
import { make, must, setText } from "./dom.js";
import { number, percent, t } from "./i18n.js";
import { CHOICES, fit, rangeOf } from "./settings.js";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./state.js").State} State */

/** Whether the page is one column, as the style sheets lay it out on a phone. */
export const isNarrow = () => matchMedia("(max-width: 46rem)").matches;

/** @param {Session} session */
export function setUpControls(session) {
  const choices = /** @type {const} */ (["attack", "direction"]).map((name) => {
    const group = must(`[data-choice="${name}"]`, HTMLElement);
    const show = makeRadios(group, name, CHOICES[name], (value) => session.changeSettings({ [name]: value }));
    return (/** @type {State} */ { settings }) => show(settings[name]);
  });
  const ranges = /** @type {const} */ (["theta", "budget"]).map((name) => setUpRange(name, session));
  const showOverlay = makeRadios(must("#overlays", HTMLElement), "overlay", CHOICES.overlay, (overlay) => session.look({ overlay }));
  const channels = must("#channels", HTMLElement);
  const showChannel = makeRadios(channels, "channel", CHOICES.channel, (channel) => session.look({ channel }));
  const marks = must("#marks", HTMLInputElement);
  marks.addEventListener("change", () => session.look({ marks: marks.checked }));
  const drawActions = setUpActions(session);

  /** @param {State} state */
  return (state) => {
    for (const draw of [...choices, ...ranges]) draw(state);
    showOverlay(state.overlay);
    channels.hidden = DATASETS[state.data].channels === 1;
    showChannel(state.channel);
    marks.checked = state.marks;
    const { attack, direction, theta, budget } = state.settings;
    const share = percent(budget / DATASETS[state.data].features, 1);
    setText(must("#settings-summary", HTMLElement), t("settings.summary", { attack: t(`attack.${attack}`), direction: t(`direction.${direction}`), theta, budget }));
    setText(must("#attack-note", HTMLElement), t(`attack.${attack}.note`));
    setText(must("#budget-note", HTMLElement), t("setting.budget.note", { count: Math.floor(budget / 2), share }));
    drawActions(state);
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
    if (isNarrow() && document.documentElement.dataset.embed === undefined) must(".bench", HTMLElement).scrollIntoView();
  });
  step.addEventListener("click", session.step);
  cancel.addEventListener("click", session.cancel);
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && !document.querySelector("dialog[open]")) session.cancel();
  });

  /** @param {State} state */
  return ({ running, message: words }) => {
    // Not `disabled`, which would take the focus from whoever has just pressed the button.
    run.ariaDisabled = String(running);
    cancel.ariaDisabled = String(!running);
    message.hidden = words === "";
    setText(message, words);
    document.body.dataset.running = String(running);
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
    group.append(make("label", { class: "segment" }, input, make("span", { "data-t": `${name}.${value}` }, t(`${name}.${value}`))));
    return input;
  });
  return (/** @type {Value} */ chosen) => inputs.forEach((input) => { input.checked = input.value === chosen; });
}

/**
 * A slider for the hand and a field for the exact number.
 *
 * @param {"theta" | "budget"} name
 * @param {Session} session
 */
function setUpRange(name, session) {
  const field = must(`#${name}`, HTMLInputElement);
  const slider = must(`#${name}-range`, HTMLInputElement);
  let data = "";
  slider.addEventListener("input", () => session.changeSettings({ [name]: fit(name, slider.value, data) }));
  field.addEventListener("change", () => {
    const value = fit(name, field.value, data);
    field.value = String(value);
    session.changeSettings({ [name]: value });
  });

  /** @param {State} state */
  return ({ settings, ...state }) => {
    if (data !== state.data) for (const input of [field, slider]) Object.assign(input, rangeOf(name, state.data));
    data = state.data;
    slider.value = String(settings[name]);
    if (document.activeElement !== field) field.value = String(settings[name]);
    slider.title = number(settings[name]);
  };
}
