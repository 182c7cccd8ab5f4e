//! The paper's measurements for JavaScript: a plain object is the request, workers share the chunks, and
//! any of them turns the records into rows.

use burn::tensor::Device;
use js_sys::{Float32Array, Uint8Array};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

use super::attack::attack_error;
use super::engine::{Engine, Named};
use super::{error, field, settings, to_js};
use crate::attack::Attack;
use crate::experiment::{self, Chunk, ExperimentError, Kind, Record, Source, Task};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
export type Role = "undefended" | "distilled" | "teacher";
export type ExperimentKind = "success" | "amplitude" | "robustness" | "fgsm" | "pairs" | "transfer";
/** A loaded network, and what its logits are multiplied by: 1 if left out. */
export interface Subject { model: string; scale?: number; }
/** Only `amplitude` does without an attack. */
export interface Task extends Subject { attack?: Attack; }
export interface ExperimentRequest {
  experiment: ExperimentKind;
  tasks: Task[];
  /** The networks that are shown what the attacks made, for `transfer`. */
  readers?: Subject[];
  /** The images one after another, pixels in [0, 1]. */
  images: Float32Array;
  /** What each of them shows. */
  labels: Uint8Array;
  /** What the rows say beside their figures: the images' numbers in the test set, and so on. */
  source?: { drawn?: number[]; seed?: number | null; engine?: string; command?: string; date?: string };
}
/** Attempts of one task, from the first to before the last. */
export interface Chunk { task: number; from: number; to: number; }
/** What one attempt attempts: to have an image taken for a class, or for anything but it. */
export interface Attempt { image: number; class: number; untargeted: boolean; }
/** How an attack ended. */
export interface AttackRecord {
  task: number; attempt: number;
  /** The image, and the target or, untargeted, what it shows. */
  image: number; class: number;
  outcome: Outcome;
  changes: number; features_changed: number;
  /** The Euclidean length of what was changed. */
  distance: number;
  /** Features whose gradient is exactly zero, and that the saliency map is above zero for, before any change. */
  zeros: number | null; admissible: number | null;
  /** What each reader takes the untouched image for, and the changed one. */
  read: { before: number; after: number }[];
}
export interface AmplitudeRecord { task: number; attempt: number; amplitude: number; zero_entries: number; }
export type ExperimentRecord = AttackRecord | AmplitudeRecord;
export interface Outcomes {
  fooled: number; budget_spent: number; no_admissible_pair: number; gradient_vanished: number;
}
type Interval = [number, number];
/** What every row says. With `scale` other than 1 the role is `scaled`. */
export interface RowHead {
  dataset: "mnist" | "cifar10"; model: string; role: Role | "scaled"; temperature: number; scale: number;
  /** The attack's settings, as in a request, but for amplitude. */
  attack?: Attack["attack"]; attack_temperature?: number; direction?: string; theta?: number; budget?: number;
  epsilon?: number; attack_seed?: number;
  confidence?: number; iterations?: number; searches?: number; limit?: number;
  learning_rate?: number; c?: number; largest_c?: number;
  images: number; drawn: number[];
  /** Attempts that the whole experiment has; a row that counts fewer is partial. */
  planned: number;
  engine: string; seed: number | null; model_sha256: string; command: string; date: string;
}
export interface SuccessRow extends RowHead {
  attempts: number; successes: number; rate: number; interval: Interval; outcomes: Outcomes;
  /** Not among the attempts. */
  already_target: number;
  distortion_all: number; distortion_successes: number | null; distance_successes: number | null; steps: number;
}
export interface AmplitudeRow extends RowHead {
  measured: number; edges: number[]; counts: number[]; zero: number;
  below_1e_40: number; below_interval: Interval; above_1e_3: number; above_interval: Interval;
  median: number | null;
}
export interface RobustnessRow extends RowHead {
  /** Images with all nine attempts made. */
  measured: number; misread: number; cap: number;
  /** Images on which no attack succeeds, and those whose gradient had vanished for every target. */
  failures: number; gradient_vanished: number;
  /** Failures counted at the cap. */
  robustness: number | null; interval: Interval | null;
  /** Failures left out. */
  robustness_of_successes: number | null; interval_of_successes: Interval | null;
}
export interface FgsmRow extends RowHead {
  measured: number; errors: number; rate: number; interval: Interval; outcomes: Outcomes;
  /** Misread before anything is changed; these are errors too. */
  misread: number;
  zero_gradients: number | null;
}
export interface PairsRow extends RowHead {
  attempts: number; successes: number; rate: number; interval: Interval; outcomes: Outcomes; already_target: number;
  cells: {
    source: number; target: number; attempts: number; successes: number; rate: number; interval: Interval;
    gradient_vanished: number; distortion_successes: number | null; hardness: number | null; distance: number | null;
  }[];
}
export interface TransferRow extends RowHead {
  /** The network that is shown what fooled the row's own. */
  to: { dataset: string; model: string; role: Role | "scaled"; temperature: number; scale: number };
  attempts: number; outcomes: Outcomes; already_target: number;
  /** Adversarial examples of images that the other network reads; how many reach their target there; are misread. */
  shown: number; reached: number; rate: number; interval: Interval;
  misread: number; misread_rate: number; misread_interval: Interval;
}
export type ExperimentRow = SuccessRow | AmplitudeRow | RobustnessRow | FgsmRow | PairsRow | TransferRow;
"#;

