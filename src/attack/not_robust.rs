//! Carlini and Wagner's JSMA (2016, *Defensive Distillation is Not Robust to Adversarial Examples*),
//! which broke the defence. It makes three changes to the attack, and none to the network.
//!
//! 1. It differentiates F̂ = softmax(z / T), where T is the temperature of the training, so that the
//!    gradient does not vanish.
//! 2. The score of a feature is α − β rather than −αβ, with α = ∂F̂_t/∂x and β = Σ_{j≠t} ∂F̂_j/∂x:
//!    argmax_p (2 ∂F̂_t/∂x_p − Σ_j ∂F̂_j/∂x_p). As the outputs sum to one, β is exactly −α and the
//!    score exactly 2α. The score is computed as 2α, so one backward row is enough.
//! 3. It changes one feature at a time.
//!
//! The paper adds to features or subtracts from them ([`Movement::Increase`],
//! [`Movement::Decrease`]). [`Movement::Either`] is this project's: at each step whichever of the two
//! scores higher.
//!
//! # Each step, where the paper leaves it open
//! - A run may make `budget` changes of one feature. With θ below 1 a feature may be changed several
//!   times, each of which counts.
//! - If no feature can still move, the run ends: [`NoAdmissiblePair`](Outcome::NoAdmissiblePair). If
//!   the gradient is exactly zero at every feature that can, it ends as
//!   [`GradientVanished`](Outcome::GradientVanished).
//! - The score of decreasing a feature is β − α. The score must be above zero, or the change would lead
//!   away from the target; if no feature has such a score, the run ends:
//!   [`NoAdmissiblePair`](Outcome::NoAdmissiblePair). Between equal scores the feature with the
//!   smaller index wins, and an increase before a decrease.

use serde::{Deserialize, Serialize};

use super::cotangent::{TEMPERATURE, of_softmax, one};
use super::facts::{Changes, Differentiated, Facts, Norm, Temperature};
use super::features::{BUDGET, Budget, THETA};
use super::goal::Goal;
use super::method::{Method, Settings};
use super::outcome::Outcome;
use super::run::{Choice, Cotangent, Gradient, Logits, Run, Saliency};
use super::saliency::Direction;
use super::setting::{Setting, number};

/// The settings of Carlini and Wagner's JSMA.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "attack", rename = "not-robust")]
pub struct NotRobust {
    /// T of the softmax that is differentiated, from 1e-6 to 1e9.
    #[serde(
        rename = "attack_temperature",
        alias = "temperature",
        default = "one",
        deserialize_with = "number"
    )]
    pub temperature: f32,
    /// Which way features may move.
    #[serde(rename = "direction")]
    pub movement: Movement,
    /// By how much a feature changes at a time, in (0, 1].
    #[serde(deserialize_with = "number")]
    pub theta: f32,
    /// How many features may change.
    pub budget: Budget,
}

/// Which way features may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Movement {
    /// Only up.
    Increase,
    /// Only down.
    Decrease,
    /// Whichever scores higher at each step.
    Either,
}

impl Movement {
    /// The directions that are tried, in this order.
    pub fn directions(self) -> &'static [Direction] {
        match self {
            Self::Increase => &[Direction::Increase],
            Self::Decrease => &[Direction::Decrease],
            Self::Either => &[Direction::Increase, Direction::Decrease],
        }
    }
}

const MOVEMENT: Setting = Setting::choice("direction", &["increase", "decrease", "either"])
    .words("direction", "Which way features move.");

const FACTS: Facts = Facts {
    id: "not-robust",
    summary: "Carlini and Wagner's JSMA: through softmax(z / T), one feature at a time",
    paper: Some("carlini2016defensive"),
    output: Some(Differentiated::SoftmaxAtT),
    temperature: Some(Temperature { always: true, sibling: None }),
    changes: Changes::Feature,
    norm: Norm::L0,
    backward_rows: 1,
    untargeted: false,
    resumable: true,
    step_cost: 40,
    settings: &[MOVEMENT, THETA, BUDGET, TEMPERATURE.required()],
};

impl Settings for NotRobust {
    const FACTS: &'static [Facts] = &[FACTS];
}

impl Method for NotRobust {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn max_steps(&self) -> usize {
        self.budget.features
    }

