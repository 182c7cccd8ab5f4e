//! How often attacks succeed, and at what cost: the rows of `success.json` (Papernot et al. 2015,
//! *Distillation as a Defense*, section V-B).

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::record::{AttackResult, Attempt, Outcomes, TaskResults};
use super::row::Figures;
use super::statistics::{mean, wilson};
use crate::attack::Outcome;

/// The figures of a row of `success.json`. Shares are of one; intervals hold 95 %.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct SuccessFigures {
    /// Attacks on images that were not at their goal before any change.
    pub attempts: usize,
    /// Attacks that reached their goal.
    pub successes: usize,
    /// Successes over attempts.
    pub rate: f64,
    /// Wilson's interval of the rate.
    pub interval: [f64; 2],
    /// Attempts by outcome.
    pub outcomes: Outcomes,
    /// Images that the network classified as the target before any change; these are no attempts.
    pub already_target: usize,
    /// Mean share of the features changed, over all attempts, however they ended.
    pub distortion_all: f64,
    /// Mean share of the features changed, over the successes.
    pub distortion_successes: Option<f64>,
    /// Mean ‖δ‖₂ over the successes, with pixels in [0, 1].
    pub distance_successes: Option<f64>,
    /// Mean number of iterations that changed the image, over all attempts.
    pub steps: f64,
}

impl Figures for SuccessFigures {
    const KIND: Kind = Kind::Success;

    fn count(results: &TaskResults<'_>, _: usize) -> Self {
        let TaskResults { attacks, features, .. } = results;
        let (outcomes, already_target) = Outcomes::count(attacks);
        let (attempts, successes) = (outcomes.total(), outcomes.fooled);
        let all = || attacks.iter().filter(|(_, result)| result.outcome != Outcome::AlreadyTarget);
        let fooled = || all().filter(|(_, result)| result.outcome == Outcome::Fooled);
        let share = |&(_, result): &(Attempt, &AttackResult)| {
            result.features_changed as f64 / *features as f64
        };
        let of_successes = |sum: f64| (successes > 0).then(|| mean(sum, successes));
        Self {
            attempts,
            successes,
            rate: mean(successes as f64, attempts),
            interval: wilson(successes, attempts),
            outcomes,
            already_target,
            distortion_all: mean(all().map(share).sum(), attempts),
            distortion_successes: of_successes(fooled().map(share).sum()),
            distance_successes: of_successes(fooled().map(|(_, result)| result.distance).sum()),
            steps: mean(all().map(|(_, result)| result.changes as f64).sum(), attempts),
        }
    }
}
