//! Vector–Jacobian products of a [`Network`]: rows of ∂logits/∂pixels without automatic
//! differentiation.
//!
//! An attack needs gradients with respect to the image only, of one or two combinations of the
//! logits, and knows which ones only after it has seen the logits. So a [`Pass`] runs the network
//! forward once, remembers what the way back needs (which ReLUs were on, which pixel won each
//! pool), and then pulls any number of row vectors back through it. burn's autodiff would repeat
//! the forward pass for each row and keep the books for weight gradients that nobody asks for; it
//! is what this file is tested against.

use burn::nn::Linear;
use burn::nn::conv::Conv2d;
use burn::tensor::activation::relu;
use burn::tensor::module::{
    conv_transpose2d, max_pool2d_with_indices, max_pool2d_with_indices_backward,
};
use burn::tensor::ops::{ConvTransposeOptions, MaxPoolOptions};
use burn::tensor::{Int, Tensor};

use crate::model::Network;

/// One forward pass over a batch of images, ready to be differentiated.
pub struct Pass<'network> {
    network: &'network Network,
    relu1: Tensor<4>,
    pool2: Pool,
    relu3: Tensor<4>,
    pool4: Pool,
    relu5: Tensor<2>,
    relu6: Tensor<2>,
    logits: Tensor<2>,
}

/// A 2×2 max-pool of a ReLU's output, and where each maximum came from.
///
/// The first of several equal maxima wins, here as in PyTorch. That matters: over a blank part of
/// a drawing all four candidates are equal, and another choice would move the gradient.
struct Pool {
    input: Tensor<4>,
    output: Tensor<4>,
    indices: Tensor<4, Int>,
}

impl<'network> Pass<'network> {
    /// Runs a plain (not autodiff) network on images `[batch, channels, height, width]`, pixels in
    /// [0, 1].
    pub fn new(network: &'network Network, images: Tensor<4>) -> Self {
        let relu1 = relu(network.conv1.forward(network.normalize(images)));
        let pool2 = Pool::new(relu(network.conv2.forward(relu1.clone())));
        let relu3 = relu(network.conv3.forward(pool2.output.clone()));
        let pool4 = Pool::new(relu(network.conv4.forward(relu3.clone())));
        let relu5 = relu(network.fc1.forward(pool4.output.clone().flatten(1, 3)));
        let relu6 = relu(network.fc2.forward(relu5.clone()));
        let logits = network.fc3.forward(relu6.clone());
        Self { network, relu1, pool2, relu3, pool4, relu5, relu6, logits }
    }

    /// The logits, `[batch, 10]`.
    pub fn logits(&self) -> Tensor<2> {
        self.logits.clone()
    }

    /// Σ_j seed[j] · ∂logit_j/∂pixels for each seed.
    ///
    /// # Shapes
    /// - seeds: `[rows × batch, 10]`, the first row of every image, then the second, and so on
    /// - output: `[rows × batch, channels, height, width]`
    pub fn rows(&self, seeds: Tensor<2>) -> Tensor<4> {
        let rows = seeds.dims()[0] / self.logits.dims()[0];
        let net = self.network;
        let g = through_linear(&net.fc3, seeds);
        let g = through_linear(&net.fc2, gate(g, &self.relu6, rows));
        let g = through_linear(&net.fc1, gate(g, &self.relu5, rows));
        let [_, channels, height, width] = self.pool4.output.dims();
        let g =
            self.pool4.back(g.reshape([-1, channels as i32, height as i32, width as i32]), rows);
        let g = through_conv(&net.conv4, g);
        let g = through_conv(&net.conv3, gate(g, &self.relu3, rows));
        let g = through_conv(&net.conv2, self.pool2.back(g, rows));
        let g = through_conv(&net.conv1, gate(g, &self.relu1, rows));
        net.through_normalize(g)
    }
}

impl Pool {
    fn new(input: Tensor<4>) -> Self {
        let (output, indices) = max_pool2d_with_indices(input.clone(), MaxPoolOptions::new([2, 2]));
        Self { input, output, indices }
    }

    /// Back through the pool and the ReLU before it: a maximum of zero passes nothing on.
    fn back(&self, gradient: Tensor<4>, rows: usize) -> Tensor<4> {
        let gradient = gate(gradient, &self.output, rows);
        let input = self.input.clone().repeat_dim(0, rows);
        let indices = self.indices.clone().repeat_dim(0, rows);
        max_pool2d_with_indices_backward(
            input,
            [2, 2],
            [2, 2],
            [0, 0],
            [1, 1],
            false,
            gradient,
            indices,
        )
    }
}

