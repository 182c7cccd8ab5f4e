//! The Jacobian-based Saliency Map Attack (Papernot et al. 2015, *The Limitations of Deep Learning
//! in Adversarial Settings*, Algorithms 2 and 3).
//!
//! The attack as published differentiates the logits ([`Output::Logits`], JSMA-Z). The paper on
//! defensive distillation attacked its networks through the softmax at T = 1 instead
//! ([`Output::Probabilities`], JSMA-F), and that is why the defence seemed to hold. Carlini and
//! Wagner (2016, *Defensive Distillation is Not Robust to Adversarial Examples*) change three things
//! ([`NotRobust`](super::NotRobust)); the first alone, dividing the logits by the temperature of the
//! training ([`Output::Tempered`], JSMA-T, which is of this project), already ends that.
//! A temperature below 1 does the opposite: JSMA-T at T = 1/k on a network is JSMA-F on the same
//! network with its logits multiplied by k, a defence that nobody trained.
//!
//! # Each change, where the papers leave it open
//! - A run may change ⌊budget / 2⌋ pairs. With θ = 1 every pair uses up two features. With a smaller
//!   θ the same feature may be changed several times, each of which counts, as in the paper.
//! - The search domain Γ is every feature that can still move in the attack's direction. With fewer
//!   than two left: [`NoAdmissiblePair`](Outcome::NoAdmissiblePair).
//! - Is the gradient exactly zero all over Γ: [`GradientVanished`](Outcome::GradientVanished).
//! - The best pair of Γ is chosen as [`saliency`](super::saliency) says. Is there none:
//!   [`NoAdmissiblePair`](Outcome::NoAdmissiblePair). The papers leave this open; stopping is the
//!   one answer that changes nothing without a reason.
//! - θ is added to both features (or taken away), and they are held to [0, 1].
//!
//! # Rows
//! JSMA-Z needs two: the target's logit, and all others together. JSMA-F and JSMA-T need one: since
//! the probabilities sum to one, the others' row is exactly the target's with its sign turned,
//! β = −α, and is never computed by a sum, which would round to something else once one probability
//! rounds to 1.

use serde::{Deserialize, Serialize};

use super::output::{Output, check_temperature, of_logits, of_softmax};
use super::runner::{Choice, Gradient, Method, Row, Run, Saliency};
use super::saliency::{Direction, best_pair};
use super::{AttackError, Budget, Goal, Outcome, domain, number, one};

/// The settings of JSMA.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Jsma {
    /// What is differentiated.
    #[serde(rename = "attack")]
    pub output: Output,
    /// T of the softmax that JSMA-T differentiates, above 0. JSMA-F and JSMA-Z have no use for it.
    #[serde(
        rename = "attack_temperature",
        alias = "temperature",
        default = "one",
        deserialize_with = "number"
    )]
    pub temperature: f32,
    /// Whether features grow or shrink.
    pub direction: Direction,
    /// By how much a feature changes at a time, in (0, 1].
    #[serde(deserialize_with = "number")]
    pub theta: f32,
    /// How many features may change.
    pub budget: Budget,
}

impl Jsma {
    /// The attack of the paper on distillation: full steps up, 112 features.
    pub const PAPER: Self = Self {
        output: Output::Probabilities,
        temperature: 1.0,
        direction: Direction::Increase,
        theta: 1.0,
        budget: Budget::PAPER,
    };
}

impl Jsma {
    /// T of the softmax that is differentiated.
    pub(super) fn softmax_temperature(&self) -> f32 {
        match self.output {
            Output::Tempered => self.temperature,
            Output::Probabilities | Output::Logits => 1.0,
        }
    }
}

impl Method for Jsma {
    fn check(&self, features: usize) -> Result<(), AttackError> {
        check_temperature(self.temperature)?;
        domain::check(self.theta, self.budget, features)
    }

    fn changes(&self) -> usize {
        self.budget.pairs()
    }

    fn seeds(&self, logits: &Row, goal: Goal) -> Vec<Row> {
        let target = goal.class();
        match self.output {
            Output::Probabilities | Output::Tempered => {
                vec![of_softmax(logits, target, self.softmax_temperature())]
            }
            Output::Logits => of_logits(target).to_vec(),
        }
    }

    fn change(
        &self,
        run: &mut Run,
        _: &Row,
        gradient: &Gradient,
    ) -> Result<Option<Choice>, Outcome> {
        let domain = run.domain(self.direction);
        if domain.len() < 2 {
            return Err(Outcome::NoAdmissiblePair);
        }
        if domain.iter().all(|&feature| gradient.is_zero(feature)) {
            return Err(Outcome::GradientVanished);
        }
        let pair = best_pair(&gradient.target, &gradient.others(), &domain, self.direction)
            .ok_or(Outcome::NoAdmissiblePair)?;
        let features = vec![pair.p, pair.q];
        run.shift(&features, self.direction, self.theta);
        let saliency = Saliency { alpha: pair.alpha, beta: pair.beta, score: pair.score() };
        Ok(Some(Choice { features, saliency: Some(saliency) }))
    }
}
