/** The lab's form: it chooses the data set, experiment, networks, attack, number of images and backend of a run. */
import { choicesForAttack, toValidSettings, usesTemperature, withTemperature } from "../domain/attacks.js";
import { DATASETS, MNIST } from "../domain/datasets.js";
import { ATTACK_IDS, DEFAULTS } from "../domain/settings.js";
import { mend } from "../link/mend.js";
import { isDisabled, make, must, setDisabled, setText } from "../page/dom.js";
import { duration, modelName, number, setWordsDataset, t } from "../page/i18n.js";
import { loadSamples } from "../page/samples.js";
import { BACKENDS } from "./backends.js";
import { coreSeconds } from "./estimate.js";
import { showMessage } from "./message.js";
import {
  allSubjects,
  attemptsOf,
  budgetOf,
  choosesAttack,
  defaultImages,
  defaultSubjects,
  EXPERIMENTS,
  hasOneAttack,
} from "./plan.js";

/**
 * @typedef {import("./plan.js").Choice} Choice
 * @typedef {import("./plan.js").Subject} Subject
 * @typedef {import("./backends.js").Backend} Backend
 */

/**
 * @param {ReturnType<typeof import("./backends.js").createBackends>} backends
 * @param {() => void} onChange Called when the visitor chooses another data set, experiment, network or attack.
 */
