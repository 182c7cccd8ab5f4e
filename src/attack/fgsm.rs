//! The fast gradient sign method (Goodfellow, Shlens and Szegedy 2014, *Explaining and Harnessing
//! Adversarial Examples*): one step of ε for every feature, along the sign of the loss's gradient.
//!
//! J is the cross-entropy of softmax(z / T). Untargeted, x' = x + ε · sign(∇ₓ J(x, y)) leads away
//! from the class y that the image shows; targeted, x' = x − ε · sign(∇ₓ J(x, t)) leads towards t.
//! T = 1 is the method as published, and as Papernot and McDaniel's follow-up (2016, *On the
//! Effectiveness of Defensive Distillation*) used it; the temperature of the training makes it one
//! that knows the defence; T = 1/k attacks the network with its logits multiplied by k.
//!
//! # Rules
//! - sign(0) = 0: a feature whose gradient is exactly zero stays as it is, of either sign of zero.
//! - The result is held to [0, 1]. ε = 0 changes nothing and is allowed.
//! - Is every entry of the gradient exactly zero: [`GradientVanished`](Outcome::GradientVanished).
//!   Otherwise the one step is taken, and the network reads the result:
//!   [`Fooled`](Outcome::Fooled) or [`BudgetSpent`](Outcome::BudgetSpent).
//!
//! # Numbers
//! The seeds are (F − e_c) / T, with the sign of the goal. The entry of c itself, F_c − 1, is computed
//! as −Σ_{j≠c} F_j: the difference is zero as soon as F_c rounds to 1, at a gap of about 17 T,
//! although the others are there up to 104 T. Frameworks that subtract lose that entry alone, and
//! their step then raises the other logits without lowering this one.

use serde::{Deserialize, Serialize};

use super::output::check_temperature;
use super::runner::{Choice, Gradient, Method, Row, Run};
use super::{AttackError, Goal, Outcome, number, one};
use crate::dataset::CLASSES;
use crate::network::softmax::softmax_row;

/// The settings of the fast gradient sign method.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "attack", rename = "fgsm")]
pub struct Fgsm {
    /// T of the softmax whose cross-entropy is differentiated, above 0.
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

impl Method for Fgsm {
    fn check(&self, _: usize) -> Result<(), AttackError> {
        check_temperature(self.temperature)?;
        match (0.0..=1.0).contains(&self.epsilon) {
            true => Ok(()),
            false => Err(AttackError::Epsilon(self.epsilon)),
        }
    }

    fn can_be_untargeted(&self) -> bool {
        true
    }

    fn changes(&self) -> usize {
        1
    }

    fn seeds(&self, logits: &Row, goal: Goal) -> Vec<Row> {
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

    fn change(
        &self,
        run: &mut Run,
        _: &Row,
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
