//! The JavaScript interface: a thin shell, and the only file that knows JavaScript.
//!
//! Everything from outside is parsed before it is used, and every error becomes a JavaScript
//! `Error` whose `name` says whose fault it is (`ModelError`, `RequestError`, `ImageError`,
//! `EngineError`) and whose message is fit for a visitor.

mod experiment;

use std::cell::RefCell;
use std::collections::HashMap;

use burn::tensor::{Device, Tensor, TensorData};
use js_sys::{Array, Float32Array, Object, Promise, Reflect, Uint8Array};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use crate::attack::saliency::{Direction, saliency_map};
use crate::attack::{Attack, AttackError, Goal, Outcome, Runs, Step, check_pixels};
use crate::dataset::CLASSES;
use crate::experiment::Subject;
use crate::network::Network;
use crate::network::manifest::Entry;
use crate::network::softmax::{argmax, softmax_row};

#[cfg(not(feature = "webgpu"))]
#[path = "cpu.rs"]
mod backend;
#[cfg(feature = "webgpu")]
#[path = "webgpu.rs"]
mod backend;

use backend::Backend;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
export interface ManifestEntry {
  id: string; file: string; bytes: number; sha256: string;
  dataset: "mnist" | "cifar10"; role: "undefended" | "distilled" | "teacher"; temperature: number;
  parameters: number; test_accuracy: number; logit_norm: number;
  command: string; seed: number; epochs: number; epochs_reason: string; seconds: number; hardware: string; date: string;
}
export interface EngineInfo { engine: "cpu" | "webgpu"; implementation: string; version: string; }
export interface Classification { logits: number[]; probabilities: number[]; label: number; }
/** Which features an attack may change, how, and how many. */
export interface Features {
  direction: "increase" | "decrease";
  /** How much a feature changes at a time, in (0, 1]. */
  theta: number;
  /** Features that may change. */
  budget: number;
}
/** T of the softmax that the attack differentiates; 1 if left out. */
export interface AtTemperature { temperature?: number; }
/** An attack by its name, with its settings. */
export type Attack =
  | ({ attack: "jsma-f" | "jsma-t" | "jsma-z" } & AtTemperature & Features)
  | ({ attack: "not-robust"; direction: "increase" | "decrease" | "either" }
    & AtTemperature & Omit<Features, "direction">)
  | ({ attack: "random-pairs"; /** What all draws depend on; 0 if left out. */ seed?: number } & Features)
  | ({ attack: "fgsm"; /** How far every feature moves, in [0, 1]. */ epsilon: number } & AtTemperature)
  | ({ attack: "cw-l2"; /** Values of c that are tried. */ searches?: number } & Descent)
  | ({ attack: "cw-l0"; /** Steps at most. */ limit?: number; /** c is doubled up to it. */ largest_c?: number } & Descent);
/** What Carlini and Wagner's attacks share; each has a default. */
export interface Descent {
  /** κ: by how much the target's logit should lead. */
  confidence?: number;
  /** Steps of a descent. */
  iterations?: number;
  learning_rate?: number;
  /** The weight of the target against the distance, at first. */
  c?: number;
}
export type BatchRequest = Attack & {
  model: string;
  /** What its logits are multiplied by, above 0: the control that nobody trained. 1 if left out. */
  scale?: number;
  /** The images one after another, pixels in [0, 1]. */
  images: Float32Array;
  /** The class that each image should be mistaken for. */
  targets: Uint8Array;
  /** The targets are what the images show, to be mistaken for anything else (fgsm, random-pairs). */
  untargeted?: boolean;
  /** Where runs were begun elsewhere: what the images were at first, and the changes made since. */
  resumed?: { originals: Float32Array, iterations: number[] };
}
export type Outcome = "fooled" | "budget-spent" | "no-admissible-pair" | "gradient-vanished" | "already-target";
/** One image of one run, evaluated. */
export interface Step {
  run: number;
  /** Changes made so far. */
  iteration: number;
  image: Float32Array;
  logits: number[]; probabilities: number[]; label: number;
  featuresChanged: number;
  /** The features chosen at this image: the next step's image has them changed. */
  chosen: number[] | null;
  /** The same where there are two. */
  pair: [number, number] | null;
  alpha: number | null; beta: number | null; score: number | null;
  /** Features whose whole gradient is exactly zero, and of how many. */
  zeroGradients: number | null; gradientEntries: number | null;
  /** The derivative of the target's output by each feature. */
  gradient: Float32Array | null;
  /** The adversarial saliency map, one entry a feature. */
  saliency: Float32Array | null;
  outcome: Outcome | null;
}
"#;

