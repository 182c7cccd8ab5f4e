//! The MNIST network in float64: forward, and backward by hand.

use half::f16;
use safetensors::{Dtype, SafeTensors};

pub const CLASSES: usize = 10;

/// A chain of layers on a square image of one channel.
pub struct Network {
    pub layers: Vec<Layer>,
}

/// Weights lie as PyTorch's: `[out, in, 3, 3]` and `[out, in]`.
pub enum Layer {
    /// 3×3, valid padding.
    Convolution {
        weight: Vec<f64>,
        bias: Vec<f64>,
    },
    Dense {
        weight: Vec<f64>,
        bias: Vec<f64>,
    },
    Relu,
    /// 2×2, the first of the largest values wins; an odd last row or column is left out.
    MaxPool,
}

/// What went into each layer, and last the logits.
pub struct Trace(Vec<Volume>);

impl Trace {
    pub fn logits(&self) -> &[f64] {
        &self.0.last().expect("a trace starts with the image").values
    }
}

/// Square planes, one a channel: `[channels, side, side]`. A vector has sides of 1.
struct Volume {
    side: usize,
    values: Vec<f64>,
}

impl Volume {
    fn zeros(channels: usize, side: usize) -> Self {
        Self { side, values: vec![0.0; channels * side * side] }
    }

    fn channels(&self) -> usize {
        self.values.len() / (self.side * self.side)
    }
}

impl Network {
    /// The MNIST network from the contents of a model file in half precision.
    pub fn from_safetensors(bytes: &[u8]) -> Self {
        let file = SafeTensors::deserialize(bytes).expect("the model file is SafeTensors");
        let read = |name: &str, shape: &[usize]| -> Vec<f64> {
            let tensor = file.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!((tensor.dtype(), tensor.shape()), (Dtype::F16, shape), "{name}");
            let halves = tensor.data().chunks_exact(2);
            halves.map(|pair| f16::from_le_bytes([pair[0], pair[1]]).to_f64()).collect()
        };
        let convolution = |name: &str, inputs, outputs| Layer::Convolution {
            weight: read(&format!("{name}.weight"), &[outputs, inputs, 3, 3]),
            bias: read(&format!("{name}.bias"), &[outputs]),
        };
        let dense = |name: &str, inputs, outputs| Layer::Dense {
            weight: read(&format!("{name}.weight"), &[outputs, inputs]),
            bias: read(&format!("{name}.bias"), &[outputs]),
        };
        let layers = vec![
            convolution("conv1", 1, 32),
            Layer::Relu,
            convolution("conv2", 32, 32),
            Layer::Relu,
            Layer::MaxPool,
            convolution("conv3", 32, 64),
            Layer::Relu,
            convolution("conv4", 64, 64),
            Layer::Relu,
            Layer::MaxPool,
            dense("fc1", 1024, 200),
            Layer::Relu,
            dense("fc2", 200, 200),
            Layer::Relu,
            dense("fc3", 200, CLASSES),
        ];
        Self { layers }
    }

    pub fn forward(&self, image: &[f32]) -> Trace {
        let values = image.iter().copied().map(f64::from).collect();
        let mut trace = vec![Volume { side: image.len().isqrt(), values }];
        for layer in &self.layers {
            trace.push(layer.forward(&trace[trace.len() - 1]));
        }
        Trace(trace)
    }

    /// The gradient of Σ_j cotangent_j · Z_j with respect to the image.
    pub fn backward(&self, trace: &Trace, cotangent: &[f64]) -> Vec<f64> {
        let layers = self.layers.iter().zip(&trace.0).rev();
        layers.fold(cotangent.to_vec(), |gradient, (layer, input)| layer.backward(input, &gradient))
    }
}

impl Layer {
    fn forward(&self, input: &Volume) -> Volume {
        let values = &input.values;
        match self {
            Self::Relu => {
                let values = values.iter().map(|v| v.max(0.0)).collect();
                Volume { side: input.side, values }
            }
            Self::MaxPool => {
                let values = pooled(input).map(|from| values[from]).collect();
                Volume { side: input.side / 2, values }
            }
            Self::Dense { weight, bias } => {
                let rows = weight.chunks_exact(values.len()).zip(bias);
                let values = rows.map(|(row, bias)| bias + dot(row, values)).collect();
                Volume { side: 1, values }
            }
            Self::Convolution { weight, bias } => {
                let mut output = Volume::zeros(bias.len(), input.side - 2);
                let area = output.side * output.side;
                for (plane, bias) in output.values.chunks_exact_mut(area).zip(bias) {
                    plane.fill(*bias);
                }
                each_row_pair(input.side, input.channels(), bias.len(), |from, to, w| {
                    add_scaled(&mut output.values[to], weight[w], &values[from]);
                });
                output
            }
        }
    }

    /// The gradient with respect to the input, given that with respect to the output.
    fn backward(&self, input: &Volume, gradient: &[f64]) -> Vec<f64> {
        let mut result = vec![0.0; input.values.len()];
        match self {
            Self::Relu => {
                for ((r, g), &v) in result.iter_mut().zip(gradient).zip(&input.values) {
                    *r = if v > 0.0 { *g } else { 0.0 };
                }
            }
            Self::MaxPool => pooled(input).zip(gradient).for_each(|(from, g)| result[from] = *g),
            Self::Dense { weight, .. } => {
                for (row, &g) in weight.chunks_exact(input.values.len()).zip(gradient) {
                    add_scaled(&mut result, g, row);
                }
            }
            Self::Convolution { weight, bias } => {
                each_row_pair(input.side, input.channels(), bias.len(), |from, to, w| {
                    add_scaled(&mut result[from], weight[w], &gradient[to]);
                });
            }
        }
        result
    }
}

/// Calls `visit(input row, output row, weight)`, as ranges and an index, for each weight of a valid
/// 3×3 convolution and each row of the output that it reaches.
fn each_row_pair(
    side: usize,
    inputs: usize,
    outputs: usize,
    mut visit: impl FnMut(std::ops::Range<usize>, std::ops::Range<usize>, usize),
) {
    let out = side - 2;
    for w in 0..outputs * inputs * 9 {
        let (plane, dy, dx) = (w / 9, w / 3 % 3, w % 3);
        for y in 0..out {
            let from = (plane % inputs * side + y + dy) * side + dx;
            let to = (plane / inputs * out + y) * out;
            visit(from..from + out, to..to + out, w);
        }
    }
}

/// For each value of the 2×2 max-pool, the index it comes from.
fn pooled(input: &Volume) -> impl Iterator<Item = usize> {
    let (side, half) = (input.side, input.side / 2);
    (0..input.channels() * half * half).map(move |i| {
        let (channel, y, x) = (i / (half * half), i / half % half, i % half);
        let first = (channel * side + 2 * y) * side + 2 * x;
        let block = [first, first + 1, first + side, first + side + 1];
        block[argmax(&block.map(|from| input.values[from]))]
    })
}

/// The index of the first of the largest values.
pub fn argmax(values: &[f64]) -> usize {
    (1..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add_scaled(sum: &mut [f64], factor: f64, values: &[f64]) {
    sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += factor * value);
}
