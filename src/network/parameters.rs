//! The parameters of a network: its weights and biases as plain numbers, as the model file has them.

use crate::dataset::{CLASSES, Dataset};

/// The layers with parameters, in order: four 3×3 convolutions and three dense layers.
pub const LAYERS: usize = 7;

/// The size of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Channels or numbers of input.
    pub inputs: usize,
    /// Channels or numbers of output.
    pub outputs: usize,
    /// Weights between an input and an output: 9 in a convolution, 1 in a dense layer.
    pub taps: usize,
}

impl Size {
    /// The sizes of a data set's network (Papernot et al. 2015, Table I).
    pub fn of(dataset: Dataset) -> [Self; LAYERS] {
        let [channels, height, width] = dataset.spec().shape;
        let (first, second, dense) = match dataset {
            Dataset::Mnist => (32, 64, 200),
            Dataset::Cifar10 => (64, 128, 256),
        };
        let features = second * pooled(height) * pooled(width);
        let conv = |inputs, outputs| Self { inputs, outputs, taps: 9 };
        let linear = |inputs, outputs| Self { inputs, outputs, taps: 1 };
        [
            conv(channels, first),
            conv(first, first),
            conv(first, second),
            conv(second, second),
            linear(features, dense),
            linear(dense, dense),
            linear(dense, CLASSES),
        ]
    }

    /// The number of weights.
    pub const fn weights(self) -> usize {
        self.inputs * self.outputs * self.taps
    }

    /// The shape of the weights in the model file: `[out, in, 3, 3]` or `[out, in]`.
    pub fn shape(self) -> Vec<usize> {
        match self.taps {
            1 => vec![self.outputs, self.inputs],
            _ => vec![self.outputs, self.inputs, 3, 3],
        }
    }
}

/// The height or width of the second pool's output, from that of the image. Each convolution removes two
/// rows and columns, each pool halves the rest.
///
/// # Panics
/// If a pool would get an odd number of rows or columns.
pub fn pooled(size: usize) -> usize {
    let before = [size - 4, (size - 4) / 2 - 4];
    assert!(before.iter().all(|size| size.is_multiple_of(2)), "a pool takes blocks of 2×2");
    before[1] / 2
}

/// The weights and biases of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// The layer's size.
    pub size: Size,
    /// The weights: `[out, in, 3, 3]` of a convolution, `[out, in]` of a dense layer. The inputs of the
    /// first dense layer are channel after channel, and in each channel row after row.
    pub weight: Vec<f32>,
    /// The biases, `[out]`.
    pub bias: Vec<f32>,
}

/// All weights and biases of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// The data set, and with it the architecture.
    pub dataset: Dataset,
    /// The layers, in order.
    pub layers: [Layer; LAYERS],
}

impl Parameters {
    /// The number of weights and biases.
    pub fn count(&self) -> usize {
        self.layers.iter().map(|layer| layer.weight.len() + layer.bias.len()).sum()
    }

    /// The first dense layer with its inputs in the order in which images are in memory here: row after
    /// row, pixel after pixel, channel after channel.
    pub fn first_dense_by_pixels(&self) -> Layer {
        let (layer, channels) =
            (&self.layers[FIRST_DENSE], self.layers[FIRST_DENSE - 1].size.outputs);
        let pixels = layer.size.inputs / channels;
        layer.reordered(|at| at % channels * pixels + at / channels)
    }

    /// These parameters, whose first dense layer is that of [`Self::first_dense_by_pixels`], with its inputs
    /// in the order of the model file.
    #[cfg(feature = "train")]
    pub(crate) fn with_first_dense_by_channels(mut self) -> Self {
        let (layer, channels) =
            (&self.layers[FIRST_DENSE], self.layers[FIRST_DENSE - 1].size.outputs);
        let pixels = layer.size.inputs / channels;
        self.layers[FIRST_DENSE] = layer.reordered(|at| at % pixels * channels + at / pixels);
        self
    }
}

/// The first dense layer.
const FIRST_DENSE: usize = 4;

impl Layer {
    /// A dense layer with its inputs in another order: input `i` is now input `from(i)`.
    fn reordered(&self, from: impl Fn(usize) -> usize) -> Self {
        let rows = self.weight.chunks_exact(self.size.inputs);
        let weight = rows.flat_map(|row| (0..row.len()).map(|at| row[from(at)]));
        Self { weight: weight.collect(), ..self.clone() }
    }
}
