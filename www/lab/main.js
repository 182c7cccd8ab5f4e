/** Starts the lab: runs the experiment that the form describes, and shows its result while it grows. */

import { fetchModels } from "../engine/manifest.js";
import { announce } from "../page/announce.js";
import { isDisabled, must } from "../page/dom.js";
import { explain } from "../page/errors.js";
import { preferredLanguage, setLanguage, setUpMenu, t } from "../page/i18n.js";
import { setUpOffline } from "../page/offline.js";
import { setUpTheme } from "../page/theme.js";
import { createArchive } from "./archive.js";
import { createBackends, fetchModuleHash, findGraphics } from "./backends.js";
import { setUpDownloads } from "./downloads.js";
import { coreSeconds } from "./estimate.js";
import { createForm, isAddressUnknown } from "./form.js";
import { drawKeptNotice } from "./kept-notice.js";
import { showMessage } from "./message.js";
import { chooseSamples, identityOf } from "./plan.js";
import { createResult } from "./result.js";
import { createRun, planOfWork } from "./run.js";
import { createStatus } from "./status.js";

const backends = createBackends();
const form = createForm(backends, show);
const status = createStatus(backends);
const result = createResult(shown);
const keepFilesOffline = setUpOffline(false);
const archive = createArchive();
/** A run of an earlier visit, until the visitor continues or discards it. @type {Awaited<ReturnType<typeof archive.find>>} */
let keptRun = null;
/** The last run. @type {import("./run.js").Run | null} */
let lastRun = null;

/** The last run if it has the form's experiment and data set, otherwise just the form's choice. @returns {import("./result.js").Shown} */
function shown() {
  const choice = form.choice();
  const isSame = lastRun?.choice.experiment === choice.experiment && lastRun.choice.data === choice.data;
  const run = isSame ? lastRun : null;
  return { choice: run?.choice ?? choice, run };
}

function show() {
  draw();
  return result.fetchFigures();
}

function draw() {
  status.draw(lastRun);
  result.draw();
}

async function run() {
  if (!form.isLoaded()) return showMessage(t("lab.message.fetching"));
  if (form.choice().subjects.length === 0) return showMessage(t("lab.message.no-network"));
  if (form.samples().length === 0) return showMessage(t("lab.message.no-samples"));
  showMessage("");
  await execute(workOfForm());
}

/** What the form describes. @returns {import("./run.js").Work} */
function workOfForm() {
  const [choice, backend] = [form.choice(), form.backend()];
  const samples = chooseSamples(form.samples(), choice.images);
  return { choice, samples, models: form.models(), backend, pool: backends.pool(backend) };
}

/** What makes a run's records what they are; `null` if that cannot be found out. @param {import("./run.js").Work} work */
async function identify(work) {
  const module = await fetchModuleHash(work.backend);
  return module === null ? null : identityOf(planOfWork(work), module);
}

/**
 * Runs an experiment, and keeps its records.
 *
 * @param {import("./run.js").Work} work
 * @param {typeof keptRun} [earlier] The same run, of an earlier visit.
 */
async function execute(work, earlier = null) {
  const { choice, backend } = work;
  setKeptRun(null);
  const run = createRun(
    work,
    {
      onProgress: () => status.draw(lastRun),
      onChunk: (chunk, records) => copy.add(chunk, records),
      onRows: () => {
        copy.update(run.rows);
        if (run === lastRun) draw();
      },
      onError: (error) =>
        showMessage([explain(error), ...(backend === "webgpu" ? [t("lab.message.cores")] : [])].join(" ")),
    },
    earlier?.chunks,
  );
  const copy = archive.keep({
    id: earlier?.id ?? `${Date.now()} ${Math.random()}`,
    time: Date.now(),
    identity: earlier?.identity ?? null,
    choice: {
      data: choice.data,
      experiment: choice.experiment,
      networks: choice.subjects.map(({ model, scale }) => ({ model: model.id, scale })),
      settings: choice.settings,
      images: choice.images,
    },
    backend,
    total: run.total,
    state: "running",
    rows: [],
  });
  if (!earlier) void identify(work).then(copy.identify);
  // Without a copy, the browser asks before it leaves.
  const askBeforeLeaving = (/** @type {Event} */ event) => {
    if (!copy.isKept()) event.preventDefault();
  };
  addEventListener("beforeunload", askBeforeLeaving);
  lastRun = run;
  result.reset();
  void show();
  announce(t("lab.announce.start", { count: run.total }));
  await run.finish();
  removeEventListener("beforeunload", askBeforeLeaving);
  const done = (run.made() / Math.max(1, run.total)) * coreSeconds(choice);
  backends.recordDuration(backend, done, run.workedMs() / 1000);
  form.draw();
  if (run.records.length > 0) await run.countRows();
  else draw();
  copy.end(run.state, run.rows);
  if (run === lastRun) announce(status.text(run));
  keepFilesOffline([]);
}

