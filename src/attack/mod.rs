//! The attacks, their registry, and what they share.
//!
//! Each attack is one file with its settings, its [`Facts`] and its algorithm. The registry in this file
//! lists them. An [`Attack`] holds the settings, and is started on a batch of images with pixels in [0, 1],
//! each with a [`Goal`]. That gives [`Runs`], which are advanced step by step: every call evaluates each
//! active run once and returns the results, so the caller can show progress and cancel at any time.
//!
//! Nothing here depends on files or on the browser.

mod cotangent;
mod error;
mod facts;
mod features;
mod goal;
mod method;
mod on_device;
mod outcome;
mod registry_macro;
mod run;
mod runner;
pub mod saliency;
mod setting;

mod cw;
mod fgsm;
mod jsma;
mod not_robust;
mod random_pairs;

pub(crate) use cotangent::of_softmax;
pub use cw::{CwL0, CwL2};
pub use error::{AttackError, check_pixels};
pub use facts::{Changes, Differentiated, Facts, Norm, Temperature};
pub use features::Budget;
pub use fgsm::Fgsm;
pub use goal::Goal;
pub use jsma::{Jsma, Output};
pub use not_robust::{Movement, NotRobust};
pub use on_device::{Ended, Resident};
pub use outcome::Outcome;
pub use random_pairs::RandomPairs;
pub use run::{Choice, Gradient, Saliency};
pub(crate) use runner::read;
pub use runner::{Runs, Step};
pub use setting::{Bounds, Choices, Most, Page, Range, Setting, Values};

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::dataset::CLASSES;
use crate::network::Network;
use method::{Method, Settings};
use saliency::Direction;

// The registry: the settings of every attack, in the order in which the page offers the attacks.
registry_macro::registry! {
    /// `jsma-f`, `jsma-t` and `jsma-z`.
    Jsma,
    /// `not-robust`.
    NotRobust,
    /// `fgsm`.
    Fgsm,
    /// `random-pairs`.
    RandomPairs,
    /// `cw-l2`.
    CwL2,
    /// `cw-l0`.
    CwL0,
}

impl Attack {
    /// Starts one run for each goal; nothing is computed yet.
    ///
    /// `images` holds one image for each goal, one after another, pixels in [0, 1].
    ///
    /// # Errors
    /// Settings out of range, a class above 9, no target class for an attack that needs one, and pixels
    /// that are too few, too many or not in [0, 1].
    pub fn start(
        self,
        network: &Network,
        images: &[f32],
        goals: &[Goal],
    ) -> Result<Runs, AttackError> {
        let features = network.dataset().spec().features();
        Runs::start(self.method(), &self.values(), features, images, goals)
    }

    /// The facts of this attack.
    pub fn facts(self) -> &'static Facts {
        self.method().facts()
    }

    /// Its id, as in results and requests.
    pub fn name(self) -> &'static str {
        self.facts().id
    }

    /// Which way features move, if all of them move one way.
    pub fn direction(self) -> Option<Direction> {
        Direction::deserialize(&self.values()["direction"]).ok()
    }

    /// How many features it may change, if that is limited.
    pub fn budget(self) -> Option<usize> {
        Budget::deserialize(&self.values()["budget"]).ok().map(|budget| budget.features)
    }

    /// The derivatives by the logits that a step pulls back through the network, one for each backward row.
    ///
    /// `logits` are those of the step's image, at T = 1.
    pub fn cotangents(self, logits: &[f32; CLASSES], goal: Goal) -> Vec<[f32; CLASSES]> {
        self.method().cotangents(logits, goal)
    }

    /// The settings as JSON, as in result rows.
    fn values(self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Attack {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let attack = value["attack"].as_str().and_then(|id| Self::from_value(id, &value));
        let unknown = || {
            let ids: Vec<_> = attacks().map(|facts| facts.id).collect();
            D::Error::custom(format!(
                "there is no attack {}, but {}",
                value["attack"],
                ids.join(", ")
            ))
        };
        attack.ok_or_else(unknown)?.map_err(D::Error::custom)
    }
}

/// Whether the attack `id` has these settings.
fn has<S: Settings>(id: &str) -> bool {
    S::FACTS.iter().any(|facts| facts.id == id)
}

impl Resident {
    /// Starts one run for each goal, as [`Attack::start`] does; `None` for an attack whose features the
    /// device cannot choose.
    ///
    /// # Errors
    /// As [`Attack::start`].
    pub fn start(
        attack: Attack,
        network: &Network,
        images: &[f32],
        goals: &[Goal],
    ) -> Result<Option<Self>, AttackError> {
        match attack {
            Attack::Jsma(settings) if settings.output != Output::Logits => {
                let runs = attack.start(network, images, goals)?;
                Ok(Some(Self::new(settings, runs)))
            }
            _ => Ok(None),
        }
    }
}
