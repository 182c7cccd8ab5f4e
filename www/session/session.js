/**
 * All actions of the visitor. The controls and the story change the page's state only through these functions.
 */

import { changedSettings, settingsOfLink, toValidSettings, withTemperature } from "../domain/attacks.js";
import { DATASETS } from "../domain/datasets.js";
import { defaultNetwork, findNetwork, replacementNetwork } from "../domain/networks.js";
import { fitToDataset, pickSettings } from "../domain/settings.js";
import { DATASET_FIELDS, emptyLink } from "../link/link.js";
import { readPixels, toImage } from "../link/pixels.js";
import { announce } from "../page/announce.js";
import { explain } from "../page/errors.js";
import { t } from "../page/i18n.js";
import { loadSamples } from "../page/samples.js";
import { claim, watch } from "../page/sequence.js";
import { linkOfState } from "./address.js";
import { createLoader } from "./loader.js";
import { createPlayer, lastIteration } from "./player.js";
import { createReader } from "./reader.js";
import { createRunner } from "./runner.js";
import { SIDES, waiting } from "./state.js";
import { verdictsOfBoth } from "./verdict.js";

/** @typedef {import("./state.js").Side} Side */
/** @typedef {ReturnType<typeof createSession>} Session */

/** @param {import("./state.js").Store} store */
export function createSession(store) {
  const { state } = store;
  const player = createPlayer(store);
  const loader = createLoader(store, {
    requestedModel,
    expectedModel: (side, models) =>
      currentLink[side] ? findNetwork(models, currentLink[side]).model : defaultNetwork(models, side),
    onList,
    onReady: () => reader.refresh(),
    onError: (error) => announce(explain(error)),
  });
  const reader = createReader(store, loader);
  const runner = createRunner({ store, loader, reader, player });

  /** The link that was applied last. @type {import("../link/link.js").Link} */
  let currentLink = emptyLink();
  /** Whether the picture is still the link's, or will be once the test images are loaded. */
  let isLinkedPicture = true;
  /** The parts of it that could not be used. @type {import("./state.js").LinkNotice[]} */
  let currentNotices = [];
  /**
   * For each data set, the link of the state in which the visitor left it.
   *
   * @type {Map<string, import("../link/link.js").Link>}
   */
  const lastLinks = new Map();

  /**
   * Called at each action of the visitor. A replay that is still loading stops here. Returns whether this is still the
   * visitor's last action.
   */
  function recordAction() {
    store.set({ touched: true });
    return claim("run");
  }

  /**
   * Changes what is attacked or how: discards the last attack and classifies again.
   *
   * @param {Partial<import("./state.js").State>} patch
   */
  function changeRequest(patch) {
    recordAction();
    if (patch.picture) {
      claim("picture");
      isLinkedPicture = false;
    }
    runner.reset();
    store.set({ linkNotices: [], ...patch });
    void reader.refresh();
  }

  /** @param {...import("./state.js").LinkNotice} notices */
  function addNotices(...notices) {
    store.set({ linkNotices: [...new Set([...state.linkNotices, ...notices])] });
  }

  /**
   * Applies a link and, if it names a step, runs the attack and shows that step. Resolves when this is done, or when
   * the visitor has acted meanwhile.
   *
   * @param {import("../link/link.js").Link} link
   * @param {import("./state.js").LinkNotice[]} dropped
   */
  async function replay(link, dropped) {
    applyLink(link, dropped);
    await showLinkedStep(watch("run"));
  }

  /** Loads what the last link needs and, if it names a step, runs the attack. @param {() => boolean} isUntouched */
  async function showLinkedStep(isUntouched) {
    await Promise.all([openSamples(), loader.opened()]);
    const { step } = currentLink;
    if (!isUntouched() || step === null) return;
    await runner.start();
    if (!isUntouched()) return;
    player.show(step);
    if (state.shown < step) addNotices("step");
  }

  /** Applies everything in a link except its step. @type {(...of: Parameters<typeof replay>) => void} */
  function applyLink(link, dropped) {
    const { data, show: overlay, channel, marks, strokes, story, soft, pixels } = link;
    if (state.published.length > 0 && !state.published.some(({ dataset }) => dataset === data))
      return applyLinkWithoutData(link, dropped);
    const wanted = settingsOfLink(pickSettings(link));
    const settings = toValidSettings(wanted);
    const linkNotices = [...new Set([...dropped, ...changedSettings(wanted, settings)])];
    claim("run");
    claim("picture");
    isLinkedPicture = true;
    currentLink = link;
    currentNotices = dropped;
    runner.reset();
    const isNew = data !== state.data;
    if (isNew) clearForData(data);
    store.set({
      touched: false,
      linkNotices,
      settings,
      target: link.target ?? DATASETS[data].first.target,
      overlay,
      channel,
      marks,
      story,
      soft,
      fixesLanguage: link.fixlang && link.lang !== null,
    });
    if (pixels) store.set(ownPicture(pixels));
    else if (strokes)
      store.set({
        strokes,
        picture: { sample: null, own: null, pixels: null, strokes: strokes.length > 0 ? [] : strokes },
      });
    else if (state.samples.length > 0) showLinkedSample();
    for (const side of SIDES) {
      setScale(side, link[`k${side}`]);
      const model = requestedModel(side) ?? defaultNetwork(state.models, side);
      if (model && model !== state.panels[side].model) loader.choose(side, model);
    }
    if (isNew) void openSamples();
    void reader.refresh();
  }

  /**
   * Applies a link to a data set without published networks: shows another data set, and applies the parts of the link
   * that do not depend on the data set.
   *
   * @type {typeof applyLink}
   */
  function applyLinkWithoutData(link, dropped) {
    const data = Object.keys(DATASETS).find((id) => modelsOf(id).length > 0) ?? link.data;
    const nothing = Object.fromEntries(DATASET_FIELDS.map((name) => [name, null]));
    applyLink({ ...link, ...fitToDataset(pickSettings(link), data), ...nothing, data }, [
      ...new Set([...dropped, /** @type {const} */ ("data")]),
    ]);
  }

  /** Empties the state for another data set. @param {string} data */
  function clearForData(data) {
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

  /** Called when the list of networks has been loaded, which shows which data sets can be used. */
  function onList() {
    store.set({ models: modelsOf(state.data) });
    if (state.models.length === 0) applyLink(currentLink, currentNotices);
  }

  /** Sets the factor on the logits. @param {Side} side @param {number | null} k */
  function setScale(side, k) {
    if (k !== state.panels[side].scale) store.setPanel(side, { scale: k, reading: null, readingOf: null });
  }

  /** The network that the link names for a panel. If it is not published, adds a notice. @param {Side} side */
  function requestedModel(side) {
    const name = currentLink[side];
    if (!name || state.models.length === 0) return undefined;
    const { model, fit } = findNetwork(state.models, name);
    if (fit !== "same") addNotices(`${fit}.${side}`);
    return model;
  }

  /** Shows the test image that the link names, or the first one of the data set's default class. */
  function showLinkedSample() {
    const named = state.samples.findIndex(({ index }) => index === currentLink.sample);
    if (named < 0 && currentLink.sample !== null) addNotices("sample");
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
      if (isLinkedPicture && !state.picture.pixels && !currentLink.strokes) showLinkedSample();
      void reader.refresh();
    } catch (error) {
      if (state.data !== data) return;
      store.set({ samplesError: /** @type {Error} */ (error) });
      announce(explain(/** @type {Error} */ (error)));
    }
  }

  /** The strokes and the picture for a test image. @param {number} position */
  function pictureOf(position) {
    /** @type {Uint8Array[]} */
    const strokes = [];
    return { strokes, picture: { sample: position, own: null, pixels: state.samples[position].pixels, strokes } };
  }

  /** The strokes and the picture for a picture of the visitor's own. @param {string} own */
  function ownPicture(own) {
    /** @type {Uint8Array[]} */
    const strokes = [];
    const bytes = readPixels(own, DATASETS[state.data].features);
    return { strokes, picture: { sample: null, own, pixels: bytes && toImage(bytes), strokes } };
  }

  /**
   * Sets the drawing. The engine computes its pixels later. Until then the pixels of the previous drawing stay, so
   * that the picture does not flicker while a stroke is drawn.
   *
   * @param {Uint8Array[]} strokes
   */
  function draw(strokes) {
    const { sample, own, pixels, strokes: before } = state.picture;
    const isBlank = strokes.length === 0;
    const kept = isBlank || sample !== null || own !== null ? null : pixels;
    changeRequest({ strokes, picture: { sample: null, own: null, pixels: kept, strokes: isBlank ? strokes : before } });
  }

  /** @param {Side} side @param {string} id @param {number | null} [k] The factor on its logits. */
  function chooseModel(side, id, k = null) {
    const model = state.models.find((entry) => entry.id === id);
    const panel = state.panels[side];
    if (!model || (model === panel.model && k === panel.scale)) return;
    recordAction();
    runner.reset();
    store.set({ linkNotices: [] });
    setScale(side, k);
    if (model === panel.model) void reader.refresh();
    else loader.choose(side, model);
  }

  const hasRun = () => state.running || SIDES.some((side) => state.panels[side].steps.length > 0);

  function run() {
    const isLastAction = recordAction();
    player.show(0);
    const done = runner.start();
    // Don't jump if the visitor has acted since or looks at a step.
    const isWatching = () => isLastAction() && state.shown === 0;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches)
      void done.then(() => {
        if (isWatching()) player.show(Infinity);
      });
    else player.play();
    return done;
  }

  /**
   * Shows the next step; starts the attack if it has not been started.
   *
   * @param {object} [options]
   * @param {boolean} [options.again] Whether to take the first step once more after the last one.
   */
  function step({ again = false } = {}) {
    recordAction();
    if (!hasRun()) void runner.start();
    else if (again && !state.running && state.shown >= lastIteration(state)) player.show(0);
    player.advance(() => {
      if (SIDES.some((side) => state.panels[side].steps.length > 0)) {
        announce(verdictsOfBoth(state));
      }
    });
  }

  /** Announces to screen readers what the networks read in the picture, once they have classified it. */
  async function announceReading() {
    const isUntouched = watch("run");
    await reader.refresh();
    const haveRead = SIDES.every((side) => state.panels[side].readingOf === state.picture.pixels);
    if (isUntouched() && state.picture.pixels && haveRead) announce(verdictsOfBoth(state));
  }

  function cancel() {
    if (!state.running) return;
    recordAction();
    runner.cancel();
    announce(t("announce.cancel"));
  }

  return {
    /**
     * Starts loading, and applies a link.
     *
     * @param {import("../link/link.js").Link} link
     * @param {import("./state.js").LinkNotice[]} dropped
     * @param {Promise<void>} [wait] The engine and the networks are loaded after this has resolved.
     */
    async open(link, dropped, wait) {
      applyLink(link, dropped);
      const isUntouched = watch("run");
      void openSamples();
      await wait;
      void loader.open();
      // What the visitor has done while waiting stands: the link is not applied again.
      await showLinkedStep(isUntouched);
    },
    replay,
    openSamples,
    openEngine: () => loader.open(),
    /** Restarts with another engine. @param {import("../page/engine-preference.js").Preference} preference */
    preferEngine(preference) {
      recordAction();
      runner.reset();
      void loader.open(preference);
    },
    /** The pixels of a drawing; null while there is no engine. @param {Uint8Array[]} strokes */
    rasterize: async (strokes) => (await loader.engine()?.rasterize(strokes)) ?? null,
    /** Resolves when the list of networks has been loaded or has failed to load. */
    opened: loader.opened,
    /** @param {number} position */
    chooseSample: (position) => changeRequest(pictureOf(position)),
    /** Chooses a picture of the visitor's own. @param {string} own As `writePixels` returns it. */
    chooseOwnPicture: (own) => changeRequest(ownPicture(own)),
    draw,
    announceReading,
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
    chooseTarget: (target) => changeRequest({ target }),
    /** @param {Partial<import("../domain/settings.js").Settings>} patch */
    changeSettings: (patch) =>
      changeRequest({
        settings: toValidSettings({ ...state.settings, ...(patch.attack ? { temper: null } : {}), ...patch }),
      }),
    /**
     * Sets whether the attack takes the temperature into account. Runs the attack again if it has been run, so that the
     * two results can be compared.
     *
     * @param {boolean} on
     */
    setTemperatureUse(on) {
      const again = hasRun();
      changeRequest({ settings: withTemperature(state.settings, on) });
      if (again) void run();
    },
    /**
     * Switches to another data set. On the way back, the picture and networks chosen there before are restored.
     *
     * @param {string} data
     */
    chooseData(data) {
      if (data === state.data) return;
      const here = linkOfState(state);
      lastLinks.set(state.data, here);
      const there = lastLinks.get(data) ?? emptyLink();
      const kept = Object.fromEntries(DATASET_FIELDS.map((name) => [name, there[name]]));
      applyLink({ ...here, ...fitToDataset(pickSettings(here), data), ...kept, data, step: null }, []);
      recordAction();
    },
    chooseModel,
    /**
     * Chooses the network of a role whose temperature is closest to that of the current network.
     *
     * @param {Side} side
     * @param {string} role
     * @param {number | null} k
     */
    chooseRole(side, role, k) {
      const found = replacementNetwork(state.models, role, state.panels[side].model);
      if (found) chooseModel(side, found.id, k);
    },
    /**
     * Chooses a network at another temperature, and runs the attack again if it has been run.
     *
     * @param {Side} side
     * @param {string} id
     */
    chooseTemperature(side, id) {
      const again = hasRun();
      chooseModel(side, id, state.panels[side].scale);
      if (again) void run();
    },
    /** @param {Side} side */
    retryModel: (side) => loader.load(side),
    /** Chooses another test image at random. */
    chooseAnother() {
      const others = state.samples
        .map((_, position) => position)
        .filter((position) => position !== state.picture.sample);
      if (others.length > 0) changeRequest(pictureOf(others[Math.floor(Math.random() * others.length)]));
    },
    /**
     * Changes what is shown, not what is attacked.
     *
     * @param {Partial<Pick<import("./state.js").State, "overlay" | "channel" | "marks" | "story" | "soft">>} patch
     */
    changeView(patch) {
      store.set({ touched: true, ...patch });
      if (patch.story !== undefined) void reader.refresh();
    },
    run,
    step: () => step(),
    /** Shows the next step, or the first one if the last is shown. */
    stepAgain: () => step({ again: true }),
    cancel,
    play() {
      recordAction();
      player.play();
    },
    /** Stops playing; shows an iteration, or else the current one. @param {number} [iteration] */
    show(iteration = state.shown) {
      recordAction();
      player.show(iteration);
    },
    addNotices,
    dismissLinkNotices: () => store.set({ linkNotices: [] }),
  };
}