/** @param {typeof keptRun} found */
function setKeptRun(found) {
  keptRun = found;
  drawKept();
}

function drawKept() {
  drawKeptNotice(keptRun, { onAccept: restore, onDiscard: discard });
}

/** Continues the kept run. A run that is done, or that this release cannot continue, is shown. */
async function restore() {
  const kept = keptRun;
  if (!kept) return;
  const isComplete = await form.restore(kept.choice, kept.backend);
  const work = workOfForm();
  if (work.samples.length === 0) return showMessage(t("lab.message.no-samples"));
  const isSame = isComplete && kept.identity !== null && (await identify(work)) === kept.identity;
  if (keptRun !== kept) return;
  if (isSame && kept.state !== "done") return execute(work, kept);
  setKeptRun(null);
  const nothing = () => {};
  lastRun = createRun(work, { onProgress: nothing, onChunk: nothing, onRows: nothing, onError: nothing });
  Object.assign(lastRun, {
    total: kept.total,
    records: kept.chunks.flatMap(({ records }) => records),
    rows: kept.rows,
    state: kept.state === "done" ? "done" : "cancelled",
  });
  showMessage(kept.state === "done" ? "" : t("lab.message.other-release"));
  result.reset();
  await show();
}

/** Deletes the kept run, and offers the one before it. */
async function discard() {
  const discarded = keptRun;
  if (!discarded) return;
  await archive.forget(discarded.id);
  const next = await archive.find();
  // The visitor may have started a run meanwhile.
  if (keptRun === discarded) setKeptRun(next);
}

function pauseOrResume() {
  if (!lastRun) return;
  lastRun.pauseOrResume();
  announce(status.text(lastRun));
  draw();
}

/** @param {import("../page/i18n.js").Language} wanted */
async function changeLanguage(wanted) {
  if (!(await setLanguage(wanted))) showMessage(t("notes.words"));
  document.title = `${t("lab.title")}: ${t("title")}`;
  form.draw();
  drawKept();
  draw();
}

async function start() {
  must("#lab-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    if (!isDisabled(must("#lab-run", HTMLButtonElement))) void run();
  });
  must("#lab-pause", HTMLButtonElement).addEventListener("click", pauseOrResume);
  must("#lab-cancel", HTMLButtonElement).addEventListener("click", () => lastRun?.cancel());
  setUpDownloads(() => shown().run, status.text);
  setUpMenu(changeLanguage);
  await changeLanguage(preferredLanguage());
  setUpTheme(null, () => {});
  must("#boot", HTMLElement).hidden = true;
  must("#lab", HTMLElement).hidden = false;
  document.addEventListener("visibilitychange", () => status.draw(lastRun));
  void findGraphics().then(form.setGraphics);
  const models = await fetchModels().catch((error) => {
    showMessage(explain(error));
    return [];
  });
  if (isAddressUnknown()) showMessage(t("lab.message.address"));
  await form.load(models);
  await show();
  must("#lab", HTMLElement).dataset.ready = "true";
  const found = await archive.find();
  // The visitor may have started a run meanwhile.
  if (!lastRun) setKeptRun(found);
  keepFilesOffline([]);
}

await start().catch((error) => {
  must("#boot", HTMLElement).dataset.failed = String(error.message);
});
