/** Starts the lab: the form, the run, and what is shown of it as results come. */
import { announce } from "../announce.js";
import { ATTACKS, settle, tempered, withTemper } from "../attacks.js";
import { BIBTEX } from "../bibtex.js";
import { DATASETS, MNIST } from "../datasets.js";
import { make, must, setText } from "../dom.js";
import { explain } from "../errors.js";
import { number, percent, preferredLanguage, setUpMenu, speak, speakOf, t } from "../i18n.js";
import { setUpOffline } from "../offline.js";
import { fetchModels } from "../pool.js";
import { loadSamples } from "../samples.js";
import { DEFAULTS } from "../settings.js";
import { setUpTheme } from "../theme.js";
import { modelName } from "../verdict.js";
import { attemptsBehind } from "./attempts.js";
import { BACKENDS, createBackends, findGraphics } from "./backends.js";
import { EXPERIMENTS, allSubjects, attackNames, attemptsOf, budgetOf, choose, firstImages, firstSubjects, hasAttack, planOf, workOf } from "./plan.js";
import { fetchPublished } from "./published.js";
import { reported } from "./reported.js";
import { download, toCsv, toJson, toPng } from "./save.js";
import { FIRST_LOOK, draw, progressOf } from "./views.js";

/** @typedef {import("./plan.js").Choice} Choice */
/** @typedef {import("./plan.js").Subject} Subject */
/** @typedef {import("../pool.js").ExperimentRecord} ExperimentRecord */

/** Milliseconds between two looks at what has been counted. */
const PACE = 400;

const form = must("#lab-form", HTMLFormElement);
const backends = createBackends();
/** @type {import("./backends.js").Backend} */
let backend = "cpu";
/** The graphics processor, once it has been looked for. @type {Awaited<ReturnType<typeof findGraphics>> | null} */
let graphics = null;
/** Of every data set. @type {import("../protocol.js").ManifestEntry[]} */
let manifest = [];
/** Of the one that is chosen. @type {import("../samples.js").Sample[]} */
let samples = [];
/** @type {Subject[]} */
let subjects = [];
/** @type {Set<Subject>} */
let chosen = new Set();
/** Whether the networks are the visitor's choice, and the number of images. */
const own = { networks: false, images: false };
let settings = { ...DEFAULTS };
/** The experiment with FGSM has an attack of its own, and this is all there is to choose of it. */
let fgsmKnowsT = false;
let { data, experiment } = fromHash();
/** This project's rows, and what they are about. @type {{ about: string, rows: import("./plan.js").Row[] }} */
let published = { about: "", rows: [] };

/** What was run last, and what came of it. @type {Run | null} */
let last = null;
/**
 * @typedef {object} Run
 * @property {Choice} choice
 * @property {import("./backends.js").Backend} backend
 * @property {import("./backends.js").Pool} pool
 * @property {import("../pool.js").Plan} plan
 * @property {import("../samples.js").Sample[]} samples
 * @property {import("../protocol.js").ManifestEntry[]} models
 * @property {ExperimentRecord[]} records
 * @property {any[]} rows
 * @property {number} total
 * @property {'running' | 'paused' | 'done' | 'cancelled' | 'failed'} state
 * @property {AbortController} control
 * @property {number} worked Milliseconds of work, pauses left out.
 * @property {number} since When the work began or went on.
 * @property {boolean} isPlanned Whether the engine and the networks are there.
 */

/** @type {import("./views.js").Look} */
let look = FIRST_LOOK;
/** @type {import("./views.js").Cell | null} */
let opened = null;

/** The data set and the experiment that the address names: `#fgsm`, `#cifar10/fgsm`. */
function fromHash() {
  const words = location.hash.slice(1).split("/");
  return {
    data: Object.keys(DATASETS).find((name) => words.includes(name)) ?? MNIST,
    experiment: EXPERIMENTS.find((name) => words.includes(name)) ?? "success",
  };
}

/** @param {string} wanted @param {Choice["experiment"]} name */
const hashOf = (wanted, name) => (wanted === MNIST ? `#${name}` : `#${wanted}/${name}`);

const keep = setUpOffline(false);

/** @param {import("../i18n.js").Language} wanted */
async function changeLanguage(wanted) {
  if (!await speak(wanted)) say(t("notes.words"));
  document.title = `${t("lab.title")}: ${t("title")}`;
  drawForm();
  drawResult();
}

