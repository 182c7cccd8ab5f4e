//! Softmax at a temperature, and the soft labels of defensive distillation.
//!
//! The paper's protocol (Papernot et al. 2015, section III): a *teacher* is trained with
//! softmax(z / T) on hard labels. Its softmax(z / T) on the training set, without dropout, are the
//! labels of a *student* of the same architecture, trained at the same T. The student is then used
//! at T = 1. The loss is the cross-entropy alone: the factor T² and the mix with hard labels of
//! distillation for compression are not part of the defence.

use crate::dataset::CLASSES;

/// softmax(z / T) of one row of logits, on the host, T > 0.
///
/// It is computed in 32 bits, as in the paper's networks, because the defence depends on the
/// rounding: if one logit is larger than the others by about 104 · T, their probabilities are exactly
/// zero. The exponential is that of libm, because those of the systems differ in the last bit.
pub fn softmax_row(logits: &[f32; CLASSES], temperature: f32) -> [f32; CLASSES] {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exponentials = logits.map(|logit| libm::expf((logit - highest) / temperature));
    let sum: f32 = exponentials.iter().sum();
    exponentials.map(|e| e / sum)
}

/// The class of the largest logit, the first one if several are equal.
pub fn argmax(logits: &[f32; CLASSES]) -> usize {
    (1..CLASSES).fold(0, |best, class| if logits[class] > logits[best] { class } else { best })
}
