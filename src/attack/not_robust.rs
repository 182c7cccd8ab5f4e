//! Carlini and Wagner's variant of JSMA (2016, *Defensive Distillation is Not Robust to Adversarial
//! Examples*), which ended the defence: three changes to the attack, none to the network.
//!
//! 1. It differentiates F̂ = softmax(z / T), where T is the temperature of the training, so that the
//!    gradient is there to be followed.
//! 2. A feature scores α − β rather than −αβ, with α = ∂F̂_t/∂x and β = Σ_{j≠t} ∂F̂_j/∂x:
//!    argmax_p (2 ∂F̂_t/∂x_p − Σ_j ∂F̂_j/∂x_p). As the outputs sum to one, β is exactly −α and the
//!    score exactly 2α, which is how it is computed; one backward row is enough.
//! 3. It changes one feature at a time.
//!
//! The paper adds to features or takes from them ([`Movement::Increase`], [`Movement::Decrease`]).
//! [`Movement::Either`] is this project's: at each step whichever of the two scores higher.
//!
//! # Each change, where the paper leaves it open
//! - A run may change `budget` features. With θ below 1 a feature may be changed several times, each
//!   of which counts.
//! - Is the gradient exactly zero at every feature that can still move:
//!   [`GradientVanished`](Outcome::GradientVanished). Can none move:
//!   [`NoAdmissiblePair`](Outcome::NoAdmissiblePair).
//! - To decrease a feature scores β − α. The score must be above zero, or the change would lead away
//!   from the target: [`NoAdmissiblePair`](Outcome::NoAdmissiblePair) where none is. Of equals the
//!   first feature wins, and an increase before a decrease.

use serde::{Deserialize, Serialize};

use super::output::{check_temperature, of_softmax};
use super::runner::{Choice, Gradient, Method, Row, Run, Saliency};
use super::saliency::Direction;
use super::{AttackError, Budget, Goal, Outcome, domain, number, one};

/// The settings of Carlini and Wagner's variant of JSMA.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "attack", rename = "not-robust")]
pub struct NotRobust {
    /// T of the softmax that is differentiated, above 0.
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
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Movement {
    /// Up alone.
    Increase,
    /// Down alone.
    Decrease,
    /// Whichever is better at each step.
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

impl Method for NotRobust {
    fn check(&self, features: usize) -> Result<(), AttackError> {
        check_temperature(self.temperature)?;
        domain::check(self.theta, self.budget, features)
    }

    fn changes(&self) -> usize {
        self.budget.features
    }

    fn seeds(&self, logits: &Row, goal: Goal) -> Vec<Row> {
        vec![of_softmax(logits, goal.class(), self.temperature)]
    }

    fn change(
        &self,
        run: &mut Run,
        _: &Row,
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
                let found = settings.change(&mut run, &[0.0; 10], &gradient);

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
