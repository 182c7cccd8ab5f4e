//! The training loop of the paper (Papernot et al. 2015, Tables I and II).
//!
//! A [`Trainer`] holds a network's weights and their last changes, and trains them one epoch at a time. It
//! reads no file and no clock: its state can be taken out and put back ([`Trainer::record`],
//! [`Trainer::resume`]), and the caller decides where to keep it. The command line keeps it in a
//! checkpoint (`checkpoint::Run`, feature `cli`).
//!
//! The weights depend on the recipe, the images and the labels alone: every sum has a stated order
//! (`gradients`), and every random number its own key (`random`). So a resumed run ends with the same bits
//! as an uninterrupted one, on any number of cores.

#[cfg(feature = "cli")]
pub mod atomic;
#[cfg(feature = "cli")]
pub mod checkpoint;
mod gradients;
mod labels;
mod random;
mod recipe;
mod weights;

pub use labels::Labels;
pub use recipe::Recipe;

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::dataset::{CLASSES, Dataset, Samples};
use crate::network::Network;
use crate::network::parameters::Parameters;
use crate::network::softmax::argmax;
use gradients::{Batch, Example, SHARD, Shard};
use random::{Stream, Use};
use weights::{Numbers, Weights, initial};

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
#[derive(Clone, Debug, PartialEq)]
pub struct TrainerRecord {
    /// The weights.
    pub parameters: Parameters,
    /// The last change of each weight, divided by the step size.
    pub velocity: Parameters,
}

/// A network in training, on the CPU.
pub struct Trainer {
    recipe: Recipe,
    weights: Weights,
    velocity: Numbers,
    epochs: usize,
    shards: Vec<Shard>,
}

impl Trainer {
    /// A network with fresh random weights.
    pub fn new(recipe: Recipe) -> Self {
        let parameters = initial(recipe.dataset, recipe.seed);
        let velocity = Numbers::zeros(recipe.dataset).to_parameters(recipe.dataset);
        Self::resume(recipe, &TrainerRecord { parameters, velocity }, 0)
    }

    /// Continues a run of the same recipe from its state after `epochs` epochs.
    pub fn resume(recipe: Recipe, record: &TrainerRecord, epochs: usize) -> Self {
        let weights = Weights::new(Numbers::from_parameters(&record.parameters));
        let velocity = Numbers::from_parameters(&record.velocity);
        let shards = recipe.batch.div_ceil(SHARD);
        let shards = (0..shards).map(|_| Shard::new(recipe.dataset)).collect();
        Self { recipe, weights, velocity, epochs, shards }
    }

    /// The state now, for [`Trainer::resume`].
    pub fn record(&self) -> TrainerRecord {
        let velocity = self.velocity.to_parameters(self.recipe.dataset);
        TrainerRecord { parameters: self.parameters(), velocity }
    }

    /// The settings of this run.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The number of epochs so far.
    pub fn epochs(&self) -> usize {
        self.epochs
    }

    /// The weights as they are now.
    pub fn parameters(&self) -> Parameters {
        self.weights.numbers.to_parameters(self.recipe.dataset)
    }

    /// Updates the weights once, from the images with the given indices, and returns their mean loss.
    ///
    /// Stochastic gradient descent with momentum μ: v ← μ · v + g, w ← w − η · v.
    ///
    /// # Panics
    /// If there are no images, or more than the recipe's batch.
    pub fn batch(&mut self, training: &TrainingSet<'_>, indices: &[usize], rates: Rates) -> f64 {
        assert!((1..=self.recipe.batch).contains(&indices.len()));
        let Recipe { temperature, seed, .. } = self.recipe;
        let batch = Batch { temperature, images: indices.len(), seed, epoch: self.epochs };
        let weights = &self.weights;
        let used = indices.len().div_ceil(SHARD);
        let shards = &mut self.shards[..used];
        for_each(shards, |place, shard| {
            let indices = &indices[place * SHARD..indices.len().min((place + 1) * SHARD)];
            let images: Vec<_> = indices.iter().map(|&index| training.image(index)).collect();
            let examples = images.iter().zip(indices).map(|(image, &index)| Example {
                image,
                labels: training.labels(index),
                index,
            });
            shard.compute(weights, &examples.collect::<Vec<_>>(), batch);
        });
        let shards = &self.shards[..used];
        let layers = self.weights.numbers.layers.iter_mut().zip(&mut self.velocity.layers);
        for (layer, (weights, velocity)) in layers.enumerate() {
            let gradients: Vec<_> =
                shards.iter().map(|shard| shard.sums.layers[layer].weight.as_slice()).collect();
            update(&mut weights.weight, &mut velocity.weight, &gradients, rates);
            let gradients: Vec<_> =
                shards.iter().map(|shard| shard.sums.layers[layer].bias.as_slice()).collect();
            update(&mut weights.bias, &mut velocity.bias, &gradients, rates);
        }
        self.weights.lay_out();
        shards.iter().map(|shard| shard.loss).sum::<f64>() / indices.len() as f64
    }

