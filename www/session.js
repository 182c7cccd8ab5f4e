/** What a visitor can do, in one place. The controls and the story call these, and nothing else changes the page's state. */
import { announce } from "./announce.js";
import { MNIST } from "./datasets.js";
import { explain } from "./errors.js";
import { t } from "./i18n.js";
import { createLoader } from "./loader.js";
import { createPlayer } from "./player.js";
import { createReader } from "./reader.js";
import { createRunner } from "./runner.js";
import { loadSamples } from "./samples.js";
import { SIDES } from "./state.js";
import { panelName, verdict } from "./verdict.js";

/** @typedef {import("./state.js").Side} Side */
/** @typedef {ReturnType<typeof createSession>} Session */

/** The digit that the page opens with: the first test image of this class. */
const FIRST_CLASS = 7;

/** @param {import("./state.js").Store} store */
export function createSession(store) {
  const { state } = store;
  const player = createPlayer(store);
  const loader = createLoader(store, {
    onReady: () => reader.refresh(),
    onError: (error) => announce(explain(error)),
  });
  const reader = createReader(store, loader);
  const runner = createRunner({ store, loader, reader, player });

  /** @param {Partial<import("./state.js").State>} patch */
  function ask(patch) {
    runner.reset();
    store.set(patch);
    reader.refresh();
  }

  async function openSamples() {
    store.set({ samplesError: null });
    try {
      const samples = await loadSamples(MNIST);
      store.set({ samples });
      const first = samples.findIndex(({ label }) => label === FIRST_CLASS);
      if (!state.picture.pixels && state.strokes.length === 0) chooseSample(Math.max(0, first));
    } catch (error) {
      store.set({ samplesError: /** @type {Error} */ (error) });
      announce(explain(/** @type {Error} */ (error)));
    }
  }

  /** @param {number} place */
  function chooseSample(place) {
    /** @type {Uint8Array[]} */
    const strokes = [];
    ask({ strokes, picture: { sample: place, pixels: state.samples[place].pixels, strokes } });
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
    player.show(0);
    const done = runner.start();
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) done.then(() => player.show(Infinity));
    else player.play();
    return done;
  }

  /** Shows one step at a time; the first one also starts the attack. */
  function step() {
    if (!state.running && SIDES.every((side) => state.panels[side].steps.length === 0)) runner.start();
    player.advance(() => {
      if (SIDES.some((side) => state.panels[side].steps.length > 0)) {
        announce(SIDES.map((side) => `${panelName(state, side)}: ${verdict(state, side, state.shown).text}`).join(" "));
      }
    });
  }

  function cancel() {
    if (!state.running) return;
    runner.cancel();
    announce(t("announce.cancel"));
  }

  return {
    open: () => Promise.all([openSamples(), loader.open()]),
    openSamples,
    openEngine: loader.open,
    /** Resolves when the list of networks is here, or has failed to come. */
    opened: loader.opened,
    chooseSample,
    draw,
    undo() {
      if (state.strokes.length > 0) draw(state.strokes.slice(0, -1));
    },
    clear: () => draw([]),
    /** @param {number} target */
    chooseTarget: (target) => ask({ target }),
    /** @param {Partial<import("./settings.js").Settings>} patch */
    changeSettings: (patch) => ask({ settings: { ...state.settings, ...patch } }),
    /** @param {Side} side @param {string} id */
    chooseModel(side, id) {
      const model = state.models.find((entry) => entry.id === id);
      if (!model || model === state.panels[side].model) return;
      runner.reset();
      loader.choose(side, model);
    },
    /** @param {Side} side */
    retryModel: (side) => loader.load(side),
    /** @param {Partial<Pick<import("./state.js").State, "overlay" | "marks">>} patch */
    look: (patch) => store.set(patch),
    run,
    step,
    cancel,
    play: player.play,
    /** Stays where it is, or goes to an iteration. @param {number} [iteration] */
    show: (iteration = state.shown) => player.show(iteration),
  };
}
