//! The parts of a step that the benches time, natively and in the browser, and the multiply-adds of a step.
//!
//! The engine skips products with zero and keeps what the last change does not reach, so its speed depends
//! on the numbers that it meets. The parts are therefore given the inputs and gradients of a real attack.

use std::hint::black_box;

use burn::tensor::{Device, Tensor, TensorData};
use defensive_distillation::attack::saliency::{Direction, best_pair};
use defensive_distillation::attack::{Attack, Goal, Gradient, Step};
use defensive_distillation::dataset::{CLASSES, Dataset};
use defensive_distillation::network::Network;
use defensive_distillation::network::layers::{Conv, Dense, max_pool};
use defensive_distillation::network::parameters::{Layer, Parameters, Size};
use serde_json::{Value, json};

/// The steps after the first of each attack that are timed, and whose multiply-adds are counted.
pub const STEPS: usize = 8;
/// The step, from 0, whose parts are timed.
const MIDDLE: usize = 4;
/// The convolutions before a max-pool.
const POOLED: [bool; 4] = [false, true, false, true];

/// Multiply-adds for each image of a step with `rows` backward rows if nothing is skipped. Each row takes
/// as many as the forward pass.
pub fn multiply_adds(dataset: Dataset, rows: usize) -> usize {
    let sizes = Size::of(dataset);
    let sides = sides(dataset);
    let convs = sizes.iter().zip(sides).map(|(size, side)| (side - 2).pow(2) * size.weights());
    let dense = sizes[sides.len()..].iter().map(|size| size.weights());
    (convs.sum::<usize>() + dense.sum::<usize>()) * (1 + rows)
}

/// Height and width of the inputs of the four convolutions.
fn sides(dataset: Dataset) -> [usize; 4] {
    let [_, side, _] = dataset.spec().shape;
    let pooled = (side - 4) / 2;
    [side, side - 2, pooled, pooled - 2]
}

/// The layers of a network.
struct Layers {
    convs: [Conv; 4],
    dense: [Dense; 3],
}

/// What each layer of a forward pass met.
struct Forward {
    /// The inputs and outputs of the convolutions.
    convs: Vec<(Tensor<4>, Tensor<4>)>,
    /// The inputs of the dense layers. The first is the output of the second pool.
    dense: Vec<Tensor<2>>,
}

/// What each layer of a backward pass met: the gradient by its output, or by that of the pool behind it.
struct Backward {
    convs: Vec<Tensor<4>>,
    dense: Vec<Tensor<2>>,
    /// The gradient by the input of the first convolution.
    input: Tensor<4>,
}

impl Layers {
    fn new(parameters: &Parameters, device: &Device) -> Self {
        let [conv1, conv2, conv3, conv4, _, fc2, fc3] = &parameters.layers;
        let fc1 = parameters.first_dense_by_pixels();
        Self {
            convs: [conv1, conv2, conv3, conv4].map(|layer| Conv::new(layer, device)),
            dense: [&fc1, fc2, fc3].map(|layer| Dense::new(layer, device)),
        }
    }

    /// `images` are `[batch, height, width, channels]`, normalised.
    fn forward(&self, images: Tensor<4>) -> Forward {
        let (mut convs, mut x) = (Vec::new(), images);
        for (layer, is_pooled) in self.convs.iter().zip(POOLED) {
            let y = layer.forward(x.clone());
            convs.push((x, y.clone()));
            x = if is_pooled { max_pool(y) } else { y };
        }
        let [fc1, fc2, _] = &self.dense;
        let mut dense = vec![x.flatten::<2>(1, 3)];
        for layer in [fc1, fc2] {
            dense.push(layer.forward_relu(dense[dense.len() - 1].clone()));
        }
        Forward { convs, dense }
    }

    fn backward(&self, forward: &Forward, cotangents: Tensor<2>) -> Backward {
        let [fc1, fc2, fc3] = &self.dense;
        let by_fc2 = fc3.backward(cotangents.clone());
        let by_fc1 = fc2.backward_relu(&forward.dense[2], by_fc2.clone());
        let by_pool = fc1.backward_relu(&forward.dense[1], by_fc1.clone());
        let [_, height, width, channels] = forward.convs[3].1.dims().map(|size| size as i32);
        let mut gradient = by_pool.reshape([-1, height / 2, width / 2, channels]);
        let mut convs = Vec::new();
        for ((layer, is_pooled), (_, y)) in self.convs.iter().zip(POOLED).zip(&forward.convs).rev()
        {
            convs.insert(0, gradient.clone());
            gradient = match is_pooled {
                true => layer.backward_from_pool(y, gradient),
                false => layer.backward(y, gradient),
            };
        }
        Backward { convs, dense: vec![by_fc1, by_fc2, cotangents], input: gradient }
    }
}