export function createForm(backends, onChange) {
  const form = must("#lab-form", HTMLFormElement);
  const count = must("#lab-images", HTMLInputElement);
  const range = must("#lab-images-range", HTMLInputElement);
  const attack = must("#lab-attack", HTMLSelectElement);
  const direction = must("#lab-direction", HTMLSelectElement);
  const temper = must("#lab-temper", HTMLInputElement);
  /** @type {Map<HTMLInputElement, Subject>} */
  const boxes = new Map();
  /** @type {Map<HTMLInputElement, Backend>} */
  const backendInputs = new Map();

  let { data, experiment } = fromHash();
  /** @type {Backend} */
  let backend = "cpu";
  /**
   * The result of looking for a graphics processor; `null` until it is known.
   *
   * @type {Awaited<ReturnType<typeof import("./backends.js").findGraphics>> | null}
   */
  let graphics = null;
  /** The networks of all data sets. @type {import("../engine/protocol.js").ManifestEntry[]} */
  let manifest = [];
  /** The samples of the chosen data set. @type {import("../page/samples.js").Sample[]} */
  let samples = [];
  let isLoaded = false;
  /** @type {Subject[]} */
  let subjects = [];
  /** @type {Set<Subject>} */
  let chosen = new Set();
  /** Whether the visitor has chosen the networks and the number of images; otherwise the experiment's defaults hold. */
  const isVisitors = { networks: false, images: false };
  let settings = { ...DEFAULTS };
  /** Whether FGSM divides the logits by T, the only setting of the experiment with FGSM. */
  let fgsmUsesT = false;

  /** @returns {Choice} */
  const choice = () => ({
    data,
    experiment,
    subjects: subjects.filter((subject) => chosen.has(subject)),
    settings: {
      ...settings,
      budget: budgetOf(experiment, data),
      ...(experiment === "fgsm" ? { attack: "fgsm", temper: fgsmUsesT || null } : {}),
    },
    images: images(),
  });

  /** @param {number} wanted */
  const clampCount = (wanted) => Math.min(Math.max(1, samples.length), Math.max(1, wanted));

  function images() {
    const wanted = Math.round(Number(count.value));
    return clampCount(Number.isFinite(wanted) ? wanted : defaultImages(experiment, data));
  }

  function draw() {
    const now = choice();
    drawAttack(now.settings);
    for (const [input, subject] of boxes) {
      input.checked = chosen.has(subject);
      setText(/** @type {Element} */ (input.nextElementSibling), modelName(subject.model, subject.scale));
    }
    for (const radio of /** @type {NodeListOf<HTMLInputElement>} */ (
      form.querySelectorAll("[name=data], [name=experiment]")
    )) {
      radio.checked = radio.value === (radio.name === "data" ? data : experiment);
      setText(
        /** @type {Element} */ (radio.nextElementSibling),
        radio.name === "data" ? DATASETS[radio.value].name : t(`lab.${radio.value}.title`),
      );
    }
    range.value = String(now.images);
    const seconds = backends.estimate(backend, coreSeconds(now));
    setText(
      must("#lab-plan", HTMLElement),
      seconds === null
        ? t("lab.plan.untimed", { count: attemptsOf(now) })
        : t("lab.plan", { count: attemptsOf(now), time: duration(seconds) }),
    );
    drawBackends();
    must("#lab-back", HTMLAnchorElement).href = new URL(
      data === MNIST ? "../../" : `../../#v=1&data=${data}`,
      import.meta.url,
    ).href;
  }

  /** @param {Choice["settings"]} shown */
  function drawAttack(shown) {
    const directions = choicesForAttack(shown.attack, "direction");
    attack.replaceChildren(...ATTACK_IDS.map((name) => make("option", { value: name }, t(`attack.${name}`))));
    attack.value = shown.attack;
    attack.hidden = !choosesAttack(experiment);
    setText(
      must("#lab-attack-note", HTMLElement),
      `${t(`attack.${shown.attack}.note`)} ${experiment === "fgsm" ? t("lab.fgsm.untargeted") : ""}`,
    );
    must("#lab-attack-fields", HTMLElement).hidden = !hasOneAttack(experiment);
    direction.hidden = directions.length === 0;
    direction.replaceChildren(...directions.map((name) => make("option", { value: name }, t(`direction.${name}`))));
    direction.value = settings.direction;
    temper.checked = usesTemperature(shown) ?? false;
    setDisabled(temper, usesTemperature(shown) === null);
  }

  function drawBackends() {
    const hasGraphics = graphics !== null && "name" in graphics;
    for (const [input, name] of backendInputs) {
      input.checked = name === backend;
      input.disabled = name === "webgpu" && !hasGraphics;
      setText(/** @type {Element} */ (input.nextElementSibling), t(`lab.backend.${name}`));
    }
    setText(
      must("#lab-backend-note", HTMLElement),
      graphics === null ? "" : "name" in graphics ? graphics.name : t(`engine.why.${graphics.why}`),
    );
    setText(
      must("#lab-engine", HTMLElement),
      `${t(`lab.workers.${backend}`, { count: backends.pool(backend).size() })} ${t("lab.images.most", { dataset: DATASETS[data].name, images: number(samples.length) })}`,
    );
  }

  function drawAndReport() {
    draw();
    onChange();
  }

  /** Changes to another data set or experiment. @param {string} wanted @param {Choice["experiment"]} name */
  async function change(wanted, name) {
    const isOtherDataset = wanted !== data;
    [data, experiment] = [wanted, name];
    history.replaceState(null, "", hashOf(data, experiment));
    if (isOtherDataset) await loadDataset();
    setDefaults();
    drawAndReport();
  }

  /** Loads the chosen data set's samples, and lists its networks. */
  async function loadDataset() {
    const wanted = data;
    setWordsDataset(data);
    // While this data set's samples are loading, those of the previous one must not be used.
    isLoaded = false;
    setSubjects([]);
    samples = [];
    const found = await loadSamples(data).catch(() => []);
    if (wanted !== data) return;
    samples = found;
    setSubjects(allSubjects(manifest.filter(({ dataset }) => dataset === data)));
    Object.assign(isVisitors, { networks: false, images: false });
    for (const input of [count, range]) input.max = String(Math.max(1, samples.length));
    isLoaded = true;
  }

  /** @param {typeof subjects} found */
  function setSubjects(found) {
    subjects = found;
    chosen = new Set();
    boxes.clear();
    for (const subject of subjects) {
      const input = make("input", {
        type: "checkbox",
        name: "network",
        value: `${subject.model.id}${subject.scale === null ? "" : `×${subject.scale}`}`,
      });
      input.addEventListener("change", () => {
        isVisitors.networks = true;
        if (input.checked) chosen.add(subject);
        else chosen.delete(subject);
        drawAndReport();
      });
      boxes.set(input, subject);
    }
    const root = must("#lab-networks", HTMLElement);
    root.replaceChildren(must("legend", HTMLLegendElement, root), ...[...boxes.keys()].map(labelled));
  }

  /** Sets what the visitor has not chosen to the experiment's defaults. */
  function setDefaults() {
    if (!isVisitors.networks) chosen = new Set(defaultSubjects(experiment, subjects));
    if (!isVisitors.images) count.value = String(clampCount(defaultImages(experiment, data)));
  }

  for (const [root, name, values] of /** @type {const} */ ([
    ["#lab-data", "data", Object.keys(DATASETS)],
    ["#lab-experiments", "experiment", EXPERIMENTS],
  ])) {
    for (const value of values) {
      const input = make("input", { type: "radio", name, value });
      input.addEventListener("change", () =>
        name === "data" ? change(value, experiment) : change(data, /** @type {Choice["experiment"]} */ (value)),
      );
      must(root, HTMLElement).append(labelled(input));
    }
  }
  for (const name of BACKENDS) {
    const input = make("input", { type: "radio", name: "backend", value: name });
    input.addEventListener("change", () => {
      backend = name;
      draw();
    });
    backendInputs.set(input, name);
    must("#lab-backends", HTMLElement).insertBefore(labelled(input), must("#lab-backend-note", HTMLElement));
  }
  for (const input of [count, range]) Object.assign(input, { min: "1", step: "1" });
  range.addEventListener("input", () => {
    isVisitors.images = true;
    count.value = range.value;
    draw();
  });
  count.addEventListener("change", () => {
    isVisitors.images = true;
    count.value = String(images());
    draw();
  });
  attack.addEventListener("change", () => {
    const name = ATTACK_IDS.find((each) => each === attack.value);
    if (name) settings = toValidSettings({ ...settings, attack: name, temper: null });
    drawAndReport();
  });
  direction.addEventListener("change", () => {
    settings = toValidSettings({ ...settings, direction: /** @type {typeof settings.direction} */ (direction.value) });
    drawAndReport();
  });
  temper.addEventListener("click", (event) => {
    if (isDisabled(temper)) event.preventDefault();
  });
  temper.addEventListener("change", () => {
    if (experiment === "fgsm") fgsmUsesT = temper.checked;
    else settings = withTemperature(settings, temper.checked);
    drawAndReport();
  });
  must("#lab-background", HTMLInputElement).addEventListener("change", ({ target }) => {
    backends.setInBackground(/** @type {HTMLInputElement} */ (target).checked);
  });
  addEventListener("hashchange", () => {
    // Links to the list of papers change the hash too; those are ignored.
    if (isAnchor()) return;
    const wanted = fromHash();
    showMessage(wanted.unknown.length > 0 ? t("lab.message.address") : "");
    if (wanted.unknown.length > 0) return;
    if (wanted.data !== data || wanted.experiment !== experiment) void change(wanted.data, wanted.experiment);
  });

  return {
    choice,
    draw,
    backend: () => backend,
    samples: () => samples,
    /** Whether loading the data set has ended, with or without success. */
    isLoaded: () => isLoaded,
    /** The networks of the chosen data set. */
    models: () => manifest.filter(({ dataset }) => dataset === data),

    /** Fills the form with the published networks. @param {typeof manifest} published */
    async load(published) {
      manifest = published;
      await loadDataset();
      setDefaults();
      draw();
    },

    /**
     * Restores a choice that was kept.
     *
     * @param {import("./archive.js").KeptChoice} kept
     * @param {Backend} keptBackend
     * @returns {Promise<boolean>} Whether everything that it names is still there.
     */
    async restore(kept, keptBackend) {
      if (!Object.hasOwn(DATASETS, kept.data) || !ATTACK_IDS.includes(kept.settings.attack)) return false;
      [data, experiment, backend] = [kept.data, kept.experiment, keptBackend];
      history.replaceState(null, "", hashOf(data, experiment));
      await loadDataset();
      if (data !== kept.data) return false;
      Object.assign(isVisitors, { networks: true, images: true });
      chosen = new Set(
        subjects.filter(({ model, scale }) =>
          kept.networks.some((network) => network.model === model.id && network.scale === scale),
        ),
      );
      count.value = String(clampCount(kept.images));
      if (experiment === "fgsm") fgsmUsesT = kept.settings.temper === true;
      else settings = toValidSettings(kept.settings);
      drawAndReport();
      return chosen.size === kept.networks.length && images() === kept.images;
    },

    /** @param {NonNullable<typeof graphics>} found */
    setGraphics(found) {
      graphics = found;
      draw();
    },
  };
}

