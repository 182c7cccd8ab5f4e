//! The black-box check: how target models classify the adversarial examples made on another network,
//! without any use of their gradients. The rows of `transfer.json`.

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::record::{Outcomes, TaskResults};
use super::row::Figures;
use super::statistics::{mean, wilson};
use crate::attack::{Goal, Outcome};

/// The figures of a row of `transfer.json`. Shares are of one; intervals are Wilson's, and hold 95 %.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct TransferFigures {
    /// Attacks on images that were not at their goal before any change.
    pub attempts: usize,
    /// How they ended on the network that they were made on.
    pub outcomes: Outcomes,
    /// Images that this network classified as the target before any change; these are no attempts.
    pub already_target: usize,
    /// Attacks that fooled this network, on images that the target model classifies correctly as long
    /// as they are unchanged.
    pub shown: usize,
    /// Of these, those that the target model classifies as the target, too.
    pub reached: usize,
    /// `reached` over `shown`.
    pub rate: f64,
    /// Its interval.
    pub interval: [f64; 2],
    /// Of `shown`, those that the target model misclassifies in any way.
    pub misread: usize,
    /// `misread` over `shown`.
    pub misread_rate: f64,
    /// Its interval.
    pub misread_interval: [f64; 2],
}

impl Figures for TransferFigures {
    const KIND: Kind = Kind::Transfer;

    fn count(results: &TaskResults<'_>, target_model: usize) -> Self {
        let TaskResults { attacks, labels, .. } = results;
        let (outcomes, already_target) = Outcomes::count(attacks);
        let (mut shown, mut reached, mut misread) = (0, 0, 0);
        for (attempt, result) in attacks {
            let class = usize::from(labels[attempt.image]);
            let predicted = result.predictions[target_model];
            if result.outcome == Outcome::Fooled && predicted.before == class {
                shown += 1;
                reached += usize::from(attempt.goal.is_reached(predicted.after));
                misread += usize::from(Goal::Untargeted(class).is_reached(predicted.after));
            }
        }
        Self {
            attempts: outcomes.total(),
            outcomes,
            already_target,
            shown,
            reached,
            rate: mean(reached as f64, shown),
            interval: wilson(reached, shown),
            misread,
            misread_rate: mean(misread as f64, shown),
            misread_interval: wilson(misread, shown),
        }
    }
}
