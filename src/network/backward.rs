//! Vector–Jacobian products of a [`Network`]: rows of ∂logits/∂pixels without automatic
//! differentiation.
//!
//! An attack needs gradients with respect to the image only, of one or two combinations of the
//! logits, and knows which ones only after it has seen the logits. So a [`Pass`] runs the network
//! forward once, remembers what the way back needs (which ReLUs were on, which pixel won each
//! pool), and then pulls any number of row vectors back through it. burn's autodiff would repeat
//! the forward pass for each row and keep the books for weight gradients that nobody asks for; it
//! is what this file is tested against.

use burn::tensor::Tensor;

use crate::network::Network;
use crate::network::layers::{
    conv_relu, conv_relu_backward, dense, dense_backward, dense_relu, dense_relu_backward,
    max_pool, max_pool_backward,
};

/// One forward pass over a batch of images, ready to be differentiated.
pub struct Pass<'network> {
    network: &'network Network,
    relu1: Tensor<4>,
    relu2: Tensor<4>,
    relu3: Tensor<4>,
    relu4: Tensor<4>,
    relu5: Tensor<2>,
    relu6: Tensor<2>,
    logits: Tensor<2>,
}

impl<'network> Pass<'network> {
    /// Runs a plain (not autodiff) network on images `[batch, channels, height, width]`, pixels in
    /// [0, 1].
    pub fn new(network: &'network Network, images: Tensor<4>) -> Self {
        let images = network.normalize(images).permute([0, 2, 3, 1]);
        let relu1 = conv_relu(&network.conv1, images);
        let relu2 = conv_relu(&network.conv2, relu1.clone());
        let relu3 = conv_relu(&network.conv3, max_pool(relu2.clone()));
        let relu4 = conv_relu(&network.conv4, relu3.clone());
        let features = max_pool(relu4.clone()).permute([0, 3, 1, 2]).flatten(1, 3);
        let relu5 = dense_relu(&network.fc1, features);
        let relu6 = dense_relu(&network.fc2, relu5.clone());
        let logits = dense(&network.fc3, relu6.clone());
        Self { network, relu1, relu2, relu3, relu4, relu5, relu6, logits }
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
        let net = self.network;
        let g = dense_backward(&net.fc3, seeds);
        let g = dense_relu_backward(&net.fc2, &self.relu6, g);
        let g = dense_relu_backward(&net.fc1, &self.relu5, g);
        let [_, height, width, channels] = self.relu4.dims();
        let g = g.reshape([-1, channels as i32, height as i32 / 2, width as i32 / 2]);
        let g = max_pool_backward(&self.relu4, g.permute([0, 2, 3, 1]));
        let g = conv_relu_backward(&net.conv4, &self.relu4, g);
        let g = conv_relu_backward(&net.conv3, &self.relu3, g);
        let g = max_pool_backward(&self.relu2, g);
        let g = conv_relu_backward(&net.conv2, &self.relu2, g);
        let g = conv_relu_backward(&net.conv1, &self.relu1, g);
        net.normalize_backward(g.permute([0, 3, 1, 2]))
    }
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