// ---- The form.

/** @returns {Choice} */
const choiceNow = () => ({
  data,
  experiment,
  subjects: subjects.filter((subject) => chosen.has(subject)),
  settings: { ...settings, budget: budgetOf(experiment, data), ...(experiment === "fgsm" ? { attack: "fgsm", temper: fgsmKnowsT || null } : {}) },
  images: images(),
});

function images() {
  const wanted = Math.round(Number(must("#lab-images", HTMLInputElement).value));
  return Math.min(Math.max(1, samples.length), Math.max(1, Number.isFinite(wanted) ? wanted : firstImages(experiment, data)));
}

function drawForm() {
  const attack = must("#lab-attack", HTMLSelectElement);
  const direction = must("#lab-direction", HTMLSelectElement);
  const temper = must("#lab-temper", HTMLInputElement);
  attack.replaceChildren(...attackNames.map((name) => make("option", { value: name }, t(`attack.${name}`))));
  const shown = choiceNow().settings;
  attack.value = shown.attack;
  attack.hidden = !hasAttack(experiment);
  setText(must("#lab-attack-note", HTMLElement), `${t(`attack.${shown.attack}.note`)} ${experiment === "fgsm" ? t("lab.fgsm.untargeted") : ""}`);
  must("#lab-attack-fields", HTMLElement).hidden = experiment === "amplitude" || experiment === "attacks";
  direction.hidden = ATTACKS[shown.attack].directions.length === 0;
  direction.replaceChildren(...ATTACKS[shown.attack].directions.map((name) => make("option", { value: name }, t(`direction.${name}`))));
  direction.value = settings.direction;
  temper.checked = tempered(shown) ?? false;
  temper.ariaDisabled = String(tempered(shown) === null);
  for (const [input, subject] of boxes) {
    input.checked = chosen.has(subject);
    setText(/** @type {Element} */ (input.nextElementSibling), modelName(subject.model, subject.scale));
  }
  for (const radio of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[name=data], [name=experiment]"))) {
    radio.checked = radio.value === (radio.name === "data" ? data : experiment);
    setText(/** @type {Element} */ (radio.nextElementSibling), radio.name === "data" ? DATASETS[radio.value].name : t(`lab.${radio.value}.title`));
  }
  must("#lab-images-range", HTMLInputElement).value = String(images());
  const choice = choiceNow();
  const { pool, seconds } = estimate(backend, choice);
  setText(must("#lab-plan", HTMLElement), seconds === null ? t("lab.plan.untimed", { count: attemptsOf(choice) }) : t("lab.plan", { count: attemptsOf(choice), time: inWords(seconds) }));
  const hasGraphics = graphics !== null && "name" in graphics;
  for (const [name, input] of backendInputs) {
    input.checked = name === backend;
    input.disabled = name === "webgpu" && !hasGraphics;
    setText(/** @type {Element} */ (input.nextElementSibling), t(`lab.backend.${name}`));
  }
  setText(must("#lab-backend-note", HTMLElement), graphics === null ? "" : "name" in graphics ? graphics.name : t(`engine.why.${graphics.why}`));
  setText(must("#lab-engine", HTMLElement), `${t(`lab.workers.${backend}`, { count: pool.size() })} ${t("lab.images.most", { dataset: DATASETS[data].name, images: number(samples.length) })}`);
  must("#lab-back", HTMLAnchorElement).href = new URL(data === MNIST ? "../../" : `../../#v=1&data=${data}`, import.meta.url).href;
}

/** How long it should take; null where nobody knows. @param {import("./backends.js").Backend} by @param {Choice} choice */
function estimate(by, choice) {
  const [pool, slowness] = [backends.pool(by), backends.slowness[by]];
  return { pool, seconds: slowness === null ? null : slowness * workOf(choice) / pool.size() };
}

/** A time that is not known exactly. @param {number} seconds */
function inWords(seconds) {
  if (seconds < 100) return t("lab.seconds", { count: Math.max(1, Math.ceil(seconds)) });
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? t("lab.minutes", { count: minutes }) : t("lab.hours", { count: Math.round(minutes / 60) });
}

