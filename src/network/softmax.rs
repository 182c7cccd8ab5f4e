//! Softmax at a temperature, and the soft labels of defensive distillation.
//!
//! The paper's protocol (Papernot et al. 2015, section III): a *teacher* is trained with
//! softmax(z / T) on hard labels; its softmax(z / T) on the training set, dropout off, become the
//! only labels of a *student* of the same architecture, trained at the same T; the student is then
//! used at T = 1. The loss is plain cross-entropy: no factor of T², no mix with hard labels, which
//! belong to compression rather than to the defence.

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;
use burn::tensor::loss::cross_entropy_with_logits;

use crate::dataset::CLASSES;

/// softmax(z / T) of each row: `[batch, 10]` logits to `[batch, 10]` probabilities.
pub fn softmax_at(logits: Tensor<2>, temperature: f32) -> Tensor<2> {
    softmax(logits / temperature, 1)
}

/// The mean cross-entropy of softmax(z / T) against probabilities, both `[batch, 10]`.
///
/// Hard labels come as rows of zeros with a single one, a teacher's soft labels as they are.
pub fn loss_at(logits: Tensor<2>, labels: Tensor<2>, temperature: f32) -> Tensor<1> {
    cross_entropy_with_logits(logits / temperature, labels)
}

/// softmax(z / T) of one row of logits on the host, in the attack's own arithmetic.
///
/// Everything is 32-bit, as in the networks of the paper, because the rounding is part of the
/// story: once one logit leads by about 104, the other probabilities are exactly zero. The exponential
/// is libm's, since each system has its own.
pub fn softmax_row(logits: &[f32; CLASSES], temperature: f32) -> [f32; CLASSES] {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exponentials = logits.map(|logit| libm::expf((logit - highest) / temperature));
    let sum: f32 = exponentials.iter().sum();
    exponentials.map(|e| e / sum)
}

/// The class of the largest logit; the first one wins a tie.
pub fn argmax(logits: &[f32; CLASSES]) -> usize {
    (1..CLASSES).fold(0, |best, class| if logits[class] > logits[best] { class } else { best })
}
