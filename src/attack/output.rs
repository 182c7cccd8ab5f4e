//! What an attack differentiates: the logits, or a softmax of them.
//!
//! A derivative of an output is a row vector times ∂logits/∂x, so outputs differ in these row
//! vectors, the *seeds*, and in nothing else.

use serde::{Deserialize, Serialize};

use super::AttackError;
use super::runner::Row;
use crate::network::softmax::softmax_row;

/// What JSMA differentiates, and with it the name of the attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Output {
    /// The softmax output at T = 1 (JSMA-F), as in the paper on distillation.
    #[serde(rename = "jsma-f")]
    Probabilities,
    /// softmax(z / T) at the attack's own temperature (JSMA-T): of the three changes of
    /// [`NotRobust`](super::NotRobust), the first alone.
    #[serde(rename = "jsma-t")]
    Tempered,
    /// The logits (JSMA-Z), as in the paper on the attack.
    #[serde(rename = "jsma-z")]
    Logits,
}

/// Beyond these a slope divided by T is infinite in 32 bits, or nothing.
const TEMPERATURES: std::ops::RangeInclusive<f32> = 1e-6..=1e9;

/// Refuses what is no temperature.
pub(super) fn check_temperature(temperature: f32) -> Result<(), AttackError> {
    match TEMPERATURES.contains(&temperature) {
        true => Ok(()),
        false => Err(AttackError::Temperature(temperature)),
    }
}

/// ∂F_t/∂z of F = softmax(z / T): F_t (1{j = t} − F_j) / T.
///
/// At a logit gap of about 104 T this is exactly zero in 32 bits, and with it every gradient.
/// Distillation at a temperature T multiplies the gaps by about T.
pub(crate) fn of_softmax(logits: &Row, target: usize, temperature: f32) -> Row {
    let f = softmax_row(logits, temperature);
    std::array::from_fn(|j| f[j] * (at(target)(j) - f[target]) / temperature)
}

/// ∂z_t/∂z, and Σ_{j≠t} ∂z_j/∂z.
pub(super) fn of_logits(target: usize) -> [Row; 2] {
    let is_target = at(target);
    [std::array::from_fn(&is_target), std::array::from_fn(|j| 1.0 - is_target(j))]
}

fn at(target: usize) -> impl Fn(usize) -> f32 {
    move |j| if j == target { 1.0 } else { 0.0 }
}
