/** Starts the lab: the form, the run, and what is shown of it as results come. */
import { announce } from "../announce.js";
import { ATTACKS, settle, tempered, withTemper } from "../attacks.js";
import { BIBTEX } from "../bibtex.js";
import { DATASETS, MNIST } from "../datasets.js";
import { make, must, setText } from "../dom.js";
import { explain } from "../errors.js";
import { number, percent, preferredLanguage, rememberLanguage, speak, t, toLanguage } from "../i18n.js";
import { emptyLink, writeLink } from "../link.js";
import { nameOf as linkNameOf } from "../networks.js";
import { setUpOffline } from "../offline.js";
import { createPool, fetchModels } from "../pool.js";
import { loadSamples } from "../samples.js";
import { DEFAULTS } from "../settings.js";
import { setUpTheme } from "../theme.js";
import { modelName } from "../verdict.js";
import { EXPERIMENTS, allSubjects, attackNames, attemptsOf, choose, hasAttack, planOf } from "./plan.js";
import { fetchPublished } from "./published.js";
import { download, toCsv, toJson, toPng } from "./save.js";
import { MEASURES, draw, nameOf, progressOf } from "./views.js";

/** @typedef {import("./plan.js").Choice} Choice */
/** @typedef {import("./plan.js").Subject} Subject */
/** @typedef {import("../pool.js").ExperimentRecord} ExperimentRecord */

/** Milliseconds between two looks at what has been counted. */
const PACE = 400;
/** How many images an experiment begins with: enough to see something, few enough to see it soon. */
const FIRST_IMAGES = 10;
/** How many of the attacks behind a cell are listed. */
const MOST_LISTED = 20;
/** The networks that the form begins with: one of each kind, and the control that nobody trained. */
const FIRST_SCALES = [5, 10, 40];

const form = must("#lab-form", HTMLFormElement);
const pool = createPool();
const samples = await loadSamples(MNIST).catch(() => []);
const published = await fetchPublished();
/** @type {import("../protocol.js").ManifestEntry[]} */
let models = [];
/** @type {Subject[]} */
let subjects = [];
/** @type {Set<Subject>} */
const chosen = new Set();
let settings = { ...DEFAULTS };
/** The experiment with FGSM has an attack of its own, and this is all there is to choose of it. */
let fgsmKnowsT = false;
/** @type {Choice["experiment"]} */
let experiment = fromHash();

/** What was run last, and what came of it. @type {Run | null} */
let last = null;
/**
 * @typedef {object} Run
 * @property {Choice} choice
 * @property {import("../pool.js").Plan} plan
 * @property {import("../samples.js").Sample[]} samples
 * @property {ExperimentRecord[]} records
 * @property {any[]} rows
 * @property {number} total
 * @property {'running' | 'paused' | 'done' | 'cancelled' | 'failed'} state
 * @property {AbortController} control
 * @property {number} worked Milliseconds of work, pauses left out.
 * @property {number} since When the work began or went on.
 */
let network = 0;
/** @type {typeof MEASURES[number]} */
let measure = "rate";
/** @type {{ task: number, source: number, target: number } | null} */
let opened = null;

/** The experiment that the address names. */
function fromHash() {
  const wanted = location.hash.slice(1);
  return EXPERIMENTS.find((name) => name === wanted) ?? "success";
}

const language = must("#language", HTMLSelectElement);
const keep = setUpOffline(false);

/** @param {import("../i18n.js").Language} wanted */
async function changeLanguage(wanted) {
  await speak(wanted);
  language.value = wanted;
  document.title = `${t("lab.title")}: ${t("title")}`;
  drawForm();
  drawResult();
}

// ---- The form.

/** @returns {Choice} */
const choiceNow = () => ({
  experiment,
  subjects: subjects.filter((subject) => chosen.has(subject)),
  settings: experiment === "fgsm" ? { ...settings, attack: "fgsm", temper: fgsmKnowsT || null } : settings,
  images: images(),
});

