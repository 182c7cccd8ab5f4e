//! Both attacks of Carlini and Wagner (2016, *Towards Evaluating the Robustness of Neural
//! Networks*, section V): gradient descent on the target's margin inside [0, 1].
//!
//! A pixel is x = ½(tanh w + 1), so that every w is an image and nothing has to be clipped. Adam
//! minimises ‖x − x₀‖² + c · f(x) over w, with f(x) = max(max_{j≠t} z_j − z_t, −κ) on the logits z.
//!
//! # The scale of the logits
//! Multiplying the logits by k > 0 changes no decision of a network, but multiplies f by k. In the
//! authors' code, which starts from a fixed c and makes a bounded number of searches, this changes what
//! is found. By default c is therefore in a unit that the first gradient gives
//! ([`ConstScale::Gradient`]); [`ConstScale::Fixed`] is the authors'. κ is in logits with either.
//!
//! # Numbers
//! All arithmetic outside the network is in 64 bits, the same natively and in wasm (tanh comes from
//! the crate libm, since every platform has its own); the image that the network reads is rounded to
//! 32 bits. w starts at artanh(0.999999 · (2x₀ − 1)), since a pixel at its bound has no finite w, as in
//! the authors' code. Adam has their β₁ = 0.9, β₂ = 0.999 and ε = 1e-8.

mod l0;
mod l2;

pub use l0::CwL0;
pub use l2::CwL2;

use serde::{Deserialize, Serialize};

use super::facts::{Changes, Differentiated, Facts, Norm};
use super::goal::Goal;
use super::run::{Cotangent, Gradient, Logits};
use super::setting::{Most, Setting};
use crate::dataset::CLASSES;
use crate::network::softmax::argmax;

/// The facts that both share. Where they differ, these are those of L2.
const FACTS: Facts = Facts {
    id: "cw-l2",
    summary: "Carlini and Wagner's attack with the least Euclidean length",
    paper: Some("carlini2017evaluating"),
    output: Some(Differentiated::Margin),
    temperature: None,
    changes: Changes::Descent,
    norm: Norm::L2,
    backward_rows: 1,
    untargeted: false,
    resumable: false,
    step_cost: 1000,
    settings: &[],
};

/// κ.
const CONFIDENCE: Setting = Setting::number("confidence", 0.0, 1e6, 0.0)
    .optional()
    .unit("logits")
    .page(0.0, Most::Number(100.0), 1.0, 0.0)
    .words("confidence", "κ: by how much the target's logit should exceed all others.");

/// The page offers fewer than the paper's 10,000, because it keeps the image of every step.
const ITERATIONS: Setting = Setting::integer("iterations", 1.0, Most::Number(10_000.0), 200.0)
    .optional()
    .unit("steps")
    .page(10.0, Most::Number(1000.0), 10.0, 200.0)
    .words("number of iterations", "Steps of each descent.");

const LEARNING_RATE: Setting = Setting::number("learning_rate", 0.0, 1.0, 0.1)
    .above_min()
    .optional()
    .words("learning rate", "The learning rate of Adam.");

/// The first c, at most `most`.
const fn initial_const(most: f64) -> Setting {
    Setting::number("c", 1e-6, most, 1.0)
        .optional()
        .words("constant c", "The first weight c of the margin against the distance.")
}

const CONST_SCALE: Setting = Setting::choice("c_scale", &["fixed", "gradient"])
    .default_choice("gradient")
    .optional()
    .words(
        "scale of c",
        "The unit of c: fixed, as in the authors' code, so that results depend on the scale of the logits; \
         or from the first gradient, so that they do not.",
    );

/// The unit of c, that is, of [`CwL2::initial_const`], [`CwL0::initial_const`] and
/// [`CwL0::largest_const`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConstScale {
    /// 1, as in the authors' code. The result depends on the scale of the logits: if all of them are
    /// multiplied by k, which changes no decision, the search starts as if from k · c. Requests and
    /// results without this setting mean it.
    Fixed,
    /// 2d / ‖∇f‖ at the original image, with d = (f + κ) / ‖∇f‖, at least one grey level of 255. If f
    /// were linear, d would be the distance to the goal, and this the c whose minimum is there. It is
    /// divided by k if the logits are multiplied by k, so with κ = 0 the result does not change.
    Gradient,
}

impl ConstScale {
    /// The unit of c in a run, from the first evaluation, whose gradient is not zero in every entry.
    fn unit(self, logits: &Logits, goal: Goal, confidence: f32, gradient: &Gradient) -> f64 {
        if self == Self::Fixed {
            return 1.0;
        }
        let squares = gradient.target.iter().map(|&slope| f64::from(slope).powi(2));
        let length = squares.sum::<f64>().sqrt();
        let missing = f64::from(confidence) - f64::from(margin(logits, goal.class()));
        2.0 * (missing / length).max(1.0 / 255.0) / length
    }

