/** Starts the lab: runs the experiment that the form describes, and shows its result while it grows. */

import { fetchModels } from "../engine/manifest.js";
import { announce } from "../page/announce.js";
import { isDisabled, must } from "../page/dom.js";
import { explain } from "../page/errors.js";
import { preferredLanguage, setLanguage, setUpMenu, t } from "../page/i18n.js";
import { setUpOffline } from "../page/offline.js";
import { setUpTheme } from "../page/theme.js";
import { createBackends, findGraphics } from "./backends.js";
import { setUpDownloads } from "./downloads.js";
import { coreSeconds } from "./estimate.js";
import { createForm } from "./form.js";
import { showMessage } from "./message.js";
import { chooseSamples } from "./plan.js";
import { createResult } from "./result.js";
import { createRun } from "./run.js";
import { createStatus } from "./status.js";

const backends = createBackends();
const form = createForm(backends, show);
const status = createStatus(backends);
const result = createResult(shown);
const keepFilesOffline = setUpOffline(false);
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
  const choice = form.choice();
  const samples = form.samples();
  if (!form.isLoaded()) return showMessage(t("lab.message.fetching"));
  if (choice.subjects.length === 0) return showMessage(t("lab.message.no-network"));
  if (samples.length === 0) return showMessage(t("lab.message.no-samples"));
  showMessage("");
  const backend = form.backend();
  const run = createRun(
    {
      choice,
      samples: chooseSamples(samples, choice.images),
      models: form.models(),
      backend,
      pool: backends.pool(backend),
    },
    {
      onProgress: () => status.draw(lastRun),
      onRows: () => {
        if (run === lastRun) draw();
      },
      onError: (error) =>
        showMessage([explain(error), ...(backend === "webgpu" ? [t("lab.message.cores")] : [])].join(" ")),
    },
  );
  lastRun = run;
  result.reset();
  void show();
  announce(t("lab.announce.start", { count: run.total }));
  await run.finish();
  const done = (run.records.length / Math.max(1, run.total)) * coreSeconds(choice);
  backends.recordDuration(backend, done, run.workedMs() / 1000);
  form.draw();
  if (run.records.length > 0) await run.countRows();
  else draw();
  if (run === lastRun) announce(status.text(run));
  keepFilesOffline([]);
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
  await form.load(models);
  await show();
  must("#lab", HTMLElement).dataset.ready = "true";
  keepFilesOffline([]);
}

await start().catch((error) => {
  must("#boot", HTMLElement).dataset.failed = String(error.message);
});
