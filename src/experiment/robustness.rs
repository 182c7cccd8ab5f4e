//! ρ_adv, the paper's robustness (Papernot et al. 2015, *Distillation as a Defense*, sections III-A and V-D): the
//! rows of `robustness.json`.
//!
//! Δ_adv of an image is the smallest share of its features that has to change before the network predicts
//! another class, here the smallest over the nine targets. The paper does not say how it counts an image
//! on which no attack succeeds; its 14.08 % under a cap of 14.29 % are possible only if it counts at the
//! cap. Both ways are given: at the cap, and left out.
//!
//! Images that the network misclassifies before any change are left out and counted. So are images with
//! fewer than nine attempts so far, but these are not counted.

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::record::{AttackResult, TaskResults};
use super::row::Figures;
use super::statistics::mean_of;
use crate::attack::{Attack, Outcome};
use crate::dataset::CLASSES;

/// The figures of a row of `robustness.json`. Shares are of one; intervals are the mean ± 1.96 standard
/// errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct RobustnessFigures {
    /// Images that were attacked towards all nine targets, and that the network classifies correctly.
    pub measured: usize,
    /// Images left out, since the network misclassifies them before any change.
    pub misread: usize,
    /// The share of features that an image counts with if no attack succeeds on it.
    pub cap: f64,
    /// Images on which no attack succeeds, for whatever reason.
    pub failures: usize,
    /// Of these, those whose gradient had vanished for every target.
    pub gradient_vanished: usize,
    /// Mean Δ_adv with failures at the cap.
    pub robustness: Option<f64>,
    /// Its interval.
    pub interval: Option<[f64; 2]>,
    /// Mean Δ_adv with failures left out.
    pub robustness_of_successes: Option<f64>,
    /// Its interval.
    pub interval_of_successes: Option<[f64; 2]>,
}

impl Figures for RobustnessFigures {
    const KIND: Kind = Kind::Robustness;

    fn count(results: &TaskResults<'_>, _: usize) -> Self {
        let share = |changed: usize| changed as f64 / results.features as f64;
        let cap = results.attack.and_then(Attack::budget).map_or(1.0, share);
        let (mut capped, mut dropped) = (Vec::new(), Vec::new());
        let (mut misread, mut gradient_vanished) = (0, 0);
        for of_image in results.attacks.chunk_by(|a, b| a.0.image == b.0.image) {
            if of_image.iter().any(|(_, result)| result.outcome == Outcome::AlreadyTarget) {
                misread += 1;
            } else if of_image.len() == CLASSES - 1 {
                let fooled = of_image.iter().filter(|of| of.1.outcome == Outcome::Fooled);
                match fooled.map(|(_, result)| result.features_changed).min() {
                    Some(changed) => dropped.push(share(changed)),
                    None => {
                        let vanished =
                            |of: &(_, &AttackResult)| of.1.outcome == Outcome::GradientVanished;
                        gradient_vanished += usize::from(of_image.iter().all(vanished));
                        capped.push(cap);
                    }
                }
            }
        }
        let failures = capped.len();
        capped.extend(&dropped);
        let (all, successes) = (mean_of(&capped), mean_of(&dropped));
        Self {
            measured: capped.len(),
            misread,
            cap,
            failures,
            gradient_vanished,
            robustness: all.map(|of| of.0),
            interval: all.map(|of| of.1),
            robustness_of_successes: successes.map(|of| of.0),
            interval_of_successes: successes.map(|of| of.1),
        }
    }
}
