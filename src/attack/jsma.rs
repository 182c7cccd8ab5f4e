//! The Jacobian-based Saliency Map Attack (Papernot et al. 2015, *The Limitations of Deep Learning
//! in Adversarial Settings*, Algorithms 2 and 3).
//!
//! The attack as published differentiates the logits ([`Output::Logits`], JSMA-Z). The paper on
//! defensive distillation attacked its networks through the softmax at T = 1 instead
//! ([`Output::Probabilities`], JSMA-F), and that is why the defence seemed to hold. Carlini and
//! Wagner (2016, *Defensive Distillation is Not Robust to Adversarial Examples*) change three things
//! (see [`not_robust`](super::not_robust)); the first alone, dividing the logits by the temperature of
//! the training ([`Output::Tempered`], JSMA-T, which is of this project), already breaks the defence.
//! A temperature below 1 does the opposite: JSMA-T at T = 1/k on a network is JSMA-F on the same
//! network with its logits multiplied by k, a control without any training.
//!
//! # Each step, where the papers leave it open
//! - A run may change ⌊budget / 2⌋ pairs. With θ = 1 every pair uses up two features. With a smaller
//!   θ the same feature may be changed several times, each of which counts, as in the paper.
//! - The search domain Γ is every feature that can still move in the attack's direction. With fewer
//!   than two left the run ends: [`NoAdmissiblePair`](Outcome::NoAdmissiblePair).
//! - If the gradient is exactly zero everywhere in Γ, the run ends:
//!   [`GradientVanished`](Outcome::GradientVanished).
//! - The best pair of Γ is chosen as [`saliency`](super::saliency) says. If there is none, the run
//!   ends: [`NoAdmissiblePair`](Outcome::NoAdmissiblePair). The papers leave this open; any other
//!   answer would change features without a reason.
//! - θ is added to both features (or subtracted), and they are clamped to [0, 1].
//!
//! Experiments make many attacks of JSMA-F and JSMA-T with the images on the device. The same rules are
//! written there again: [`on_device`](super::on_device).
//!
//! # Rows
//! JSMA-Z needs two: the target's logit, and all others together. JSMA-F and JSMA-T need one: since
//! the probabilities sum to one, the row of the others is exactly β = −α. It is not computed as a
//! sum, which would round differently once one probability rounds to 1.

use serde::{Deserialize, Serialize};

use super::cotangent::{TEMPERATURE, of_logits, of_softmax, one};
use super::facts::{Changes, Differentiated, Facts, Norm, Temperature};
use super::features::{BUDGET, Budget, DIRECTION, THETA};
use super::goal::Goal;
use super::method::{Method, Settings};
use super::outcome::Outcome;
use super::run::{Choice, Cotangent, Gradient, Logits, Run, Saliency};
use super::saliency::{Direction, best_pair};
use super::setting::{Setting, number};

/// The settings of JSMA.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Jsma {
    /// What is differentiated.
    #[serde(rename = "attack")]
    pub output: Output,
    /// T of the softmax that JSMA-T differentiates, from 1e-6 to 1e9. JSMA-F and JSMA-Z do not use it.
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

/// What JSMA differentiates, and with it the name of the attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Output {
    /// The softmax output at T = 1 (JSMA-F), as in the paper on distillation.
    #[serde(rename = "jsma-f")]
    Probabilities,
    /// softmax(z / T) at the attack's own temperature (JSMA-T).
    #[serde(rename = "jsma-t")]
    Tempered,
    /// The logits (JSMA-Z), as in the paper on the attack.
    #[serde(rename = "jsma-z")]
    Logits,
}

const JSMA_F: Facts = Facts {
    id: "jsma-f",
    summary: "JSMA through the softmax output at T = 1, as in the paper on distillation",
    paper: Some("papernot2016distillation"),
    output: Some(Differentiated::Softmax),
    temperature: Some(Temperature { always: false, sibling: Some("jsma-t") }),
    changes: Changes::Pair,
    norm: Norm::L0,
    backward_rows: 1,
    untargeted: false,
    resumable: true,
    step_cost: 24,
    settings: &[DIRECTION, THETA, BUDGET],
};

const JSMA_T: Facts = Facts {
    id: "jsma-t",
    summary: "JSMA through softmax(z / T)",
    paper: Some("carlini2016defensive"),
    output: Some(Differentiated::SoftmaxAtT),
    temperature: Some(Temperature { always: true, sibling: Some("jsma-f") }),
    settings: &[DIRECTION, THETA, BUDGET, TEMPERATURE.required()],
    ..JSMA_F
};

const JSMA_Z: Facts = Facts {
    id: "jsma-z",
    summary: "JSMA on the logits, as in the paper on the attack",
    paper: Some("papernot2016limitations"),
    output: Some(Differentiated::Logits),
    temperature: None,
    backward_rows: 2,
    step_cost: 40,
    ..JSMA_F
};

impl Jsma {
    /// The attack of the paper on distillation: full steps up, 112 features.
    pub const PAPER: Self = Self {
        output: Output::Probabilities,
        temperature: 1.0,
        direction: Direction::Increase,
        theta: 1.0,
        budget: Budget::PAPER,
    };

    /// T of the softmax that is differentiated.
    pub(super) fn softmax_temperature(&self) -> f32 {
        match self.output {
            Output::Tempered => self.temperature,
            Output::Probabilities | Output::Logits => 1.0,
        }
    }
}

impl Settings for Jsma {
    const FACTS: &'static [Facts] = &[JSMA_F, JSMA_T, JSMA_Z];
}

impl Method for Jsma {
    fn facts(&self) -> &'static Facts {
        match self.output {
            Output::Probabilities => &JSMA_F,
            Output::Tempered => &JSMA_T,
            Output::Logits => &JSMA_Z,
        }
    }

    /// Rows of results state the temperature of JSMA-F and JSMA-Z too, so it has to be a number.
    fn checked_settings(&self) -> &'static [Setting] {
        JSMA_T.settings
    }

    fn max_steps(&self) -> usize {
        self.budget.pairs()
    }

    fn cotangents(&self, logits: &Logits, goal: Goal) -> Vec<Cotangent> {
        let target = goal.class();
        match self.output {
            Output::Probabilities | Output::Tempered => {
                vec![of_softmax(logits, target, self.softmax_temperature())]
            }
            Output::Logits => of_logits(target).to_vec(),
        }
    }

    fn step(
        &self,
        run: &mut Run,
        _: &Logits,
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