/** @type {Map<HTMLInputElement, Subject>} */
const boxes = new Map();
/** @type {Map<import("./backends.js").Backend, HTMLInputElement>} */
const backendInputs = new Map();

function setUpForm() {
  for (const name of Object.keys(DATASETS)) {
    const input = make("input", { type: "radio", name: "data", value: name });
    input.addEventListener("change", () => go(name, experiment));
    must("#lab-data", HTMLElement).append(make("label", { class: "check" }, input, make("span")));
  }
  for (const name of EXPERIMENTS) {
    const input = make("input", { type: "radio", name: "experiment", value: name });
    input.addEventListener("change", () => go(data, name));
    must("#lab-experiments", HTMLElement).append(make("label", { class: "check" }, input, make("span")));
  }
  for (const name of BACKENDS) {
    const input = make("input", { type: "radio", name: "backend", value: name });
    input.addEventListener("change", () => {
      backend = name;
      drawForm();
    });
    backendInputs.set(name, input);
    must("#lab-backends", HTMLElement).insertBefore(make("label", { class: "check" }, input, make("span")), must("#lab-backend-note", HTMLElement));
  }
  const count = must("#lab-images", HTMLInputElement);
  const range = must("#lab-images-range", HTMLInputElement);
  for (const input of [count, range]) Object.assign(input, { min: "1", step: "1" });
  range.addEventListener("input", () => { own.images = true; count.value = range.value; drawForm(); });
  count.addEventListener("change", () => { own.images = true; count.value = String(images()); drawForm(); });
  must("#lab-attack", HTMLSelectElement).addEventListener("change", ({ target }) => {
    const name = attackNames.find((each) => each === /** @type {HTMLSelectElement} */ (target).value);
    if (name) settings = settle({ ...settings, attack: name, temper: null });
    showAttack();
  });
  must("#lab-direction", HTMLSelectElement).addEventListener("change", ({ target }) => {
    const wanted = /** @type {HTMLSelectElement} */ (target).value;
    settings = settle({ ...settings, direction: /** @type {typeof settings.direction} */ (wanted) });
    showAttack();
  });
  const temper = must("#lab-temper", HTMLInputElement);
  temper.addEventListener("click", (event) => {
    if (temper.ariaDisabled === "true") event.preventDefault();
  });
  temper.addEventListener("change", () => {
    if (experiment === "fgsm") fgsmKnowsT = temper.checked;
    else settings = withTemper(settings, temper.checked);
    showAttack();
  });
  must("#lab-background", HTMLInputElement).addEventListener("change", ({ target }) => {
    backends.setInBackground(/** @type {HTMLInputElement} */ (target).checked);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (must("#lab-run", HTMLButtonElement).ariaDisabled !== "true") run();
  });
  must("#lab-pause", HTMLButtonElement).addEventListener("click", pauseOrResume);
  must("#lab-cancel", HTMLButtonElement).addEventListener("click", () => last?.control.abort());
  addEventListener("hashchange", () => {
    const wanted = fromHash();
    // The list of sources is linked to, as well.
    if (location.hash === hashOf(wanted.data, wanted.experiment)) go(wanted.data, wanted.experiment);
  });
}

/** @param {string} wanted @param {Choice["experiment"]} name */
async function go(wanted, name) {
  const isOther = wanted !== data;
  [data, experiment] = [wanted, name];
  history.replaceState(null, "", hashOf(data, experiment));
  if (isOther) await openData();
  chooseFirst();
  showAttack();
}

/** The networks and the images of a data set. */
async function openData() {
  const wanted = data;
  speakOf(data);
  const found = await loadSamples(data).catch(() => []);
  if (wanted !== data) return;
  samples = found;
  subjects = allSubjects(manifest.filter(({ dataset }) => dataset === data));
  chosen = new Set();
  Object.assign(own, { networks: false, images: false });
  for (const id of ["#lab-images", "#lab-images-range"]) must(id, HTMLInputElement).max = String(Math.max(1, samples.length));
  boxes.clear();
  for (const subject of subjects) {
    const input = make("input", { type: "checkbox", name: "network", value: `${subject.model.id}${subject.scale === null ? "" : `×${subject.scale}`}` });
    input.addEventListener("change", () => {
      own.networks = true;
      if (input.checked) chosen.add(subject);
      else chosen.delete(subject);
      showAttack();
    });
    boxes.set(input, subject);
  }
  const root = must("#lab-networks", HTMLElement);
  root.replaceChildren(must("legend", HTMLLegendElement, root), ...[...boxes.keys()].map((input) => make("label", { class: "check" }, input, make("span"))));
}

