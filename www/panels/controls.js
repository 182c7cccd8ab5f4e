/** The controls of the attack and of the view. Each setting in the registry gets a control. */
import {
  ATTACKS,
  choicesForAttack,
  countsChanges,
  hasSetting,
  isUntargeted,
  settingNames,
  usesTemperature,
} from "../domain/attacks.js";
import { DATASETS, MNIST } from "../domain/datasets.js";
import {
  ATTACK_IDS,
  CHOICES,
  choicesOf,
  isChoice,
  PAGE_SETTINGS,
  rangeOf,
  toAllowedNumber,
} from "../domain/settings.js";
import { isDisabled, make, must, setDisabled, setText } from "../page/dom.js";
import { number, percent, t } from "../page/i18n.js";
import { SIDES } from "../session/state.js";
import { effectiveTemperature } from "../session/verdict.js";

/** @typedef {import("../session/session.js").Session} Session */
/** @typedef {import("../session/state.js").State} State */

/** Whether the style sheets lay out the page in one column, as on a phone. */
export const isNarrow = () => matchMedia("(max-width: 46rem)").matches;

/** @param {Session} session */
export function setUpControls(session) {
  const showAttack = makeRadios(must("#attacks", HTMLElement), "attack", ATTACK_IDS, (attack) =>
    session.changeSettings({ attack }),
  );
  const drawSettings = PAGE_SETTINGS.map((setting) =>
    isChoice(setting) ? setUpChoice(setting.name, session) : setUpRange(setting.name, session),
  );
  const budgetNote = make("p", { class: "small" });
  must("#budget", HTMLElement).parentElement?.after(budgetNote);
  const drawTemperatureUse = setUpTemperatureUse(session);
  const untargeted = must("#untargeted", HTMLInputElement);
  untargeted.addEventListener("change", () => session.changeSettings({ untargeted: untargeted.checked }));
  const showOverlay = makeRadios(must("#overlays", HTMLElement), "overlay", CHOICES.overlay, (overlay) =>
    session.changeView({ overlay }),
  );
  const channels = must("#channels", HTMLElement);
  const showChannel = makeRadios(channels, "channel", CHOICES.channel, (channel) => session.changeView({ channel }));
  const marks = must("#marks", HTMLInputElement);
  marks.addEventListener("change", () => session.changeView({ marks: marks.checked }));
  const drawActions = setUpActions(session);

  /** @param {State} state */
  return (state) => {
    for (const draw of [...drawSettings, drawTemperatureUse]) draw(state);
    showOverlay(state.overlay);
    channels.hidden = DATASETS[state.data].channels === 1;
    showChannel(state.channel);
    marks.checked = state.marks;
    const { attack, budget } = state.settings;
    const isOneByOne = ATTACKS[attack].changes === "feature";
    const share = percent(budget / DATASETS[state.data].features, 1);
    showAttack(attack);
    setText(must("#settings-summary", HTMLElement), summary(state.settings));
    setText(must("#attack-note", HTMLElement), t(`attack.${attack}.note`));
    budgetNote.hidden = !hasSetting(attack, "budget");
    setText(
      budgetNote,
      t(`setting.budget.note.${isOneByOne ? "feature" : "pair"}${countsChanges(state.settings) ? ".changes" : ""}`, {
        count: isOneByOne ? budget : Math.floor(budget / 2),
        share,
      }),
    );
    must("#untargeted-row", HTMLElement).hidden = !ATTACKS[attack].untargeted;
    untargeted.checked = isUntargeted(state.settings);
    must("#targets .targets-row", HTMLElement).toggleAttribute("data-unused", untargeted.checked);
    drawActions(state);
  };
}

/** The attack with its settings, in one line. @param {import("../domain/settings.js").Settings} settings */
export function summary(settings) {
  const { attack } = settings;
  const own = settingNames(attack).map((name) => {
    const value = settings[name];
    return typeof value === "number" ? t(`setting.${name}.summary`, { [name]: value }) : t(`${name}.${value}`);
  });
  const temperatureUse = ATTACKS[attack].temperature?.sibling || !usesTemperature(settings) ? [] : ["softmax(Z/T)"];
  return [t(`attack.${attack}`), ...temperatureUse, ...own, ...(isUntargeted(settings) ? [t("untargeted")] : [])].join(
    " · ",
  );
}

