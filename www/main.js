/** Starts the page: words, controls and panels first, then the digits, the engine and the networks. */

import { MNIST } from "./domain/datasets.js";
import { setUpDrawing } from "./input/drawing.js";
import { setUpInput } from "./input/input.js";
import { setUpStrip } from "./input/strip.js";
import { setUpTargets } from "./input/targets.js";
import { setUpUpload } from "./input/upload.js";
import { emptyLink } from "./link/link.js";
import { forgetColours } from "./page/colours.js";
import { must } from "./page/dom.js";
import { preferredLanguage, setUpMenu, speak, speakOf, t } from "./page/i18n.js";
import { setUpOffline } from "./page/offline.js";
import { setUpTheme } from "./page/theme.js";
import { setUpControls } from "./panels/controls.js";
import { setUpEngineChoice } from "./panels/engine-choice.js";
import { setUpLinkNotices } from "./panels/link-notices.js";
import { setUpModelCard } from "./panels/model-card.js";
import { setUpPanel } from "./panels/panel.js";
import { setUpTransport } from "./panels/transport.js";
import { linkHere, setUpAddress } from "./session/address.js";
import { createSession } from "./session/session.js";
import { createStore, SIDES, SOFT_STEP } from "./session/state.js";
import { parseEmbedOptions, setUpEmbeddedPage, whenEngineNeeded, whenVisible } from "./share/embedded-page.js";
import { setUpPrint } from "./share/print.js";
import { setUpShare } from "./share/share.js";
import { setUpGradientChart } from "./story/gradient-chart.js";
import { setUpResults } from "./story/results.js";
import { setUpStory, translateStory } from "./story/story.js";
import { setUpTeacherAnswers } from "./story/teacher-answers.js";

const store = createStore();
const session = createSession(store);

/** @type {(data: string) => void} */
let drawResults = () => {};

/**
 * @param {import("./page/i18n.js").Language} chosen
 * @returns {Promise<import("./session/state.js").Note[]>} What there is to say of it.
 */
async function changeLanguage(chosen) {
  const isSpoken = await speak(chosen);
  document.title = t("title");
  translateStory();
  drawResults(store.state.data);
  store.changed();
  return isSpoken ? [] : ["words"];
}

/** The words come first, since every other view uses them. @param {import("./session/state.js").State} state */
function drawWords({ data }) {
  if (!speakOf(data)) return;
  translateStory();
  drawResults(data);
}

/**
 * What the engine has fetched out of the page's sight is kept for a visit without a network.
 *
 * @param {boolean} isGuest
 */
function setUpKeeping(isGuest) {
  const keep = setUpOffline(isGuest);
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

/** @param {import("./session/state.js").State} state */
function drawWays({ data }) {
  must("#blog", HTMLAnchorElement).href = new URL(`blog/${t("blog.file")}`, import.meta.url).href;
  must("#lab-link", HTMLAnchorElement).href = new URL(
    data === MNIST ? "lab.html" : `lab.html#${data}/success`,
    import.meta.url,
  ).href;
}

/**
 * @param {import("./share/embedded-page.js").EmbedOptions | null} guest
 * @param {import("./link/link.js").Link} link
 * @param {import("./session/state.js").Note[]} notes
 */
async function openSession(guest, link, notes) {
  if (!guest) return session.open(link, notes);
  const plays = guest.autoplay || guest.load === "click";
  const asked = {
    ...link,
    ...(plays ? { step: null } : {}),
    ...(guest.parts.has("temperature") && !guest.parts.has("story") ? { story: SOFT_STEP } : {}),
  };
  await session.open(asked, notes, whenEngineNeeded(guest));
  if (!plays) return;
  await whenVisible();
  if (!store.state.touched) void session.run();
}

async function start() {
  const { link, dropped } = linkHere() ?? { link: emptyLink(), dropped: [] };
  const guest = parseEmbedOptions(location.search);
  const setTheme = setUpTheme(guest?.theme ?? link.theme, (byVisitor) => {
    forgetColours();
    store.set(byVisitor ? { touched: true } : {});
  });
  setUpMenu(async (chosen) => {
    store.set({ touched: true });
    const told = await changeLanguage(chosen);
    store.set({ notes: [...store.state.notes.filter((note) => note !== "words"), ...told] });
  });
  /** Goes up with each link that is gone to, so that one whose language is slow to come does not follow a later one. */
  let moves = 0;
  const notes = [...dropped, ...(await changeLanguage(guest?.lang ?? link.lang ?? preferredLanguage()))];
  const views = [
    drawWords,
    setUpStrip(session),
    setUpDrawing(store, session),
    setUpInput(session),
    setUpUpload(store, session),
    setUpTargets(session),
    setUpControls(session),
    ...SIDES.map((side) => setUpPanel(side, session, guest !== null && !guest.parts.has("controls"))),
    setUpTransport(store, session),
    setUpStory(store, session),
    setUpTeacherAnswers(session),
    setUpGradientChart(),
    setUpLinkNotices(session),
    guest
      ? setUpEmbeddedPage(guest)
      : setUpAddress(store, async ({ link, dropped }) => {
          const mine = ++moves;
          if (link.theme) setTheme(link.theme);
          const told = link.lang ? await changeLanguage(link.lang) : [];
          if (mine === moves) void session.replay(link, [...dropped, ...told]);
        }),
    setUpEngineChoice(session),
    drawWays,
    setUpKeeping(guest !== null),
  ];
  setUpModelCard();
  setUpShare(store, session);
  setUpPrint(store);
  must("#boot", HTMLElement).hidden = true;
  must("#plate", HTMLElement).hidden = false;
  for (const view of views) store.addView(view);
  addEventListener("resize", store.changed);
  void openSession(guest, link, notes);
  drawResults = await setUpResults();
  drawResults(store.state.data);
}

start().catch((error) => {
  // The page's own words may be what is missing, so the note that index.html brings along is shown.
  must("#boot", HTMLElement).dataset.failed = String(error.message);
});
