//! Which classes are easily mistaken for which (Papernot et al. 2015, *The Limitations of Deep Learning
//! in Adversarial Settings*, section IV): the rows of `pairs.json`.
//!
//! # Hardness
//! H(s, t) = Σ_k (τ_{k+1} − τ_k) (ε_{k+1} + ε_k) / 2 over the paper's nine caps Υ_k on the share of
//! features changed: τ_k is the share of attempts that succeed within ⌊features · Υ_k / 2⌋ pairs, and
//! ε_k the mean share of features that these change, 0 where none succeeds. One run with the largest
//! cap gives all of them, since a run with a smaller one is its beginning. Caps beyond the attack's own
//! budget add nothing: a run for hardness should have the largest, [`LARGEST_CAP`] of the features.
//!
//! # Adversarial distance
//! A(X, t) = 1 − (1/M) Σ 1[S_i > 0] over the M features of the unchanged image's saliency map; the mean
//! over the attempts that have one.

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::record::{AttackResult, Attempt, Outcomes, TaskResults};
use super::row::Figures;
use super::statistics::{mean, wilson};
use crate::attack::Outcome;
use crate::dataset::CLASSES;

/// The paper's caps on the share of features.
const CAPS: [f64; 9] = [0.003, 0.013, 0.026, 0.051, 0.077, 0.102, 0.128, 0.255, LARGEST_CAP];

/// The largest of the paper's caps, as a share of the features.
pub const LARGEST_CAP: f64 = 0.383;

/// The figures of a row of `pairs.json`. Shares are of one; intervals are Wilson's, and hold 95 %.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct PairsFigures {
    /// Attacks on images that were not at their goal before any change.
    pub attempts: usize,
    /// Attacks that reached their goal.
    pub successes: usize,
    /// Successes over attempts.
    pub rate: f64,
    /// Its interval.
    pub interval: [f64; 2],
    /// Attempts by outcome.
    pub outcomes: Outcomes,
    /// Images that the network classified as the target before any change; these are no attempts.
    pub already_target: usize,
    /// The pairs of classes with at least one attempt, source class by source class.
    pub cells: Vec<ClassPair>,
}

/// One source class, one target class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct ClassPair {
    /// The class of the images.
    pub source: usize,
    /// The class that the attacks aim at.
    pub target: usize,
    /// Attacks on images that were not at their goal before any change.
    pub attempts: usize,
    /// Attacks that reached their goal.
    pub successes: usize,
    /// Successes over attempts.
    pub rate: f64,
    /// Its interval.
    pub interval: [f64; 2],
    /// Attacks whose gradient vanished.
    pub gradient_vanished: usize,
    /// Mean share of the features changed, over the successes.
    pub distortion_successes: Option<f64>,
    /// H(s, t); `None` where nothing succeeds, as no distortion is known then.
    pub hardness: Option<f64>,
    /// The mean adversarial distance.
    pub distance: Option<f64>,
}

impl Figures for PairsFigures {
    const KIND: Kind = Kind::Pairs;

    fn count(results: &TaskResults<'_>, _: usize) -> Self {
        let TaskResults { attacks, labels, features, .. } = results;
        let (outcomes, already_target) = Outcomes::count(attacks);
        let (attempts, successes) = (outcomes.total(), outcomes.fooled);
        let classes = || 0..CLASSES;
        let pairs = classes().flat_map(|source| classes().map(move |target| (source, target)));
        let cell = |(source, target): (usize, usize)| {
            let here = |of: &&(Attempt, &AttackResult)| {
                usize::from(labels[of.0.image]) == source
                    && of.1.class == target
                    && of.1.outcome != Outcome::AlreadyTarget
            };
            let here: Vec<_> = attacks.iter().filter(here).map(|of| of.1).collect();
            (!here.is_empty()).then(|| ClassPair::count(source, target, &here, *features))
        };
        Self {
            attempts,
            successes,
            rate: mean(successes as f64, attempts),
            interval: wilson(successes, attempts),
            outcomes,
            already_target,
            cells: pairs.filter_map(cell).collect(),
        }
    }
}

impl ClassPair {
    fn count(source: usize, target: usize, attacks: &[&AttackResult], features: usize) -> Self {
        let share = |result: &AttackResult| result.features_changed as f64 / features as f64;
        let fooled = attacks.iter().filter(|result| result.outcome == Outcome::Fooled);
        let shares: Vec<_> = fooled.map(|result| share(result)).collect();
        let successes = shares.len();
        let distances: Vec<_> = attacks
            .iter()
            .filter_map(|result| result.admissible)
            .map(|admissible| 1.0 - admissible as f64 / features as f64)
            .collect();
        let mean_of = |of: &[f64]| (!of.is_empty()).then(|| mean(of.iter().sum(), of.len()));
        let vanished = attacks.iter().filter(|result| result.outcome == Outcome::GradientVanished);
        Self {
            source,
            target,
            attempts: attacks.len(),
            successes,
            rate: mean(successes as f64, attacks.len()),
            interval: wilson(successes, attacks.len()),
            gradient_vanished: vanished.count(),
            distortion_successes: mean_of(&shares),
            hardness: (successes > 0).then(|| hardness(&shares, attacks.len(), features)),
            distance: mean_of(&distances),
        }
    }
}

/// H of the shares of features that the successes changed, out of so many attempts.
fn hardness(shares: &[f64], attempts: usize, features: usize) -> f64 {
    let point = |cap: f64| {
        let most = 2.0 * (features as f64 * cap / 2.0).floor() / features as f64;
        let within: Vec<_> = shares.iter().copied().filter(|&share| share <= most).collect();
        (mean(within.len() as f64, attempts), mean(within.iter().sum(), within.len()))
    };
    let points = CAPS.map(point);
    points.windows(2).map(|w| (w[1].0 - w[0].0) * (w[1].1 + w[0].1) / 2.0).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hardness_is_the_area_under_distortion_against_success() {
        // Of four attempts on 1000 features one succeeds with 2 features, one with 20, one with 300.
        // Within the caps 2, 12, 26, 50, 76, 102, 128, 254, 382: success ¼, ¼, ½, …, ½, ¾ at a mean
        // distortion of 0.002, 0.002, 0.011, …, 0.011, 0.322 / 3.
        let expected = 0.25 * (0.002 + 0.011) / 2.0 + 0.25 * (0.011 + 0.322 / 3.0) / 2.0;
        assert!((hardness(&[0.002, 0.3, 0.02], 4, 1000) - expected).abs() < 1e-12);
        assert_eq!(hardness(&[], 4, 1000), 0.0);
    }
}
