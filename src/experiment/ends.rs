//! How each attempt of a row ended.
//!
//! A row's intervals treat attempts as independent, although nine of them share an image. With the ends,
//! anyone can draw images instead of attempts.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::record::{AttackResult, Attempt, TaskResults};
use super::row::Figures;
use crate::attack::{Goal, Outcome};

/// The ends of the attempts that a row of `F` counts, in the order of the attempts: image after image, and
/// in each the targets in ascending order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Ends<F> {
    /// One letter for each attempt: `f` fooled, `b` budget spent, `v` gradient vanished, `n` no admissible
    /// pair, `a` already at the goal. For transfer instead what the target model makes of it: `r` it
    /// predicts the target, `m` another wrong class, `c` the right class, `-` it was not shown the image.
    pub ends: String,
    /// How many features each attempt has changed. It is empty for transfer, whose attempts are those of the
    /// network itself, and for FGSM, which changes every feature that has a gradient.
    pub features_changed: Vec<usize>,
    #[serde(skip)]
    of: PhantomData<F>,
}

impl<F: Figures> Figures for Ends<F> {
    const KIND: Kind = F::KIND;

    fn count(results: &TaskResults<'_>, target_model: usize) -> Self {
        let attacks = results.attacks.iter();
        let (ends, features_changed) = match F::KIND {
            Kind::Transfer => {
                (attacks.map(|of| shown(of, results.labels, target_model)).collect(), Vec::new())
            }
            Kind::Fgsm => (attacks.map(|(_, result)| letter(result.outcome)).collect(), Vec::new()),
            _ => (
                attacks.clone().map(|(_, result)| letter(result.outcome)).collect(),
                attacks.map(|(_, result)| result.features_changed).collect(),
            ),
        };
        Self { ends, features_changed, of: PhantomData }
    }
}

fn letter(outcome: Outcome) -> char {
    match outcome {
        Outcome::Fooled => 'f',
        Outcome::BudgetSpent => 'b',
        Outcome::GradientVanished => 'v',
        Outcome::NoAdmissiblePair => 'n',
        Outcome::AlreadyTarget => 'a',
    }
}

fn shown((attempt, result): &(Attempt, &AttackResult), labels: &[u8], target_model: usize) -> char {
    let class = usize::from(labels[attempt.image]);
    let predicted = result.predictions[target_model];
    match result.outcome == Outcome::Fooled && predicted.before == class {
        false => '-',
        true if attempt.goal.is_reached(predicted.after) => 'r',
        true if Goal::Untargeted(class).is_reached(predicted.after) => 'm',
        true => 'c',
    }
}
