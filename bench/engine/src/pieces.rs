//! The pieces of a step that the benches time, natively and in the browser, and the number of
//! multiply-adds in a step. A step takes at least the time of a matrix product with as many.

use std::hint::black_box;

use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Distribution, Tensor, TensorData};
use defensive_distillation::attack::saliency::{Direction, best_pair};
use defensive_distillation::attack::{Attack, Goal, Gradient};
use defensive_distillation::dataset::{CLASSES, Dataset};
use defensive_distillation::network::Network;
use defensive_distillation::network::layers::matmul::{View, add_product};
use defensive_distillation::network::layers::{conv_relu, conv_relu_backward};

/// A 3×3 convolution: side of its output, in channels, out channels.
type Convolution = (usize, usize, usize);

/// The layers of a network: its convolutions, and the inputs and outputs of its dense layers.
pub fn layers(dataset: Dataset) -> ([Convolution; 4], [(usize, usize); 3]) {
    let [channels, side, _] = dataset.spec().shape;
    let (first, second, dense) = match dataset {
        Dataset::Mnist => (32, 64, 200),
        Dataset::Cifar10 => (64, 128, 256),
    };
    let pooled = (side - 4) / 2;
    let features = second * ((pooled - 4) / 2) * ((pooled - 4) / 2);
    (
        [
            (side - 2, channels, first),
            (side - 4, first, first),
            (pooled - 2, first, second),
            (pooled - 4, second, second),
        ],
        [(features, dense), (dense, dense), (dense, CLASSES)],
    )
}

/// Multiply-adds for each image of a step with `rows` backward rows. Each row takes as many as the
/// forward pass.
pub fn multiply_adds(dataset: Dataset, rows: usize) -> usize {
    let (convolutions, dense) = layers(dataset);
    let convolutions = convolutions
        .iter()
        .map(|(side, in_channels, out_channels)| side * side * 9 * in_channels * out_channels);
    let dense = dense.iter().map(|(inputs, outputs)| inputs * outputs);
    (convolutions.sum::<usize>() + dense.sum::<usize>()) * (1 + rows)
}

/// A batch of attacks before their first change, and the pieces of its step.
pub struct Pieces {
    network: Network,
    device: Device,
    attack: Attack,
    images: Vec<f32>,
    goals: Vec<Goal>,
    gradients: Vec<Gradient>,
    convolutions: Vec<(Conv2d, Tensor<4>, Tensor<4>)>,
    dense: Vec<(Linear, Tensor<2>, Tensor<2>)>,
}

impl Pieces {
    /// The pieces: the whole step, then its parts.
    pub const NAMES: [&str; 5] = ["step", "forward", "convolutions", "dense", "choice"];

    /// # Errors
    /// [`Attack::start`] refuses the images or goals, or no run of the batch needs a gradient.
    pub fn new(
        network: Network,
        attack: Attack,
        images: Vec<f32>,
        goals: Vec<Goal>,
    ) -> Result<Self, String> {
        let (device, dataset, batch) = (Device::flex(), network.dataset(), goals.len());
        let mut runs =
            attack.start(&network, &images, &goals).map_err(|error| error.to_string())?;
        let steps = pollster::block_on(runs.step(&network, &device));
        let steps = steps.map_err(|error| error.to_string())?;
        let gradients: Vec<_> = steps.into_iter().filter_map(|step| step.gradient).collect();
        let first = gradients.first().ok_or("every run ends before its first change")?;
        let rows = if first.others.is_some() { 2 } else { 1 };

        let (convolutions, dense) = layers(dataset);
        let random4 = |shape: [usize; 4]| Tensor::random(shape, Distribution::Default, &device);
        let random2 = |shape: [usize; 2]| Tensor::random(shape, Distribution::Default, &device);
        let convolutions = convolutions.map(|(side, in_channels, out_channels)| {
            let layer = Conv2dConfig::new([in_channels, out_channels], [3, 3]).init(&device);
            let input = random4([batch, side + 2, side + 2, in_channels]);
            (layer, input, random4([rows * batch, side, side, out_channels]))
        });
        let dense = dense.map(|(inputs, outputs)| {
            let layer = LinearConfig::new(inputs, outputs).init(&device);
            (layer, random2([batch, inputs]), random2([rows * batch, outputs]))
        });
        let (convolutions, dense) = (convolutions.into(), dense.into());
        Ok(Self { network, device, attack, images, goals, gradients, convolutions, dense })
    }