#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}

/// Holds networks, and runs attacks on them.
///
/// Its methods borrow it for as long as their promises are pending, so that all of them share it.
#[wasm_bindgen]
pub struct Engine {
    backend: Backend,
    networks: RefCell<HashMap<String, (Entry, Network)>>,
}

/// A loaded network by its id, and what its logits are multiplied by.
#[derive(Deserialize)]
struct Named {
    model: String,
    #[serde(default)]
    scale: Option<f32>,
}

#[wasm_bindgen]
impl Engine {
    /// An engine without networks, on the one device that this module was built for.
    pub async fn open() -> Result<Engine, JsValue> {
        let backend = Backend::open().await.map_err(|e| error("EngineError", e))?;
        Ok(Self { backend, networks: RefCell::default() })
    }

    /// What computes.
    #[wasm_bindgen(unchecked_return_type = "EngineInfo")]
    pub fn info(&self) -> Result<JsValue, JsValue> {
        #[derive(Serialize)]
        struct Info {
            engine: &'static str,
            implementation: &'static str,
            version: &'static str,
        }
        to_js(&Info {
            engine: Backend::NAME,
            implementation: Backend::IMPLEMENTATION,
            version: env!("CARGO_PKG_VERSION"),
        })
    }

    /// Resolves when the device is lost, with the reason; on the CPU it never does.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn lost(&self) -> Promise {
        let lost = self.backend.lost();
        wasm_bindgen_futures::future_to_promise(async { Ok(lost.await.into()) })
    }

    /// What the device has reported as wrong since the engine was opened, a shader that does not
    /// compile for instance. Nothing that it computed can be trusted then.
    pub fn fault(&self) -> Option<String> {
        self.backend.fault()
    }

    /// Verifies a model file against its manifest entry, and keeps the network under its id.
    pub fn load(
        &self,
        #[wasm_bindgen(unchecked_param_type = "ManifestEntry")] entry: JsValue,
        bytes: &[u8],
    ) -> Result<(), JsValue> {
        let entry: Entry = serde_wasm_bindgen::from_value(entry)
            .map_err(|e| error("ModelError", format!("The manifest entry is damaged: {e}.")))?;
        let network = entry
            .load(bytes, self.backend.device())
            .map_err(|e| error("ModelError", e.to_string()))?;
        self.networks.borrow_mut().insert(entry.id.clone(), (entry, network));
        Ok(())
    }

    /// What a network reads in one image, with its logits multiplied by `scale` if there is one.
    #[wasm_bindgen(unchecked_return_type = "Classification")]
    pub async fn classify(
        &self,
        model: String,
        image: Vec<f32>,
        scale: Option<f32>,
    ) -> Result<JsValue, JsValue> {
        #[derive(Serialize)]
        struct Classification {
            logits: [f32; CLASSES],
            probabilities: [f32; CLASSES],
            label: usize,
        }
        let network = self.network(&Named { model, scale })?;
        let spec = network.dataset().spec();
        if image.len() != spec.features() {
            let (expected, found) = (spec.features(), image.len());
            let message = format!("The image should have {expected} pixels, but has {found}.");
            return Err(error("ImageError", message));
        }
        check_pixels(&image).map_err(attack_error)?;
        let [channels, height, width] = spec.shape;
        let image = TensorData::new(image, [1, channels, height, width]);
        let logits = network.forward(Tensor::from_data(image, self.backend.device()));
        let logits = logits.into_data_async().await;
        let logits = logits.map_err(|e| error("EngineError", format!("{e:?}")))?;
        let logits: Vec<f32> = logits.iter::<f32>().collect();
        let Some(logits) = logits.first_chunk::<CLASSES>() else {
            return Err(error("EngineError", "The network answered with too few logits.".into()));
        };
        to_js(&Classification {
            logits: *logits,
            probabilities: softmax_row(logits, 1.0),
            label: argmax(logits),
        })
    }

    /// Begins a batch of attacks; nothing is computed yet.
    pub fn start(
        &self,
        #[wasm_bindgen(unchecked_param_type = "BatchRequest")] request: JsValue,
    ) -> Result<Run, JsValue> {
        #[derive(Deserialize)]
        struct Request {
            #[serde(flatten)]
            named: Named,
            #[serde(default)]
            untargeted: bool,
            #[serde(flatten)]
            attack: Attack,
        }
        #[derive(Deserialize)]
        struct Resumed {
            originals: Vec<f32>,
            iterations: Vec<usize>,
        }
        let images = field::<Float32Array>(&request, "images", "a Float32Array")?.to_vec();
        let targets = field::<Uint8Array>(&request, "targets", "a Uint8Array")?.to_vec();
        let resumed = Reflect::get(&request, &"resumed".into())?;
        let resumed: Option<Resumed> = serde_wasm_bindgen::from_value(resumed)
            .map_err(|e| error("RequestError", format!("The runs cannot be resumed: {e}.")))?;
        let Request { named, untargeted, attack } =
            settings(&request, &["images", "targets", "resumed"], "attack")?;
        let network = self.network(&named)?;
        let goal = if untargeted { Goal::Untargeted } else { Goal::Target };
        let goals: Vec<_> = targets.into_iter().map(|class| goal(class.into())).collect();
        let mut runs = attack.start(&network, &images, &goals).map_err(attack_error)?;
        if let Some(Resumed { originals, iterations }) = resumed {
            runs = runs.resumed(&originals, &iterations).map_err(attack_error)?;
        }
        let device = self.backend.device().clone();
        Ok(Run { runs, network, direction: attack.direction(), device })
    }

    fn network(&self, named: &Named) -> Result<Network, JsValue> {
        Ok(self.subject(named)?.network)
    }

    fn subject(&self, Named { model, scale }: &Named) -> Result<Subject, JsValue> {
        let networks = self.networks.borrow();
        let (entry, network) = networks.get(model).ok_or_else(|| {
            error("RequestError", format!("The model \"{model}\" is not loaded. Load it first."))
        })?;
        let scale = scale.unwrap_or(1.0);
        if !(scale > 0.0 && scale <= MOST_SCALE) {
            let message =
                format!("The scale must be above 0 and at most {MOST_SCALE}, but is {scale}.");
            return Err(error("RequestError", message));
        }
        Ok(Subject::new(entry.clone(), network, scale))
    }
}