    /// Trains on the whole training set once, then measures the network on the test set.
    ///
    /// `on_batch(images, loss)` is called after each batch with the number of images so far.
    ///
    /// # Errors
    /// The loss or the logits are no longer finite. The trainer is not to be used after that.
    pub fn epoch(
        &mut self,
        training: &TrainingSet<'_>,
        test: &Samples,
        mut on_batch: impl FnMut(usize, f64),
    ) -> Result<Epoch, Diverged> {
        let rates = self.recipe.rates(self.epochs);
        let epoch = self.epochs as u64;
        let order = Stream::new(self.recipe.seed, Use::Order, &[epoch]).shuffled(training.len());
        let (mut total, mut done) = (0.0, 0);
        for indices in order.chunks(self.recipe.batch) {
            let loss = self.batch(training, indices, rates);
            total += loss * indices.len() as f64;
            done += indices.len();
            on_batch(done, loss);
        }
        let device = Device::flex();
        let quality = measure(&Network::new(&self.parameters(), &device), test, &device);
        let loss = total / training.len() as f64;
        self.epochs += 1;
        let epoch = self.epochs;
        if !loss.is_finite() || !quality.logit_norm.is_finite() {
            return Err(Diverged { epoch });
        }
        let Quality { accuracy: test_accuracy, logit_norm } = quality;
        let learning_rate = self.recipe.learning_rate * self.recipe.decayed(epoch - 1);
        Ok(Epoch { epoch, loss, test_accuracy, logit_norm, learning_rate })
    }
}

/// The step size η and the momentum μ of an update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// η, above 0.
    pub learning_rate: f32,
    /// μ, in [0, 1).
    pub momentum: f32,
}

/// Adds the shards' gradients, in order, and updates velocity and weights.
fn update(weights: &mut [f32], velocity: &mut [f32], shards: &[&[f32]], rates: Rates) {
    let Rates { learning_rate, momentum } = rates;
    for (at, (weight, velocity)) in weights.iter_mut().zip(velocity).enumerate() {
        let gradient = shards[1..].iter().fold(shards[0][at], |sum, shard| sum + shard[at]);
        *velocity = momentum * *velocity + gradient;
        *weight -= learning_rate * *velocity;
    }
}

/// Calls `work` for each shard, with its place in the batch. With the feature `parallel` on all cores.
fn for_each(shards: &mut [Shard], work: impl Fn(usize, &mut Shard) + Sync) {
    #[cfg(feature = "parallel")]
    {
        use rayon::prelude::*;
        shards.par_iter_mut().enumerate().for_each(|(place, shard)| work(place, shard));
    }
    #[cfg(not(feature = "parallel"))]
    shards.iter_mut().enumerate().for_each(|(place, shard)| work(place, shard));
}

/// The training images and their labels.
pub struct TrainingSet<'a> {
    samples: &'a Samples,
    labels: &'a Labels,
}

impl<'a> TrainingSet<'a> {
    /// # Panics
    /// If there are not as many labels as samples.
    pub fn new(samples: &'a Samples, labels: &'a Labels) -> Self {
        assert_eq!(labels.rows().len(), samples.len() * CLASSES);
        Self { samples, labels }
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// An image as the first layer takes it: `[height, width, channels]`, normalised.
    fn image(&self, index: usize) -> Vec<f32> {
        let dataset = self.samples.dataset;
        let spec = dataset.spec();
        let [channels, height, width] = spec.shape;
        let pixels = height * width;
        let bytes = self.samples.bytes(index);
        let feature = |at: usize| {
            let (pixel, channel) = (at / channels, at % channels);
            let value = f32::from(bytes[channel * pixels + pixel]) / 255.0;
            match dataset {
                Dataset::Mnist => value,
                Dataset::Cifar10 => (value - spec.mean[channel]) / spec.std[channel],
            }
        };
        (0..bytes.len()).map(feature).collect()
    }

    fn labels(&self, index: usize) -> &[f32] {
        &self.labels.rows()[index * CLASSES..][..CLASSES]
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

/// Classifies every sample with a network on `device`.
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