    /// Runs one piece, which is one of [`Pieces::NAMES`].
    ///
    /// # Panics
    /// If there is no such piece.
    pub fn run(&self, name: &str) {
        match name {
            "step" => self.step(),
            "forward" => self.forward(),
            "convolutions" => self.convolutions(),
            "dense" => self.dense(),
            "choice" => self.choice(),
            _ => panic!("there is no piece {name}; the pieces are {:?}", Self::NAMES),
        }
    }

    fn step(&self) {
        let runs = self.attack.start(&self.network, &self.images, &self.goals);
        let mut runs = runs.expect("the same attack has been started before");
        let steps = pollster::block_on(runs.step(&self.network, &self.device));
        black_box(steps.expect("a CPU device is not lost"));
    }

    fn forward(&self) {
        let [channels, height, width] = self.network.dataset().spec().shape;
        let shape = [self.goals.len(), channels, height, width];
        let images = TensorData::new(self.images.clone(), shape);
        let images = Tensor::<4>::from_data(images, &self.device);
        black_box(self.network.forward(images).into_data());
    }

    fn convolutions(&self) {
        for (layer, input, gradient) in &self.convolutions {
            let output = conv_relu(layer, input.clone());
            black_box(conv_relu_backward(layer, &output, gradient.clone()));
        }
    }

    fn dense(&self) {
        for (layer, input, gradient) in &self.dense {
            black_box(relu(layer.forward(input.clone())));
            black_box(gradient.clone().matmul(layer.weight.val().transpose()));
        }
    }

    fn choice(&self) {
        for (gradient, image) in self.gradients.iter().zip(self.images.chunks(self.features())) {
            let domain: Vec<_> = (0..image.len()).filter(|&i| image[i] < 1.0).collect();
            black_box(domain.iter().all(|&feature| gradient.is_zero(feature)));
            let pair =
                best_pair(&gradient.target, &gradient.others(), &domain, Direction::Increase);
            black_box(pair);
        }
    }

    fn features(&self) -> usize {
        self.network.dataset().spec().features()
    }
}

/// Two square matrices and their product, by the engine's routine (`is_own`) or by gemm.
pub struct Product {
    side: usize,
    is_own: bool,
    left: Vec<f32>,
    right: Vec<f32>,
    out: Vec<f32>,
}

impl Product {
    /// The sides to time. Which one is fastest depends on the machine's caches.
    pub const SIDES: [usize; 6] = [48, 64, 96, 192, 384, 512];

    pub fn new(side: usize, is_own: bool) -> Self {
        let matrix = || (0..side * side).map(|i| (i % 17) as f32 / 16.0 - 0.5).collect();
        Self { side, is_own, left: matrix(), right: matrix(), out: vec![0.0; side * side] }
    }

    pub fn multiply_adds(&self) -> usize {
        self.side.pow(3)
    }

    /// Multiplies the matrices on one core.
    pub fn run(&mut self) {
        let (n, stride) = (self.side, self.side as isize);
        if self.is_own {
            let (left, right) = (View::new(&self.left, n, n), View::new(&self.right, n, n));
            self.out.fill(0.0);
            add_product(&mut self.out, left, right);
            black_box(&self.out);
            return;
        }
        // SAFETY: all three are row-major square matrices of side n, and `out` is borrowed mutably.
        unsafe {
            gemm::gemm(
                n,
                n,
                n,
                self.out.as_mut_ptr(),
                1,
                stride,
                false,
                self.left.as_ptr(),
                1,
                stride,
                self.right.as_ptr(),
                1,
                stride,
                0.0,
                1.0,
                false,
                false,
                false,
                gemm::Parallelism::None,
            );
        }
        black_box(&self.out);
    }
}
