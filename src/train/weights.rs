//! The weights of a network in training, in the layouts of the CPU's layers.

use super::random::{Stream, Use};
use crate::dataset::Dataset;
use crate::network::layers::cpu::{conv, dense};
use crate::network::parameters::{LAYERS, Layer, Parameters, Size};

/// A number for each weight and bias: the weights themselves, their gradient, or their last change.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers {
    pub sizes: [Size; LAYERS],
    pub layers: [Tensors; LAYERS],
}

/// The numbers of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensors {
    /// Of a convolution `[out, 3, 3, in]`, of a dense layer `[in, out]`. The inputs of the first dense layer
    /// are in the order of the image in memory, pixel after pixel.
    pub weight: Vec<f32>,
    /// `[out]`.
    pub bias: Vec<f32>,
}

impl Numbers {
    /// Zeros for a data set's network.
    pub fn zeros(dataset: Dataset) -> Self {
        let sizes = Size::of(dataset);
        let layers = sizes.map(|size| Tensors {
            weight: vec![0.0; size.weights()],
            bias: vec![0.0; size.outputs],
        });
        Self { sizes, layers }
    }

    /// Sets all numbers to zero.
    pub fn clear(&mut self) {
        for Tensors { weight, bias } in &mut self.layers {
            weight.fill(0.0);
            bias.fill(0.0);
        }
    }

    /// From the layout of the model file.
    pub fn from_parameters(parameters: &Parameters) -> Self {
        let first_dense = parameters.first_dense_by_pixels();
        let mut layers = parameters.layers.each_ref();
        layers[4] = &first_dense;
        let layers = layers.map(|Layer { size, weight, bias }| {
            let weight = match size.taps {
                1 => dense::transposed(weight, size.inputs),
                taps => weight
                    .chunks_exact(size.inputs * taps)
                    .flat_map(|output| dense::transposed(output, taps))
                    .collect(),
            };
            Tensors { weight, bias: bias.clone() }
        });
        Self { sizes: Size::of(parameters.dataset), layers }
    }

    /// In the layout of the model file.
    pub fn to_parameters(&self, dataset: Dataset) -> Parameters {
        let layers = std::array::from_fn(|index| {
            let (tensors, size) = (&self.layers[index], self.sizes[index]);
            let weight = match size.taps {
                1 => dense::transposed(&tensors.weight, size.outputs),
                taps => tensors
                    .weight
                    .chunks_exact(size.inputs * taps)
                    .flat_map(|output| dense::transposed(output, size.inputs))
                    .collect(),
            };
            Layer { size, weight, bias: tensors.bias.clone() }
        });
        Parameters { dataset, layers }.with_first_dense_by_channels()
    }
}

/// The initial parameters: weights that are Glorot-uniform, and biases of zero, the defaults of the library
/// that the authors used.
pub fn initial(dataset: Dataset, seed: u64) -> Parameters {
    let mut index = 0;
    let layers = Size::of(dataset).map(|size| {
        let mut random = Stream::new(seed, Use::Weights, &[index]);
        index += 1;
        let fans = size.taps * (size.inputs + size.outputs);
        let limit = (6.0 / fans as f64).sqrt() as f32;
        let number = || (2.0 * random.unit() - 1.0) * limit;
        let weight = std::iter::repeat_with(number).take(size.weights()).collect();
        Layer { size, weight, bias: vec![0.0; size.outputs] }
    });
    Parameters { dataset, layers }
}

/// The weights, laid out for the forward and the backward pass.
pub struct Weights {
    /// What is trained.
    pub numbers: Numbers,
    /// Of each convolution the kernel, as [`conv::kernel`] lays it out. A dense layer's is its weight.
    pub kernels: [Vec<f32>; 4],
    /// Of each layer the weights for the input gradient: [`conv::flipped_kernel`] or the transpose.
    pub backward: [Vec<f32>; LAYERS],
}

impl Weights {
    pub fn new(numbers: Numbers) -> Self {
        let mut weights =
            Self { numbers, kernels: Default::default(), backward: Default::default() };
        weights.lay_out();
        weights
    }

    /// Lays the weights out anew, after they have changed.
    pub fn lay_out(&mut self) {
        let Self { numbers: Numbers { sizes, layers }, kernels, backward } = self;
        for (index, (backward, tensors)) in backward.iter_mut().zip(layers).enumerate() {
            let Size { inputs, outputs, taps } = sizes[index];
            if taps == 1 {
                *backward = dense::transposed(&tensors.weight, outputs);
                continue;
            }
            let kernel = dense::transposed(&tensors.weight, taps * inputs);
            *backward = conv::flipped(&tensors.weight, inputs, outputs);
            kernels[index] = kernel;
        }
    }
}
