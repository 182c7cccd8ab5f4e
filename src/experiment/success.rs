//! How often attacks succeed, and at what cost: the rows of `success.json`.

use serde::{Deserialize, Serialize};

use super::statistics::{mean, wilson};
use super::{Attempt, End};
use crate::attack::Outcome;

/// Attempts by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Counts what ended, and beside it what was at its goal before anything was changed: such images
    /// are no attempts.
    pub(super) fn count(ends: &[(Attempt, &End)]) -> (Self, usize) {
        let of = |outcome| ends.iter().filter(|(_, end)| end.outcome == outcome).count();
        let outcomes = Self {
            fooled: of(Outcome::Fooled),
            budget_spent: of(Outcome::BudgetSpent),
            no_admissible_pair: of(Outcome::NoAdmissiblePair),
            gradient_vanished: of(Outcome::GradientVanished),
        };
        (outcomes, of(Outcome::AlreadyTarget))
    }

    /// All of them.
    pub fn total(&self) -> usize {
        let Self { fooled, budget_spent, no_admissible_pair, gradient_vanished } = self;
        fooled + budget_spent + no_admissible_pair + gradient_vanished
    }
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Figures {
    attempts: usize,
    successes: usize,
    rate: f64,
    interval: [f64; 2],
    outcomes: Outcomes,
    /// Not among the attempts: the network read the target from the start.
    already_target: usize,
    /// Mean share of the features changed, over all attempts, however they ended.
    distortion_all: f64,
    distortion_successes: Option<f64>,
    /// Mean ‖δ‖₂ where it succeeded.
    distance_successes: Option<f64>,
    /// Mean number of changes made, over all attempts.
    steps: f64,
}

pub(super) fn figures(ends: &[(Attempt, &End)], features: usize) -> Figures {
    let (outcomes, already_target) = Outcomes::count(ends);
    let (attempts, successes) = (outcomes.total(), outcomes.fooled);
    let all = || ends.iter().filter(|(_, end)| end.outcome != Outcome::AlreadyTarget);
    let fooled = || all().filter(|(_, end)| end.outcome == Outcome::Fooled);
    let share = |&(_, end): &(Attempt, &End)| end.features_changed as f64 / features as f64;
    let of_successes = |sum: f64| (successes > 0).then(|| mean(sum, successes));
    Figures {
        attempts,
        successes,
        rate: mean(successes as f64, attempts),
        interval: wilson(successes, attempts),
        outcomes,
        already_target,
        distortion_all: mean(all().map(share).sum(), attempts),
        distortion_successes: of_successes(fooled().map(share).sum()),
        distance_successes: of_successes(fooled().map(|(_, end)| end.distance).sum()),
        steps: mean(all().map(|(_, end)| end.changes as f64).sum(), attempts),
    }
}
