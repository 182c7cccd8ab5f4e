//! Attacks for JavaScript.

use burn::tensor::Device;
use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::engine::Engine;
use super::error::attack_error;
use super::values::{Bytes, Floats, from_js, to_js};
use crate::attack::saliency::{Direction, saliency_map};
use crate::attack::{Goal, Gradient, Runs, Step};
use crate::messages::{self, BatchRequest, Resumed};
use crate::network::Network;
use crate::network::softmax::argmax;

#[wasm_bindgen]
impl Engine {
    /// Starts a batch of attacks; nothing is computed yet.
    ///
    /// # Errors
    /// `RequestError` for a request that is not understood, a network that is not loaded or settings out
    /// of range; `ImageError` for pixels that are too few, too many or not in [0, 1].
    pub fn start(
        &self,
        #[wasm_bindgen(unchecked_param_type = "messages.BatchRequest")] request: JsValue,
    ) -> Result<Run, JsValue> {
        let BatchRequest { subject, images, targets, untargeted, resumed, attack } =
            from_js::<BatchRequest<Floats, Bytes>>(request, "RequestError", "attack")?;
        let network = self.network(&subject)?;
        let goal = if untargeted { Goal::Untargeted } else { Goal::Target };
        let goals: Vec<_> = targets.0.into_iter().map(|class| goal(class.into())).collect();
        let mut runs = attack.start(&network, &images.0, &goals).map_err(attack_error)?;
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
    #[wasm_bindgen(unchecked_return_type = "messages.Step[]")]
    pub async fn step(&mut self) -> Result<Array, JsValue> {
        let steps = self.runs.step(&self.network, &self.device).await.map_err(attack_error)?;
        steps.iter().map(|step| step_to_js(step, self.direction)).collect()
    }
}

fn step_to_js(step: &Step, direction: Option<Direction>) -> Result<JsValue, JsValue> {
    let gradient = step.gradient.as_ref();
    let chosen = step.choice.as_ref().map(|choice| choice.features.as_slice());
    let saliency = step.choice.as_ref().and_then(|choice| choice.saliency);
    let map = gradient.zip(direction);
    let map = map.map(|(g, direction)| saliency_map(&g.target, &g.others(), direction));
    to_js(&messages::Step {
        run: step.run,
        iteration: step.iteration,
        image: Floats(step.image.clone()),
        logits: step.logits,
        probabilities: step.probabilities,
        label: argmax(&step.logits),
        features_changed: step.features_changed,
        chosen,
        pair: chosen.and_then(|features| features.try_into().ok()),
        alpha: saliency.map(|saliency| saliency.alpha),
        beta: saliency.map(|saliency| saliency.beta),
        score: saliency.map(|saliency| saliency.score),
        zero_gradients: gradient.map(Gradient::zeros),
        gradient_entries: gradient.map(|g| g.target.len()),
        gradient: gradient.map(|g| Floats(g.target.clone())),
        saliency: map.map(Floats),
        outcome: step.outcome,
    })
}