/// Far above any temperature, and far below what 32-bit logits could not hold.
const MOST_SCALE: f32 = 1e6;

/// A batch of attacks under way. Freeing it cancels what still goes on.
#[wasm_bindgen]
pub struct Run {
    runs: Runs,
    network: Network,
    direction: Option<Direction>,
    device: Device,
}

#[wasm_bindgen]
impl Run {
    /// How many runs of the batch are still going.
    #[wasm_bindgen(getter)]
    pub fn running(&self) -> usize {
        self.runs.len()
    }

    /// Evaluates every run that is still going once, and returns one step for each.
    ///
    /// Wait for the promise before the next call.
    #[wasm_bindgen(unchecked_return_type = "Step[]")]
    pub async fn step(&mut self) -> Result<Array, JsValue> {
        let steps = self.runs.step(&self.network, &self.device).await.map_err(attack_error)?;
        steps.iter().map(|step| step_to_js(step, self.direction)).collect()
    }
}

/// What the network sees of a drawing: 28×28 pixels in [0, 1], or nothing of an empty one.
///
/// Each stroke is x, y, x, y, … from 0 to 255 over the square that is drawn on.
#[wasm_bindgen]
pub fn rasterize(strokes: Vec<Uint8Array>) -> Result<Option<Vec<f32>>, JsValue> {
    let strokes: Vec<_> = strokes.iter().map(Uint8Array::to_vec).collect();
    let image = crate::digit::rasterize(&strokes);
    let image = image.map_err(|e| error("ImageError", e.to_string()))?;
    Ok(image.map(|pixels| pixels.to_vec()))
}

