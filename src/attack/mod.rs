//! The attacks, their registry, and what they share.
//!
//! Each attack is one file with its settings, its [`Facts`] and its algorithm. The registry in this file
//! lists them. An [`Attack`] holds the settings, and is started on a batch of images with pixels in [0, 1],
//! each with a [`Goal`]. That gives [`Runs`], which are advanced step by step: every call evaluates each
//! active run once and returns the results, so the caller can show progress and cancel at any time.
//!
//! Nothing here depends on files or on the browser.

mod cotangent;
mod device;
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
pub use cw::{ConstScale, CwL0, CwL2};
#[cfg(test)]
pub(crate) use device::faults;
pub(crate) use device::read;
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
pub use runner::{MOST_RUNS, Runs, Step};
pub use setting::{Bounds, Choices, Most, Page, Range, Setting, Values};

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

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

/// Refuses a field that is no setting of the attack, and the lack of one that is required.
impl<'de> Deserialize<'de> for Attack {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Map::deserialize(deserializer)?;
        let attack = Self::among(&fields).map_err(D::Error::custom)?;
        attack.check_names(&fields).map_err(D::Error::custom)?;
        Ok(attack)
    }
}

impl Attack {
    /// The attack whose settings are among these fields, as in a row of results, which has others too.
    ///
    /// # Errors
    /// There is no such attack, a setting is missing, or is of another type.
    pub(crate) fn among(fields: &Map<String, Value>) -> Result<Self, String> {
        let id = fields.get("attack").unwrap_or(&Value::Null);
        let value = Value::Object(fields.clone());
        let attack = id.as_str().and_then(|id| Self::from_value(id, &value));
        let unknown = || {
            let ids: Vec<_> = attacks().map(|facts| facts.id).collect();
            format!("there is no attack {id}, but {}", ids.join(", "))
        };
        attack.ok_or_else(unknown)?.map_err(|error| error.to_string())
    }

    fn check_names(self, fields: &Map<String, Value>) -> Result<(), String> {
        let Facts { id, settings, .. } = self.facts();
        let is_one = |name: &str| settings.iter().any(|of| of.name == name || of.key == name);
        // The settings of JSMA-F and JSMA-Z have a temperature too, which is always 1.
        let is_one_by_nature = |(name, value): (&str, &Value)| {
            name == "attack_temperature" && value.as_f64() == Some(1.0)
        };
        let unknown = fields.iter().find(|(name, value)| {
            *name != "attack" && !is_one(name) && !is_one_by_nature((name.as_str(), *value))
        });
        if let Some((name, _)) = unknown {
            let names: Vec<_> = settings.iter().map(|setting| setting.name).collect();
            return Err(format!("{id} has no setting {name}, but {}", names.join(", ")));
        }
        let is_there = |of: &&Setting| fields.contains_key(of.name) || fields.contains_key(of.key);
        match settings.iter().filter(|of| of.required).find(|of| !is_there(of)) {
            Some(setting) => Err(format!("{id} needs the setting {}", setting.name)),
            None => Ok(()),
        }
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
