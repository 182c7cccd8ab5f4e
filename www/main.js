/** Starts the page: first the words, controls and panels, then the test images, the engine and the networks. */

import { MNIST } from "./domain/datasets.js";
import { setUpDrawing } from "./input/drawing.js";
import { setUpInput } from "./input/input.js";
import { setUpStrip } from "./input/strip.js";
import { setUpTargets } from "./input/targets.js";
import { setUpUpload } from "./input/upload.js";
import { emptyLink } from "./link/link.js";
import { resetColours } from "./page/colours.js";
import { must } from "./page/dom.js";
import { reportFault } from "./page/fault.js";
import { preferredLanguage, setLanguage, setUpMenu, setWordsDataset, t } from "./page/i18n.js";
import { setUpOffline } from "./page/offline.js";
import { setUpTheme } from "./page/theme.js";
import { setUpControls } from "./panels/controls.js";
import { setUpEngineChoice } from "./panels/engine-choice.js";
import { setUpLinkNotices } from "./panels/link-notices.js";
import { setUpModelCard } from "./panels/model-card.js";
import { setUpPanel } from "./panels/panel.js";
import { setUpTransport } from "./panels/transport.js";
import { linkFromAddress, setUpAddress } from "./session/address.js";
import { createSession } from "./session/session.js";
import { createStore, SIDES, TEACHER_STEP } from "./session/state.js";
import { parseEmbedOptions, setUpEmbeddedPage, whenEngineNeeded, whenVisible } from "./share/embedded-page.js";
import { setUpPrint } from "./share/print.js";
import { setUpShare } from "./share/share.js";
import { setUpGradientChart } from "./story/gradient-chart.js";
import { setUpResults } from "./story/results.js";
import { setUpStory, translateStory } from "./story/story.js";
import { setUpTeacherAnswers } from "./story/teacher-answers.js";

const store = createStore(reportFault);
const session = createSession(store);

/** @type {(data: string) => void} */
let drawResults = () => {};

/**
 * @param {import("./page/i18n.js").Language} chosen
 * @returns {Promise<import("./session/state.js").LinkNotice[]>} A notice if the language could not be loaded.
 */
async function changeLanguage(chosen) {
  const isLoaded = await setLanguage(chosen);
  document.title = t("title");
  translateStory();
  drawResults(store.state.data);
  store.changed();
  return isLoaded ? [] : ["words"];
}

/**
 * Sets the words for the data set. This is the first view, because the others use the words.
 *
 * @param {import("./session/state.js").State} state
 */
function drawWords({ data }) {
  if (!setWordsDataset(data)) return;
  translateStory();
  drawResults(data);
}

/**
 * Keeps the networks and the WebGPU module for offline visits. The engine fetches them in a worker, so the service
 * worker has to be given their names.
 *
 * @param {boolean} isEmbedded
 */
function setUpKeptFiles(isEmbedded) {
  const keep = setUpOffline(isEmbedded);
  let kept = "";

  /** @param {import("./session/state.js").State} state */
  return ({ panels, engineInfo }) => {
    const shown = SIDES.map((side) => panels[side]);
    if (!shown.every(({ loading }) => loading.status === "ready")) return;
    const module =
      engineInfo?.engine === "webgpu"
        ? ["engine.js", "engine_bg.wasm", "build.json"].map((name) => `pkg/webgpu/${name}`)
        : [];
    const files = [...shown.map(({ model }) => `www/models/${model?.file}`), ...module];
    if (kept === `${files}`) return;
    kept = `${files}`;
    keep(files);
  };
}

/**
 * Links to the blog in the current language and to the lab for the data set.
 *
 * @param {import("./session/state.js").State} state
 */
function drawLinks({ data }) {
  must("#blog", HTMLAnchorElement).href = new URL(`blog/${t("blog.file")}`, import.meta.url).href;
  must("#lab-link", HTMLAnchorElement).href = new URL(
    data === MNIST ? "lab.html" : `lab.html#${data}/success`,
    import.meta.url,
  ).href;
}

/**
 * Calls `onChange` when the number of device pixels in a CSS pixel changes: by zooming, or on another screen.
 *
 * @param {() => void} onChange
 */
function watchPixelDensity(onChange) {
  matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener(
    "change",
    () => {
      onChange();
      watchPixelDensity(onChange);
    },
    { once: true },
  );
}

/**
 * Opens the session. An embedded page starts loading when its options say so, and can run the attack by itself.
 *
 * @param {import("./share/embedded-page.js").EmbedOptions | null} embed
 * @param {import("./link/link.js").Link} link
 * @param {import("./session/state.js").LinkNotice[]} notices
 */
async function openSession(embed, link, notices) {
  if (!embed) return session.open(link, notices);
  const startsByItself = embed.autoplay || embed.load === "click";
  const startLink = {
    ...link,
    ...(startsByItself ? { step: null } : {}),
    ...(embed.parts.has("temperature") && !embed.parts.has("story") ? { story: TEACHER_STEP } : {}),
  };
  await session.open(startLink, notices, whenEngineNeeded(embed));
  if (!startsByItself) return;
  await whenVisible();
  if (!store.state.touched) void session.run();
}

async function start() {
  const { link, notices: ofAddress } = linkFromAddress() ?? { link: emptyLink(), notices: [] };
  const embed = parseEmbedOptions(location.search);
  if (!embed) delete document.documentElement.dataset.embed;
  const setTheme = setUpTheme(embed?.theme ?? link.theme, (byVisitor) => {
    resetColours();
    store.set(byVisitor ? { touched: true } : {});
  });
  setUpMenu(async (chosen) => {
    store.set({ touched: true, fixesLanguage: false });
    const languageNotices = await changeLanguage(chosen);
    store.set({ linkNotices: [...store.state.linkNotices.filter((notice) => notice !== "words"), ...languageNotices] });
  });
  const fixed = embed?.lang ?? (link.fixlang ? link.lang : null);
  const notices = [...ofAddress, ...(await changeLanguage(fixed ?? preferredLanguage(link.lang)))];
  const views = [
    drawWords,
    setUpStrip(session),
    setUpDrawing(store, session),
    setUpInput(session),
    setUpUpload(store, session),
    setUpTargets(session),
    setUpControls(session),
    ...SIDES.map((side) => setUpPanel(side, session, embed !== null && !embed.parts.has("controls"))),
    setUpTransport(store, session),
    setUpStory(store, session),
    setUpTeacherAnswers(session),
    setUpGradientChart(),
    setUpLinkNotices(session),
    embed
      ? setUpEmbeddedPage(embed)
      : setUpAddress(store, async ({ link, notices }) => {
          if (link.theme) setTheme(link.theme);
          // The link is applied before its language is there, so that it never replaces what the visitor does then.
          void session.replay(link, notices);
          if (link.fixlang && link.lang) session.addNotices(...(await changeLanguage(link.lang)));
        }),
    setUpEngineChoice(session),
    drawLinks,
    setUpKeptFiles(embed !== null),
  ];
  setUpModelCard();
  setUpShare(store, session);
  setUpPrint(store);
  must("#boot", HTMLElement).hidden = true;
  must("#plate", HTMLElement).hidden = false;
  for (const view of views) store.addView(view);
  addEventListener("resize", store.changed);
  watchPixelDensity(store.changed);
  void openSession(embed, link, notices);
  drawResults = await setUpResults();
  drawResults(store.state.data);
}

start().catch((error) => {
  // The words may be what failed to load, so the message in index.html is shown.
  must("#boot", HTMLElement).dataset.failed = String(error.message);
});
