/** Chooses the iteration that is shown: follows a running attack, plays a finished one, or stays on one step. */
import { SIDES } from "./state.js";

/** Milliseconds from one image to the next. A faster attack is shown at this pace too. */
const FRAME_TIME = 90;
/** Milliseconds between checks for a requested step that is still being computed. */
const POLL = 15;

/** An attack with more steps than this is played with steps left out, so that it does not take minutes. */
const MAX_FRAMES = 120;

/** How many iterations the player moves at a time. @param {import("./state.js").State} state */
const stride = (state) => (state.playing ? Math.max(1, Math.ceil(lastIteration(state) / MAX_FRAMES)) : 1);

/** @param {import("./state.js").Store} store */
export function createPlayer(store) {
  const { state } = store;
  let destination = 0;
  let timer = 0;
  /** @type {() => void} */
  let onEnd = () => {};

  /** Moves one stride towards the destination, and sets a timer for the next move if there is one. */
  function tick() {
    timer = 0;
    const wanted = Math.min(destination, lastIteration(state));
    if (state.shown < wanted) store.set({ shown: Math.min(wanted, state.shown + stride(state)) });
    if (state.shown < destination && (state.running || state.shown < wanted)) {
      timer = setTimeout(tick, state.playing ? FRAME_TIME : POLL);
    } else {
      store.set({ playing: false });
      onEnd();
      onEnd = () => {};
    }
  }

  /** Starts moving to an iteration. @param {number} iteration @param {boolean} playing */
  function moveTo(iteration, playing) {
    clearTimeout(timer);
    destination = iteration;
    store.set({ playing });
    tick();
  }

  return {
    /** Plays from the shown step to the end, or from the start if the shown step is the last. */
    play() {
      if (!state.running && state.shown >= lastIteration(state)) store.set({ shown: 0 });
      moveTo(Infinity, true);
    },

    /** Shows the next iteration as soon as it has been computed. @param {() => void} onArrival */
    advance(onArrival) {
      onEnd = onArrival;
      moveTo(state.shown + 1, false);
    },

    /** Shows an iteration at once and stops playing. @param {number} iteration */
    show(iteration) {
      onEnd = () => {};
      store.set({ shown: Math.max(0, Math.min(iteration, lastIteration(state))) });
      moveTo(state.shown, false);
    },
  };
}

/**
 * The last iteration that can be shown. While attacks run, this is the latest step of the slower one. If one
 * attack has ended, its panel stays on its last image while the other attack goes on.
 *
 * @param {import("./state.js").State} state
 */
export function lastIteration({ panels, running }) {
  const all = SIDES.map((side) => panels[side]);
  const active = running
    ? all.filter(({ outcome, error, loading }) => !outcome && !error && loading.status !== "error")
    : [];
  const lengths = (active.length > 0 ? active : all).map(({ steps }) => steps.length - 1);
  return Math.max(0, active.length > 0 ? Math.min(...lengths) : Math.max(...lengths));
}

/**
 * The step that a panel shows; null before the first step.
 *
 * @param {import("./state.js").Panel} panel
 * @param {number} shown
 */
export const stepAt = ({ steps }, shown) => steps[Math.min(shown, steps.length - 1)] ?? null;
