/** Which iteration is on show: it follows a running attack, plays a finished one, or stands still. */
import { SIDES } from "./state.js";

/** Milliseconds from one image to the next. An attack that is faster than this is shown at this pace. */
const PACE = 90;
/** Milliseconds between looks for a step that has been asked for and is still being computed. */
const LOOK = 15;

/** An attack of more steps than this is played in jumps, so that none takes minutes to look at. */
const MOST_SHOWN = 120;

/** How far one move goes. @param {import("./state.js").State} state */
const stride = (state) => (state.playing ? Math.max(1, Math.ceil(lastIteration(state) / MOST_SHOWN)) : 1);

/** @param {import("./state.js").Store} store */
export function createPlayer(store) {
  const { state } = store;
  let goal = 0;
  let timer = 0;
  /** @type {() => void} */
  let arrived = () => {};

  /** Moves one iteration towards the goal, and comes back later where there is further to go. */
  function tick() {
    timer = 0;
    const wanted = Math.min(goal, lastIteration(state));
    if (state.shown < wanted) store.set({ shown: Math.min(wanted, state.shown + stride(state)) });
    if (state.shown < goal && (state.running || state.shown < wanted)) {
      timer = setTimeout(tick, state.playing ? PACE : LOOK);
    } else {
      store.set({ playing: false });
      arrived();
      arrived = () => {};
    }
  }

  /** @param {number} iteration @param {boolean} playing */
  function head(iteration, playing) {
    clearTimeout(timer);
    goal = iteration;
    store.set({ playing });
    tick();
  }

  return {
    /** From here to the end, or from the start where this is the end. */
    play() {
      if (!state.running && state.shown >= lastIteration(state)) store.set({ shown: 0 });
      head(Infinity, true);
    },

    /** One iteration further, as soon as it has been computed. @param {() => void} onArrival */
    advance(onArrival) {
      arrived = onArrival;
      head(state.shown + 1, false);
    },

    /** @param {number} iteration */
    show(iteration) {
      arrived = () => {};
      store.set({ shown: Math.max(0, Math.min(iteration, lastIteration(state))) });
      head(state.shown, false);
    },
  };
}

/**
 * The last iteration that can be shown in both panels. While an attack runs, that is as far as the
 * slower one has come; an attack that has ended stays on its last image while the other goes on.
 *
 * @param {import("./state.js").State} state
 */
export function lastIteration({ panels, running }) {
  const all = SIDES.map((side) => panels[side]);
  const going = running
    ? all.filter(({ outcome, error, loading }) => !outcome && !error && loading.status !== "error")
    : [];
  const lengths = (going.length > 0 ? going : all).map(({ steps }) => steps.length - 1);
  return Math.max(0, going.length > 0 ? Math.min(...lengths) : Math.max(...lengths));
}

/** The step of a panel that is on show. @param {import("./state.js").Panel} panel @param {number} shown */
export const stepAt = ({ steps }, shown) => steps[Math.min(shown, steps.length - 1)] ?? null;
