//! The paper's two networks (Papernot et al. 2015, Table I): pixels in [0, 1] in, logits out.

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
/// Padding is *valid* and the weights begin Glorot-uniform, the defaults of the library that the
/// authors used, whose biases begin at 0 where burn draws them as it does the weights: 312,202
/// parameters for MNIST, 1,147,978 for CIFAR-10. The paper's last layer, the
/// softmax, is left to whoever asks, because the temperature is not the network's own
/// (see [`softmax`]).
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
    /// A network with fresh random weights for a data set's shape, on `device`.
    pub fn new(dataset: Dataset, device: &Device) -> Self {
        let [channels, height, width] = dataset.spec().shape;
        let (first, second, dense) = match dataset {
            Dataset::Mnist => (32, 64, 200),
            Dataset::Cifar10 => (64, 128, 256),
        };
        let glorot = Initializer::XavierUniform { gain: 1.0 };
        let conv = |from, to| {
            Conv2dConfig::new([from, to], [3, 3]).with_initializer(glorot.clone()).init(device)
        };
        let linear =
            |from, to| LinearConfig::new(from, to).with_initializer(glorot.clone()).init(device);
        // Each valid 3×3 convolution takes two rows and columns, each pool halves what is left.
        let after = |size: usize| ((size - 4) / 2 - 4) / 2;
        Self {
            conv1: conv(channels, first),
            conv2: conv(first, first),
            conv3: conv(first, second),
            conv4: conv(second, second),
            fc1: linear(second * after(height) * after(width), dense),
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

    /// The same network with all its logits multiplied by k, nothing trained: the control beside
    /// distillation, which multiplies them by about T.
    ///
    /// It is the last layer that is multiplied. Weights of a published file, which have 11 bits, stay
    /// exact for whole k up to 8192.
    pub fn scaled(&self, k: f32) -> Self {
        let mut network = self.clone();
        network.fc3.weight = network.fc3.weight.map(|weight| weight * k);
        network.fc3.bias = network.fc3.bias.map(|bias| bias.map(|bias| bias * k));
        network
    }

    /// The logits of a batch of images.
    ///
    /// Dropout acts on the two dense layers while the network is being trained, that is on an
    /// autodiff device and not after [`Module::valid`].
    ///
    /// # Shapes
    /// - images: `[batch, channels, height, width]`, pixels in [0, 1]
    /// - output: `[batch, 10]`
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let x = self.normalize(images).permute([0, 2, 3, 1]); // [batch, height, width, channels]
        let x = conv_relu(&self.conv1, x);
        let x = max_pool(conv_relu(&self.conv2, x));
        let x = conv_relu(&self.conv3, x);
        let x = max_pool(conv_relu(&self.conv4, x));
        let x = x.permute([0, 3, 1, 2]).flatten::<2>(1, 3); // [batch, channels × height × width]
        let x = self.dropout.forward(dense_relu(&self.fc1, x));
        let x = self.dropout.forward(dense_relu(&self.fc2, x));
        dense(&self.fc3, x)
    }

    /// Pixels in [0, 1] to what the first layer was trained on.
    pub(crate) fn normalize(&self, images: Tensor<4>) -> Tensor<4> {
        if self.dataset == Dataset::Mnist {
            return images;
        }
        let spec = self.dataset.spec();
        let mean = per_channel(spec.mean, &images.device());
        let deviation = per_channel(spec.deviation, &images.device());
        (images - mean) / deviation
    }

    /// The way back through [`Network::normalize`].
    pub(crate) fn normalize_backward(&self, gradient: Tensor<4>) -> Tensor<4> {
        if self.dataset == Dataset::Mnist {
            return gradient;
        }
        let deviation = per_channel(self.dataset.spec().deviation, &gradient.device());
        gradient / deviation
    }
}

/// One value for each of three channels, ready to be broadcast over a batch of images.
fn per_channel(values: [f32; 3], device: &Device) -> Tensor<4> {
    Tensor::<1>::from_data(values, device).reshape([1, 3, 1, 1])
}
