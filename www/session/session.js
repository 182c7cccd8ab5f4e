/**
 * What a visitor can do, in one place. The controls and the story call these, and nothing else changes the page's
 * state.
 */

import { toValidSettings, withTemperature } from "../domain/attacks.js";
import { DATASETS } from "../domain/datasets.js";
import { defaultNetwork, findNetwork, replacementNetwork } from "../domain/networks.js";
import { fitToDataset, pickSettings } from "../domain/settings.js";
import { DATASET_FIELDS, emptyLink } from "../link/link.js";
import { readPixels, toImage } from "../link/pixels.js";
import { announce } from "../page/announce.js";
import { explain } from "../page/errors.js";
import { t } from "../page/i18n.js";
import { loadSamples } from "../page/samples.js";
import { describe } from "./address.js";
import { createLoader } from "./loader.js";
import { createPlayer } from "./player.js";
import { createReader } from "./reader.js";
import { createRunner } from "./runner.js";
import { SIDES, waiting } from "./state.js";
import { bothVerdicts } from "./verdict.js";

/** @typedef {import("./state.js").Side} Side */
/** @typedef {ReturnType<typeof createSession>} Session */

/** @param {import("./state.js").Store} store */
export function createSession(store) {
  const { state } = store;
  const player = createPlayer(store);
  const loader = createLoader(store, {
    wished,
    expected: (side, models) => (wish[side] ? findNetwork(models, wish[side]).model : defaultNetwork(models, side)),
    onList,
    onReady: () => reader.refresh(),
    onError: (error) => announce(explain(error)),
  });
  const reader = createReader(store, loader);
  const runner = createRunner({ store, loader, reader, player });

  /** What the page was last brought to. @type {import("../link/link.js").Link} */
  let wish = emptyLink();
  /** What could not be used of it. @type {import("./state.js").Note[]} */
  let unused = [];
  /** Goes up with each link and each act of the visitor, so that a replay knows when it is out of date. */
  let turn = 0;
  /**
   * What was on show of a data set when the visitor went to another one.
   *
   * @type {Map<string, import("../link/link.js").Link>}
   */
  const places = new Map();

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
    void reader.refresh();
  }

  /** @param {...import("./state.js").Note} notes */
  function note(...notes) {
    store.set({ notes: [...new Set([...state.notes, ...notes])] });
  }

  /**
   * Brings the page to what a link says; resolves when it is there, or when the visitor has turned
   * to something else.
   *
   * @param {import("../link/link.js").Link} link
   * @param {import("./state.js").Note[]} dropped
   */
  async function replay(link, dropped) {
    put(link, dropped);
    const mine = turn;
    await Promise.all([openSamples(), loader.opened()]);
    const { step } = wish;
    if (mine !== turn || step === null) return;
    await runner.start();
    if (mine !== turn) return;
    player.show(step);
    if (state.shown < step) note("step");
  }

  /** What of a link can be had at once. @type {(...of: Parameters<typeof replay>) => void} */
  function put(link, dropped) {
    const { data, show: overlay, channel, marks, strokes, story, soft, pixels } = link;
    if (state.published.length > 0 && !state.published.some(({ dataset }) => dataset === data))
      return putWithoutData(link, dropped);
    const settings = toValidSettings(pickSettings(link));
    turn++;
    wish = link;
    unused = dropped;
    runner.reset();
    const isNew = data !== state.data;
    if (isNew) enter(data);
    store.set({
      touched: false,
      notes: dropped,
      settings,
      target: link.target ?? DATASETS[data].first.target,
      overlay,
      channel,
      marks,
      story,
      soft,
    });
    if (pixels) store.set(ownPicture(pixels));
    else if (strokes)
      store.set({
        strokes,
        picture: { sample: null, own: null, pixels: null, strokes: strokes.length > 0 ? [] : strokes },
      });
    else if (state.samples.length > 0) showWishedSample();
    for (const side of SIDES) {
      scale(side, link[`k${side}`]);
      const model = wished(side) ?? defaultNetwork(state.models, side);
      if (model && model !== state.panels[side].model) loader.choose(side, model);
    }
    if (isNew) void openSamples();
    void reader.refresh();
  }

  /**
   * A link to a data set of which no network is published: what does not depend on it can be had.
   *
   * @type {typeof put}
   */
  function putWithoutData(link, dropped) {
    const data = Object.keys(DATASETS).find((id) => modelsOf(id).length > 0) ?? link.data;
    const nothing = Object.fromEntries(DATASET_FIELDS.map((name) => [name, null]));
    put({ ...link, ...fitToDataset(pickSettings(link), data), ...nothing, data }, [
      ...new Set([...dropped, /** @type {const} */ ("data")]),
    ]);
  }

  /** Clears the page for another data set. @param {string} data */
  function enter(data) {
    /** @type {Uint8Array[]} */
    const strokes = [];
    for (const side of SIDES) store.setPanel(side, { model: null, reading: null, readingOf: null, loading: waiting() });
    store.set({
      data,
      models: modelsOf(data),
      samples: [],
      teacher: null,
      strokes,
      picture: { sample: null, own: null, pixels: null, strokes },
    });
  }

  /** @param {string} data */
  const modelsOf = (data) => state.published.filter(({ dataset }) => dataset === data);

  /** Only now is it known which data sets can be shown. */
  function onList() {
    store.set({ models: modelsOf(state.data) });
    if (state.models.length === 0) put(wish, unused);
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
    const first = state.samples.findIndex(({ label }) => label === DATASETS[state.data].first.label);
    store.set(pictureOf(Math.max(0, named < 0 ? first : named)));
  }

  async function openSamples() {
    const { data } = state;
    store.set({ samplesError: null });
    try {
      const samples = await loadSamples(data);
      if (state.data !== data) return;
      store.set({ samples });
      if (!state.picture.pixels && state.strokes.length === 0 && !wish.strokes) showWishedSample();
      void reader.refresh();
    } catch (error) {
      if (state.data !== data) return;
      store.set({ samplesError: /** @type {Error} */ (error) });
      announce(explain(/** @type {Error} */ (error)));
    }
  }

  /** @param {number} place */
  function pictureOf(place) {
    /** @type {Uint8Array[]} */
    const strokes = [];
    return { strokes, picture: { sample: place, own: null, pixels: state.samples[place].pixels, strokes } };
  }

  /** A picture that the visitor, or a link, brought along. @param {string} own */
  function ownPicture(own) {
    /** @type {Uint8Array[]} */
    const strokes = [];
    const bytes = readPixels(own, DATASETS[state.data].features);
    return { strokes, picture: { sample: null, own, pixels: bytes && toImage(bytes), strokes } };
  }

  /**
   * A new array of strokes is a new drawing. Its pixels follow when the engine has made them; until
   * then those of the drawing before it stay, so that nothing flickers under a moving pen.
   *
   * @param {Uint8Array[]} strokes
   */
  function draw(strokes) {
    const { sample, own, pixels, strokes: before } = state.picture;
    const isBlank = strokes.length === 0;
    const kept = isBlank || sample !== null || own !== null ? null : pixels;
    ask({ strokes, picture: { sample: null, own: null, pixels: kept, strokes: isBlank ? strokes : before } });
  }

  /** @param {Side} side @param {string} id @param {number | null} [k] What its logits are multiplied by. */
  function chooseModel(side, id, k = null) {
    const model = state.models.find((entry) => entry.id === id);
    const panel = state.panels[side];
    if (!model || (model === panel.model && k === panel.scale)) return;
    touch();
    runner.reset();
    store.set({ notes: [] });
    scale(side, k);
    if (model === panel.model) void reader.refresh();
    else loader.choose(side, model);
  }

  const hasRun = () => state.running || SIDES.some((side) => state.panels[side].steps.length > 0);

  function run() {
    touch();
    player.show(0);
    const mine = turn;
    const done = runner.start();
    // Whoever has moved on meanwhile, or is looking at a step, is not taken from it.
    const isWatching = () => mine === turn && state.shown === 0;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches)
      void done.then(() => {
        if (isWatching()) player.show(Infinity);
      });
    else player.play();
    return done;
  }

  /** Shows one step at a time; the first one also starts the attack. */
  function step() {
    touch();
    if (!state.running && SIDES.every((side) => state.panels[side].steps.length === 0)) void runner.start();
    player.advance(() => {
      if (SIDES.some((side) => state.panels[side].steps.length > 0)) {
        announce(bothVerdicts(state));
      }
    });
  }

  /** What both panels say of what is on show. */

  /** Tells those who do not see it what the networks read in the picture, when they have read it. */
  async function sayReading() {
    const mine = turn;
    await reader.refresh();
    const haveRead = SIDES.every((side) => state.panels[side].readingOf === state.picture.pixels);
    if (mine === turn && state.picture.pixels && haveRead) announce(bothVerdicts(state));
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
     * @param {import("../link/link.js").Link} link
     * @param {import("./state.js").Note[]} dropped
     * @param {Promise<void>} [wait] The engine and the networks are fetched when this has resolved.
     */
    async open(link, dropped, wait) {
      put(link, dropped);
      void openSamples();
      await wait;
      void loader.open();
      await replay(link, dropped);
    },
    replay,
    openSamples,
    openEngine: () => loader.open(),
    /** Starts over with another engine. @param {import("../page/engine-preference.js").Preference} preference */
    preferEngine(preference) {
      touch();
      runner.reset();
      void loader.open(preference);
    },
    /** Resolves when the list of networks is here, or has failed to come. */
    opened: loader.opened,
    /** @param {number} place */
    chooseSample: (place) => ask(pictureOf(place)),
    /** A picture of the visitor's own for the data set on show. @param {string} own As `writePixels` gives it. */
    bring: (own) => ask(ownPicture(own)),
    draw,
    sayReading,
    undo() {
      if (state.strokes.length === 0) return;
      draw(state.strokes.slice(0, -1));
      announce(t("pad.undone", { count: state.strokes.length }));
    },
    clear() {
      draw([]);
      announce(t("pad.cleared"));
    },
    /** @param {number} target */
    chooseTarget: (target) => ask({ target }),
    /** @param {Partial<import("../domain/settings.js").Settings>} patch */
    changeSettings: (patch) =>
      ask({ settings: toValidSettings({ ...state.settings, ...(patch.attack ? { temper: null } : {}), ...patch }) }),
    /**
     * Tells the attack the temperature, or keeps it from it. What was run is run again: the comparison is the point.
     *
     * @param {boolean} on
     */
    takeTemperature(on) {
      const again = hasRun();
      ask({ settings: withTemperature(state.settings, on) });
      if (again) void run();
    },
    /**
     * Goes to another data set, and back to where the visitor was in it.
     *
     * @param {string} data
     */
    chooseData(data) {
      if (data === state.data) return;
      const here = describe(state);
      places.set(state.data, here);
      const there = places.get(data) ?? emptyLink();
      const kept = Object.fromEntries(DATASET_FIELDS.map((name) => [name, there[name]]));
      put({ ...here, ...fitToDataset(pickSettings(here), data), ...kept, data, step: null }, []);
      touch();
    },
    chooseModel,
    /**
     * The network of a role at the temperature that is on show, or as near as can be.
     *
     * @param {Side} side
     * @param {string} role
     * @param {number | null} k
     */
    chooseRole(side, role, k) {
      const found = replacementNetwork(state.models, role, state.panels[side].model);
      if (found) chooseModel(side, found.id, k);
    },
    /** The same at another temperature. What was run is run again. @param {Side} side @param {string} id */
    chooseTemperature(side, id) {
      const again = hasRun();
      chooseModel(side, id, state.panels[side].scale);
      if (again) void run();
    },
    /** @param {Side} side */
    retryModel: (side) => loader.load(side),
    /** A test image at random, as long as it is another one. */
    chooseAnother() {
      const others = state.samples.map((_, place) => place).filter((place) => place !== state.picture.sample);
      if (others.length > 0) ask(pictureOf(others[Math.floor(Math.random() * others.length)]));
    },
    /** @param {Partial<Pick<import("./state.js").State, "overlay" | "channel" | "marks" | "story" | "soft">>} patch */
    look(patch) {
      store.set({ touched: true, ...patch });
      if (patch.story !== undefined) void reader.refresh();
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