/// A batch of attacks: the layers' inputs, outputs and gradients in the middle of it.
struct Batch {
    images: Tensor<4>,
    before: Forward,
    forward: Forward,
    backward: Backward,
    /// The gradient of each run, and the features that it may still change.
    choices: Vec<(Gradient, Vec<usize>)>,
}

/// Attacks in batches, and the parts of their steps.
pub struct Pieces {
    network: Network,
    layers: Layers,
    attack: Attack,
    goals: Vec<Goal>,
    batches: Vec<Batch>,
    /// The steps of each batch, from the first.
    steps: Vec<Vec<Vec<Step>>>,
}

impl Pieces {
    /// The parts: a whole forward pass; the convolutions forward, after the step before, and backward; the
    /// dense layers; and the choice of a pair.
    pub const NAMES: [&str; 5] =
        ["forward", "convolutions", "convolutions backward", "dense", "choice"];

    /// Attacks `images` in batches of `batch`.
    ///
    /// # Errors
    /// [`Attack::start`] refuses the images or goals, or the layers do not give the gradients of the steps.
    pub fn new(
        parameters: &Parameters,
        attack: Attack,
        images: &[f32],
        goals: Vec<Goal>,
        batch: usize,
    ) -> Result<Self, String> {
        let device = Device::flex();
        let network = Network::new(parameters, &device);
        let layers = Layers::new(parameters, &device);
        let features = parameters.dataset.spec().features();
        let mut pieces =
            Self { network, layers, attack, goals, batches: Vec::new(), steps: Vec::new() };
        for (at, images) in images.chunks(batch * features).enumerate() {
            let goals = &pieces.goals[at * batch..][..images.len() / features];
            let steps = attack_steps(attack, &pieces.network, images, goals)?;
            if let Some(middle) = pieces.batch(goals, &steps)? {
                pieces.batches.push(middle);
            }
            pieces.steps.push(steps);
        }
        Ok(pieces)
    }

    /// The middle of a batch's attack; `None` if it ends before.
    fn batch(&self, goals: &[Goal], steps: &[Vec<Step>]) -> Result<Option<Batch>, String> {
        let middle = steps.get(MIDDLE).into_iter().flatten();
        let middle: Vec<_> = middle.filter(|step| step.gradient.is_some()).collect();
        if middle.is_empty() {
            return Ok(None);
        }
        let before = image_before(&steps[MIDDLE - 1], &middle);
        let before = self.layers.forward(self.normalised(&before));
        let forward = self.layers.forward(self.normalised(&images(&middle)));
        let backward = self.layers.backward(&forward, self.cotangents(goals, &middle));
        self.check(&middle, &backward.input)?;

        let choices = middle.iter().filter_map(|step| {
            let domain = (0..step.image.len()).filter(|&i| step.image[i] < 1.0).collect();
            Some((step.gradient.clone()?, domain))
        });
        let choices: Vec<_> = choices.collect();
        let [channels, height, width] = self.network.dataset().spec().shape;
        let shape = [middle.len(), channels, height, width];
        let pixels = images(&middle).concat();
        let images = Tensor::from_data(TensorData::new(pixels, shape), &Device::flex());
        Ok(Some(Batch { images, before, forward, backward, choices }))
    }

    /// `[batch, height, width, channels]`, as the first convolution receives them.
    fn normalised(&self, images: &[&[f32]]) -> Tensor<4> {
        let spec = self.network.dataset().spec();
        let [channels, height, width] = spec.shape;
        let area = height * width;
        let numbers = images.iter().flat_map(|image| {
            (0..image.len()).map(move |at| {
                let (channel, pixel) = (at % channels, at / channels);
                let number = image[channel * area + pixel];
                match channels {
                    1 => number,
                    _ => (number - spec.mean[channel]) / spec.std[channel],
                }
            })
        });
        let shape = [images.len(), height, width, channels];
        Tensor::from_data(TensorData::new(numbers.collect::<Vec<_>>(), shape), &Device::flex())
    }

    /// `[rows × steps, 10]`
    fn cotangents(&self, goals: &[Goal], steps: &[&Step]) -> Tensor<2> {
        let of = |step: &&Step| self.attack.cotangents(&step.logits, goals[step.run]);
        let cotangents: Vec<_> = steps.iter().map(of).collect();
        let rows = cotangents.first().map_or(0, Vec::len);
        let by_row = (0..rows).flat_map(|row| cotangents.iter().flat_map(move |of| of[row]));
        let data = TensorData::new(by_row.collect::<Vec<_>>(), [rows * steps.len(), CLASSES]);
        Tensor::from_data(data, &Device::flex())
    }

