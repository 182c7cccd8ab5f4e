//! Which classes are easily taken for which (Papernot et al. 2015, *The Limitations of Deep Learning
//! in Adversarial Settings*, section IV): the rows of `pairs.json`.
//!
//! # Hardness
//! H(s, t) = Σ_k (τ_{k+1} − τ_k) (ε_{k+1} + ε_k) / 2 over the paper's nine caps Υ_k on the share of
//! features changed: τ_k is the share of attempts that succeed within ⌊features · Υ_k / 2⌋ pairs, and
//! ε_k the mean share of features that these change, 0 where none succeeds. One run with the largest
//! cap tells them all, since a run with a smaller one is its beginning. Caps beyond the
//! attack's own budget add nothing: a run for hardness should have the largest, 38.3 % of the features.
//!
//! # Adversarial distance
//! A(X, t) = 1 − (1/M) Σ 1[S_i > 0] over the M features of the untouched image's saliency map, before
//! any attack; the mean over the attempts that have one.

use serde::Serialize;

use super::statistics::{mean, wilson};
use super::{Attempt, End, Outcomes};
use crate::attack::Outcome;
use crate::dataset::CLASSES;

/// The paper's caps on the share of features.
const CAPS: [f64; 9] = [0.003, 0.013, 0.026, 0.051, 0.077, 0.102, 0.128, 0.255, 0.383];

#[derive(Clone, Debug, Serialize)]
pub(super) struct Figures {
    attempts: usize,
    successes: usize,
    rate: f64,
    interval: [f64; 2],
    outcomes: Outcomes,
    already_target: usize,
    cells: Vec<Cell>,
}

/// One source class, one target class.
#[derive(Clone, Debug, Serialize)]
struct Cell {
    source: usize,
    target: usize,
    attempts: usize,
    successes: usize,
    rate: f64,
    interval: [f64; 2],
    gradient_vanished: usize,
    distortion_successes: Option<f64>,
    /// `None` where nothing succeeds: no distortion is known then.
    hardness: Option<f64>,
    distance: Option<f64>,
}

pub(super) fn figures(ends: &[(Attempt, &End)], labels: &[u8], features: usize) -> Figures {
    let (outcomes, already_target) = Outcomes::count(ends);
    let (attempts, successes) = (outcomes.total(), outcomes.fooled);
    let classes = || 0..CLASSES;
    let pairs = classes().flat_map(|source| classes().map(move |target| (source, target)));
    let cell = |(source, target): (usize, usize)| {
        let here = |of: &&(Attempt, &End)| {
            usize::from(labels[of.0.image]) == source
                && of.1.class == target
                && of.1.outcome != Outcome::AlreadyTarget
        };
        let ends: Vec<_> = ends.iter().filter(here).map(|of| of.1).collect();
        (!ends.is_empty()).then(|| Cell::of(source, target, &ends, features))
    };
    Figures {
        attempts,
        successes,
        rate: mean(successes as f64, attempts),
        interval: wilson(successes, attempts),
        outcomes,
        already_target,
        cells: pairs.filter_map(cell).collect(),
    }
}

impl Cell {
    fn of(source: usize, target: usize, ends: &[&End], features: usize) -> Self {
        let share = |end: &End| end.features_changed as f64 / features as f64;
        let fooled = ends.iter().filter(|end| end.outcome == Outcome::Fooled);
        let shares: Vec<_> = fooled.map(|end| share(end)).collect();
        let successes = shares.len();
        let distances: Vec<_> = ends
            .iter()
            .filter_map(|end| end.admissible)
            .map(|admissible| 1.0 - admissible as f64 / features as f64)
            .collect();
        let mean_of = |of: &[f64]| (!of.is_empty()).then(|| mean(of.iter().sum(), of.len()));
        let vanished = ends.iter().filter(|end| end.outcome == Outcome::GradientVanished);
        Self {
            source,
            target,
            attempts: ends.len(),
            successes,
            rate: mean(successes as f64, ends.len()),
            interval: wilson(successes, ends.len()),
            gradient_vanished: vanished.count(),
            distortion_successes: mean_of(&shares),
            hardness: (successes > 0).then(|| hardness(&shares, ends.len(), features)),
            distance: mean_of(&distances),
        }
    }
}

/// H of the shares of features that the successes changed, of so many attempts.
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
