/** Starts the lab: what the form asks for is run, and shown as it comes. */

import { fetchModels } from "../engine/manifest.js";
import { announce } from "../page/announce.js";
import { must } from "../page/dom.js";
import { explain } from "../page/errors.js";
import { preferredLanguage, setLanguage, setUpMenu, t } from "../page/i18n.js";
import { setUpOffline } from "../page/offline.js";
import { setUpTheme } from "../page/theme.js";
import { createBackends, findGraphics } from "./backends.js";
import { setUpDownloads } from "./downloads.js";
import { createForm } from "./form.js";
import { say } from "./message.js";
import { choose, workOf } from "./plan.js";
import { createResult } from "./result.js";
import { createRun } from "./run.js";
import { createStatus } from "./status.js";

const backends = createBackends();
const form = createForm(backends, show);
const status = createStatus(backends);
const result = createResult(shown);
const keep = setUpOffline(false);
/** What was run last. @type {import("./run.js").Run | null} */
let last = null;

/** The last run, if it is what the form is about; or else what the form says. @returns {import("./result.js").Shown} */
function shown() {
  const choice = form.choice();
  const run = last?.choice.experiment === choice.experiment && last.choice.data === choice.data ? last : null;
  return { choice: run?.choice ?? choice, run };
}

function show() {
  draw();
  return result.complete();
}

function draw() {
  status.draw(last);
  result.draw();
}

async function run() {
  const choice = form.choice();
  const samples = form.samples();
  if (!form.isOpen()) return say(t("lab.message.fetching"));
  if (choice.subjects.length === 0) return say(t("lab.message.no-network"));
  if (samples.length === 0) return say(t("lab.message.no-samples"));
  say("");
  const backend = form.backend();
  const run = createRun(
    { choice, samples: choose(samples, choice.images), models: form.models(), backend, pool: backends.pool(backend) },
    {
      onProgress: () => status.draw(last),
      onRows: () => {
        if (run === last) draw();
      },
      onTrouble: (error) => say([explain(error), ...(backend === "webgpu" ? [t("lab.message.cores")] : [])].join(" ")),
    },
  );
  last = run;
  result.forget();
  void show();
  announce(t("lab.announce.start", { count: run.total }));
  await run.finish();
  backends.learn(backend, (run.records.length / Math.max(1, run.total)) * workOf(choice), run.worked() / 1000);
  form.draw();
  if (run.records.length > 0) await run.count();
  else draw();
  if (run === last) announce(status.words(run));
  keep([]);
}

function pauseOrResume() {
  if (!last) return;
  last.pauseOrResume();
  announce(status.words(last));
  draw();
}

/** @param {import("../page/i18n.js").Language} wanted */
async function changeLanguage(wanted) {
  if (!(await setLanguage(wanted))) say(t("notes.words"));
  document.title = `${t("lab.title")}: ${t("title")}`;
  form.draw();
  draw();
}

async function start() {
  must("#lab-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    if (must("#lab-run", HTMLButtonElement).ariaDisabled !== "true") void run();
  });
  must("#lab-pause", HTMLButtonElement).addEventListener("click", pauseOrResume);
  must("#lab-cancel", HTMLButtonElement).addEventListener("click", () => last?.cancel());
  setUpDownloads(() => shown().run, status.words);
  setUpMenu(changeLanguage);
  await changeLanguage(preferredLanguage());
  setUpTheme(null, () => {});
  must("#boot", HTMLElement).hidden = true;
  must("#lab", HTMLElement).hidden = false;
  document.addEventListener("visibilitychange", () => status.draw(last));
  void findGraphics().then(form.offer);
  const models = await fetchModels().catch((error) => {
    say(explain(error));
    return [];
  });
  await form.open(models);
  await show();
  must("#lab", HTMLElement).dataset.ready = "true";
  keep([]);
}

await start().catch((error) => {
  must("#boot", HTMLElement).dataset.failed = String(error.message);
});