    /// Compares the gradients by the images with those of the steps.
    fn check(&self, steps: &[&Step], input: &Tensor<4>) -> Result<(), String> {
        let spec = self.network.dataset().spec();
        let ([channels, ..], features) = (spec.shape, spec.features());
        let found = numbers(input);
        for (step, row) in steps.iter().zip(found.chunks_exact(features)) {
            let Some(gradient) = &step.gradient else { continue };
            let is_same = gradient.target.iter().enumerate().all(|(at, &expected)| {
                let (channel, pixel) = (at / (features / channels), at % (features / channels));
                let std = if channels == 1 { 1.0 } else { spec.std[channel] };
                row[pixel * channels + channel] / std == expected
            });
            if !is_same {
                return Err("the layers do not give the gradient of the step".into());
            }
        }
        Ok(())
    }

    /// The images of the batches, without those whose attack ends before.
    pub fn images(&self) -> usize {
        self.batches.iter().map(|batch| batch.choices.len()).sum()
    }

    /// Runs one part, which is one of [`Pieces::NAMES`], for these images.
    ///
    /// # Panics
    /// If there is no such part.
    pub fn run(&self, name: &str) {
        for batch in &self.batches {
            match name {
                "forward" => {
                    black_box(self.network.forward(batch.images.clone()).into_data());
                }
                "convolutions" => self.convolutions(batch),
                "convolutions backward" => self.convolutions_backward(batch),
                "dense" => self.dense(batch),
                "choice" => choice(batch),
                _ => panic!("there is no part {name}; the parts are {:?}", Self::NAMES),
            }
        }
    }

    fn convolutions(&self, batch: &Batch) {
        let both = batch.forward.convs.iter().zip(&batch.before.convs);
        for (layer, ((x, _), (x_before, y_before))) in self.layers.convs.iter().zip(both) {
            black_box(layer.forward_after(x.clone(), Some((x_before, y_before))));
        }
    }

    fn convolutions_backward(&self, batch: &Batch) {
        let met = batch.forward.convs.iter().zip(&batch.backward.convs);
        for ((layer, is_pooled), ((_, y), gradient)) in
            self.layers.convs.iter().zip(POOLED).zip(met)
        {
            black_box(match is_pooled {
                true => layer.backward_from_pool(y, gradient.clone()),
                false => layer.backward(y, gradient.clone()),
            });
        }
    }

    fn dense(&self, batch: &Batch) {
        let [fc1, fc2, fc3] = &self.layers.dense;
        let ([x1, x2, x3], [g1, g2, g3]) = (&batch.forward.dense[..], &batch.backward.dense[..])
        else {
            return;
        };
        black_box(fc1.forward_relu(x1.clone()));
        black_box(fc2.forward_relu(x2.clone()));
        black_box(fc3.forward(x3.clone()));
        black_box(fc3.backward(g3.clone()));
        black_box(fc2.backward_relu(x3, g2.clone()));
        black_box(fc1.backward_relu(x2, g1.clone()));
    }

    /// Multiply-adds of a step after the first, the mean over all images and [`STEPS`] steps: `nonzero`,
    /// those that are not with a zero, and `changed`, those of them that are left if the forward pass
    /// computes anew only what the last change reaches.
    pub fn counts(&self) -> Value {
        // The sums exceed the 32 bits of a usize in wasm.
        let (mut nonzero, mut changed, mut count) = (0, 0, 0);
        let batch = self.goals.len().div_ceil(self.steps.len());
        for (steps, goals) in self.steps.iter().zip(self.goals.chunks(batch)) {
            for pair in steps.windows(2) {
                let now: Vec<_> = pair[1].iter().filter(|step| step.gradient.is_some()).collect();
                if now.is_empty() {
                    continue;
                }
                let before = self.layers.forward(self.normalised(&image_before(&pair[0], &now)));
                let forward = self.layers.forward(self.normalised(&images(&now)));
                let backward = self.layers.backward(&forward, self.cotangents(goals, &now));
                let (always, whole, reached) = self.count(&before, &forward, &backward);
                nonzero += (always + whole) as u64;
                changed += (always + reached) as u64;
                count += now.len();
            }
        }
        let mean = |sum: u64| (sum as f64 / count as f64).round();
        json!({ "nonzero": mean(nonzero), "changed": mean(changed) })
    }

