//! The training loop of the paper (Papernot et al. 2015, Tables I and II), native only.
//!
//! A [`Trainer`] owns a network, its optimiser and the epochs behind it, and saves all three after
//! each epoch, so that a run killed at any moment goes on from its last whole epoch and ends where
//! it would have ended. What an epoch draws at random (order, dropout) depends on the seed and the
//! epoch's number alone.

pub mod atomic;
pub mod checkpoint;

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;

use burn::module::Module;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, Int, Tensor};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::dataset::files::Samples;
use crate::dataset::{CLASSES, Dataset};
use crate::network::Network;
use crate::network::softmax::{loss_at, softmax_at};
use checkpoint::CheckpointError;

/// Everything that decides what a training run ends with, beside the labels themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// The data set, and with it the architecture.
    pub dataset: Dataset,
    /// T of the softmax that the loss is computed through.
    pub temperature: f32,
    /// Images in a batch.
    pub batch: usize,
    /// The step size of the first epoch.
    pub learning_rate: f64,
    /// The step size and the momentum are multiplied by this from time to time.
    pub decay: f64,
    /// How many epochs go by from one such time to the next.
    pub decay_epochs: NonZeroUsize,
    /// Share of the last update that is added to the next.
    pub momentum: f64,
    /// Seed of the initial weights, the order of the images and the dropout.
    pub seed: u64,
    /// SHA-256 of the training labels, so that a run never goes on with other labels.
    pub labels: String,
}

impl Recipe {
    /// The paper's settings for a data set (Table II), for labels with the given hash.
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

    /// The paper's epochs (Table II).
    pub const PAPER_EPOCHS: usize = 50;
    /// The paper's epochs from one decay to the next (Table II).
    pub const PAPER_DECAY_EPOCHS: NonZeroUsize = NonZeroUsize::new(10).unwrap();

    /// The paper's step size of the first epoch (Table II).
    pub fn paper_learning_rate(dataset: Dataset) -> f64 {
        match dataset {
            Dataset::Mnist => 0.1,
            Dataset::Cifar10 => 0.01,
        }
    }

    /// What the step size and the momentum have shrunk to in an epoch, counted from 0.
    fn decayed(&self, epoch: usize) -> f64 {
        self.decay.powi((epoch / self.decay_epochs) as i32)
    }

    fn optimizer(&self, epoch: usize) -> ModuleOptimizer {
        // burn's momentum damps the new gradient by a tenth unless told otherwise.
        let momentum = MomentumConfig::new()
            .with_momentum(self.momentum * self.decayed(epoch))
            .with_dampening(0.0);
        SgdConfig::new().with_momentum(Some(momentum)).init()
    }
}

/// What a network is trained towards: one row of ten probabilities for each training image.
///
/// The true labels as ones and zeros for a teacher or an undefended network, the teacher's
/// softmax(z / T) for a student.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels(Vec<f32>);

impl Labels {
    /// The true labels.
    pub fn hard(samples: &Samples) -> Self {
        let mut rows = vec![0.0; samples.len() * CLASSES];
        for (row, &label) in rows.chunks_exact_mut(CLASSES).zip(&samples.labels) {
            row[usize::from(label)] = 1.0;
        }
        Self(rows)
    }

    /// A teacher's softmax(z / T) on every sample, dropout off.
    pub fn soft(teacher: &Network, samples: &Samples, temperature: f32, device: &Device) -> Self {
        let mut rows = Vec::with_capacity(samples.len() * CLASSES);
        for_each_batch(teacher, samples, device, |logits, _| {
            let logits = Tensor::<2>::from_data(
                burn::tensor::TensorData::new(logits.concat(), [logits.len(), CLASSES]),
                device,
            );
            rows.extend(softmax_at(logits, temperature).into_data().iter::<f32>());
        });
        Self(rows)
    }

    /// The rows as little-endian 32-bit numbers, ten an image.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|p| p.to_le_bytes()).collect()
    }

    /// Reads [`Labels::to_bytes`] back; `None` unless there are ten finite numbers an image.
    pub fn from_bytes(bytes: &[u8], images: usize) -> Option<Self> {
        let (numbers, rest) = bytes.as_chunks::<4>();
        let rows: Vec<_> = numbers.iter().map(|&number| f32::from_le_bytes(number)).collect();
        let whole = rest.is_empty() && rows.len() == images * CLASSES;
        (whole && rows.iter().all(|p| (0.0..=1.0).contains(p))).then_some(Self(rows))
    }

    fn sha256(&self) -> String {
        crate::network::file::sha256(&self.to_bytes())
    }
}

