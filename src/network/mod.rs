//! The paper's two networks (Papernot et al. 2015, Table I), from pixels in [0, 1] to logits.

pub mod backward;
pub mod file;
pub mod layers;
pub mod manifest;
pub mod parameters;
pub mod softmax;

use burn::tensor::{Device, Tensor};

use crate::dataset::Dataset;
use layers::{Conv, Dense, max_pool};
use parameters::Parameters;

/// Two blocks of two 3×3 convolutions and a 2×2 max-pool, two dense layers, and the logits, on a device.
///
/// It has 312,202 parameters for MNIST and 1,147,978 for CIFAR-10. Padding is *valid*, as in the library
/// that the authors used. Dropout belongs to the training alone (`train`).
///
/// The paper's last layer, softmax(z / T), is not part of the network, because the caller chooses
/// the temperature (see [`softmax`]).
#[derive(Clone, Debug)]
pub struct Network {
    dataset: Dataset,
    convs: [Conv; 4],
    dense: [Dense; 3],
}

impl Network {
    /// The network with these parameters on `device`, its weights laid out for the device's layers.
    pub fn new(parameters: &Parameters, device: &Device) -> Self {
        let [conv1, conv2, conv3, conv4, _, fc2, fc3] = &parameters.layers;
        Self {
            dataset: parameters.dataset,
            convs: [conv1, conv2, conv3, conv4].map(|layer| Conv::new(layer, device)),
            dense: [&parameters.first_dense_by_pixels(), fc2, fc3]
                .map(|layer| Dense::new(layer, device)),
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
        let [fc1, fc2, fc3] = &self.dense;
        Self { dense: [fc1.clone(), fc2.clone(), fc3.scaled(k)], ..self.clone() }
    }

    /// The logits of a batch of images.
    ///
    /// # Shapes
    /// - images: `[batch, channels, height, width]`, pixels in [0, 1]
    /// - output: `[batch, 10]`
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.forward_by(images, |_, layer, x| layer.forward(x), |_, layer, x| layer.forward_relu(x))
    }

    /// [`Network::forward`], with the convolutions and the dense layers that have a ReLU computed by `conv`
    /// and `dense`. Both are given the layer's place, from 0.
    pub(crate) fn forward_by(
        &self,
        images: Tensor<4>,
        mut conv: impl FnMut(usize, &Conv, Tensor<4>) -> Tensor<4>,
        mut dense: impl FnMut(usize, &Dense, Tensor<2>) -> Tensor<2>,
    ) -> Tensor<2> {
        let [conv1, conv2, conv3, conv4] = &self.convs;
        let [fc1, fc2, fc3] = &self.dense;
        let x = self.normalize(images).permute([0, 2, 3, 1]); // [batch, height, width, channels]
        let x = conv(0, conv1, x);
        let x = max_pool(conv(1, conv2, x));
        let x = conv(2, conv3, x);
        let x = max_pool(conv(3, conv4, x));
        let x = x.flatten::<2>(1, 3); // [batch, height × width × channels]
        let x = dense(0, fc1, x);
        let x = dense(1, fc2, x);
        fc3.forward(x)
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

/// One value for each of three channels, `[1, 3, 1, 1]`.
fn per_channel(values: [f32; 3], device: &Device) -> Tensor<4> {
    Tensor::<1>::from_data(values, device).reshape([1, 3, 1, 1])
}
