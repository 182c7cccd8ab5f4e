//! Attacks for JavaScript.

use burn::tensor::Device;
use js_sys::{Array, Float32Array, Reflect, Uint8Array};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::engine::{Engine, Named};
use super::{error, field, settings, to_js};
use crate::attack::saliency::{Direction, saliency_map};
use crate::attack::{Attack, AttackError, Goal, Outcome, Runs, Step};
use crate::dataset::CLASSES;
use crate::network::Network;
use crate::network::softmax::argmax;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** An attack by its id, with its settings. */
export type Attack = import("../registry.js").Attack;
export type BatchRequest = Attack & {
  model: string;
  /** What its logits are multiplied by, above 0, as a control without training. Default: 1. */
  scale?: number;
  /** The images one after another, pixels in [0, 1]. */
  images: Float32Array;
  /** The target class of each image. */
  targets: Uint8Array;
  /** The targets are the classes shown, and any other class is the goal, for attacks that can be untargeted. */
  untargeted?: boolean;
  /** For runs that were started elsewhere: the images before any change, and the changes made since. */
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
  /** The features chosen at this image, changed in the next step's image. */
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

#[wasm_bindgen]
impl Engine {
    /// Starts a batch of attacks; nothing is computed yet.
    ///
    /// # Errors
    /// `RequestError` for a request that is not understood, a network that is not loaded or settings out
    /// of range; `ImageError` for pixels that are too few, too many or not in [0, 1].
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
}

/// A started batch of attacks. Freeing it cancels the active runs.
#[wasm_bindgen]
pub struct Run {
    runs: Runs,
    network: Network,
    direction: Option<Direction>,
    device: Device,
}

#[wasm_bindgen]
impl Run {
    /// The number of active runs.
    #[wasm_bindgen(getter)]
    pub fn running(&self) -> usize {
        self.runs.len()
    }

    /// Evaluates every active run once, and returns one step for each.
    ///
    /// Wait for the promise before the next call.
    ///
    /// # Errors
    /// `EngineError` if the device fails.
    #[wasm_bindgen(unchecked_return_type = "Step[]")]
    pub async fn step(&mut self) -> Result<Array, JsValue> {
        let steps = self.runs.step(&self.network, &self.device).await.map_err(attack_error)?;
        steps.iter().map(|step| step_to_js(step, self.direction)).collect()
    }
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
    let saliency = step.choice.as_ref().and_then(|choice| choice.saliency);
    let js = to_js(&Numbers {
        run: step.run,
        iteration: step.iteration,
        logits: step.logits,
        probabilities: step.probabilities,
        label: argmax(&step.logits),
        features_changed: step.features_changed,
        chosen,
        pair: chosen.and_then(|features| features.try_into().ok()),
        alpha: saliency.map(|saliency| saliency.alpha),
        beta: saliency.map(|saliency| saliency.beta),
        score: saliency.map(|saliency| saliency.score),
        zero_gradients: gradient.map(|g| g.zeros()),
        gradient_entries: gradient.map(|g| g.target.len()),
        outcome: step.outcome,
    })?;
    let row =
        |numbers: Option<&[f32]>| numbers.map_or(JsValue::NULL, |n| Float32Array::from(n).into());
    let map = gradient.zip(direction);
    let map = map.map(|(g, direction)| saliency_map(&g.target, &g.others(), direction));
    Reflect::set(&js, &"image".into(), &row(Some(&step.image)))?;
    Reflect::set(&js, &"gradient".into(), &row(gradient.map(|g| g.target.as_slice())))?;
    Reflect::set(&js, &"saliency".into(), &row(map.as_deref()))?;
    Ok(js)
}

pub(super) fn attack_error(e: AttackError) -> JsValue {
    let name = match e {
        AttackError::Pixel { .. } | AttackError::Pixels { .. } => "ImageError",
        AttackError::Device(_) => "EngineError",
        AttackError::Setting { .. } | AttackError::Target(_) | AttackError::Untargeted(_) => {
            "RequestError"
        }
    };
    error(name, e.to_string())
}