/// What one epoch came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean training loss over the epoch, dropout on.
    pub loss: f64,
    /// Share of the test set classified correctly.
    pub test_accuracy: f64,
    /// Mean over the test set of Σ|z|, which distillation drives up with T.
    pub logit_norm: f64,
    /// The step size.
    pub learning_rate: f64,
    /// Wall-clock time of the epoch, test included.
    pub seconds: f64,
}

/// A network in training.
pub struct Trainer {
    recipe: Recipe,
    network: Network,
    optimizer: ModuleOptimizer,
    history: Vec<Epoch>,
    device: Device,
}

impl Trainer {
    /// Goes on from the checkpoint in `folder`, or starts afresh where there is none.
    pub fn resume_or_start(
        recipe: Recipe,
        folder: &Path,
        device: &Device,
    ) -> Result<Self, CheckpointError> {
        let device = device.clone().autodiff();
        device.seed(recipe.seed);
        let network = Network::new(recipe.dataset, &device);
        let optimizer = recipe.optimizer(0);
        let fresh = Self { recipe, network, optimizer, history: Vec::new(), device };
        match checkpoint::load(folder)? {
            Some(saved) => fresh.continued(saved, folder),
            None => Ok(fresh),
        }
    }

    fn continued(
        self,
        saved: checkpoint::Checkpoint,
        folder: &Path,
    ) -> Result<Self, CheckpointError> {
        if saved.recipe != self.recipe {
            return Err(CheckpointError::OtherRecipe {
                folder: folder.into(),
                saved: Box::new(saved.recipe),
                asked: Box::new(self.recipe),
            });
        }
        let network = self.network.load_record(saved.network);
        let optimizer = self.optimizer.load_record(saved.optimizer);
        Ok(Self { network, optimizer, history: saved.history, ..self })
    }

    /// The epochs so far.
    pub fn history(&self) -> &[Epoch] {
        &self.history
    }

    /// The network as it is now, for use: plain device, dropout off.
    pub fn network(&self) -> Network {
        self.network.valid()
    }

    /// One update from the images with the given indices. Returns the loss, `[1]`, still on the
    /// device: reading it makes the host wait for the update.
    pub fn batch(
        &mut self,
        training: &TrainingSet,
        indices: &[usize],
        learning_rate: f64,
    ) -> Tensor<1> {
        let (images, labels) = training.batch(indices);
        let loss = loss_at(self.network.forward(images), labels, self.recipe.temperature);
        let gradients = GradientsParams::from_grads(loss.backward(), &self.network);
        self.network = self.optimizer.step(learning_rate, self.network.clone(), gradients);
        loss.inner()
    }

    /// One pass over the training set, then the test set, then the checkpoint.
    ///
    /// `on_batch(images so far, latest loss)` is told of progress; the loss is read back from the
    /// device only every 20th batch, since reading it makes the host wait.
    pub fn epoch(
        &mut self,
        training: &TrainingSet,
        test: &Samples,
        folder: &Path,
        mut on_batch: impl FnMut(usize, Option<f64>),
    ) -> Result<&Epoch, CheckpointError> {
        const REPORT_EVERY: usize = 20;
        let started = Instant::now();
        let epoch = self.history.len();
        let learning_rate = self.recipe.learning_rate * self.recipe.decayed(epoch);
        self.optimizer = self.recipe.optimizer(epoch).load_record(self.optimizer.to_record());
        let order = shuffled(training.len, self.recipe.seed, epoch);
        self.device.seed(mix(self.recipe.seed, epoch));
        let mut total = Tensor::<1>::zeros([1], &self.device.clone().inner());
        let mut done = 0;
        for (batch, indices) in order.chunks(self.recipe.batch).enumerate() {
            let loss = self.batch(training, indices, learning_rate);
            total = total + loss.clone() * indices.len() as f64;
            done += indices.len();
            let report = batch % REPORT_EVERY == 0;
            on_batch(done, report.then(|| f64::from(loss.into_scalar::<f32>())));
        }
        let network = self.network();
        let quality = measure(&network, test, &self.device.clone().inner());
        let loss = f64::from(total.into_scalar::<f32>()) / training.len as f64;
        if !loss.is_finite() || !quality.logit_norm.is_finite() {
            return Err(CheckpointError::Diverged { folder: folder.into(), epoch: epoch + 1 });
        }
        self.history.push(Epoch {
            epoch: epoch + 1,
            loss,
            test_accuracy: quality.accuracy,
            logit_norm: quality.logit_norm,
            learning_rate,
            seconds: started.elapsed().as_secs_f64(),
        });
        checkpoint::save(
            folder,
            &self.recipe,
            &self.history,
            self.network.clone().into_record(),
            self.optimizer.to_record(),
        )?;
        Ok(&self.history[epoch])
    }
}