    /// Multiply-adds of a batch that are not with a zero: of the backward pass and the dense layers, of all
    /// convolutions forward, and of those pixels of the convolutions that the last change reaches.
    fn count(
        &self,
        before: &Forward,
        forward: &Forward,
        backward: &Backward,
    ) -> (usize, usize, usize) {
        let dataset = self.network.dataset();
        let sizes = Size::of(dataset);
        let (mut always, mut whole, mut reached) = (0, 0, 0);
        for (place, side) in sides(dataset).into_iter().enumerate() {
            let Size { inputs, outputs, .. } = sizes[place];
            let (x, y) = &forward.convs[place];
            let image = side * side * inputs;
            let (x, x_before) = (numbers(x), numbers(&before.convs[place].0));
            for (x, before) in x.chunks_exact(image).zip(x_before.chunks_exact(image)) {
                let pixels = x.chunks_exact(inputs).zip(before.chunks_exact(inputs));
                let pixels: Vec<_> = pixels.map(|(x, before)| (nonzeros(x), x != before)).collect();
                for output in 0..(side - 2) * (side - 2) {
                    let (row, column) = (output / (side - 2), output % (side - 2));
                    let seen = (0..9).map(|k| pixels[(row + k / 3) * side + column + k % 3]);
                    let products = seen.clone().map(|(count, _)| count).sum::<usize>() * outputs;
                    whole += products;
                    reached += if seen.clone().any(|(_, changed)| changed) { products } else { 0 };
                }
            }
            // Behind a pool, a gradient passes where the maximum is above zero.
            let mask = match (POOLED[place], forward.convs.get(place + 1)) {
                (true, Some((pooled, _))) => numbers(pooled),
                (true, None) => numbers(&forward.dense[0]),
                (false, _) => numbers(y),
            };
            always += masked(&numbers(&backward.convs[place]), &mask) * 9 * inputs;
        }
        for (place, size) in sizes[4..].iter().enumerate() {
            always += nonzeros(&numbers(&forward.dense[place])) * size.outputs;
            let gradient = numbers(&backward.dense[place]);
            always += size.inputs
                * match forward.dense.get(place + 1) {
                    Some(y) => masked(&gradient, &numbers(y)),
                    None => nonzeros(&gradient),
                };
        }
        (always, whole, reached)
    }
}

/// The first step of a batch and the [`STEPS`] after it.
fn attack_steps(
    attack: Attack,
    network: &Network,
    images: &[f32],
    goals: &[Goal],
) -> Result<Vec<Vec<Step>>, String> {
    let mut runs = attack.start(network, images, goals).map_err(|error| error.to_string())?;
    let mut steps = Vec::new();
    while steps.len() <= STEPS && !runs.is_empty() {
        let step = pollster::block_on(runs.step(network, &Device::flex()));
        steps.push(step.map_err(|error| error.to_string())?);
    }
    Ok(steps)
}

fn images<'a>(steps: &[&'a Step]) -> Vec<&'a [f32]> {
    steps.iter().map(|step| step.image.as_slice()).collect()
}

/// The images of the same runs a step before.
fn image_before<'a>(before: &'a [Step], steps: &[&Step]) -> Vec<&'a [f32]> {
    let runs = steps.iter().filter_map(|step| before.iter().find(|each| each.run == step.run));
    runs.map(|step| step.image.as_slice()).collect()
}

fn choice(batch: &Batch) {
    for (gradient, domain) in &batch.choices {
        black_box(domain.iter().all(|&feature| gradient.is_zero(feature)));
        let others = gradient.others();
        black_box(best_pair(&gradient.target, &others, domain, Direction::Increase));
    }
}

fn numbers<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.to_data().iter::<f32>().collect()
}

fn nonzeros(numbers: &[f32]) -> usize {
    numbers.iter().filter(|&&number| number != 0.0).count()
}

/// The nonzero gradients where the mask is above zero. There may be several rows of gradients.
fn masked(gradient: &[f32], mask: &[f32]) -> usize {
    let both = gradient.iter().zip(mask.iter().cycle());
    both.filter(|&(&gradient, &mask)| gradient != 0.0 && mask > 0.0).count()
}

/// A product of two square matrices without zeros, by the engine's dense layer (`is_own`) or by burn.
pub struct Product {
    side: usize,
    left: Tensor<2>,
    right: Tensor<2>,
    layer: Option<Dense>,
}

impl Product {
    /// The sides to time. Which one is fastest depends on the machine's caches.
    pub const SIDES: [usize; 6] = [48, 64, 96, 192, 384, 512];

    pub fn new(side: usize, is_own: bool) -> Self {
        let device = Device::flex();
        let numbers: Vec<f32> = (0..side * side).map(|i| (i % 16) as f32 / 16.0 - 0.53).collect();
        let matrix = || Tensor::from_data(TensorData::new(numbers.clone(), [side, side]), &device);
        let size = Size { inputs: side, outputs: side, taps: 1 };
        let layer = Layer { size, weight: numbers.clone(), bias: vec![0.0; side] };
        let layer = is_own.then(|| Dense::new(&layer, &device));
        Self { side, left: matrix(), right: matrix(), layer }
    }

    pub fn multiply_adds(&self) -> usize {
        self.side.pow(3)
    }

    /// Multiplies the matrices.
    pub fn run(&self) {
        black_box(match &self.layer {
            Some(layer) => layer.forward(self.left.clone()),
            None => self.left.clone().matmul(self.right.clone()),
        });
    }
}
