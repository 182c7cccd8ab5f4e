//! The gradient of the loss by the weights, for the images of one shard of a batch.
//!
//! A shard is [`SHARD`] successive images of a batch. Its sums begin at +0 and are made in one order: image
//! after image, and in each image row after row and pixel after pixel. The sums of the shards are then added
//! in order. So the gradient does not depend on who computes which shard. The layers are those of the
//! attacks (`network::layers::cpu`), whose bits are the same on every processor.

use super::random::{Stream, Use};
use super::weights::{Numbers, Weights};
use crate::dataset::{CLASSES, Dataset};
use crate::network::layers::cpu::conv::{self, ByChannel, Conv, for_each_entry};
use crate::network::layers::cpu::dense;
use crate::network::layers::cpu::nonzeros::Nonzeros;
use crate::network::layers::cpu::pool;
use crate::network::softmax::softmax_row;

/// Images of a shard.
pub const SHARD: usize = 16;

/// An image of a batch, its labels, and what its dropout depends on.
pub struct Example<'a> {
    /// The image as the first layer takes it: `[height, width, channels]`, normalised.
    pub image: &'a [f32],
    /// Ten probabilities.
    pub labels: &'a [f32],
    /// The image's place in the training set.
    pub index: usize,
}

/// What the loss and the dropout of a batch depend on.
#[derive(Clone, Copy)]
pub struct Batch {
    /// T of softmax(z / T).
    pub temperature: f32,
    /// Images in the batch, by which the loss is divided.
    pub images: usize,
    pub seed: u64,
    /// The epoch, counted from 0.
    pub epoch: usize,
}

/// Room for the gradients of a shard, and the gradients.
pub struct Shard {
    convs: [Conv; 4],
    /// The outputs of the convolutions, and of the pools behind the second and the fourth.
    conv: [Vec<f32>; 4],
    pooled: [Vec<f32>; 2],
    /// For each image, the inputs of the dense layers, and the gradients by their outputs.
    inputs: [Vec<f32>; 3],
    gradients: [Vec<f32>; 3],
    /// The gradient that is passed back, and the one before it.
    back: Vec<f32>,
    next: Vec<f32>,
    nonzeros: Nonzeros,
    by_channel: ByChannel,
    patches: Vec<f32>,
    /// The gradient of the shard's loss by the weights.
    pub sums: Numbers,
    /// The sum of the images' losses.
    pub loss: f64,
}

impl Shard {
    /// Room for a data set's network.
    pub fn new(dataset: Dataset) -> Self {
        let sums = Numbers::zeros(dataset);
        let [_, mut height, mut width] = dataset.spec().shape;
        let mut index = 0;
        let convs = [(); 4].map(|()| {
            let size = sums.sizes[index];
            let conv = Conv { height, width, inputs: size.inputs, outputs: size.outputs };
            (height, width) = match index {
                1 => ((height - 2) / 2, (width - 2) / 2),
                _ => (height - 2, width - 2),
            };
            index += 1;
            conv
        });
        Self {
            convs,
            conv: convs.map(|conv| vec![0.0; conv.output()]),
            pooled: [convs[1], convs[3]].map(|conv| vec![0.0; conv.output() / 4]),
            inputs: Default::default(),
            gradients: Default::default(),
            back: Vec::new(),
            next: Vec::new(),
            nonzeros: Nonzeros::default(),
            by_channel: ByChannel::default(),
            patches: Vec::new(),
            sums,
            loss: 0.0,
        }
    }

