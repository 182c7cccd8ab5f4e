//! Attacks: what they aim at, what they may change, and how they can end.
//!
//! An attack is built from its settings alone, then started on a batch of images and targets. What
//! it returns is a *stepper*: every call evaluates each run that is still going once and says what
//! it found, so that progress, cancellation and display are always within reach. One attack is a
//! batch of one. Attacks see pixels in [0, 1] and know nothing of files or of the browser.

mod jsma;
pub mod saliency;

pub use jsma::{Jsma, Output, Runs};

use serde::{Deserialize, Serialize};

use crate::dataset::CLASSES;
use saliency::Pair;

/// How many features an attack may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Budget {
    /// Features that may differ from the original at the end.
    pub features: usize,
}

impl Budget {
    /// The paper's 112 features on either data set: 14.29 % of MNIST's, 3.65 % of CIFAR-10's.
    pub const PAPER: Self = Self { features: 112 };

    /// Pairs that may be changed: max_iter of JSMA's Algorithm 2, ⌊features · Υ / (2 · 100)⌋.
    ///
    /// With θ = 1 every pair uses up two features. With a smaller θ the same feature may be changed
    /// several times, each of which counts, as it does in the paper.
    pub fn pairs(self) -> usize {
        self.features / 2
    }
}

/// How a run ended.
///
/// Only [`BudgetSpent`](Self::BudgetSpent) is a defeat of the attack. Where the gradient vanished it
/// had nothing to follow, which says nothing about whether the image could have been found.
/// Cancelling a run is dropping it; the JavaScript interface calls that `cancelled`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The network reads the target.
    Fooled,
    /// All changes that the budget allows were made, and the network still reads something else.
    BudgetSpent,
    /// There is a gradient, but no two features that can still be changed form an admissible pair.
    NoAdmissiblePair,
    /// Every gradient entry of every feature that can still be changed is exactly zero.
    GradientVanished,
    /// The network read the target before anything was changed.
    AlreadyTarget,
}

/// One image of one run, evaluated.
///
/// The first step of a run is about the untouched image; the last one has an outcome.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which run of the batch.
    pub run: usize,
    /// Pairs changed so far.
    pub iteration: usize,
    /// The image, in [0, 1], channel after channel, row after row.
    pub image: Vec<f32>,
    /// The network's logits for it.
    pub logits: [f32; CLASSES],
    /// softmax(z) at T = 1, in 32 bits.
    pub probabilities: [f32; CLASSES],
    /// Features that differ from the original.
    pub features_changed: usize,
    /// What the network was differentiated to; `None` where the run ended before that.
    pub gradient: Option<Gradient>,
    /// The features chosen at this image; the next step's image has them changed.
    pub pair: Option<Pair>,
    /// How the run ended, if it did here.
    pub outcome: Option<Outcome>,
}

/// The two rows of the forward derivative that a choice is made from, one entry a feature.
#[derive(Clone, Debug)]
pub struct Gradient {
    /// ∂F_t/∂x, the target's output.
    pub target: Vec<f32>,
    /// Σ_{j≠t} ∂F_j/∂x, all other outputs.
    pub others: Vec<f32>,
}

impl Gradient {
    /// Features for which both rows are exactly zero.
    pub fn zeros(&self) -> usize {
        self.target.iter().zip(&self.others).filter(|&(&a, &b)| a == 0.0 && b == 0.0).count()
    }
}

/// Why an attack cannot be run as asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AttackError {
    /// θ is zero, negative, above 1 or not a number.
    #[error("The step θ must be above 0 and at most 1, but is {0}.")]
    Theta(f32),
    /// The temperature is zero, negative or not a number.
    #[error("The temperature must be a number above 0, but is {0}.")]
    Temperature(f32),
    /// The budget is larger than the image.
    #[error("The budget must be from 0 to {features} features, but is {budget}.")]
    Budget {
        /// What was asked for.
        budget: usize,
        /// What the image has.
        features: usize,
    },
    /// There is no such class.
    #[error("The target must be a class from 0 to 9, but is {0}.")]
    Target(usize),
    /// The pixels are not whole images, or not one for each target.
    #[error("Expected {expected} pixels ({targets} images of {features}), but got {found}.")]
    Pixels {
        /// Targets given.
        targets: usize,
        /// Features of one image.
        features: usize,
        /// What the targets ask for.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// A pixel is not a brightness.
    #[error("Pixels must be numbers from 0 to 1, but pixel {index} is {value}.")]
    Pixel {
        /// Counted from 0 over the whole batch.
        index: usize,
        /// What it is.
        value: f32,
    },
    /// The device that holds the network did not answer.
    #[error("The device that runs the network failed: {0}. Start the attack again.")]
    Device(String),
}

/// Refuses anything that is not a brightness.
pub fn check_pixels(pixels: &[f32]) -> Result<(), AttackError> {
    match pixels.iter().position(|pixel| !(0.0..=1.0).contains(pixel)) {
        Some(index) => Err(AttackError::Pixel { index, value: pixels[index] }),
        None => Ok(()),
    }
}