    /// The meaning of a request or a result without this setting.
    fn left_out() -> Self {
        Self::Fixed
    }

    /// Whether a result does not state it.
    fn is_left_out(&self) -> bool {
        *self == Self::left_out()
    }
}

/// An image under gradient descent, with the moments of Adam.
#[derive(Clone)]
struct Descent {
    features: Vec<Feature>,
    /// β₁ᵗ and β₂ᵗ after t steps, for Adam's bias correction.
    powers: (f64, f64),
}

#[derive(Clone, Copy)]
struct Feature {
    w: f64,
    mean: f64,
    variance: f64,
    frozen: bool,
}

impl Descent {
    /// Starts at an image.
    fn from(image: &[f32]) -> Self {
        let feature = |&pixel: &f32| Feature {
            w: libm::atanh(0.999_999 * (2.0 * f64::from(pixel) - 1.0)),
            mean: 0.0,
            variance: 0.0,
            frozen: false,
        };
        Self { features: image.iter().map(feature).collect(), powers: (1.0, 1.0) }
    }

    /// Resets the moments of Adam and keeps the image.
    fn restart(&mut self) {
        self.powers = (1.0, 1.0);
        for feature in &mut self.features {
            (feature.mean, feature.variance) = (0.0, 0.0);
        }
    }

    /// Keeps a feature at its original value from now on.
    fn freeze(&mut self, feature: usize) {
        self.features[feature].frozen = true;
    }

    /// The features that are not frozen.
    fn free(&self) -> impl Iterator<Item = usize> {
        (0..self.features.len()).filter(|&i| !self.features[i].frozen)
    }

    /// The image. Frozen features have their original values.
    fn image(&self, original: &[f32]) -> Vec<f32> {
        let pixel = |(feature, &then): (&Feature, &f32)| match feature.frozen {
            true => then,
            false => (0.5 * (libm::tanh(feature.w) + 1.0)) as f32,
        };
        self.features.iter().zip(original).map(pixel).collect()
    }

    /// One step of Adam at a learning rate. `margin` is the gradient of −f, or `None` where f is at its
    /// minimum.
    fn step(&mut self, original: &[f32], c: f64, margin: Option<&Gradient>, learning_rate: f64) {
        const BETA_1: f64 = 0.9;
        const BETA_2: f64 = 0.999;
        self.powers = (self.powers.0 * BETA_1, self.powers.1 * BETA_2);
        let bias_correction = (1.0 - self.powers.0, 1.0 - self.powers.1);
        for (i, feature) in self.features.iter_mut().enumerate().filter(|(_, f)| !f.frozen) {
            let tanh = libm::tanh(feature.w);
            let distance = 0.5 * (tanh + 1.0) - f64::from(original[i]);
            let margin = margin.map_or(0.0, |gradient| f64::from(gradient.target[i]));
            let slope = (2.0 * distance - c * margin) * 0.5 * (1.0 - tanh * tanh);
            feature.mean = BETA_1 * feature.mean + (1.0 - BETA_1) * slope;
            feature.variance = BETA_2 * feature.variance + (1.0 - BETA_2) * slope * slope;
            let mean = feature.mean / bias_correction.0;
            let std = (feature.variance / bias_correction.1).sqrt();
            feature.w -= learning_rate * mean / (std + 1e-8);
        }
    }
}

/// Whether the network predicts the target, by a margin of at least κ.
fn has_margin(logits: &Logits, goal: Goal, confidence: f32) -> bool {
    let target = goal.class();
    argmax(logits) == target && margin(logits, target) >= confidence
}

/// The margin z_t − max_{j≠t} z_j.
fn margin(logits: &Logits, target: usize) -> f32 {
    logits[target] - logits[runner_up(logits, target)]
}

/// The cotangent of the margin z_t − max_{j≠t} z_j.
fn margin_cotangent(logits: &Logits, goal: Goal) -> Cotangent {
    let target = goal.class();
    let mut cotangent = [0.0; CLASSES];
    cotangent[target] = 1.0;
    cotangent[runner_up(logits, target)] = -1.0;
    cotangent
}

/// The class other than the target with the largest logit, the first of equals.
fn runner_up(logits: &Logits, target: usize) -> usize {
    let first = if target == 0 { 1 } else { 0 };
    let others = (0..CLASSES).filter(|&j| j != target);
    others.fold(first, |best, j| if logits[j] > logits[best] { j } else { best })
}
