//! The cotangents of the outputs that attacks differentiate: the logits, or a softmax of them.
//!
//! The derivative of an output by the image is a cotangent times ∂logits/∂x. So only the cotangent depends
//! on the output.

use super::run::{Cotangent, Logits};
use super::setting::Setting;
use crate::network::softmax::softmax_row;

/// T of the softmax that is differentiated. Outside this range, a slope divided by T can be infinite or zero in
/// 32 bits.
pub(super) const TEMPERATURE: Setting = Setting::number("temperature", 1e-6, 1e9, 1.0)
    .key("attack_temperature")
    .optional()
    .words("temperature", "T of the softmax that the attack differentiates.");

/// The default of the temperature, which leaves the logits as they are.
pub(super) fn one() -> f32 {
    1.0
}

/// ∂F_t/∂z of F = softmax(z / T): F_t (1{j = t} − F_j) / T.
///
/// At a logit gap of about 104 T this is exactly zero in 32 bits, and with it every gradient.
pub(crate) fn of_softmax(logits: &Logits, target: usize, temperature: f32) -> Cotangent {
    let f = softmax_row(logits, temperature);
    std::array::from_fn(|j| f[j] * (at(target)(j) - f[target]) / temperature)
}

/// ∂z_t/∂z, and Σ_{j≠t} ∂z_j/∂z.
pub(super) fn of_logits(target: usize) -> [Cotangent; 2] {
    let is_target = at(target);
    [std::array::from_fn(&is_target), std::array::from_fn(|j| 1.0 - is_target(j))]
}

fn at(target: usize) -> impl Fn(usize) -> f32 {
    move |j| if j == target { 1.0 } else { 0.0 }
}
