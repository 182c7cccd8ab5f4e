/** What a visitor can do, in one place. The controls and the story call these, and nothing else changes the page's state. */
import { announce } from "./announce.js";
import { settle, withTemper } from "./attacks.js";
import { MNIST } from "./datasets.js";
import { explain } from "./errors.js";
import { t } from "./i18n.js";
import { emptyLink } from "./link.js";
import { createLoader } from "./loader.js";
import { defaultNetwork, findNetwork } from "./networks.js";
import { createPlayer } from "./player.js";
import { createReader } from "./reader.js";
import { createRunner } from "./runner.js";
import { loadSamples } from "./samples.js";
import { SIDES } from "./state.js";
import { panelName, verdict } from "./verdict.js";

/** @typedef {import("./state.js").Side} Side */
/** @typedef {ReturnType<typeof createSession>} Session */

/** The digit that the page opens with is the first test image of this class, */
const FIRST_CLASS = 7;
/** and this is what it should be mistaken for. */
const FIRST_TARGET = 3;

/** @param {import("./state.js").Store} store */
export function createSession(store) {
  const { state } = store;
  const player = createPlayer(store);
  const loader = createLoader(store, {
    wished,
    onReady: () => reader.refresh(),
    onError: (error) => announce(explain(error)),
  });
  const reader = createReader(store, loader);
  const runner = createRunner({ store, loader, reader, player });

  /** What the page was last brought to. @type {import("./link.js").Link} */
  let wish = emptyLink();
  /** Goes up with each link and each act of the visitor, so that a replay knows when it is out of date. */
  let turn = 0;
  let samplesOpened = Promise.resolve();

  /** The visitor does something. What a link asked for and is still under way is not waited for. */
  function touch() {
    turn++;
    store.set({ touched: true });
  }

  /** The visitor asks for something else. @param {Partial<import("./state.js").State>} patch */
  function ask(patch) {
    touch();
    runner.reset();
    store.set({ notes: [], ...patch });
    reader.refresh();
  }

  /** @param {...import("./state.js").Note} notes */
  function note(...notes) {
    store.set({ notes: [...new Set([...state.notes, ...notes])] });
  }

  /**
   * Brings the page to what a link says; resolves when it is there, or when the visitor has turned
   * to something else.
   *
   * @param {import("./link.js").Link} link
   * @param {import("./link.js").Dropped[]} dropped
   */
  async function replay(link, dropped) {
    put(link, dropped);
    const mine = turn;
    await Promise.all([samplesOpened, loader.opened()]);
    if (mine !== turn || link.step === null) return;
    await runner.start();
    if (mine !== turn) return;
    player.show(link.step);
    if (state.shown < link.step) note("step");
  }

  /** What of a link can be had at once. @type {(...of: Parameters<typeof replay>) => void} */
  function put(link, dropped) {
    const { attack, direction, theta, budget, epsilon, seed, untargeted, temper, show: overlay, marks, strokes, story, soft } = link;
    const settings = settle({ attack, direction, theta, budget, epsilon, seed, untargeted, temper });
    turn++;
    wish = link;
    runner.reset();
    store.set({ touched: false, notes: dropped, settings, target: link.target ?? FIRST_TARGET, overlay, marks, story, soft });
    if (strokes) store.set({ strokes, picture: { sample: null, pixels: null, strokes: strokes.length > 0 ? [] : strokes } });
    else if (state.samples.length > 0) showWishedSample();
    for (const side of SIDES) {
      scale(side, link[`k${side}`]);
      const model = wished(side) ?? defaultNetwork(state.models, side);
      if (model && model !== state.panels[side].model) loader.choose(side, model);
    }
    reader.refresh();
  }

  /** @param {Side} side @param {number | null} k */
  function scale(side, k) {
    if (k !== state.panels[side].scale) store.setPanel(side, { scale: k, reading: null, readingOf: null });
  }

  /** The network that the link names for a panel, with a note where that cannot be had. @param {Side} side */
  function wished(side) {
    const name = wish[side];
    if (!name || state.models.length === 0) return undefined;
    const { model, fit } = findNetwork(state.models, name);
    if (fit !== "same") note(`${fit}.${side}`);
    return model;
  }

  /** The test image that the link names, or else the one that the page opens with. */
  function showWishedSample() {
    const named = state.samples.findIndex(({ index }) => index === wish.sample);
    if (named < 0 && wish.sample !== null) note("sample");
    const first = state.samples.findIndex(({ label }) => label === FIRST_CLASS);
    store.set(pictureOf(Math.max(0, named < 0 ? first : named)));
  }

  async function openSamples() {
    store.set({ samplesError: null });
    try {
      store.set({ samples: await loadSamples(MNIST) });
      if (!state.picture.pixels && state.strokes.length === 0 && !wish.strokes) showWishedSample();
      reader.refresh();
    } catch (error) {
      store.set({ samplesError: /** @type {Error} */ (error) });
      announce(explain(/** @type {Error} */ (error)));
    }
  }

  /** @param {number} place */
  function pictureOf(place) {
    /** @type {Uint8Array[]} */
    const strokes = [];
    return { strokes, picture: { sample: place, pixels: state.samples[place].pixels, strokes } };
  }

  /**
   * A new array of strokes is a new drawing. Its pixels follow when the engine has made them; until
   * then those of the drawing before it stay, so that nothing flickers under a moving pen.
   *
   * @param {Uint8Array[]} strokes
   */
  function draw(strokes) {
    const { sample, pixels, strokes: before } = state.picture;
    const isBlank = strokes.length === 0;
    const kept = isBlank || sample !== null ? null : pixels;
    ask({ strokes, picture: { sample: null, pixels: kept, strokes: isBlank ? strokes : before } });
  }

  function run() {
    touch();
    player.show(0);
    const done = runner.start();
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) done.then(() => player.show(Infinity));
    else player.play();
    return done;
  }

  /** Shows one step at a time; the first one also starts the attack. */
  function step() {
    touch();
    if (!state.running && SIDES.every((side) => state.panels[side].steps.length === 0)) runner.start();
    player.advance(() => {
      if (SIDES.some((side) => state.panels[side].steps.length > 0)) {
        announce(SIDES.map((side) => `${panelName(state, side)}: ${verdict(state, side, state.shown).text}`).join(" "));
      }
    });
  }

  function cancel() {
    if (!state.running) return;
    touch();
    runner.cancel();
    announce(t("announce.cancel"));
  }

  return {
    /**
     * Starts everything, and brings the page to a link.
     *
     * @param {import("./link.js").Link} link
     * @param {import("./link.js").Dropped[]} dropped
     * @param {Promise<void>} [wait] The engine and the networks are fetched when this has resolved.
     */
    async open(link, dropped, wait) {
      put(link, dropped);
      samplesOpened = openSamples();
      await wait;
      loader.open();
      await replay(link, dropped);
    },
    replay,
    openSamples,
    openEngine: () => loader.open(),
    /** Starts over with another engine. @param {import("./computing.js").Preference} preference */
    preferEngine(preference) {
      touch();
      runner.reset();
      loader.open(preference);
    },
    /** Resolves when the list of networks is here, or has failed to come. */
    opened: loader.opened,
    /** @param {number} place */
    chooseSample: (place) => ask(pictureOf(place)),
    draw,
    undo() {
      if (state.strokes.length > 0) draw(state.strokes.slice(0, -1));
    },
    clear: () => draw([]),
    /** @param {number} target */
    chooseTarget: (target) => ask({ target }),
    /** @param {Partial<import("./settings.js").Settings>} patch */
    changeSettings: (patch) => ask({ settings: settle({ ...state.settings, ...(patch.attack ? { temper: null } : {}), ...patch }) }),
    /** Tells the attack the temperature, or keeps it from it. What was run is run again: the comparison is the point. @param {boolean} on */
    takeTemperature(on) {
      const hasRun = SIDES.some((side) => state.panels[side].steps.length > 0);
      ask({ settings: withTemper(state.settings, on) });
      if (hasRun) run();
    },
    /** @param {Side} side @param {string} id @param {number | null} [k] What its logits are multiplied by. */
    chooseModel(side, id, k = null) {
      const model = state.models.find((entry) => entry.id === id);
      const panel = state.panels[side];
      if (!model || (model === panel.model && k === panel.scale)) return;
      touch();
      runner.reset();
      store.set({ notes: [] });
      scale(side, k);
      if (model === panel.model) reader.refresh();
      else loader.choose(side, model);
    },
    /** @param {Side} side */
    retryModel: (side) => loader.load(side),
    /** A test image at random, as long as it is another one. */
    chooseAnother() {
      const others = state.samples.map((_, place) => place).filter((place) => place !== state.picture.sample);
      if (others.length > 0) ask(pictureOf(others[Math.floor(Math.random() * others.length)]));
    },
    /** @param {Partial<Pick<import("./state.js").State, "overlay" | "marks" | "story" | "soft">>} patch */
    look(patch) {
      store.set({ touched: true, ...patch });
      if (patch.story !== undefined) reader.refresh();
    },
    run,
    step,
    cancel,
    play() {
      touch();
      player.play();
    },
    /** Stays where it is, or goes to an iteration. @param {number} [iteration] */
    show(iteration = state.shown) {
      touch();
      player.show(iteration);
    },
    dismissNotes: () => store.set({ notes: [] }),
  };
}
