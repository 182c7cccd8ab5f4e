//! Attacks: what they aim at, what they may change, and how they can end.
//!
//! An [`Attack`] is its settings alone, and is started on a batch of images, each with a [`Goal`].
//! What it returns is a *stepper* ([`Runs`]): every call evaluates each run that is still going once
//! and says what it found, so that progress, cancellation and display are always within reach. One
//! attack is a batch of one. Attacks see pixels in [0, 1] and know nothing of files or of the
//! browser.

mod cw;
mod domain;
mod fgsm;
mod jsma;
mod not_robust;
mod on_device;
mod output;
mod random_pairs;
mod runner;
pub mod saliency;

pub use cw::{CwL0, CwL2};
pub use fgsm::Fgsm;
pub use jsma::Jsma;
pub use not_robust::{Movement, NotRobust};
pub use on_device::{Ended, Resident};
pub use output::Output;
pub(crate) use output::of_softmax;
pub use random_pairs::RandomPairs;
pub(crate) use runner::read;
pub use runner::{Choice, Gradient, Runs, Saliency, Step};

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::network::Network;
use runner::Method;
use saliency::Direction;

/// An attack and its settings. As JSON it is one flat object, whose field `attack` names it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Attack {
    /// `jsma-f`, `jsma-t` and `jsma-z`.
    Jsma(Jsma),
    /// `not-robust`.
    NotRobust(NotRobust),
    /// `random-pairs`.
    RandomPairs(RandomPairs),
    /// `fgsm`.
    Fgsm(Fgsm),
    /// `cw-l2`.
    CwL2(CwL2),
    /// `cw-l0`.
    CwL0(CwL0),
}

impl Attack {
    /// Begins one run for each goal.
    ///
    /// `images` holds the images one after another, pixels in [0, 1]. Nothing is computed yet.
    ///
    /// # Errors
    /// Settings out of range, a goal that is no class or that this attack cannot aim at, pixels that
    /// are too few, too many or not in [0, 1].
    pub fn start(
        self,
        network: &Network,
        images: &[f32],
        goals: &[Goal],
    ) -> Result<Runs, AttackError> {
        Runs::start(self.method(), network.dataset().spec().features(), images, goals)
    }

    /// Its name, as in results and requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jsma(settings) => match settings.output {
                Output::Probabilities => "jsma-f",
                Output::Tempered => "jsma-t",
                Output::Logits => "jsma-z",
            },
            Self::NotRobust(_) => "not-robust",
            Self::RandomPairs(_) => "random-pairs",
            Self::Fgsm(_) => "fgsm",
            Self::CwL2(_) => "cw-l2",
            Self::CwL0(_) => "cw-l0",
        }
    }

    /// Which way features move, if all move one way.
    pub fn direction(self) -> Option<Direction> {
        match self {
            Self::Jsma(settings) => Some(settings.direction),
            Self::NotRobust(settings) => match settings.movement.directions() {
                &[direction] => Some(direction),
                _ => None,
            },
            Self::RandomPairs(settings) => Some(settings.direction),
            Self::Fgsm(_) | Self::CwL2(_) | Self::CwL0(_) => None,
        }
    }

    /// The most features that it may change, if that is limited.
    pub fn budget(self) -> Option<usize> {
        match self {
            Self::Jsma(Jsma { budget, .. })
            | Self::NotRobust(NotRobust { budget, .. })
            | Self::RandomPairs(RandomPairs { budget, .. }) => Some(budget.features),
            Self::Fgsm(_) | Self::CwL2(_) | Self::CwL0(_) => None,
        }
    }

    fn method(self) -> Box<dyn Method> {
        match self {
            Self::Jsma(settings) => Box::new(settings),
            Self::NotRobust(settings) => Box::new(settings),
            Self::RandomPairs(settings) => Box::new(settings),
            Self::Fgsm(settings) => Box::new(settings),
            Self::CwL2(settings) => Box::new(settings),
            Self::CwL0(settings) => Box::new(settings),
        }
    }
}

impl<'de> Deserialize<'de> for Attack {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let settings = serde_json::Value::deserialize(deserializer)?;
        let attack = match settings["attack"].as_str() {
            Some("jsma-f" | "jsma-t" | "jsma-z") => Jsma::deserialize(settings).map(Self::Jsma),
            Some("not-robust") => NotRobust::deserialize(settings).map(Self::NotRobust),
            Some("random-pairs") => RandomPairs::deserialize(settings).map(Self::RandomPairs),
            Some("fgsm") => Fgsm::deserialize(settings).map(Self::Fgsm),
            Some("cw-l2") => CwL2::deserialize(settings).map(Self::CwL2),
            Some("cw-l0") => CwL0::deserialize(settings).map(Self::CwL0),
            _ => {
                return Err(D::Error::custom(format!(
                    "there is no attack {}, but jsma-f, jsma-t, jsma-z, not-robust, random-pairs, \
                     fgsm, cw-l2 and cw-l0",
                    settings["attack"]
                )));
            }
        };
        attack.map_err(D::Error::custom)
    }
}

/// A number, or NaN where there is none: JSON has only null for it, and the range check then says
/// which setting is not a number.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f32::NAN))
}

/// A temperature that changes nothing.
fn one() -> f32 {
    1.0
}

/// What the network should be brought to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Goal {
    /// This class.
    Target(usize),
    /// Anything but this class, which the image shows.
    Untargeted(usize),
}

impl Goal {
    /// The class in question.
    pub fn class(self) -> usize {
        match self {
            Self::Target(class) | Self::Untargeted(class) => class,
        }
    }

    /// Whether it is reached if the network reads `label`.
    pub fn is_reached(self, label: usize) -> bool {
        match self {
            Self::Target(target) => label == target,
            Self::Untargeted(shown) => label != shown,
        }
    }
}

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
    /// The network reads what it should: the goal is reached.
    Fooled,
    /// All changes that the attack may make were made, and the goal is not reached.
    BudgetSpent,
    /// There is a gradient, but no features that can still be changed are admissible: no pair, or no
    /// single feature for an attack that changes one at a time.
    NoAdmissiblePair,
    /// Every gradient entry of every feature that can still be changed is exactly zero.
    GradientVanished,
    /// The goal was reached before anything was changed.
    AlreadyTarget,
}

/// Why an attack cannot be run as asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AttackError {
    /// θ is zero, negative, above 1 or not a number.
    #[error("The step θ must be above 0 and at most 1, but is {0}.")]
    Theta(f32),
    /// The temperature is zero, negative, not a number, or one that 32 bits cannot divide by.
    #[error("The temperature must be a number from 0.000001 to 1000000000, but is {0}.")]
    Temperature(f32),
    /// ε is negative, above 1 or not a number.
    #[error("The step ε must be from 0 to 1, but is {0}.")]
    Epsilon(f32),
    /// A setting is not a number, or one that this attack has no use for.
    #[error("The {name} must be from {low} to {high}, but is {value}.")]
    Range {
        /// The setting.
        name: &'static str,
        /// The least.
        low: f64,
        /// The most.
        high: f64,
        /// What was asked for.
        value: f64,
    },
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
    /// The attack has to aim at a class.
    #[error(
        "This attack needs a target class to aim at; only fgsm and random-pairs do without one."
    )]
    Untargeted,
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
