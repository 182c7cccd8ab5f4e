//! ρ_adv, the paper's robustness: the rows of `robustness.json`.
//!
//! Δ_adv of an image is the least share of its features that has to be changed for the network to
//! read something else, here the least over the nine targets. The paper does not say how it counts an
//! image that no attack succeeds on; its 14.08 % under a cap of 14.29 % only make sense if it counts
//! at the cap. Both ways are given: at the cap, and left out.
//!
//! Images that the network misreads from the start are left out and counted, and so are images of
//! which not all nine attempts are there yet.

use serde::Serialize;

use super::statistics::mean_of;
use super::{Attempt, End};
use crate::attack::{Attack, Outcome};
use crate::dataset::CLASSES;

#[derive(Clone, Debug, Serialize)]
pub(super) struct Figures {
    /// Images that were attacked towards all nine targets, and that the network reads.
    measured: usize,
    /// Images left out, since the network misreads them from the start.
    misread: usize,
    /// Share of features that an image counts with if no attack succeeds on it.
    cap: f64,
    /// Images on which no attack succeeds, for whatever reason.
    failures: usize,
    /// Of these, those whose gradient had vanished for every target.
    gradient_vanished: usize,
    /// Mean Δ_adv with failures at the cap.
    robustness: Option<f64>,
    interval: Option<[f64; 2]>,
    /// Mean Δ_adv with failures left out.
    robustness_of_successes: Option<f64>,
    interval_of_successes: Option<[f64; 2]>,
}

pub(super) fn figures(
    ends: &[(Attempt, &End)],
    features: usize,
    attack: Option<Attack>,
) -> Figures {
    let cap = attack.and_then(Attack::budget).map_or(1.0, |most| most as f64 / features as f64);
    let (mut capped, mut dropped) = (Vec::new(), Vec::new());
    let (mut misread, mut gradient_vanished) = (0, 0);
    for of_image in ends.chunk_by(|a, b| a.0.image == b.0.image) {
        if of_image.iter().any(|(_, end)| end.outcome == Outcome::AlreadyTarget) {
            misread += 1;
        } else if of_image.len() == CLASSES - 1 {
            let fooled = of_image.iter().filter(|(_, end)| end.outcome == Outcome::Fooled);
            match fooled.map(|(_, end)| end.features_changed).min() {
                Some(changed) => dropped.push(changed as f64 / features as f64),
                None => {
                    let vanished = |of: &(_, &End)| of.1.outcome == Outcome::GradientVanished;
                    gradient_vanished += usize::from(of_image.iter().all(vanished));
                    capped.push(cap);
                }
            }
        }
    }
    let failures = capped.len();
    capped.extend(&dropped);
    let (all, successes) = (mean_of(&capped), mean_of(&dropped));
    Figures {
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