    /// Computes the gradient of the images' loss, divided by the batch's images.
    pub fn compute(&mut self, weights: &Weights, examples: &[Example<'_>], batch: Batch) {
        self.sums.clear();
        self.loss = 0.0;
        for (inputs, size) in self.inputs.iter_mut().zip(&self.sums.sizes[4..]) {
            inputs.resize(examples.len() * size.inputs, 0.0);
        }
        for (gradients, size) in self.gradients.iter_mut().zip(&self.sums.sizes[4..]) {
            gradients.resize(examples.len() * size.outputs, 0.0);
        }
        for (place, example) in examples.iter().enumerate() {
            let logits = self.forward(weights, example, place, batch);
            self.loss += loss(&logits, example.labels, batch.temperature);
            self.backward(weights, example, place, batch, &logits);
        }
        for (layer, (inputs, gradients)) in self.inputs.iter().zip(&self.gradients).enumerate() {
            let sums = &mut self.sums.layers[4 + layer];
            dense::weight_gradient(inputs, gradients, examples.len(), &mut sums.weight);
            for gradient in gradients.chunks_exact(sums.bias.len()) {
                sums.bias.iter_mut().zip(gradient).for_each(|(sum, number)| *sum += number);
            }
        }
    }

    /// Keeps the outputs of all layers, and returns the logits.
    fn forward(
        &mut self,
        weights: &Weights,
        example: &Example<'_>,
        place: usize,
        batch: Batch,
    ) -> [f32; CLASSES] {
        let Self { convs, conv: outputs, pooled, inputs, nonzeros, .. } = self;
        let layers = &weights.numbers.layers;
        for (index, &conv) in convs.iter().enumerate() {
            let (before, y) = outputs.split_at_mut(index);
            let x = match index {
                0 => example.image,
                2 => &pooled[0],
                _ => &before[index - 1],
            };
            nonzeros.collect(x, conv.width, conv.inputs);
            conv::forward(conv, nonzeros, &weights.kernels[index], &layers[index].bias, &mut y[0]);
            if index % 2 == 1 {
                pool::forward(&y[0], &mut pooled[index / 2], (conv.width - 2) / 2, conv.outputs);
            }
        }
        let mut x = pooled[1].clone();
        for (index, inputs) in inputs.iter_mut().enumerate() {
            inputs[place * x.len()..][..x.len()].copy_from_slice(&x);
            nonzeros.collect(&x, 1, x.len());
            let (layer, is_hidden) = (&layers[4 + index], index < 2);
            let mut y = layer.bias.clone();
            dense::product(nonzeros, &layer.weight, is_hidden, &mut y);
            if is_hidden {
                drop_out(&mut y, batch, example.index, index);
            }
            x = y;
        }
        let mut logits = [0.0; CLASSES];
        logits.copy_from_slice(&x);
        logits
    }

    fn backward(
        &mut self,
        weights: &Weights,
        example: &Example<'_>,
        place: usize,
        batch: Batch,
        logits: &[f32; CLASSES],
    ) {
        let Self { convs, conv: outputs, pooled, inputs, gradients, nonzeros, .. } = self;
        let Self { back, next, by_channel, patches, sums, .. } = self;
        let probabilities = softmax_row(logits, batch.temperature);
        let scale = batch.temperature * batch.images as f32;
        back.clear();
        back.extend(probabilities.iter().zip(example.labels).map(|(p, label)| (p - label) / scale));
        for index in (0..3).rev() {
            gradients[index][place * back.len()..][..back.len()].copy_from_slice(back);
            nonzeros.collect(back, 1, back.len());
            next.clear();
            next.resize(sums.sizes[4 + index].inputs, 0.0);
            dense::product(nonzeros, &weights.backward[4 + index], false, next);
            if index > 0 {
                // The input is above zero where the unit was kept and its ReLU's mask is 1.
                let inputs = &inputs[index][place * next.len()..][..next.len()];
                for (gradient, &input) in next.iter_mut().zip(inputs) {
                    *gradient = if input > 0.0 { 2.0 * *gradient } else { 0.0 };
                }
            }
            std::mem::swap(back, next);
        }
        for (index, &conv) in convs.iter().enumerate().rev() {
            let y = &outputs[index];
            match index % 2 {
                1 => nonzeros.collect_pooled(back, y, (conv.width - 2) / 2, conv.outputs),
                _ => nonzeros.collect_masked(back, y, conv.width - 2, conv.outputs),
            }
            let x = match index {
                0 => example.image,
                2 => &pooled[0],
                _ => &outputs[index - 1],
            };
            let sums = &mut sums.layers[index];
            for_each_entry(nonzeros, |_, channel, gradient| sums.bias[channel] += gradient);
            by_channel.sort(nonzeros, if conv.is_thin() { conv.width - 2 } else { conv.width });
            conv::weight_gradient(conv, x, by_channel, patches, &mut sums.weight);
            if index > 0 {
                next.resize(conv.input(), 0.0);
                conv::input_gradient(conv, nonzeros, &weights.backward[index], next);
                std::mem::swap(back, next);
            }
        }
    }
}

/// The cross-entropy of softmax(z / T) and the labels, in 64 bits. It is reported only.
fn loss(logits: &[f32; CLASSES], labels: &[f32], temperature: f32) -> f64 {
    let logits = logits.map(|logit| f64::from(logit) / f64::from(temperature));
    let highest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|logit| libm::exp(logit - highest)).sum();
    let log_sum = highest + libm::log(sum);
    labels.iter().zip(logits).map(|(&label, logit)| f64::from(label) * (log_sum - logit)).sum()
}