/// Lets the gradient through where the ReLU was on; at exactly zero it counts as off.
fn gate<const D: usize>(gradient: Tensor<D>, output: &Tensor<D>, rows: usize) -> Tensor<D> {
    let off = output.clone().lower_equal_scalar(0.0).repeat_dim(0, rows);
    gradient.mask_fill(off, 0.0)
}

/// `[n, out]` to `[n, in]`.
fn through_linear(layer: &Linear, gradient: Tensor<2>) -> Tensor<2> {
    gradient.matmul(layer.weight.val().transpose())
}

/// `[n, out, h, w]` to `[n, in, h + 2, w + 2]`.
fn through_conv(layer: &Conv2d, gradient: Tensor<4>) -> Tensor<4> {
    let options = ConvTransposeOptions::new([1, 1], [0, 0], [0, 0], [1, 1], 1);
    conv_transpose2d(gradient, layer.weight.val(), None, options)
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::tensor::{Device, Distribution, TensorData};

    use super::*;
    use crate::dataset::{CLASSES, Dataset};

    fn random(dataset: Dataset, batch: usize) -> (Network, Tensor<4>, Device) {
        let device = Device::flex();
        let [channels, height, width] = dataset.spec().shape;
        let shape = [batch, channels, height, width];
        let images = Tensor::random(shape, Distribution::Uniform(0.0, 1.0), &device);
        (Network::new(dataset, &device).valid(), images, device)
    }

    fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    #[test]
    fn the_forward_pass_is_the_networks_own() {
        for dataset in Dataset::ALL {
            let (network, images, _) = random(dataset, 3);
            let logits = Pass::new(&network, images.clone()).logits();
            assert_eq!(numbers(logits), numbers(network.forward(images)));
        }
    }

    /// Blank images too: there every pool is a tie.
    #[cfg(feature = "train")]
    #[test]
    fn rows_agree_with_autodiff() {
        for dataset in Dataset::ALL {
            let (network, images, device) = random(dataset, 2);
            let blank = images.zeros_like();
            for images in [images, blank] {
                let seeds = Tensor::<2>::random([4, CLASSES], Distribution::Default, &device);
                let rows = numbers(Pass::new(&network, images.clone()).rows(seeds.clone()));
                let per_row = rows.len() / 2;
                for (row, found) in rows.chunks(per_row).enumerate() {
                    let seeds = seeds.clone().narrow(0, 2 * row, 2);
                    let tracked =
                        Tensor::<4>::from_data(images.to_data(), &device.clone().autodiff())
                            .require_grad();
                    let seeds = Tensor::<2>::from_data(seeds.into_data(), &tracked.device());
                    let gradients = (network.forward(tracked.clone()) * seeds).sum().backward();
                    let expected =
                        numbers(tracked.grad(&gradients).expect("the images are tracked"));
                    let largest = expected.iter().fold(0.0f32, |m, x| m.max(x.abs()));
                    for (found, expected) in found.iter().zip(&expected) {
                        assert!(
                            (found - expected).abs() <= 1e-5 * largest,
                            "{found} against {expected}"
                        );
                    }
                }
            }
        }
    }

    /// Central differences of the sum of the first two logits along random directions. 32 bits and
    /// the kinks of the ReLUs blur each one, so their errors are judged together: a wrong gradient
    /// is off by about 1.
    #[test]
    fn rows_agree_with_finite_differences() {
        const STEP: f64 = 5e-4;
        for dataset in Dataset::ALL {
            let (network, images, device) = random(dataset, 1);
            let seed: Vec<f32> = (0..CLASSES).map(|j| if j < 2 { 1.0 } else { 0.0 }).collect();
            let seed = Tensor::<2>::from_data(TensorData::new(seed, [1, CLASSES]), &device);
            let row = Pass::new(&network, images.clone()).rows(seed.clone());
            let scalar = |tensor: Tensor<1>| f64::from(numbers(tensor)[0]);
            let value = |images| scalar((network.forward(images) * seed.clone()).sum());
            let (mut error, mut scale) = (0.0, 0.0);
            for _ in 0..20 {
                let along = images.random_like(Distribution::Normal(0.0, 1.0));
                let step = along.clone() * STEP;
                let rise = value(images.clone() + step.clone()) - value(images.clone() - step);
                let slope = scalar((row.clone() * along).sum());
                error += (rise / (2.0 * STEP) - slope).powi(2);
                scale += slope.powi(2);
            }
            let error = (error / scale).sqrt();
            assert!(error < 0.1, "{dataset}: relative error {error}");
        }
    }
}