/** The checkbox that makes the attack take the temperature into account. @param {Session} session */
function setUpTemperatureUse(session) {
  const box = must("#temper", HTMLInputElement);
  const note = must("#temper-note", HTMLElement);
  box.addEventListener("click", (event) => {
    // Not `disabled`: a disabled checkbox cannot be reached by keyboard.
    if (isDisabled(box)) event.preventDefault();
  });
  box.addEventListener("change", () => session.setTemperatureUse(box.checked));

  /** @param {State} state */
  return ({ settings, panels }) => {
    const isUsed = usesTemperature(settings);
    box.checked = isUsed ?? false;
    setDisabled(box, isUsed === null);
    const [a, b] = SIDES.map((side) => panels[side].model && effectiveTemperature(panels[side]));
    if (isUsed === null) setText(note, t("temper.none", { attack: t(`attack.${settings.attack}`) }));
    else if (isUsed && a && b) setText(note, t("temper.on", { a, b }));
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
    if (isDisabled(run)) return;
    void session.run();
    // On a phone the panels are below the controls. An embedded page does not scroll the page around it.
    if (isNarrow() && document.documentElement.dataset.embed === undefined)
      must("#views", HTMLElement).scrollIntoView();
  });
  step.addEventListener("click", session.step);
  cancel.addEventListener("click", session.cancel);
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && !document.querySelector("dialog[open]")) session.cancel();
  });

  /** @param {State} state */
  return ({ running, panels, message: words }) => {
    // Not `disabled`: a disabled button would lose the focus just after it is pressed.
    setDisabled(run, running);
    setDisabled(cancel, !running);
    message.hidden = words() === "";
    setText(message, words());
    document.body.dataset.running = String(running);
    document.body.dataset.started = String(running || SIDES.some((side) => panels[side].steps.length > 0));
    // On a phone, Step and Cancel are hidden when they have no use. The focus must not be lost with them.
    if ([step, cancel].some((button) => button === document.activeElement && button.getClientRects().length === 0))
      run.focus();
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
    group.append(
      make(
        "label",
        { class: "segment", "data-value": value },
        input,
        make("span", { "data-t": `${name}.${value}` }, t(`${name}.${value}`)),
      ),
    );
    return input;
  });
  return (/** @type {Value} */ chosen) =>
    inputs.forEach((input) => {
      input.checked = input.value === chosen;
    });
}

/**
 * Adds a control to the attack's settings; the view it returns hides it for attacks without the setting.
 *
 * @param {string} name
 * @param {HTMLElement} row
 */
function addSetting(name, row) {
  row.dataset.setting = name;
  must("#settings", HTMLElement).append(row);
  /** @param {State} state */
  return ({ settings: { attack } }) => {
    row.hidden = !settingNames(attack).some((each) => each === name);
  };
}

/**
 * Radio buttons for a setting with named choices. Only those that the attack supports are shown.
 *
 * @param {import("../domain/settings.js").Choice["name"]} name
 * @param {Session} session
 */
function setUpChoice(name, session) {
  const row = make("div", {
    class: "setting",
    role: "radiogroup",
    "data-t-label": `setting.${name}`,
    "aria-label": t(`setting.${name}`),
  });
  const show = makeRadios(row, name, choicesOf(name), (value) => session.changeSettings({ [name]: value }));
  const drawRow = addSetting(name, row);

  /** @param {State} state */
  return (state) => {
    drawRow(state);
    const offered = choicesForAttack(state.settings.attack, name);
    for (const choice of /** @type {Iterable<HTMLElement>} */ (row.children)) {
      choice.hidden = !offered.includes(choice.getAttribute("data-value") ?? "");
    }
    show(state.settings[name]);
  };
}

/** A slider with more positions than this cannot be set exactly. */
const MAX_POSITIONS = 10_000;

/**
 * A field for the exact number, and a slider unless it would have too many positions.
 *
 * @param {import("../domain/settings.js").Numeric} name
 * @param {Session} session
 */
function setUpRange(name, session) {
  /** @type {string} */
  let data = MNIST;
  const { min, max, step } = rangeOf(name, data);
  const label = make("label", { for: name }, make("span", { "data-t": `setting.${name}` }, t(`setting.${name}`)));
  const field = make("input", { type: "number", id: name, inputmode: Number.isInteger(step) ? "numeric" : "decimal" });
  const slider =
    (max - min) / step > MAX_POSITIONS
      ? null
      : make("input", { type: "range", id: `${name}-range`, tabindex: "-1", "aria-hidden": "true" });
  const drawRow = addSetting(name, make("div", { class: "setting" }, label, ...(slider ? [slider] : []), field));
  const fitRange = () => {
    for (const input of slider ? [field, slider] : [field]) Object.assign(input, rangeOf(name, data));
  };
  fitRange();
  slider?.addEventListener("input", () =>
    session.changeSettings({ [name]: toAllowedNumber(name, slider.value, data) }),
  );
  field.addEventListener("change", () => {
    const value = toAllowedNumber(name, field.value, data);
    field.value = String(value);
    session.changeSettings({ [name]: value });
  });

  /** @param {State} state */
  return (state) => {
    drawRow(state);
    if (data !== state.data) {
      data = state.data;
      fitRange();
    }
    const value = state.settings[name];
    if (slider) {
      slider.value = String(value);
      slider.title = number(value);
    }
    if (document.activeElement !== field) field.value = String(value);
  };
}