fn step_to_js(step: &Step, direction: Option<Direction>) -> Result<JsValue, JsValue> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Numbers<'a> {
        run: usize,
        iteration: usize,
        logits: [f32; CLASSES],
        probabilities: [f32; CLASSES],
        label: usize,
        features_changed: usize,
        chosen: Option<&'a [usize]>,
        pair: Option<[usize; 2]>,
        alpha: Option<f64>,
        beta: Option<f64>,
        score: Option<f64>,
        zero_gradients: Option<usize>,
        gradient_entries: Option<usize>,
        outcome: Option<Outcome>,
    }
    let gradient = step.gradient.as_ref();
    let chosen = step.choice.as_ref().map(|choice| choice.features.as_slice());
    let why = step.choice.as_ref().and_then(|choice| choice.saliency);
    let js = to_js(&Numbers {
        run: step.run,
        iteration: step.iteration,
        logits: step.logits,
        probabilities: step.probabilities,
        label: argmax(&step.logits),
        features_changed: step.features_changed,
        chosen,
        pair: chosen.and_then(|features| features.try_into().ok()),
        alpha: why.map(|saliency| saliency.alpha),
        beta: why.map(|saliency| saliency.beta),
        score: why.map(|saliency| saliency.score),
        zero_gradients: gradient.map(|g| g.zeros()),
        gradient_entries: gradient.map(|g| g.target.len()),
        outcome: step.outcome,
    })?;
    let row =
        |numbers: Option<&[f32]>| numbers.map_or(JsValue::NULL, |n| Float32Array::from(n).into());
    let saliency = gradient.zip(direction);
    let saliency = saliency.map(|(g, direction)| saliency_map(&g.target, &g.others(), direction));
    Reflect::set(&js, &"image".into(), &row(Some(&step.image)))?;
    Reflect::set(&js, &"gradient".into(), &row(gradient.map(|g| g.target.as_slice())))?;
    Reflect::set(&js, &"saliency".into(), &row(saliency.as_deref()))?;
    Ok(js)
}

/// The fields of a request but for its arrays: to look for settings among a million pixels would take
/// long.
fn settings<Settings: DeserializeOwned>(
    request: &JsValue,
    arrays: &[&str],
    what: &str,
) -> Result<Settings, JsValue> {
    let settings = Object::assign(&Object::new(), request.unchecked_ref());
    for &array in arrays {
        Reflect::delete_property(&settings, &array.into())?;
    }
    serde_wasm_bindgen::from_value(settings.into())
        .map_err(|e| error("RequestError", format!("The {what} was not understood: {e}.")))
}

/// A field of an object that has to be of a certain class.
fn field<Class: JsCast>(object: &JsValue, name: &str, class: &str) -> Result<Class, JsValue> {
    let value = Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED);
    value
        .dyn_into()
        .map_err(|_| error("RequestError", format!("The field {name} should be {class}.")))
}

/// Plain data as a plain JavaScript object, `None` as null.
fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(|e| error("EngineError", e.to_string()))
}

fn attack_error(e: AttackError) -> JsValue {
    let name = match e {
        AttackError::Pixel { .. } | AttackError::Pixels { .. } => "ImageError",
        AttackError::Device(_) => "EngineError",
        AttackError::Theta(_)
        | AttackError::Temperature(_)
        | AttackError::Epsilon(_)
        | AttackError::Range { .. }
        | AttackError::Budget { .. }
        | AttackError::Target(_)
        | AttackError::Untargeted => "RequestError",
    };
    error(name, e.to_string())
}

fn error(name: &str, message: String) -> JsValue {
    let error = js_sys::Error::new(&message);
    error.set_name(name);
    error.into()
}