function images() {
  const wanted = Math.round(Number(must("#lab-images", HTMLInputElement).value));
  return Math.min(Math.max(1, samples.length), Math.max(1, Number.isFinite(wanted) ? wanted : FIRST_IMAGES));
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
  must("#lab-attack-fields", HTMLElement).hidden = experiment === "amplitude";
  direction.hidden = ATTACKS[shown.attack].directions.length === 0;
  direction.replaceChildren(...ATTACKS[shown.attack].directions.map((name) => make("option", { value: name }, t(`direction.${name}`))));
  direction.value = settings.direction;
  temper.checked = tempered(shown) ?? false;
  temper.ariaDisabled = String(tempered(shown) === null);
  for (const [input, subject] of boxes) {
    input.checked = chosen.has(subject);
    setText(/** @type {Element} */ (input.nextElementSibling), modelName(subject.model, subject.scale));
  }
  for (const input of form.querySelectorAll("input[name=experiment]")) {
    const radio = /** @type {HTMLInputElement} */ (input);
    radio.checked = radio.value === experiment;
    setText(/** @type {Element} */ (radio.nextElementSibling), t(`lab.${radio.value}.title`));
  }
  must("#lab-images-range", HTMLInputElement).value = String(images());
  setText(must("#lab-plan", HTMLElement), t("lab.plan", { count: attemptsOf(choiceNow()), workers: pool.size() }));
  must("#lab-back", HTMLAnchorElement).href = new URL("../../", import.meta.url).href;
}

/** @type {Map<HTMLInputElement, Subject>} */
const boxes = new Map();

function setUpForm() {
  for (const name of EXPERIMENTS) {
    const input = make("input", { type: "radio", name: "experiment", value: name });
    input.addEventListener("change", () => {
      experiment = name;
      history.replaceState(null, "", `#${name}`);
      drawForm();
      drawResult();
    });
    must("#lab-experiments", HTMLElement).append(make("label", { class: "check" }, input, make("span")));
  }
  const count = must("#lab-images", HTMLInputElement);
  const range = must("#lab-images-range", HTMLInputElement);
  for (const input of [count, range]) Object.assign(input, { min: "1", max: String(Math.max(1, samples.length)), step: "1", value: String(FIRST_IMAGES) });
  range.addEventListener("input", () => { count.value = range.value; drawForm(); });
  count.addEventListener("change", () => { count.value = String(images()); drawForm(); });
  must("#lab-attack", HTMLSelectElement).addEventListener("change", ({ target }) => {
    const name = attackNames.find((each) => each === /** @type {HTMLSelectElement} */ (target).value);
    if (name) settings = settle({ ...settings, attack: name, temper: null });
    drawForm();
  });
  must("#lab-direction", HTMLSelectElement).addEventListener("change", ({ target }) => {
    const wanted = /** @type {HTMLSelectElement} */ (target).value;
    settings = settle({ ...settings, direction: /** @type {typeof settings.direction} */ (wanted) });
    drawForm();
  });
  const temper = must("#lab-temper", HTMLInputElement);
  temper.addEventListener("click", (event) => {
    if (temper.ariaDisabled === "true") event.preventDefault();
  });
  temper.addEventListener("change", () => {
    if (experiment === "fgsm") fgsmKnowsT = temper.checked;
    else settings = withTemper(settings, temper.checked);
    drawForm();
  });
  must("#lab-background", HTMLInputElement).addEventListener("change", ({ target }) => {
    pool.setInBackground(/** @type {HTMLInputElement} */ (target).checked);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (must("#lab-run", HTMLButtonElement).ariaDisabled !== "true") run();
  });
  must("#lab-pause", HTMLButtonElement).addEventListener("click", pauseOrResume);
  must("#lab-cancel", HTMLButtonElement).addEventListener("click", () => last?.control.abort());
  addEventListener("hashchange", () => {
    experiment = fromHash();
    drawForm();
    drawResult();
  });
}

function setUpNetworks() {
  subjects = allSubjects(models);
  for (const subject of subjects) {
    if (subject.scale === null || FIRST_SCALES.includes(subject.scale)) chosen.add(subject);
    const input = make("input", { type: "checkbox", name: "network", value: `${subject.model.id}${subject.scale === null ? "" : `×${subject.scale}`}` });
    input.addEventListener("change", () => {
      if (input.checked) chosen.add(subject);
      else chosen.delete(subject);
      drawForm();
    });
    boxes.set(input, subject);
    must("#lab-networks", HTMLElement).append(make("label", { class: "check" }, input, make("span")));
  }
}

// ---- The run.

