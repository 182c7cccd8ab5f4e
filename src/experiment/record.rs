//! Attempts, and the records of how they ended.

use serde::{Deserialize, Serialize};

use crate::attack::{Attack, Goal, Outcome};

/// One image to attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which image of the experiment, counted from 0.
    pub image: usize,
    /// The class that the network should predict, or stop predicting.
    pub goal: Goal,
}

/// The result of one attempt of a task: all that tables need of it, small enough to send and to keep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
#[cfg_attr(feature = "types", ts(rename = "ExperimentRecord"))]
pub struct Record {
    /// Which task of the experiment.
    pub task: usize,
    /// Which attempt of [`Experiment::attempts`](super::Experiment::attempts).
    pub attempt: usize,
    /// Its result.
    #[serde(flatten)]
    pub result: AttemptResult,
}

/// The result of an attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub enum AttemptResult {
    /// How an attack ended.
    Attack(AttackResult),
    /// How large an image's gradients are.
    Amplitude(Amplitude),
}

/// How an attack ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct AttackResult {
    /// The image, counted from 0 over those of the experiment.
    pub image: usize,
    /// The target class; of an untargeted attack, the image's own.
    pub class: usize,
    /// How it ended.
    pub outcome: Outcome,
    /// Iterations that changed the image.
    pub changes: usize,
    /// Features that differ from the original.
    pub features_changed: usize,
    /// ‖δ‖₂, with pixels in [0, 1].
    pub distance: f64,
    /// Features of the unchanged image whose gradient is exactly zero; `None` where the attack computes
    /// no gradient.
    pub zeros: Option<usize>,
    /// Features of the unchanged image with a saliency above zero; `None` where the attack has no
    /// saliency map.
    pub admissible: Option<usize>,
    /// What each target model predicts.
    #[serde(rename = "read")]
    pub predictions: Vec<Predictions>,
}

/// The classes that a target model predicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Predictions {
    /// For the unchanged image.
    pub before: usize,
    /// For the adversarial example.
    pub after: usize,
}

/// How large an image's gradients are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Amplitude {
    /// The mean absolute value of the Jacobian's entries.
    pub amplitude: f64,
    /// How many of the entries are exactly zero.
    pub zero_entries: usize,
}

/// Attempts by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Outcomes {
    /// The goal was reached.
    pub fooled: usize,
    /// The budget was used up first.
    pub budget_spent: usize,
    /// No features were admissible.
    pub no_admissible_pair: usize,
    /// Every gradient entry of every feature that could still be changed was exactly zero.
    pub gradient_vanished: usize,
}

impl Outcomes {
    /// Counts the outcomes, and separately the images that were at their goal before any change: these
    /// are no attempts.
    pub(super) fn count(attacks: &[(Attempt, &AttackResult)]) -> (Self, usize) {
        let of = |outcome| attacks.iter().filter(|(_, result)| result.outcome == outcome).count();
        let outcomes = Self {
            fooled: of(Outcome::Fooled),
            budget_spent: of(Outcome::BudgetSpent),
            no_admissible_pair: of(Outcome::NoAdmissiblePair),
            gradient_vanished: of(Outcome::GradientVanished),
        };
        (outcomes, of(Outcome::AlreadyTarget))
    }

    /// The sum of all four.
    pub fn total(&self) -> usize {
        let Self { fooled, budget_spent, no_admissible_pair, gradient_vanished } = self;
        fooled + budget_spent + no_admissible_pair + gradient_vanished
    }
}

/// The results of a task, from which a row's figures are counted.
pub struct TaskResults<'a> {
    /// The attack of the task.
    pub attack: Option<Attack>,
    /// Each attack that ended, in the order of the attempts.
    pub attacks: Vec<(Attempt, &'a AttackResult)>,
    /// Each image whose gradients were measured, in the order of the attempts.
    pub amplitudes: Vec<&'a Amplitude>,
    /// The class of each image.
    pub labels: &'a [u8],
    /// Features of an image.
    pub features: usize,
}
