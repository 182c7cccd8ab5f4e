//! Vector–Jacobian products of a [`Network`]: rows of ∂logits/∂pixels without automatic
//! differentiation.
//!
//! An attack needs the gradient of one or two combinations of the logits with respect to the image,
//! and knows which ones only after it has seen the logits. So a [`Pass`] runs the network forward
//! once, keeps what the backward pass needs (the output of each ReLU, which also tells which pixel
//! was the maximum in each pool), and then multiplies any number of cotangents by the Jacobian.
//! Automatic differentiation would repeat the forward pass for each row and prepare gradients of the
//! weights, which no attack needs.

use burn::tensor::{Int, Tensor};

use crate::network::Network;

/// One forward pass over a batch of images, ready for the backward pass.
pub struct Pass<'network> {
    network: &'network Network,
    convs: Activations,
    /// The outputs of the first two dense layers and their ReLUs.
    dense: Vec<Tensor<2>>,
    logits: Tensor<2>,
}

/// The inputs and the outputs of a batch's convolutions.
///
/// A step of an attack changes a few pixels, so most of the numbers of the next step's convolutions are
/// those of the step before. The CPU computes the others alone; they are the same bits as in a whole pass.
pub struct Activations {
    inputs: Vec<Tensor<4>>,
    /// Behind the ReLUs.
    outputs: Vec<Tensor<4>>,
}

impl<'network> Pass<'network> {
    /// Runs a network on images `[batch, channels, height, width]`, pixels in [0, 1].
    pub fn new(network: &'network Network, images: Tensor<4>) -> Self {
        Self::after(network, images, None)
    }

    /// [`Pass::new`], where `before` are the activations of the same number of images that differ little from
    /// these, each from the one at its place.
    pub fn after(
        network: &'network Network,
        images: Tensor<4>,
        before: Option<&Activations>,
    ) -> Self {
        let (mut inputs, mut outputs) = (Vec::with_capacity(4), Vec::with_capacity(4));
        let mut dense = Vec::with_capacity(2);
        let logits = network.forward_by(
            images,
            |place, layer, x| {
                let before = before.map(|of| (&of.inputs[place], &of.outputs[place]));
                let y = layer.forward_after(x.clone(), before);
                inputs.push(x);
                outputs.push(y.clone());
                y
            },
            |_, layer, x| {
                let y = layer.forward_relu(x);
                dense.push(y.clone());
                y
            },
        );
        Self { network, convs: Activations { inputs, outputs }, dense, logits }
    }

    /// The activations of the images at these places, in order, for [`Pass::after`]. `None` if there are no
    /// images, or if only a GPU is compiled in, which computes every pass as a whole.
    pub fn into_activations(self, places: &[usize]) -> Option<Activations> {
        if places.is_empty() || cfg!(not(feature = "flex")) {
            return None;
        }
        let [batch, _] = self.logits.dims();
        if places.len() == batch {
            return Some(self.convs);
        }
        let places: Vec<i32> = places.iter().map(|&place| place as i32).collect();
        let places = Tensor::<1, Int>::from_data(places.as_slice(), &self.logits.device());
        let select = |tensors: Vec<Tensor<4>>| {
            tensors.into_iter().map(|tensor| tensor.select(0, places.clone())).collect()
        };
        let Activations { inputs, outputs } = self.convs;
        Some(Activations { inputs: select(inputs), outputs: select(outputs) })
    }

    /// The logits, `[batch, 10]`.
    pub fn logits(&self) -> Tensor<2> {
        self.logits.clone()
    }

    /// `Σ_j cotangent[j] · ∂logit_j/∂pixels` for each cotangent: its product with the Jacobian.
    ///
    /// # Shapes
    /// - cotangents: `[rows × batch, 10]`, the first row of every image, then the second, and so on
    /// - output: `[rows × batch, channels, height, width]`
    pub fn rows(&self, cotangents: Tensor<2>) -> Tensor<4> {
        let Self { network, convs, dense, .. } = self;
        let conv = &convs.outputs;
        let [conv1, conv2, conv3, conv4] = &network.convs;
        let [fc1, fc2, fc3] = &network.dense;
        let g = fc3.backward(cotangents);
        let g = fc2.backward_relu(&dense[1], g);
        let g = fc1.backward_relu(&dense[0], g);
        let [_, height, width, channels] = conv[3].dims();
        let g = g.reshape([-1, height as i32 / 2, width as i32 / 2, channels as i32]);
        let g = conv4.backward_from_pool(&conv[3], g);
        let g = conv3.backward(&conv[2], g);
        let g = conv2.backward_from_pool(&conv[1], g);
        let g = conv1.backward(&conv[0], g);
        network.normalize_backward(g.permute([0, 3, 1, 2]))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::dataset::{CLASSES, Dataset};
    use crate::network::manifest::{Entry, Role};

    /// A published network, and images of numbers in [0, 1] that are the same in every run.
    fn network_and_images(dataset: Dataset, batch: usize) -> (Network, Tensor<4>, Device) {
        let device = Device::flex();
        let manifest = std::fs::read("www/models/manifest.json").expect("the manifest is there");
        let entries: Vec<Entry> = serde_json::from_slice(&manifest).expect("the manifest is JSON");
        let is_wanted = |entry: &&Entry| entry.dataset == dataset && entry.role == Role::Undefended;
        let entry = entries.iter().find(is_wanted).expect("an undefended network is published");
        let file = std::fs::read(format!("www/models/{}", entry.file)).expect("its file is there");
        let network = entry.load(&file, &device).expect("the file is the published one");
        let [channels, height, width] = dataset.spec().shape;
        let images = pseudo_random([batch, channels, height, width], 1, &device);
        (network, images, device)
    }

    /// Numbers in [0, 1), the same in every run: burn's generator is shared by all tests.
    fn pseudo_random<const D: usize>(shape: [usize; D], seed: u32, device: &Device) -> Tensor<D> {
        let mut state = seed;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        };
        let numbers: Vec<f32> = std::iter::repeat_with(next).take(shape.iter().product()).collect();
        Tensor::from_data(TensorData::new(numbers, shape), device)
    }

    fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    #[test]
    fn logits_are_those_of_the_network() {
        for dataset in Dataset::ALL {
            let (network, images, _) = network_and_images(dataset, 3);
            let logits = Pass::new(&network, images.clone()).logits();
            assert_eq!(numbers(logits), numbers(network.forward(images)));
        }
    }

    /// Central differences of the sum of the first two logits along random directions. Each one is
    /// imprecise because of 32-bit rounding and the kinks of the ReLUs, so the test bounds the error
    /// of all together. A wrong gradient has a relative error of about 1.
    #[test]
    fn rows_agree_with_finite_differences() {
        const STEP: f64 = 5e-4;
        for dataset in Dataset::ALL {
            let (network, images, device) = network_and_images(dataset, 1);
            let cotangent: Vec<f32> = (0..CLASSES).map(|j| if j < 2 { 1.0 } else { 0.0 }).collect();
            let cotangent =
                Tensor::<2>::from_data(TensorData::new(cotangent, [1, CLASSES]), &device);
            let row = Pass::new(&network, images.clone()).rows(cotangent.clone());
            let scalar = |tensor: Tensor<1>| f64::from(numbers(tensor)[0]);
            let value = |images| scalar((network.forward(images) * cotangent.clone()).sum());
            let (mut error, mut scale) = (0.0, 0.0);
            for seed in 0..20 {
                let along = (pseudo_random(images.dims(), 100 + seed, &device) - 0.5) * 3.0;
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
