/**
 * The state of the page, in one place. Views are redrawn at most once a frame after it has changed.
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
 * @typedef {object} Picture The image that is attacked.
 * @property {number | null} sample Its position in the list of samples, or null if it is not one of them.
 * @property {string | null} own A picture of the visitor's own, encoded as in a link, or null. If both `sample` and
 * `own` are null, the picture is a drawing.
 * @property {Float32Array | null} pixels Null while there is no image.
 * @property {Uint8Array[]} strokes The drawing that the pixels were made from. It can lag behind the state's strokes
 * while a stroke is drawn.
 *
 * @typedef {object} Loading The progress of something that is fetched.
 * @property {'waiting' | 'loading' | 'ready' | 'error'} status
 * @property {Progress | null} progress
 * @property {Error | null} error
 *
 * @typedef {object} Panel
 * @property {ManifestEntry | null} model
 * @property {number | null} scale The factor on its logits; null if they are left as they are.
 * @property {Loading} loading
 * @property {Classification | null} reading How the network classifies the image before an attack.
 * @property {Float32Array | null} readingOf The image that was classified. It can lag behind the picture while a
 * stroke is drawn.
 * @property {Step[]} steps
 * @property {Outcome | null} outcome
 * @property {Error | null} error Why an attack failed.
 *
 * @typedef {import("../link/link.js").Dropped | 'words' | 'unread' | `unknown.${string}` | `${'changed' | 'missing'}.${Side}`} LinkNotice
 *
 * @typedef {{ model: ManifestEntry, of: Float32Array, logits: number[], error: null } | { model: ManifestEntry, of: Float32Array, logits: undefined, error: Error }}
 * Teacher
 *   How the teacher in the story classifies a picture: `of` is the picture's pixels.
 *
 * @typedef {object} State
 * @property {string} data The data set that is shown. Samples, models and classes belong to it.
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
 * @property {number} shown The iteration that both panels show.
 * @property {boolean} playing
 * @property {number} story The number of the open part of the story, from 1; 0 if none is open.
 * @property {number} soft The temperature at which the teacher's answers are shown.
 * @property {boolean} fixesLanguage Whether links to what is shown fix the language for their readers.
 * @property {Teacher | null} teacher
 * @property {boolean} touched Whether the visitor has changed anything since the page was opened or went to a link.
 * @property {LinkNotice[]} linkNotices The parts of a link that could not be used.
 * @property {() => string} message Why the last request could not be met, in the current language; empty if it was
 * met.
 */
import { isUntargeted } from "../domain/attacks.js";
import { DATASETS, MNIST } from "../domain/datasets.js";
import { DEFAULTS } from "../domain/settings.js";

/** The part of the story that shows the teacher's answers. */
export const TEACHER_STEP = 3;

export const SIDES = /** @type {const} */ (["left", "right"]);

/** The empty message. */
export const NOTHING = () => "";

/**
 * The class that the attack aims at or, if it is untargeted, leads away from. An untargeted attack leads away from
 * the label of the test image; a drawing has no label, so the class that the network reads is used.
 *
 * @param {State} state
 * @param {Side} side
 */
export function goalClass({ settings, samples, picture, target, panels }, side) {
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

/**
 * @param {(error: unknown) => void} onError Called when a view cannot be drawn. The other views are drawn all the same.
 */
export function createStore(onError) {
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
    fixesLanguage: false,
    teacher: null,
    touched: false,
    linkNotices: [],
    message: NOTHING,
  };
  /** @type {((state: State) => void)[]} */
  const views = [];
  let frame = 0;

  /** Draws every view at the next frame. Calling it several times before then draws them once. */
  function changed() {
    frame ||= requestAnimationFrame(draw);
  }

  function draw() {
    cancelAnimationFrame(frame);
    frame = 0;
    for (const view of views) {
      try {
        view(state);
      } catch (error) {
        onError(error);
      }
    }
  }

  return {
    state,
    changed,
    /** Draws every view now, for callers that cannot wait for the next frame. */
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