async function run() {
  const choice = choiceNow();
  if (choice.subjects.length === 0) return say(t("lab.message.no-network"));
  if (samples.length === 0) return say(t("lab.message.no-samples"));
  say("");
  const picked = choose(samples, choice.images);
  const plan = planOf(choice, picked, { engine: "cpu", date: new Date().toISOString().slice(0, 10) });
  /** @type {Run} */
  const mine = { choice, plan, samples: picked, records: [], rows: [], total: attemptsOf(choice), state: "running", control: new AbortController(), worked: 0, since: performance.now() };
  last = mine;
  network = 0;
  opened = null;
  drawResult();
  announce(t("lab.announce.start", { count: mine.total }));
  try {
    const cancelled = new Promise((/** @type {(nothing: null) => void} */ resolve) => mine.control.signal.addEventListener("abort", () => resolve(null)));
    // A fetch may hang as long as it likes; whoever cancels does not.
    const planned = await Promise.race([pool.plan(plan), cancelled]);
    const done = planned !== null && await pool.run(plan, planned.chunks, {
      signal: mine.control.signal,
      onRecords(records) {
        mine.records.push(...records);
        look(mine);
      },
    });
    mine.state = done ? "done" : "cancelled";
  } catch (error) {
    mine.state = "failed";
    say(explain(/** @type {Error} */ (error)));
  }
  mine.worked += performance.now() - mine.since;
  pool.resume();
  if (mine.records.length > 0) await count(mine);
  else drawResult();
  if (last === mine) announce(statusOf(mine));
  keep([]);
}

function pauseOrResume() {
  if (last?.state === "running") {
    pool.pause();
    last.worked += performance.now() - last.since;
    last.state = "paused";
  } else if (last?.state === "paused") {
    last.since = performance.now();
    last.state = "running";
    pool.resume();
  }
  if (last) announce(statusOf(last));
  drawResult();
}

let looking = 0;

/** Counts what is there, soon and not too often. @param {Run} mine */
function look(mine) {
  looking ||= setTimeout(async () => {
    await count(mine);
    looking = 0;
    if (mine.records.length > counted) look(mine);
  }, PACE);
  drawProgress();
}

let counted = 0;

