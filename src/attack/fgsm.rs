//! The fast gradient sign method (Goodfellow, Shlens and Szegedy 2014, *Explaining and Harnessing
//! Adversarial Examples*, section 4): every feature moves once by ε, along the sign of the gradient of
//! the loss.
//!
//! J is the cross-entropy of softmax(z / T). Untargeted, x' = x + ε · sign(∇ₓ J(x, y)) leads away
//! from the class y that the image shows; targeted, x' = x − ε · sign(∇ₓ J(x, t)) leads towards t.
//! T = 1 is the method as published, and as Papernot and McDaniel's follow-up (2016, *On the
//! Effectiveness of Defensive Distillation*) used it; T of the training gives an attack that takes the
//! defence into account; T = 1/k attacks the network with its logits multiplied by k.
//!
//! # Rules
//! - sign(0) = 0: a feature whose gradient is exactly zero, of either sign, does not move.
//! - The result is clamped to [0, 1]. ε = 0 is allowed and changes nothing.
//! - If every entry of the gradient is exactly zero, the run ends:
//!   [`GradientVanished`](Outcome::GradientVanished). Otherwise the attack makes its one step, and the
//!   result is evaluated: [`Fooled`](Outcome::Fooled) or [`BudgetSpent`](Outcome::BudgetSpent).
//!
//! # Numbers
//! The cotangent is (F − e_c) / T, with the sign of the goal. The entry of c itself, F_c − 1, is
//! computed as −Σ_{j≠c} F_j: the difference is zero as soon as F_c rounds to 1, at a gap of about
//! 17 T, although the others are nonzero up to 104 T. Frameworks that subtract lose that entry alone,
//! and their step then raises the other logits without lowering this one.

use serde::{Deserialize, Serialize};

use super::cotangent::{TEMPERATURE, one};
use super::facts::{Changes, Differentiated, Facts, Norm, Temperature};
use super::goal::Goal;
use super::method::{Method, Settings};
use super::outcome::Outcome;
use super::run::{Choice, Cotangent, Gradient, Logits, Run};
use super::setting::{Most, Setting, number};
use crate::dataset::CLASSES;
use crate::network::softmax::softmax_row;

/// The settings of the fast gradient sign method.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "attack", rename = "fgsm")]
pub struct Fgsm {
    /// T of the softmax whose cross-entropy is differentiated, from 1e-6 to 1e9.
    #[serde(
        rename = "attack_temperature",
        alias = "temperature",
        default = "one",
        deserialize_with = "number"
    )]
    pub temperature: f32,
    /// How far every feature moves, in [0, 1].
    #[serde(deserialize_with = "number")]
    pub epsilon: f32,
}

const EPSILON: Setting = Setting::number("epsilon", 0.0, 1.0, 0.3)
    .unit("pixel")
    .page(0.0, Most::Number(1.0), 0.01, 0.3)
    .words("step ε", "How far every feature moves, in units of the pixel's range.");

const FACTS: Facts = Facts {
    id: "fgsm",
    summary: "The fast gradient sign method on the cross-entropy of softmax(z / T)",
    paper: Some("goodfellow2015explaining"),
    output: Some(Differentiated::Loss),
    temperature: Some(Temperature { always: false, sibling: None }),
    changes: Changes::All,
    norm: Norm::Linf,
    backward_rows: 1,
    untargeted: true,
    resumable: true,
    step_cost: 1,
    settings: &[EPSILON, TEMPERATURE],
};

impl Settings for Fgsm {
    const FACTS: &'static [Facts] = &[FACTS];
}

impl Method for Fgsm {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn max_steps(&self) -> usize {
        1
    }

    fn cotangents(&self, logits: &Logits, goal: Goal) -> Vec<Cotangent> {
        let class = goal.class();
        let f = softmax_row(logits, self.temperature);
        let others: f32 = (0..CLASSES).filter(|&j| j != class).map(|j| f[j]).sum();
        let rise = match goal {
            Goal::Untargeted(_) => 1.0,
            Goal::Target(_) => -1.0,
        };
        let of_loss = |j| if j == class { -others } else { f[j] };
        vec![std::array::from_fn(|j| rise * of_loss(j) / self.temperature)]
    }

    fn step(
        &self,
        run: &mut Run,
        _: &Logits,
        gradient: &Gradient,
    ) -> Result<Option<Choice>, Outcome> {
        if gradient.target.iter().all(|&slope| slope == 0.0) {
            return Err(Outcome::GradientVanished);
        }
        for (pixel, &slope) in run.image.iter_mut().zip(&gradient.target) {
            let sign = if slope == 0.0 { 0.0 } else { slope.signum() };
            *pixel = (*pixel + self.epsilon * sign).clamp(0.0, 1.0);
        }
        Ok(None)
    }
}