    fn cotangents(&self, logits: &Logits, goal: Goal) -> Vec<Cotangent> {
        vec![of_softmax(logits, goal.class(), self.temperature)]
    }

    fn step(
        &self,
        run: &mut Run,
        _: &Logits,
        gradient: &Gradient,
    ) -> Result<Option<Choice>, Outcome> {
        let directions = self.movement.directions().iter();
        let moves: Vec<_> = directions
            .flat_map(|&direction| run.domain(direction).into_iter().map(move |i| (i, direction)))
            .collect();
        if !moves.is_empty() && moves.iter().all(|&(feature, _)| gradient.is_zero(feature)) {
            return Err(Outcome::GradientVanished);
        }
        let score = |&(feature, direction): &(usize, Direction)| {
            2.0 * f64::from(direction.sign()) * f64::from(gradient.target[feature])
        };
        let first_best = |best: (f64, usize, Direction), found: (f64, usize, Direction)| {
            let earlier = found.0 == best.0 && found.1 < best.1;
            if found.0 > best.0 || earlier { found } else { best }
        };
        let scored = moves.iter().map(|of| (score(of), of.0, of.1)).filter(|found| found.0 > 0.0);
        let (score, feature, direction) =
            scored.reduce(first_best).ok_or(Outcome::NoAdmissiblePair)?;
        run.shift(&[feature], direction, self.theta);
        let alpha = f64::from(gradient.target[feature]);
        let saliency = Saliency { alpha, beta: -alpha, score };
        Ok(Some(Choice { features: vec![feature], saliency: Some(saliency) }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A feature: where it started, where it is, and its slope.
    fn feature() -> impl Strategy<Value = (f32, f32, f32)> {
        let brightness = || prop_oneof![Just(0.0f32), Just(0.5), Just(1.0)];
        let slope = prop_oneof![(-2i8..=2).prop_map(f32::from), Just(-0.0), -1e-40f32..1e-40];
        (brightness(), brightness(), slope)
    }

    proptest! {
        #[test]
        fn the_choice_is_the_first_of_the_steepest(features in prop::collection::vec(feature(), 0..8)) {
            let original: Vec<_> = features.iter().map(|feature| feature.0).collect();
            let gradient =
                Gradient { target: features.iter().map(|feature| feature.2).collect(), others: None };
            for movement in [Movement::Increase, Movement::Decrease, Movement::Either] {
                let settings =
                    NotRobust { temperature: 1.0, movement, theta: 1.0, budget: Budget::PAPER };
                let mut run = Run::new(0, Goal::Target(0), &original);
                run.image = features.iter().map(|feature| feature.1).collect();
                let before = run.image.clone();
                let found = settings.step(&mut run, &[0.0; 10], &gradient);

                let left = |i: usize| before[i] == original[i] || before[i] == 0.5;
                let can = |i: usize, up: bool| {
                    left(i) && if up { before[i] < 1.0 && movement != Movement::Decrease }
                        else { before[i] > 0.0 && movement != Movement::Increase }
                };
                let moves = (0..before.len()).flat_map(|i| [(i, true), (i, false)]);
                let moves: Vec<_> = moves.filter(|&(i, up)| can(i, up)).collect();
                let slope = |&(i, up): &(usize, bool)| {
                    if up { gradient.target[i] } else { -gradient.target[i] }
                };
                let steepest = moves.iter().map(slope).fold(0.0, f32::max);
                if steepest > 0.0 {
                    let &(i, up) = moves.iter().find(|m| slope(m) == steepest).expect("it is there");
                    let choice = found.expect("it is admissible").expect("it chooses");
                    prop_assert_eq!(choice.features, vec![i]);
                    prop_assert_eq!(run.image[i], if up { 1.0 } else { 0.0 });
                    run.image[i] = before[i];
                } else {
                    let vanished = !moves.is_empty() && moves.iter().all(|m| slope(m) == 0.0);
                    let expected = match vanished {
                        true => Outcome::GradientVanished,
                        false => Outcome::NoAdmissiblePair,
                    };
                    prop_assert_eq!(found, Err(expected));
                }
                prop_assert_eq!(&run.image, &before, "nothing else changes");
            }
        }
    }
}