/** What the visitor has not chosen is what the experiment begins with. */
function chooseFirst() {
  if (!own.networks) chosen = new Set(firstSubjects(experiment, subjects));
  if (!own.images) must("#lab-images", HTMLInputElement).value = String(Math.min(Math.max(1, samples.length), firstImages(experiment, data)));
}

/** The form, and what there is to show of what it says. */
async function showAttack() {
  drawForm();
  drawResult();
  const asked = shownChoice();
  const about = aboutOf(asked);
  if (published.about === about) return;
  const rows = await fetchPublished(asked.experiment, asked.data, asked.settings);
  if (aboutOf(shownChoice()) !== about) return;
  published = { about, rows };
  drawResult();
}

/** @param {Choice} choice */
const aboutOf = (choice) => JSON.stringify([choice.experiment, choice.data, choice.settings]);
/** The last run, if it is what the form is about. */
const shownRun = () => (last?.choice.experiment === experiment && last.choice.data === data ? last : null);
/** What is on show: the last run, or else what the form says. */
const shownChoice = () => (shownRun() ?? { choice: choiceNow() }).choice;

// ---- The run.

async function run() {
  const choice = choiceNow();
  if (choice.subjects.length === 0) return say(t("lab.message.no-network"));
  if (samples.length === 0) return say(t("lab.message.no-samples"));
  say("");
  const picked = choose(samples, choice.images);
  const by = backend;
  const pool = backends.pool(by);
  const plan = planOf(choice, picked, { engine: by, date: new Date().toISOString().slice(0, 10) });
  /** @type {Run} */
  const mine = { choice, backend: by, pool, plan, samples: picked, records: [], rows: [], total: attemptsOf(choice), state: "running", control: new AbortController(), worked: 0, since: performance.now(), isPlanned: false, models: manifest.filter(({ dataset }) => dataset === choice.data) };
  last = mine;
  look = FIRST_LOOK;
  opened = null;
  showAttack();
  announce(t("lab.announce.start", { count: mine.total }));
  let wasPaused = false;
  try {
    const cancelled = new Promise((/** @type {(nothing: null) => void} */ resolve) => mine.control.signal.addEventListener("abort", () => resolve(null)));
    // A fetch may hang as long as it likes; whoever cancels does not.
    const planned = await Promise.race([pool.plan(plan), cancelled]);
    mine.isPlanned = planned !== null;
    mine.since = performance.now();
    drawProgress();
    const done = planned !== null && await pool.run(plan, planned.chunks, {
      signal: mine.control.signal,
      onRecords(records) {
        mine.records.push(...records);
        lookAt(mine);
      },
    });
    wasPaused = mine.state === "paused";
    mine.state = done ? "done" : "cancelled";
  } catch (error) {
    wasPaused = mine.state === "paused";
    mine.state = "failed";
    say([explain(/** @type {Error} */ (error)), ...(by === "webgpu" ? [t("lab.message.cores")] : [])].join(" "));
  }
  if (!wasPaused) mine.worked += performance.now() - mine.since;
  pool.resume();
  const share = mine.records.length / Math.max(1, mine.total);
  if (share > 0) backends.slowness[by] = Math.min(1000, Math.max(0.01, mine.worked / 1000 * pool.size() / (share * workOf(choice))));
  drawForm();
  if (mine.records.length > 0) await count(mine);
  else drawResult();
  if (last === mine) announce(statusOf(mine));
  keep([]);
}

function pauseOrResume() {
  if (last?.state === "running") {
    last.pool.pause();
    last.worked += performance.now() - last.since;
    last.state = "paused";
  } else if (last?.state === "paused") {
    last.since = performance.now();
    last.state = "running";
    last.pool.resume();
  }
  if (last) announce(statusOf(last));
  drawResult();
}

let looking = 0;

/** Counts what is there, soon and not too often. @param {Run} mine */
function lookAt(mine) {
  looking ||= setTimeout(async () => {
    await count(mine);
    looking = 0;
    if (mine.records.length > counted) lookAt(mine);
  }, PACE);
  drawProgress();
}