/// What a run in `folder` has come to: its recipe, its epochs and its network, for use.
///
/// # Errors
/// There is no checkpoint, or it cannot be read.
pub fn finished(
    folder: &Path,
    device: &Device,
) -> Result<(Recipe, Vec<Epoch>, Network), CheckpointError> {
    let saved = checkpoint::load(folder)?;
    let saved = saved.ok_or_else(|| CheckpointError::Missing(folder.into()))?;
    let network = Network::new(saved.recipe.dataset, device).load_record(saved.network);
    Ok((saved.recipe, saved.history, network.valid()))
}

/// The training images and labels, on the device once for all epochs.
pub struct TrainingSet {
    images: Tensor<2>,
    labels: Tensor<2>,
    shape: [usize; 3],
    len: usize,
}

impl TrainingSet {
    /// Puts the samples and their labels on `device`, four bytes a pixel.
    pub fn new(samples: &Samples, labels: &Labels, device: &Device) -> Self {
        let device = device.clone().autodiff();
        let len = samples.len();
        let features = samples.dataset.spec().features();
        let pixels: Vec<f32> = samples.pixels.iter().map(|&byte| f32::from(byte) / 255.0).collect();
        let images = burn::tensor::TensorData::new(pixels, [len, features]);
        let labels = burn::tensor::TensorData::new(labels.0.clone(), [len, CLASSES]);
        Self {
            images: Tensor::from_data(images, &device),
            labels: Tensor::from_data(labels, &device),
            shape: samples.dataset.spec().shape,
            len,
        }
    }

    /// How many images there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Images `[batch, channels, height, width]` and labels `[batch, 10]`.
    fn batch(&self, indices: &[usize]) -> (Tensor<4>, Tensor<2>) {
        let rows: Vec<i32> = indices.iter().map(|&index| index as i32).collect();
        let rows = Tensor::<1, Int>::from_data(rows.as_slice(), &self.images.device());
        let [channels, height, width] = self.shape;
        let images = self.images.clone().select(0, rows.clone());
        let images = images.reshape([indices.len(), channels, height, width]);
        (images, self.labels.clone().select(0, rows))
    }
}

/// How a network does on a test set.
#[derive(Clone, Copy, Debug)]
pub struct Quality {
    /// Share classified correctly.
    pub accuracy: f64,
    /// Mean of Σ|z| over the images.
    pub logit_norm: f64,
}

/// Classifies every sample.
pub fn measure(network: &Network, samples: &Samples, device: &Device) -> Quality {
    let (mut correct, mut norm) = (0, 0.0);
    for_each_batch(network, samples, device, |logits, labels| {
        for (logits, &label) in logits.iter().zip(labels) {
            correct += usize::from(crate::network::softmax::argmax(logits) == usize::from(label));
            norm += logits.iter().map(|z| f64::from(z.abs())).sum::<f64>();
        }
    });
    let count = samples.len() as f64;
    Quality { accuracy: correct as f64 / count, logit_norm: norm / count }
}

/// Runs every sample through the network, and hands over logits and true labels batch by batch.
fn for_each_batch(
    network: &Network,
    samples: &Samples,
    device: &Device,
    mut use_logits: impl FnMut(&[[f32; CLASSES]], &[u8]),
) {
    const BATCH: usize = 500;
    let [channels, height, width] = samples.dataset.spec().shape;
    for start in (0..samples.len()).step_by(BATCH) {
        let end = (start + BATCH).min(samples.len());
        let images = samples.images(&(start..end).collect::<Vec<_>>());
        let shape = [end - start, channels, height, width];
        let images = Tensor::<4>::from_data(burn::tensor::TensorData::new(images, shape), device);
        let logits: Vec<f32> = network.forward(images).into_data().iter::<f32>().collect();
        use_logits(logits.as_chunks::<CLASSES>().0, &samples.labels[start..end]);
    }
}

/// The order of the images in an epoch.
fn shuffled(len: usize, seed: u64, epoch: usize) -> Vec<usize> {
    let mut order: Vec<_> = (0..len).collect();
    order.shuffle(&mut rand_chacha::ChaCha8Rng::seed_from_u64(mix(seed, epoch)));
    order
}

/// A seed for each epoch of each seed.
fn mix(seed: u64, epoch: usize) -> u64 {
    seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(epoch as u64 + 1)
}