#[wasm_bindgen]
impl Engine {
    /// Plans an experiment on networks that are loaded; nothing is computed yet.
    pub fn experiment(
        &self,
        #[wasm_bindgen(unchecked_param_type = "ExperimentRequest")] request: JsValue,
    ) -> Result<Experiment, JsValue> {
        #[derive(Deserialize)]
        struct Request {
            experiment: Kind,
            tasks: Vec<Asked>,
            #[serde(default)]
            readers: Vec<Named>,
            #[serde(default)]
            source: Source,
        }
        #[derive(Deserialize)]
        struct Asked {
            #[serde(flatten)]
            subject: Named,
            #[serde(default)]
            attack: Option<Attack>,
        }
        let images = field::<Float32Array>(&request, "images", "a Float32Array")?.to_vec();
        let labels = field::<Uint8Array>(&request, "labels", "a Uint8Array")?.to_vec();
        let request: Request = settings(&request, &["images", "labels"], "experiment")?;
        let task = |asked: Asked| -> Result<Task, JsValue> {
            Ok(Task { subject: self.subject(&asked.subject)?, attack: asked.attack })
        };
        let tasks = request.tasks.into_iter().map(task).collect::<Result<_, _>>()?;
        let readers = request.readers.iter().map(|reader| self.subject(reader));
        let readers = readers.collect::<Result<_, _>>()?;
        let experiment = experiment::Experiment::new(
            request.experiment,
            tasks,
            readers,
            images,
            labels,
            request.source,
        );
        let experiment = experiment.map_err(experiment_error)?;
        Ok(Experiment { experiment, device: self.backend.device().clone() })
    }
}

/// A planned experiment. Every worker makes its own of the same request.
#[wasm_bindgen]
pub struct Experiment {
    experiment: experiment::Experiment,
    device: Device,
}

#[wasm_bindgen]
impl Experiment {
    /// The attempts of each task, by number.
    #[wasm_bindgen(unchecked_return_type = "Attempt[]")]
    pub fn attempts(&self) -> Result<JsValue, JsValue> {
        #[derive(serde::Serialize)]
        struct Attempt {
            image: usize,
            class: usize,
            untargeted: bool,
        }
        let attempts = self.experiment.attempts().iter().map(|attempt| Attempt {
            image: attempt.image,
            class: attempt.goal.class(),
            untargeted: matches!(attempt.goal, crate::attack::Goal::Untargeted(_)),
        });
        to_js(&attempts.collect::<Vec<_>>())
    }

    /// All chunks, of at most `size` attempts, the tasks in turn.
    #[wasm_bindgen(unchecked_return_type = "Chunk[]")]
    pub fn chunks(&self, size: usize) -> Result<JsValue, JsValue> {
        to_js(&self.experiment.chunks(size))
    }

    /// Starts a chunk; nothing is computed yet.
    ///
    /// # Errors
    /// `RequestError` for a chunk of another experiment.
    pub fn start(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Chunk")] chunk: JsValue,
    ) -> Result<Campaign, JsValue> {
        let chunk: Chunk = settings(&chunk, &[], "chunk")?;
        let worker = self.experiment.start(chunk, &[]).map_err(experiment_error)?;
        Ok(Campaign { worker, device: self.device.clone() })
    }

    /// The rows of the records so far, in any order.
    ///
    /// # Errors
    /// `RequestError` for records that are not understood or belong to another experiment.
    #[wasm_bindgen(unchecked_return_type = "ExperimentRow[]")]
    pub fn rows(
        &self,
        #[wasm_bindgen(unchecked_param_type = "ExperimentRecord[]")] records: JsValue,
    ) -> Result<JsValue, JsValue> {
        let records: Vec<Record> = serde_wasm_bindgen::from_value(records)
            .map_err(|e| error("RequestError", format!("The records were not understood: {e}.")))?;
        to_js(&self.experiment.rows(&records).map_err(experiment_error)?)
    }
}

/// A started chunk. Freeing it cancels the active attacks.
#[wasm_bindgen]
pub struct Campaign {
    worker: experiment::Worker,
    device: Device,
}

#[wasm_bindgen]
impl Campaign {
    /// The number of attempts that have not ended.
    #[wasm_bindgen(getter)]
    pub fn left(&self) -> usize {
        self.worker.left()
    }

    /// Evaluates every active attack once, and returns the records of those that ended; `undefined` once
    /// all have ended.
    ///
    /// Wait for the promise before the next call.
    ///
    /// # Errors
    /// `EngineError` if the device fails.
    #[wasm_bindgen(unchecked_return_type = "ExperimentRecord[] | undefined")]
    pub async fn step(&mut self) -> Result<JsValue, JsValue> {
        match self.worker.step(&self.device).await.map_err(attack_error)? {
            Some(records) => to_js(&records),
            None => Ok(JsValue::UNDEFINED),
        }
    }
}

fn experiment_error(e: ExperimentError) -> JsValue {
    match e {
        ExperimentError::Attack(e) => attack_error(e),
        ExperimentError::Images { .. } => error("ImageError", e.to_string()),
        ExperimentError::Empty
        | ExperimentError::Dataset(..)
        | ExperimentError::NoAttack(_)
        | ExperimentError::NoTargetModels
        | ExperimentError::Label(_)
        | ExperimentError::Foreign { .. } => error("RequestError", e.to_string()),
    }
}
