//! The paper's two networks (Papernot et al. 2015, Table I), from pixels in [0, 1] to logits.

pub mod backward;
pub mod file;
pub mod layers;
pub mod manifest;
pub mod softmax;

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Dropout, DropoutConfig, Initializer, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use crate::dataset::{CLASSES, Dataset};
use layers::{conv_relu, dense, dense_relu, max_pool};

/// Two blocks of two 3×3 convolutions and a 2×2 max-pool, two dense layers, and the logits.
///
/// It has 312,202 parameters for MNIST and 1,147,978 for CIFAR-10. Padding is *valid* and initial
/// weights are Glorot-uniform, the defaults of the library that the authors used. Initial biases are
/// drawn likewise, as burn does; that library sets them to 0.
///
/// The paper's last layer, softmax(z / T), is not part of the network, because the caller chooses
/// the temperature (see [`softmax`]).
#[derive(Module, Debug)]
pub struct Network {
    pub(crate) conv1: Conv2d,
    pub(crate) conv2: Conv2d,
    pub(crate) conv3: Conv2d,
    pub(crate) conv4: Conv2d,
    pub(crate) fc1: Linear,
    pub(crate) fc2: Linear,
    pub(crate) fc3: Linear,
    dropout: Dropout,
    #[module(skip)]
    dataset: Dataset,
}

impl Network {
    /// A network with random weights on `device`, for images of a data set's shape.
    pub fn new(dataset: Dataset, device: &Device) -> Self {
        let [channels, height, width] = dataset.spec().shape;
        let (first, second, dense) = match dataset {
            Dataset::Mnist => (32, 64, 200),
            Dataset::Cifar10 => (64, 128, 256),
        };
        let glorot = Initializer::XavierUniform { gain: 1.0 };
        let conv = |channels: [usize; 2]| {
            Conv2dConfig::new(channels, [3, 3]).with_initializer(glorot.clone()).init(device)
        };
        let linear = |inputs, outputs| {
            LinearConfig::new(inputs, outputs).with_initializer(glorot.clone()).init(device)
        };
        // Each valid 3×3 convolution removes two rows and columns, each pool halves the rest.
        let pooled = |size: usize| ((size - 4) / 2 - 4) / 2;
        Self {
            conv1: conv([channels, first]),
            conv2: conv([first, first]),
            conv3: conv([first, second]),
            conv4: conv([second, second]),
            fc1: linear(second * pooled(height) * pooled(width), dense),
            fc2: linear(dense, dense),
            fc3: linear(dense, CLASSES),
            dropout: DropoutConfig::new(0.5).init(),
            dataset,
        }
    }

    /// The data set that this network is for.
    pub fn dataset(&self) -> Dataset {
        self.dataset
    }

    /// A copy of the network whose logits are multiplied by `k`, without training. Distillation at T
    /// multiplies the logits by about T, so this is its control.
    ///
    /// The weights and biases of the last layer are multiplied. Those of a published file have 11
    /// significant bits, so the products are exact for whole k up to 8192.
    pub fn scaled(&self, k: f32) -> Self {
        let mut network = self.clone();
        network.fc3.weight = network.fc3.weight.map(|weight| weight * k);
        network.fc3.bias = network.fc3.bias.map(|bias| bias.map(|bias| bias * k));
        network
    }

    /// The logits of a batch of images.
    ///
    /// Dropout is applied after the first two dense layers in training, that is on an autodiff device
    /// and not after [`Module::valid`].
    ///
    /// # Shapes
    /// - images: `[batch, channels, height, width]`, pixels in [0, 1]
    /// - output: `[batch, 10]`
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.forward_with(images, |_| ())
    }

    /// [`Network::forward`], calling `on_relu` with the output of each ReLU, in order.
    pub(crate) fn forward_with(
        &self,
        images: Tensor<4>,
        mut on_relu: impl FnMut(ReluOutput<'_>),
    ) -> Tensor<2> {
        let mut conv_relu = |layer, x| {
            let y = conv_relu(layer, x);
            on_relu(ReluOutput::Conv(&y));
            y
        };
        let x = self.normalize(images).permute([0, 2, 3, 1]); // [batch, height, width, channels]
        let x = conv_relu(&self.conv1, x);
        let x = max_pool(conv_relu(&self.conv2, x));
        let x = conv_relu(&self.conv3, x);
        let x = max_pool(conv_relu(&self.conv4, x));
        let x = x.permute([0, 3, 1, 2]).flatten::<2>(1, 3); // [batch, channels × height × width]
        let mut dense_relu = |layer, x| {
            let y = dense_relu(layer, x);
            on_relu(ReluOutput::Dense(&y));
            self.dropout.forward(y)
        };
        let x = dense_relu(&self.fc1, x);
        let x = dense_relu(&self.fc2, x);
        dense(&self.fc3, x)
    }

    /// Subtracts the data set's mean from pixels in [0, 1], and divides by its standard deviation.
    pub(crate) fn normalize(&self, images: Tensor<4>) -> Tensor<4> {
        if self.dataset == Dataset::Mnist {
            return images;
        }
        let spec = self.dataset.spec();
        let mean = per_channel(spec.mean, &images.device());
        let std = per_channel(spec.std, &images.device());
        (images - mean) / std
    }

    /// The backward pass of [`Network::normalize`].
    pub(crate) fn normalize_backward(&self, gradient: Tensor<4>) -> Tensor<4> {
        if self.dataset == Dataset::Mnist {
            return gradient;
        }
        let std = per_channel(self.dataset.spec().std, &gradient.device());
        gradient / std
    }
}

/// The output of a ReLU of the network.
pub(crate) enum ReluOutput<'a> {
    /// After a convolution: `[batch, height, width, channels]`.
    Conv(&'a Tensor<4>),
    /// After a dense layer, before dropout: `[batch, out]`.
    Dense(&'a Tensor<2>),
}

/// One value for each of three channels, `[1, 3, 1, 1]`.
fn per_channel(values: [f32; 3], device: &Device) -> Tensor<4> {
    Tensor::<1>::from_data(values, device).reshape([1, 3, 1, 1])
}