/** @param {Run} mine */
async function count(mine) {
  const records = mine.records.slice();
  try {
    const rows = await pool.rows(mine.plan, records);
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
  if (state === "running" && pool.isResting()) return t("lab.status.resting", values);
  if (state !== "running") return t(`lab.status.${state}`, values);
  const worked = mine.worked + performance.now() - mine.since;
  if (records.length === 0) return t("lab.status.starting", values);
  const seconds = Math.ceil((worked / records.length) * (total - records.length) / 1000);
  return t("lab.status.running", { ...values, left: seconds < 100 ? t("lab.seconds", { count: seconds }) : t("lab.minutes", { count: Math.round(seconds / 60) }), workers: pool.size() });
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
  const mine = last?.choice.experiment === experiment ? last : null;
  const rows = mine?.rows ?? [];
  setText(must("#lab-result-title", HTMLElement), t(`lab.${experiment}.title`));
  cite(must("#lab-about", HTMLElement), t(`lab.${experiment}.about`));
  const of = mine?.choice.settings ?? settings;
  const shown = draw(experiment, rows, { models, published: publishedFor(of), isPaper: of.attack === "jsma-f" && of.direction === "increase", network, measure, onOpen: open });
  must("#lab-chart", HTMLElement).replaceChildren(...(shown.chart ? [shown.chart] : []));
  must("#lab-legend", HTMLElement).replaceChildren(...shown.legend);
  const isHeat = experiment === "pairs" && rows.length > 0;
  drawChoice(isHeat ? rows : []);
  drawAttempts(isHeat ? mine : null);
  must("#lab-table-box", HTMLElement).hidden = rows.length === 0;
  must("#lab-table", HTMLElement).replaceChildren(...(rows.length > 0 ? [tableOf(shown)] : []));
  for (const name of ["csv", "json", "png"]) must(`#lab-${name}`, HTMLButtonElement).ariaDisabled = String(rows.length === 0);
}

/** This project's rows of the same attack, at its paper's settings. @param {import("../settings.js").Settings} of */
function publishedFor(of) {
  const knows = tempered(of);
  // An undefended network's own T is 1, so that its row stands for both.
  return published.filter(({ attack, direction, at, temperature, scale }) => attack === of.attack && direction === of.direction
    && (knows === null || at === (knows || temperature * scale === 1 ? "own" : "one")));
}

/** @param {any[]} rows */
function drawChoice(rows) {
  const root = must("#lab-choice", HTMLElement);
  root.hidden = rows.length === 0;
  const now = JSON.stringify([rows.map((row) => nameOf(row, models)), document.documentElement.lang]);
  if (root.hidden || root.dataset.built === now) return;
  root.dataset.built = now;
  const networks = make("select", { "aria-label": t("lab.head.network") }, ...rows.map((row, place) => make("option", { value: String(place) }, nameOf(row, models))));
  const measures = make("select", { "aria-label": t("lab.measure") }, ...MEASURES.map((name) => make("option", { value: name }, t(`lab.measure.${name}`))));
  networks.value = String(network);
  measures.value = measure;
  networks.addEventListener("change", () => { network = Number(networks.value); opened = null; drawResult(); });
  measures.addEventListener("change", () => { measure = MEASURES.find((name) => name === measures.value) ?? "rate"; drawResult(); });
  root.replaceChildren(networks, measures);
}

/** @param {{ task: number, source: number, target: number }} cell */
function open(cell) {
  opened = cell;
  drawResult();
  must("#lab-attempts", HTMLElement).focus();
}

/** The attacks behind a cell, each as a link that runs it again, step by step. @param {Run | null} mine */
function drawAttempts(mine) {
  const root = must("#lab-attempts", HTMLElement);
  root.tabIndex = -1;
  root.hidden = !mine || !opened;
  if (!mine || !opened) return;
  const { task, source, target } = opened;
  const behind = mine.records.filter((record) => "image" in record && record.task === task && record.class === target && mine.samples[record.image].label === source).slice(0, MOST_LISTED);
  root.replaceChildren(
    make("h3", {}, t("lab.attempts", { source: String(source), target: String(target) })),
    make("ul", {}, ...behind.map((record) => {
      const ended = /** @type {import("../../pkg/cpu/engine.js").AttackRecord} */ (record);
      const words = t("lab.attempt", { index: mine.samples[ended.image].index, outcome: t(`lab.outcome.${ended.outcome}`), changed: ended.features_changed });
      return make("li", {}, make("a", { href: addressOf(mine, ended) }, words));
    })));
}

/** The page, with this very attack. @param {Run} mine @param {import("../../pkg/cpu/engine.js").AttackRecord} record */
function addressOf({ choice, samples: picked }, record) {
  const { model, scale } = choice.subjects[record.task];
  const plain = models.find(({ role }) => role === "undefended");
  const isPlain = model === plain && scale === null;
  const { attack, direction, theta, budget, epsilon, seed, confidence, iterations, temper } = choice.settings;
  const link = {
    ...emptyLink(), attack, direction, theta, budget, epsilon, seed, confidence, iterations, temper,
    left: isPlain || !plain ? linkNameOf(model) : linkNameOf(plain),
    ...(isPlain || !plain ? {} : { right: linkNameOf(model), kright: scale }),
    sample: picked[record.image].index,
    target: record.class,
    step: record.changes,
  };
  return new URL(`../../#${writeLink(link)}`, import.meta.url).href;
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
  const name = (/** @type {string} */ ending) => `${last?.choice.experiment ?? "lab"}${last?.state === "done" ? "" : "-partial"}.${ending}`;
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
  await changeLanguage(preferredLanguage());
  setUpTheme(null, () => {});
  language.addEventListener("change", () => {
    const wanted = toLanguage(language.value) ?? "en";
    rememberLanguage(wanted);
    changeLanguage(wanted);
  });
  must("#boot", HTMLElement).hidden = true;
  must("#lab", HTMLElement).hidden = false;
  setText(must("#lab-engine", HTMLElement), t("lab.workers", { count: pool.size(), dataset: DATASETS[MNIST].name, images: number(samples.length) }));
  document.addEventListener("visibilitychange", drawProgress);
  try {
    models = (await fetchModels()).filter(({ dataset }) => dataset === MNIST);
    setUpNetworks();
  } catch (error) {
    say(explain(/** @type {Error} */ (error)));
  }
  drawForm();
  drawResult();
  must("#lab", HTMLElement).dataset.ready = "true";
  keep([]);
}

await start().catch((error) => {
  must("#boot", HTMLElement).dataset.failed = String(error.message);
});
