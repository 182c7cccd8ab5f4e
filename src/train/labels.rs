//! Hard and soft labels.

use burn::tensor::Device;

use super::for_each_batch;
use crate::dataset::{CLASSES, Samples};
use crate::network::Network;
use crate::network::file::sha256;
use crate::network::softmax::softmax_row;

/// The labels of a training set: ten probabilities for each image.
///
/// A teacher and an undefended network are trained on hard labels, a student on its teacher's soft
/// labels (Papernot et al. 2015, section III).
#[derive(Clone, Debug, PartialEq)]
pub struct Labels(Vec<f32>);

impl Labels {
    /// The true labels: a one for the class, zeros for the others.
    pub fn hard(samples: &Samples) -> Self {
        let mut rows = vec![0.0; samples.len() * CLASSES];
        for (row, &label) in rows.chunks_exact_mut(CLASSES).zip(&samples.labels) {
            row[usize::from(label)] = 1.0;
        }
        Self(rows)
    }

    /// The true labels with a share, from 0 to 1, taken from each class and divided among the other nine: label
    /// smoothing, a control for what soft labels do without a teacher.
    pub fn smoothed(samples: &Samples, share: f64) -> Self {
        let [own, other] = [1.0 - share, share / (CLASSES - 1) as f64].map(|q| q as f32);
        let Self(mut rows) = Self::hard(samples);
        rows.iter_mut().for_each(|q| *q = if *q == 1.0 { own } else { other });
        Self(rows)
    }

    /// A teacher's softmax(z / T) on every sample, without dropout. The teacher is on `device`.
    pub fn soft(teacher: &Network, samples: &Samples, temperature: f32, device: &Device) -> Self {
        let mut rows = Vec::with_capacity(samples.len() * CLASSES);
        for_each_batch(teacher, samples, device, |logits, _| {
            rows.extend(logits.iter().flat_map(|logits| softmax_row(logits, temperature)));
        });
        Self(rows)
    }

    /// The labels as little-endian 32-bit floats: `[images, 10]`, row-major.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|p| p.to_le_bytes()).collect()
    }

    /// Reads what [`Labels::to_bytes`] wrote. `None` unless there are ten numbers in [0, 1] for each
    /// image.
    pub fn from_bytes(bytes: &[u8], images: usize) -> Option<Self> {
        let (numbers, rest) = bytes.as_chunks::<4>();
        let rows: Vec<_> = numbers.iter().map(|&number| f32::from_le_bytes(number)).collect();
        let whole = rest.is_empty() && rows.len() == images * CLASSES;
        (whole && rows.iter().all(|p| (0.0..=1.0).contains(p))).then_some(Self(rows))
    }

    /// `[images, 10]`, row-major.
    pub(super) fn rows(&self) -> &[f32] {
        &self.0
    }

    /// The SHA-256 of [`Labels::to_bytes`], in hexadecimal.
    pub(super) fn sha256(&self) -> String {
        sha256(&self.to_bytes())
    }
}