/** A checkbox or radio button with an empty label after it. @param {HTMLInputElement} input */
const labelled = (input) => make("label", { class: "check" }, input, make("span"));

/**
 * The data set and the experiment in the address, such as `#fgsm` or `#cifar10/fgsm`, which may have been changed on its
 * way; and the words that are neither.
 */
function fromHash() {
  // Other sites append fields behind a `?` or `&`.
  const [address] = mend(location.hash).text.toLowerCase().replace(/^&+/, "").split("&");
  const words = address.split("/").filter((word) => word !== "");
  const data = Object.keys(DATASETS).find((name) => words.includes(name)) ?? MNIST;
  const experiment = EXPERIMENTS.find((name) => words.includes(name)) ?? "success";
  return { data, experiment, unknown: words.filter((word) => word !== data && word !== experiment) };
}

/** Whether the address leads to a part of the lab's page, such as an entry of the list of papers. */
const isAnchor = () => document.getElementById(location.hash.slice(1)) !== null;

/** Whether the address holds something that is no data set and no experiment. */
export const isAddressUnknown = () => fromHash().unknown.length > 0 && !isAnchor();

/** @param {string} data @param {Choice["experiment"]} experiment */
const hashOf = (data, experiment) => (data === MNIST ? `#${experiment}` : `#${data}/${experiment}`);
