//! Descent inside the box: what both attacks of Carlini and Wagner share (2016, *Towards Evaluating
//! the Robustness of Neural Networks*).
//!
//! A pixel is x = ½(tanh w + 1), so that every w is an image and nothing has to be clipped. Adam
//! lowers ‖x − x₀‖² + c · f(x) over w, with f(x) = max(max_{j≠t} z_j − z_t, −κ) on the logits z.
//!
//! Everything on this side of the network is 64-bit arithmetic, the same natively and in wasm (tanh
//! is of the crate libm, since each system has its own); the image that the network reads is rounded
//! to 32 bits. w starts at artanh(0.999999 · (2x₀ − 1)), since a pixel at its bound has no
//! finite w, as in the authors' code. Adam has their moments, 0.9 and 0.999, and 1e-8.

mod l0;
mod l2;

pub use l0::CwL0;
pub(super) use l0::Rounds;
pub use l2::CwL2;
pub(super) use l2::Search;

use super::runner::{Gradient, Row};
use super::{AttackError, Goal};
use crate::dataset::CLASSES;
use crate::network::softmax::argmax;

/// An image on its way down, with Adam's moments.
#[derive(Clone)]
pub(super) struct Descent {
    features: Vec<Feature>,
    /// MEAN and VARIANCE to the power of the steps taken: how far from settled the moments are.
    unsettled: (f64, f64),
}

#[derive(Clone, Copy)]
struct Feature {
    w: f64,
    mean: f64,
    variance: f64,
    frozen: bool,
}

impl Descent {
    /// Begins at an image.
    pub fn from(image: &[f32]) -> Self {
        let feature = |&pixel: &f32| Feature {
            w: libm::atanh(0.999_999 * (2.0 * f64::from(pixel) - 1.0)),
            mean: 0.0,
            variance: 0.0,
            frozen: false,
        };
        Self { features: image.iter().map(feature).collect(), unsettled: (1.0, 1.0) }
    }

    /// Forgets the moments, and goes on from here.
    pub fn restart(&mut self) {
        self.unsettled = (1.0, 1.0);
        for feature in &mut self.features {
            (feature.mean, feature.variance) = (0.0, 0.0);
        }
    }

    /// Leaves a feature at its original from now on.
    pub fn freeze(&mut self, feature: usize) {
        self.features[feature].frozen = true;
    }

    /// The features that may still move.
    pub fn free(&self) -> impl Iterator<Item = usize> {
        (0..self.features.len()).filter(|&i| !self.features[i].frozen)
    }

    /// The image, with the original's pixels where it is frozen.
    pub fn image(&self, original: &[f32]) -> Vec<f32> {
        let pixel = |(feature, &then): (&Feature, &f32)| match feature.frozen {
            true => then,
            false => (0.5 * (libm::tanh(feature.w) + 1.0)) as f32,
        };
        self.features.iter().zip(original).map(pixel).collect()
    }

    /// One step of Adam. `pull` is the slope of −f, or nothing where f is at its least.
    pub fn step(&mut self, original: &[f32], c: f64, pull: Option<&Gradient>, rate: f64) {
        const MEAN: f64 = 0.9;
        const VARIANCE: f64 = 0.999;
        self.unsettled = (self.unsettled.0 * MEAN, self.unsettled.1 * VARIANCE);
        let (settled_mean, settled_variance) = (1.0 - self.unsettled.0, 1.0 - self.unsettled.1);
        for (i, feature) in self.features.iter_mut().enumerate().filter(|(_, f)| !f.frozen) {
            let tanh = libm::tanh(feature.w);
            let distance = 0.5 * (tanh + 1.0) - f64::from(original[i]);
            let pull = pull.map_or(0.0, |gradient| f64::from(gradient.target[i]));
            let slope = (2.0 * distance - c * pull) * 0.5 * (1.0 - tanh * tanh);
            feature.mean = MEAN * feature.mean + (1.0 - MEAN) * slope;
            feature.variance = VARIANCE * feature.variance + (1.0 - VARIANCE) * slope * slope;
            let mean = feature.mean / settled_mean;
            let deviation = (feature.variance / settled_variance).sqrt();
            feature.w -= rate * mean / (deviation + 1e-8);
        }
    }
}

/// Whether the network takes an image for the target by at least κ logits.
pub(super) fn has_margin(logits: &Row, goal: Goal, confidence: f32) -> bool {
    let target = goal.class();
    argmax(logits) == target && logits[target] - logits[rival(logits, target)] >= confidence
}

/// The row of the margin z_t − max_{j≠t} z_j.
pub(super) fn seed(logits: &Row, goal: Goal) -> Row {
    let target = goal.class();
    let mut seed = [0.0; CLASSES];
    seed[target] = 1.0;
    seed[rival(logits, target)] = -1.0;
    seed
}

/// The class other than the target with the largest logit, the first of equals.
fn rival(logits: &Row, target: usize) -> usize {
    let first = if target == 0 { 1 } else { 0 };
    let others = (0..CLASSES).filter(|&j| j != target);
    others.fold(first, |best, j| if logits[j] > logits[best] { j } else { best })
}

/// Refuses a number out of range.
pub(super) fn check(
    name: &'static str,
    value: f64,
    range: std::ops::RangeInclusive<f64>,
) -> Result<(), AttackError> {
    match range.contains(&value) {
        true => Ok(()),
        false => {
            let (low, high) = range.into_inner();
            Err(AttackError::Range { name, low, high, value })
        }
    }
}
