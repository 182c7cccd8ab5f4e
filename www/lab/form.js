/** The form: what is to be measured, on which networks, with which attack, on how many images, by what. */
import { choicesForAttack, toValidSettings, usesTemperature, withTemperature } from "../domain/attacks.js";
import { DATASETS, MNIST } from "../domain/datasets.js";
import { ATTACK_IDS, DEFAULTS } from "../domain/settings.js";
import { make, must, setText } from "../page/dom.js";
import { duration, modelName, number, speakOf, t } from "../page/i18n.js";
import { loadSamples } from "../page/samples.js";
import { BACKENDS } from "./backends.js";
import {
  allSubjects,
  attemptsOf,
  budgetOf,
  choosesAttack,
  EXPERIMENTS,
  firstImages,
  firstSubjects,
  hasOneAttack,
  workOf,
} from "./plan.js";

/**
 * @typedef {import("./plan.js").Choice} Choice
 * @typedef {import("./plan.js").Subject} Subject
 * @typedef {import("./backends.js").Backend} Backend
 */

/**
 * @param {ReturnType<typeof import("./backends.js").createBackends>} backends
 * @param {() => void} onChange Something else is to be measured than before.
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
   * The graphics processor, once it has been looked for.
   *
   * @type {Awaited<ReturnType<typeof import("./backends.js").findGraphics>> | null}
   */
  let graphics = null;
  /** Of every data set. @type {import("../engine/protocol.js").ManifestEntry[]} */
  let manifest = [];
  /** Of the one that is chosen. @type {import("../page/samples.js").Sample[]} */
  let samples = [];
  let isOpen = false;
  /** @type {Subject[]} */
  let subjects = [];
  /** @type {Set<Subject>} */
  let chosen = new Set();
  /** Whether the networks are the visitor's choice, and the number of images. */
  const own = { networks: false, images: false };
  let settings = { ...DEFAULTS };
  /** The experiment with FGSM has an attack of its own, and this is all there is to choose of it. */
  let fgsmKnowsT = false;

  /** @returns {Choice} */
  const choice = () => ({
    data,
    experiment,
    subjects: subjects.filter((subject) => chosen.has(subject)),
    settings: {
      ...settings,
      budget: budgetOf(experiment, data),
      ...(experiment === "fgsm" ? { attack: "fgsm", temper: fgsmKnowsT || null } : {}),
    },
    images: images(),
  });

  /** @param {number} wanted */
  const within = (wanted) => Math.min(Math.max(1, samples.length), Math.max(1, wanted));

  function images() {
    const wanted = Math.round(Number(count.value));
    return within(Number.isFinite(wanted) ? wanted : firstImages(experiment, data));
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
    const seconds = backends.estimate(backend, workOf(now));
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
    temper.ariaDisabled = String(usesTemperature(shown) === null);
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

  function changed() {
    draw();
    onChange();
  }

  /** Another data set or experiment. @param {string} wanted @param {Choice["experiment"]} name */
  async function go(wanted, name) {
    const isOther = wanted !== data;
    [data, experiment] = [wanted, name];
    history.replaceState(null, "", hashOf(data, experiment));
    if (isOther) await openData();
    chooseFirst();
    changed();
  }

  /** The networks and the images of a data set. */
  async function openData() {
    const wanted = data;
    speakOf(data);
    // Nothing of the data set before may be taken for this one's while its images are on their way.
    isOpen = false;
    setSubjects([]);
    samples = [];
    const found = await loadSamples(data).catch(() => []);
    if (wanted !== data) return;
    samples = found;
    setSubjects(allSubjects(manifest.filter(({ dataset }) => dataset === data)));
    Object.assign(own, { networks: false, images: false });
    for (const input of [count, range]) input.max = String(Math.max(1, samples.length));
    isOpen = true;
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
        own.networks = true;
        if (input.checked) chosen.add(subject);
        else chosen.delete(subject);
        changed();
      });
      boxes.set(input, subject);
    }
    const root = must("#lab-networks", HTMLElement);
    root.replaceChildren(must("legend", HTMLLegendElement, root), ...[...boxes.keys()].map(labelled));
  }

  /** What the visitor has not chosen is what the experiment begins with. */
  function chooseFirst() {
    if (!own.networks) chosen = new Set(firstSubjects(experiment, subjects));
    if (!own.images) count.value = String(within(firstImages(experiment, data)));
  }

  for (const [root, name, values] of /** @type {const} */ ([
    ["#lab-data", "data", Object.keys(DATASETS)],
    ["#lab-experiments", "experiment", EXPERIMENTS],
  ])) {
    for (const value of values) {
      const input = make("input", { type: "radio", name, value });
      input.addEventListener("change", () =>
        name === "data" ? go(value, experiment) : go(data, /** @type {Choice["experiment"]} */ (value)),
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
    own.images = true;
    count.value = range.value;
    draw();
  });
  count.addEventListener("change", () => {
    own.images = true;
    count.value = String(images());
    draw();
  });
  attack.addEventListener("change", () => {
    const name = ATTACK_IDS.find((each) => each === attack.value);
    if (name) settings = toValidSettings({ ...settings, attack: name, temper: null });
    changed();
  });
  direction.addEventListener("change", () => {
    settings = toValidSettings({ ...settings, direction: /** @type {typeof settings.direction} */ (direction.value) });
    changed();
  });
  temper.addEventListener("click", (event) => {
    if (temper.ariaDisabled === "true") event.preventDefault();
  });
  temper.addEventListener("change", () => {
    if (experiment === "fgsm") fgsmKnowsT = temper.checked;
    else settings = withTemperature(settings, temper.checked);
    changed();
  });
  must("#lab-background", HTMLInputElement).addEventListener("change", ({ target }) => {
    backends.setInBackground(/** @type {HTMLInputElement} */ (target).checked);
  });
  addEventListener("hashchange", () => {
    const wanted = fromHash();
    // The list of sources is linked to, as well.
    if (location.hash === hashOf(wanted.data, wanted.experiment)) void go(wanted.data, wanted.experiment);
  });

  return {
    choice,
    draw,
    backend: () => backend,
    samples: () => samples,
    /** Whether the networks and the images of the data set are here, or have failed to come. */
    isOpen: () => isOpen,
    /** The networks of the data set that is chosen. */
    models: () => manifest.filter(({ dataset }) => dataset === data),

    /** Fills it with the networks that there are. @param {typeof manifest} published */
    async open(published) {
      manifest = published;
      await openData();
      chooseFirst();
      draw();
    },

    /** @param {NonNullable<typeof graphics>} found */
    offer(found) {
      graphics = found;
      draw();
    },
  };
}

/** A box or a button before its words. @param {HTMLInputElement} input */
const labelled = (input) => make("label", { class: "check" }, input, make("span"));

/** The data set and the experiment that the address names: `#fgsm`, `#cifar10/fgsm`. */
function fromHash() {
  const words = location.hash.slice(1).split("/");
  return {
    data: Object.keys(DATASETS).find((name) => words.includes(name)) ?? MNIST,
    experiment: EXPERIMENTS.find((name) => words.includes(name)) ?? "success",
  };
}

/** @param {string} data @param {Choice["experiment"]} experiment */
const hashOf = (data, experiment) => (data === MNIST ? `#${experiment}` : `#${data}/${experiment}`);