let counted = 0;

/** @param {Run} mine */
async function count(mine) {
  const records = mine.records.slice();
  try {
    const rows = await mine.pool.rows(mine.plan, records);
    mine.rows = rows.map((/** @type {any} */ row) => {
      const { done, of } = progressOf(mine.choice.experiment, row);
      return { ...row, partial: done < of };
    });
  } catch (error) {
    if (mine.state !== "failed") say(explain(/** @type {Error} */ (error)));
  }
  counted = records.length;
  if (last === mine) drawResult();
}

/** @param {string} words */
function say(words) {
  const message = must("#lab-message", HTMLElement);
  message.hidden = words === "";
  setText(message, words);
  if (words) announce(words);
}

// ---- What is shown.

/** @param {Run} mine */
function statusOf(mine) {
  const { records, total, state } = mine;
  const values = { done: records.length, total, share: percent(records.length / Math.max(1, total), 0) };
  if (state === "running" && mine.pool.isResting()) return t("lab.status.resting", values);
  if (state !== "running") return t(`lab.status.${state}`, values);
  const worked = mine.worked + performance.now() - mine.since;
  const { seconds } = estimate(mine.backend, mine.choice);
  // Until something is done, the estimate has to do.
  const all = records.length === 0 ? seconds : worked / 1000 * total / records.length;
  if (!mine.isPlanned || all === null) return t("lab.status.starting", values);
  return t("lab.status.running", { ...values, left: inWords(all - worked / 1000), workers: mine.pool.size() });
}

function drawProgress() {
  const isBusy = last?.state === "running" || last?.state === "paused";
  must("#lab-run", HTMLButtonElement).ariaDisabled = String(isBusy);
  must("#lab-pause", HTMLButtonElement).ariaDisabled = String(!isBusy);
  must("#lab-cancel", HTMLButtonElement).ariaDisabled = String(!isBusy);
  setText(must("#lab-pause", HTMLButtonElement), t(last?.state === "paused" ? "lab.resume" : "lab.pause"));
  must("#lab-progress", HTMLProgressElement).value = last ? last.records.length / Math.max(1, last.total) : 0;
  setText(must("#lab-status", HTMLElement), last ? statusOf(last) : t("lab.status.none"));
  Object.assign(must("#lab", HTMLElement).dataset, { state: last?.state ?? "", done: String(last?.records.length ?? 0), total: String(last?.total ?? 0) });
}

function drawResult() {
  drawProgress();
  const mine = shownRun();
  const yours = mine?.rows ?? [];
  setText(must("#lab-result-title", HTMLElement), t(`lab.${experiment}.title`));
  const asked = shownChoice();
  const limit = ATTACKS[asked.settings.attack].settings.includes("budget") ? t("lab.limit") : "";
  cite(must("#lab-about", HTMLElement), t(`lab.${experiment}.about`, { limit }));
  // All attacks on all networks would be too many: there it is the networks that are chosen.
  const isShown = (/** @type {import("./plan.js").Row} */ row) => experiment !== "attacks"
    || asked.subjects.some(({ model, scale }) => (row.role === "scaled" ? model.role === "undefended" && row.scale === scale : scale === null && row.role === model.role && row.temperature === model.temperature));
  const ours = published.about === aboutOf(asked) ? published.rows : [];
  const figures = { yours, ours: ours.filter(isShown), paper: reported(experiment, data, asked.settings).filter(isShown) };
  const shown = draw(experiment, figures, { data, look, onLook: lookElsewhere, onOpen: open });
  must("#lab-chart", HTMLElement).replaceChildren(...(shown.chart ? [shown.chart] : []));
  must("#lab-legend", HTMLElement).replaceChildren(...shown.legend);
  drawSelects(shown.selects ?? []);
  const attempts = must("#lab-attempts", HTMLElement);
  attempts.tabIndex = -1;
  attempts.hidden = !mine || !opened;
  attempts.replaceChildren(...(mine && opened ? attemptsBehind(mine, opened) : []));
  must("#lab-table-box", HTMLElement).hidden = shown.body.length === 0;
  must("#lab-table", HTMLElement).replaceChildren(...(shown.body.length > 0 ? [tableOf(shown)] : []));
  for (const name of ["csv", "json", "png"]) must(`#lab-${name}`, HTMLButtonElement).ariaDisabled = String(yours.length === 0);
}