/// Dropout at 0.5 behind a dense layer: keeps each unit whose bit is 1, doubled, and sets the others to
/// zero.
fn drop_out(units: &mut [f32], batch: Batch, index: usize, layer: usize) {
    let words = [batch.epoch as u64, index as u64, layer as u64];
    let mut random = Stream::new(batch.seed, Use::Dropout, &words);
    for units in units.chunks_mut(64) {
        let mut bits = random.bits();
        for unit in units {
            *unit = if bits & 1 == 1 { 2.0 * *unit } else { 0.0 };
            bits >>= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::parameters::{Parameters, Size};
    use crate::train::weights::initial;

    const BATCH: Batch = Batch { temperature: 3.0, images: 5, seed: 4, epoch: 2 };

    /// Images, labels and indices of two examples.
    fn examples() -> [(Vec<f32>, [f32; CLASSES], usize); 2] {
        let pixel = |seed: usize, at: usize| ((at * 37 + seed * 101) % 97) as f32 / 96.0;
        [1, 2].map(|seed| {
            let image = (0..784).map(|at| (2.0 * pixel(seed, at) - 1.0).max(0.0)).collect();
            let labels =
                std::array::from_fn(|class| (class + seed) as f32 / (45 + 10 * seed) as f32);
            (image, labels, 1000 * seed)
        })
    }

    /// Random weights and biases.
    fn parameters() -> Parameters {
        let mut parameters = initial(Dataset::Mnist, 1);
        let mut random = Stream::new(2, Use::Weights, &[]);
        for layer in &mut parameters.layers {
            layer.bias.iter_mut().for_each(|bias| *bias = 0.2 * random.unit() - 0.1);
        }
        parameters
    }

    /// A layer in 64 bits, as in the model file: its weights and its biases.
    #[derive(Clone)]
    struct Layer64 {
        size: Size,
        numbers: [Vec<f64>; 2],
    }

    fn in_64_bits(parameters: &Parameters) -> Vec<Layer64> {
        let numbers = |numbers: &[f32]| numbers.iter().copied().map(f64::from).collect();
        let layers = parameters.layers.iter();
        layers
            .map(|layer| Layer64 {
                size: layer.size,
                numbers: [numbers(&layer.weight), numbers(&layer.bias)],
            })
            .collect()
    }

    /// A 3×3 convolution and its ReLU, from `[side, side, in]`.
    fn convolution(x: &[f64], side: usize, layer: &Layer64) -> Vec<f64> {
        let Layer64 { size, numbers: [weight, bias] } = layer;
        let mut y = Vec::new();
        for (row, column) in (0..side - 2).flat_map(|row| (0..side - 2).map(move |c| (row, c))) {
            for (output, bias) in bias.iter().enumerate() {
                let mut sum = *bias;
                for (k, p) in (0..3).flat_map(|k| (0..3).map(move |p| (k, p))) {
                    let pixel = &x[((row + k) * side + column + p) * size.inputs..][..size.inputs];
                    for (input, x) in pixel.iter().enumerate() {
                        let at = (output * size.inputs + input) * 9 + 3 * k + p;
                        sum += x * weight[at];
                    }
                }
                y.push(sum.max(0.0));
            }
        }
        y
    }

    fn max_pool(x: &[f64], side: usize, channels: usize) -> Vec<f64> {
        let at = |row: usize, column: usize, channel| x[(row * side + column) * channels + channel];
        let half = 0..side / 2;
        let pixels = half.clone().flat_map(|row| half.clone().map(move |column| (row, column)));
        pixels
            .flat_map(|(row, column)| {
                (0..channels).map(move |channel| {
                    let [a, b] = [0, 1].map(|i| {
                        at(2 * row + i, 2 * column, channel).max(at(
                            2 * row + i,
                            2 * column + 1,
                            channel,
                        ))
                    });
                    a.max(b)
                })
            })
            .collect()
    }

    /// The loss, from the definitions.
    fn loss_in_64_bits(layers: &[Layer64]) -> f64 {
        let [conv1, conv2, conv3, conv4, dense @ ..] = layers else { panic!("seven layers") };
        let mut total = 0.0;
        for (image, labels, index) in examples() {
            let x: Vec<f64> = image.iter().copied().map(f64::from).collect();
            let x = convolution(&convolution(&x, 28, conv1), 26, conv2);
            let x = max_pool(&x, 24, 32);
            let x = convolution(&convolution(&x, 12, conv3), 10, conv4);
            let x = max_pool(&x, 8, 64);
            // The model file has the inputs of the first dense layer channel after channel.
            let mut x: Vec<f64> = (0..1024).map(|at| x[at % 16 * 64 + at / 16]).collect();
            for (place, Layer64 { size, numbers: [weight, bias] }) in dense.iter().enumerate() {
                let rows = weight.chunks_exact(size.inputs).zip(bias);
                let mut y: Vec<f64> = rows
                    .map(|(row, &bias)| {
                        let products = row.iter().zip(&x).map(|(w, x)| w * x);
                        bias + products.sum::<f64>()
                    })
                    .collect();
                if place < 2 {
                    let mut kept = vec![1.0; y.len()];
                    drop_out(&mut kept, BATCH, index, place);
                    y.iter_mut().zip(kept).for_each(|(y, kept)| *y = y.max(0.0) * f64::from(kept));
                }
                x = y;
            }
            let scaled = x.iter().map(|z| z / f64::from(BATCH.temperature));
            let log_sum = scaled.clone().map(f64::exp).sum::<f64>().ln();
            total +=
                labels.iter().zip(scaled).map(|(&q, z)| f64::from(q) * (log_sum - z)).sum::<f64>();
        }
        total / BATCH.images as f64
    }

    /// The slope of the loss along random directions in each layer's weights and biases.
    #[test]
    fn gradients_agree_with_finite_differences_in_64_bits() {
        const STEP: f64 = 1e-7;
        let parameters = parameters();
        let mut shard = Shard::new(Dataset::Mnist);
        let examples = examples();
        let examples: Vec<_> = examples
            .iter()
            .map(|(image, labels, index)| Example { image, labels, index: *index })
            .collect();
        let weights = Weights::new(Numbers::from_parameters(&parameters));
        shard.compute(&weights, &examples, BATCH);
        let layers = in_64_bits(&parameters);
        let reported = shard.loss / BATCH.images as f64;
        assert!((reported - loss_in_64_bits(&layers)).abs() < 1e-5);
        let gradient = in_64_bits(&shard.sums.to_parameters(Dataset::Mnist));
        for (place, gradient) in gradient.iter().enumerate() {
            for (part, gradient) in gradient.numbers.iter().enumerate() {
                let mut random = Stream::new(9, Use::Order, &[place as u64, part as u64]);
                // Along the gradient's signs the terms of the slope do not cancel.
                let along = gradient.iter().map(|g| f64::from(random.unit()) * g.signum());
                let along: Vec<f64> = along.collect();
                let [up, down] = [STEP, -STEP].map(|step| {
                    let mut layers = layers.clone();
                    let numbers = layers[place].numbers[part].iter_mut().zip(&along);
                    numbers.for_each(|(number, along)| *number += step * along);
                    loss_in_64_bits(&layers)
                });
                let found = (up - down) / (2.0 * STEP);
                let expected: f64 = gradient.iter().zip(&along).map(|(g, along)| g * along).sum();
                assert!(
                    (found - expected).abs() <= 1e-4 * expected,
                    "layer {place}, part {part}: {found} instead of {expected}"
                );
            }
        }
    }

    /// The room is used again for other images.
    #[test]
    fn a_shard_depends_on_its_images_alone() {
        let weights = Weights::new(Numbers::from_parameters(&parameters()));
        let examples = examples();
        let examples = examples.each_ref().map(|(image, labels, index)| Example {
            image,
            labels,
            index: *index,
        });
        let mut used = Shard::new(Dataset::Mnist);
        used.compute(&weights, &examples, Batch { epoch: 7, ..BATCH });
        used.compute(&weights, &examples[1..], BATCH);
        let mut fresh = Shard::new(Dataset::Mnist);
        fresh.compute(&weights, &examples[1..], BATCH);
        assert!(used.sums == fresh.sums && used.loss == fresh.loss);
    }
}
