//! The training loop of the paper (Papernot et al. 2015, Tables I and II).
//!
//! A [`Trainer`] holds a network and its optimizer, and trains them one epoch at a time. It reads no
//! file and no clock: its state can be taken out and put back ([`Trainer::record`],
//! [`Trainer::resume`]), and the caller decides where to keep it. The command line keeps it in a
//! checkpoint (`checkpoint::Run`, feature `cli`).
//!
//! What an epoch draws at random (the order of the images, dropout) depends on the seed and the
//! epoch's number alone, so that a resumed run ends with the same weights as an uninterrupted one.

#[cfg(feature = "cli")]
pub mod atomic;
#[cfg(feature = "cli")]
pub mod checkpoint;
mod labels;
mod recipe;

pub use labels::Labels;
pub use recipe::Recipe;

use burn::module::Module;
use burn::optim::record::OptimizerRecord;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::store::ModuleRecord;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::dataset::{CLASSES, Samples};
use crate::network::Network;
use crate::network::softmax::{argmax, loss_at};

/// The results of one epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// Mean training loss over the epoch, with dropout.
    pub loss: f64,
    /// Share of the test set that is classified correctly, in [0, 1].
    pub test_accuracy: f64,
    /// Mean over the test set of Σ|z|, which grows with the temperature of the training.
    pub logit_norm: f64,
    /// The step size.
    pub learning_rate: f64,
}

/// The weights are no longer finite numbers, so that the training cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The loss of epoch {epoch} is not a finite number. Train with a smaller learning rate.")]
pub struct Diverged {
    /// The epoch, counted from 1.
    pub epoch: usize,
}

/// The state of a [`Trainer`] after a whole epoch, ready to be stored.
pub struct TrainerRecord {
    /// The weights.
    pub network: ModuleRecord,
    /// The optimizer's momentum.
    pub optimizer: OptimizerRecord,
}

/// A network in training.
pub struct Trainer {
    recipe: Recipe,
    network: Network,
    optimizer: ModuleOptimizer,
    epochs: usize,
    device: Device,
}

impl Trainer {
    /// A network with fresh random weights, on an autodiff device made of `device`.
    pub fn new(recipe: Recipe, device: &Device) -> Self {
        let device = device.clone().autodiff();
        device.seed(recipe.seed);
        let network = Network::new(recipe.dataset, &device);
        let optimizer = recipe.optimizer(0);
        Self { recipe, network, optimizer, epochs: 0, device }
    }

    /// Continues a run of the same recipe from its state after `epochs` epochs.
    pub fn resume(recipe: Recipe, record: TrainerRecord, epochs: usize, device: &Device) -> Self {
        let Self { recipe, network, optimizer, device, .. } = Self::new(recipe, device);
        let network = network.load_record(record.network);
        let optimizer = optimizer.load_record(record.optimizer);
        Self { recipe, network, optimizer, epochs, device }
    }

    /// The state now, for [`Trainer::resume`].
    pub fn record(&self) -> TrainerRecord {
        TrainerRecord {
            network: self.network.clone().into_record(),
            optimizer: self.optimizer.to_record(),
        }
    }

    /// The settings of this run.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The number of epochs so far.
    pub fn epochs(&self) -> usize {
        self.epochs
    }

    /// A copy of the network as it is now, without autodiff and dropout.
    pub fn network(&self) -> Network {
        self.network.valid()
    }

    /// Updates the network once, from the images with the given indices, and returns their mean
    /// loss, `[1]`. It is still on the device: reading it waits for the update.
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

    /// Trains on the whole training set once, then measures the network on the test set.
    ///
    /// `on_batch(images, loss)` is called after each batch with the number of images so far. The
    /// loss is read from the device, and so given, every 20th time only, because reading it waits
    /// for the update.
    ///
    /// # Errors
    /// The loss or the logits are no longer finite. The trainer is not to be used after that.
    pub fn epoch(
        &mut self,
        training: &TrainingSet,
        test: &Samples,
        mut on_batch: impl FnMut(usize, Option<f64>),
    ) -> Result<Epoch, Diverged> {
        const REPORT_EVERY: usize = 20;
        let epoch = self.epochs;
        let learning_rate = self.recipe.learning_rate * self.recipe.decayed(epoch);
        self.optimizer = self.recipe.optimizer(epoch).load_record(self.optimizer.to_record());
        let order = shuffled(training.len, self.recipe.seed, epoch);
        self.device.seed(epoch_seed(self.recipe.seed, epoch));
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
        self.epochs += 1;
        let epoch = self.epochs;
        if !loss.is_finite() || !quality.logit_norm.is_finite() {
            return Err(Diverged { epoch });
        }
        let Quality { accuracy: test_accuracy, logit_norm } = quality;
        Ok(Epoch { epoch, loss, test_accuracy, logit_norm, learning_rate })
    }
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
        let images = TensorData::new(pixels, [len, features]);
        let labels = TensorData::new(labels.rows().to_vec(), [len, CLASSES]);
        Self {
            images: Tensor::from_data(images, &device),
            labels: Tensor::from_data(labels, &device),
            shape: samples.dataset.spec().shape,
            len,
        }
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no images.
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

/// How well a network does on a test set.
#[derive(Clone, Copy, Debug)]
pub struct Quality {
    /// Share of the images that is classified correctly, in [0, 1].
    pub accuracy: f64,
    /// Mean of Σ|z| over the images.
    pub logit_norm: f64,
}

/// Classifies every sample with a plain (not autodiff) network on `device`.
pub fn measure(network: &Network, samples: &Samples, device: &Device) -> Quality {
    let (mut correct, mut norm) = (0, 0.0);
    for_each_batch(network, samples, device, |logits, labels| {
        for (logits, &label) in logits.iter().zip(labels) {
            correct += usize::from(argmax(logits) == usize::from(label));
            norm += logits.iter().map(|z| f64::from(z.abs())).sum::<f64>();
        }
    });
    let count = samples.len() as f64;
    Quality { accuracy: correct as f64 / count, logit_norm: norm / count }
}

/// Runs the network on every sample, and calls `use_logits` with the logits and the true labels of
/// each batch.
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
        let images = Tensor::<4>::from_data(TensorData::new(images, shape), device);
        let logits: Vec<f32> = network.forward(images).into_data().iter::<f32>().collect();
        use_logits(logits.as_chunks::<CLASSES>().0, &samples.labels[start..end]);
    }
}

/// The order of the images in an epoch.
fn shuffled(len: usize, seed: u64, epoch: usize) -> Vec<usize> {
    let mut order: Vec<_> = (0..len).collect();
    order.shuffle(&mut rand_chacha::ChaCha8Rng::seed_from_u64(epoch_seed(seed, epoch)));
    order
}

/// The seed of an epoch, counted from 0, of a run with a seed.
fn epoch_seed(seed: u64, epoch: usize) -> u64 {
    seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(epoch as u64 + 1)
}