/** Drawn anew only when they offer something else, so that an open one stays open. @param {import("./views.js").Select[]} selects */
function drawSelects(selects) {
  const root = must("#lab-choice", HTMLElement);
  root.hidden = selects.length === 0;
  const now = JSON.stringify(selects);
  if (root.dataset.built === now) return;
  root.dataset.built = now;
  const focused = [...root.children].findIndex((each) => each === document.activeElement);
  root.replaceChildren(...selects.map(({ label, value, options, onChange }) => {
    const select = make("select", { "aria-label": label }, ...options.map(([name, words]) => make("option", { value: name }, words)));
    select.value = value;
    select.addEventListener("change", () => onChange(select.value));
    return select;
  }));
  const again = root.children[focused];
  if (again instanceof HTMLElement) again.focus();
}

/** @param {Partial<import("./views.js").Look>} wanted */
function lookElsewhere(wanted) {
  look = { ...look, ...wanted };
  opened = null;
  drawResult();
}

/** @param {import("./views.js").Cell} cell */
function open(cell) {
  opened = cell;
  drawResult();
  must("#lab-attempts", HTMLElement).focus();
}

/** @param {import("./views.js").View} view */
function tableOf({ head, body }) {
  return make("table", {},
    make("thead", {}, make("tr", {}, ...head.map((name) => make("th", { scope: "col" }, name)))),
    make("tbody", {}, ...body.map(([name, ...cells]) => make("tr", {}, make("th", { scope: "row" }, name), ...cells.map((cell) => make("td", {}, cell))))));
}

/** A text with each [number] as a link to its source. @param {HTMLElement} element @param {string} text */
function cite(element, text) {
  element.replaceChildren(...text.split(/(\[\d\])/).map((part) => {
    const cited = /^\[(\d)\]$/.exec(part);
    return cited ? make("a", { href: `#reference-${cited[1]}` }, part) : part;
  }));
}

function setUpDownloads() {
  const name = (/** @type {string} */ ending) => `${last ? `${last.choice.data === MNIST ? "" : `${last.choice.data}-`}${last.choice.experiment}` : "lab"}${last?.state === "done" ? "" : "-partial"}.${ending}`;
  /** @type {Record<string, () => Blob | Promise<Blob>>} */
  const files = {
    csv: () => toCsv(last?.rows ?? []),
    json: () => toJson(last?.rows ?? []),
    png: () => toPng(must("#lab-chart > *", Element), [t(`lab.${experiment}.title`), last ? statusOf(last) : "", ...[...document.querySelectorAll("#lab-legend > *")].map((each) => each.textContent ?? "")]),
  };
  for (const [ending, file] of Object.entries(files)) {
    const button = must(`#lab-${ending}`, HTMLButtonElement);
    button.addEventListener("click", async () => {
      if (button.ariaDisabled === "true") return;
      try {
        download(name(ending), await file());
      } catch (error) {
        say(explain(/** @type {Error} */ (error)));
      }
    });
  }
  const text = must("#lab-bibtex", HTMLTextAreaElement);
  text.value = `${Object.values(BIBTEX).join("\n\n")}\n`;
  must("#lab-bibtex-copy", HTMLButtonElement).addEventListener("click", () => {
    navigator.clipboard.writeText(text.value).then(() => say(t("share.copied")), () => { text.focus(); text.select(); });
  });
}

async function start() {
  setUpForm();
  setUpDownloads();
  setUpMenu(changeLanguage);
  await changeLanguage(preferredLanguage());
  setUpTheme(null, () => {});
  must("#boot", HTMLElement).hidden = true;
  must("#lab", HTMLElement).hidden = false;
  document.addEventListener("visibilitychange", drawProgress);
  findGraphics().then((found) => {
    graphics = found;
    drawForm();
  });
  try {
    manifest = await fetchModels();
  } catch (error) {
    say(explain(/** @type {Error} */ (error)));
  }
  await openData();
  chooseFirst();
  await showAttack();
  must("#lab", HTMLElement).dataset.ready = "true";
  keep([]);
}

await start().catch((error) => {
  must("#boot", HTMLElement).dataset.failed = String(error.message);
});
