//! The settings of a training run.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::{Labels, Rates};
use crate::dataset::Dataset;

/// The settings that determine a training run, together with the labels themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// The data set, and with it the architecture.
    pub dataset: Dataset,
    /// T of softmax(z / T) in the loss.
    pub temperature: f32,
    /// Images in a batch.
    pub batch: usize,
    /// The step size of the first epoch.
    pub learning_rate: f64,
    /// The step size and the momentum are multiplied by this every `decay_epochs` epochs.
    pub decay: f64,
    /// Epochs from one decay to the next.
    pub decay_epochs: NonZeroUsize,
    /// Share of the last update that is added to the next, in [0, 1).
    pub momentum: f64,
    /// Seed of the initial weights, the order of the images and the dropout.
    pub seed: u64,
    /// SHA-256 of the training labels, so that a run is not resumed with other labels.
    pub labels: String,
}

impl Recipe {
    /// The paper's epochs (Table II).
    pub const PAPER_EPOCHS: usize = 50;
    /// The paper's epochs from one decay to the next (Table II).
    pub const PAPER_DECAY_EPOCHS: NonZeroUsize = NonZeroUsize::new(10).unwrap();

    /// The paper's settings for a data set (Table II), at a temperature, with a seed, for these labels.
    pub fn paper(dataset: Dataset, temperature: f32, seed: u64, labels: &Labels) -> Self {
        let learning_rate = Self::paper_learning_rate(dataset);
        let (decay, momentum) = match dataset {
            Dataset::Mnist => (1.0, 0.5),
            Dataset::Cifar10 => (0.5, 0.9),
        };
        Self {
            dataset,
            temperature,
            batch: 128,
            learning_rate,
            decay,
            decay_epochs: Self::PAPER_DECAY_EPOCHS,
            momentum,
            seed,
            labels: labels.sha256(),
        }
    }

    /// The paper's step size of the first epoch (Table II).
    pub fn paper_learning_rate(dataset: Dataset) -> f64 {
        match dataset {
            Dataset::Mnist => 0.1,
            Dataset::Cifar10 => 0.01,
        }
    }

    /// The factor of the step size and the momentum in an epoch, counted from 0.
    pub(super) fn decayed(&self, epoch: usize) -> f64 {
        self.decay.powi((epoch / self.decay_epochs) as i32)
    }

    /// The step size and the momentum of an epoch, counted from 0.
    pub fn rates(&self, epoch: usize) -> Rates {
        let decayed = self.decayed(epoch);
        Rates {
            learning_rate: (self.learning_rate * decayed) as f32,
            momentum: (self.momentum * decayed) as f32,
        }
    }
}
