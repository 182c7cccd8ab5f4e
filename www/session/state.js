/**
 * Everything that the page shows, in one place, and a way to be told once a frame when it changed.
 *
 * @typedef {import("../engine/engine.js").Classification} Classification
 * @typedef {import("../engine/engine.js").EngineInfo} EngineInfo
 * @typedef {import("../engine/engine.js").ManifestEntry} ManifestEntry
 * @typedef {import("../engine/engine.js").Outcome} Outcome
 * @typedef {import("../engine/engine.js").Progress} Progress
 * @typedef {import("../engine/engine.js").Step} Step
 *
 * @typedef {'left' | 'right'} Side
 * @typedef {typeof import("../domain/settings.js").CHOICES.overlay[number]} Overlay
 * @typedef {typeof import("../domain/settings.js").CHOICES.channel[number]} Channel
 * @typedef {import("../page/samples.js").Sample} Sample
 *
 * @typedef {object} Picture What is attacked.
 * @property {number | null} sample Its place in the strip of samples, or null.
 * @property {string | null} own A picture that the visitor brought along, as a link holds it, or null. Without either
 * it is a drawing.
 * @property {Float32Array | null} pixels Null while there is nothing to see.
 * @property {Uint8Array[]} strokes The drawing that the pixels were made of; while a pen moves, an instant old.
 *
 * @typedef {object} Loading How far something is that has to be fetched.
 * @property {'waiting' | 'loading' | 'ready' | 'error'} status
 * @property {Progress | null} progress
 * @property {Error | null} error
 *
 * @typedef {object} Panel
 * @property {ManifestEntry | null} model
 * @property {number | null} scale What its logits are multiplied by; null where they are left as they are.
 * @property {Loading} loading
 * @property {Classification | null} reading What the network makes of an untouched image.
 * @property {Float32Array | null} readingOf Which image that was; while a pen moves, it is an instant behind.
 * @property {Step[]} steps
 * @property {Outcome | null} outcome
 * @property {Error | null} error Why an attack or a reading could not be made.
 *
 * @typedef {import("../link/link.js").Dropped | 'words' | `${'changed' | 'missing'}.${Side}`} Note
 *
 * @typedef {{ model: ManifestEntry, of: Float32Array, logits: number[], error: null } | { model: ManifestEntry, of: Float32Array, logits: undefined, error: Error }}
 * Teacher
 *   What the teacher of the story makes of a picture.
 *
 * @typedef {object} State
 * @property {string} data The data set on show; samples, models and classes are its own.
 * @property {Sample[]} samples
 * @property {Error | null} samplesError
 * @property {Picture} picture
 * @property {Uint8Array[]} strokes
 * @property {number} target
 * @property {import("../domain/settings.js").Settings} settings
 * @property {Overlay} overlay
 * @property {Channel} channel Which channels are shown of a colour image.
 * @property {boolean} marks Whether changed pixels are marked.
 * @property {Loading} engine
 * @property {EngineInfo | null} engineInfo
 * @property {ManifestEntry[]} published The networks of every data set.
 * @property {ManifestEntry[]} models
 * @property {Record<Side, Panel>} panels
 * @property {boolean} running Whether an attack is being computed.
 * @property {number} shown The iteration on show, in both panels.
 * @property {boolean} playing
 * @property {number} story The step of the story that is open, from 1; 0 for none.
 * @property {number} soft The temperature at which the teacher's answers are shown.
 * @property {Teacher | null} teacher
 * @property {boolean} touched Whether the visitor has changed anything since the page was opened or went to a link.
 * @property {Note[]} notes What of a link could not be had.
 * @property {() => string} message What stands in the way of the last request, in the words of the language on show; or
 * nothing.
 */
import { isUntargeted } from "../domain/attacks.js";
import { DATASETS, MNIST } from "../domain/datasets.js";
import { DEFAULTS } from "../domain/settings.js";

/** The step of the story that shows the teacher's answers. */
export const SOFT_STEP = 3;

export const SIDES = /** @type {const} */ (["left", "right"]);

/** No words, in any language. */
export const NOTHING = () => "";

/**
 * The class that an attack is about: the target, or without one what the image shows. What a drawing
 * shows is anybody's guess: there the attack leads away from what the network reads.
 *
 * @param {State} state
 * @param {Side} side
 */
export function goalOf({ settings, samples, picture, target, panels }, side) {
  if (!isUntargeted(settings)) return target;
  return (picture.sample === null ? panels[side].reading?.label : samples[picture.sample].label) ?? target;
}

/** @returns {Loading} */
export const waiting = () => ({ status: "waiting", progress: null, error: null });

/** @returns {Panel} */
const emptyPanel = () => ({
  model: null,
  scale: null,
  loading: waiting(),
  reading: null,
  readingOf: null,
  steps: [],
  outcome: null,
  error: null,
});

/** @typedef {ReturnType<typeof createStore>} Store */

export function createStore() {
  /** @type {Uint8Array[]} */
  const noStrokes = [];
  /** @type {State} */
  const state = {
    data: MNIST,
    samples: [],
    samplesError: null,
    picture: { sample: null, own: null, pixels: null, strokes: noStrokes },
    strokes: noStrokes,
    target: DATASETS[MNIST].first.target,
    settings: { ...DEFAULTS },
    overlay: "image",
    channel: "all",
    marks: true,
    engine: waiting(),
    engineInfo: null,
    published: [],
    models: [],
    panels: { left: emptyPanel(), right: emptyPanel() },
    running: false,
    shown: 0,
    playing: false,
    story: 1,
    soft: 40,
    teacher: null,
    touched: false,
    notes: [],
    message: NOTHING,
  };
  /** @type {((state: State) => void)[]} */
  const views = [];
  let frame = 0;

  /** Draws every view at the next frame, however often it is asked for until then. */
  function changed() {
    frame ||= requestAnimationFrame(draw);
  }

  function draw() {
    cancelAnimationFrame(frame);
    frame = 0;
    for (const view of views) view(state);
  }

  return {
    state,
    changed,
    /** Draws every view at once, where the next frame would be too late. */
    draw,
    /** @param {Partial<State>} patch */
    set(patch) {
      Object.assign(state, patch);
      changed();
    },
    /** @param {Side} side @param {Partial<Panel>} patch */
    setPanel(side, patch) {
      Object.assign(state.panels[side], patch);
      changed();
    },
    /** @param {(state: State) => void} view */
    addView(view) {
      views.push(view);
      changed();
    },
  };
}
