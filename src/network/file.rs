//! Model files: how they are read, checked and written.
//!
//! A model file is SafeTensors in half precision with the names, shapes and orientation of PyTorch
//! (`conv1.weight` `[out, in, 3, 3]`, `fc1.weight` `[out, in]`, biases `[out]`), so that
//! `load_state_dict(safetensors.torch.load_file(path))` is all that Python needs. Whatever is read
//! is untrusted until its length, its SHA-256 and every name, type, shape and number is checked.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use half::f16;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sha2::{Digest, Sha256};

use super::Network;
use crate::dataset::Dataset;

/// Why a model file was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// The file is shorter or longer than published.
    #[error(
        "The file {file} is damaged: it has {found} bytes where {expected} were published. Load it again."
    )]
    Length {
        /// The file.
        file: String,
        /// As published.
        expected: usize,
        /// As it came.
        found: usize,
    },
    /// The content is not what was published.
    #[error("The file {file} is damaged: its SHA-256 is not the published one. Load it again.")]
    Hash {
        /// The file.
        file: String,
    },
    /// The content is not a model file.
    #[error("This is not a SafeTensors file: {0}.")]
    Format(String),
    /// A tensor is missing.
    #[error("The model file lacks the tensor {0}.")]
    Missing(&'static str),
    /// A tensor is not what the network needs.
    #[error("The tensor {name} should be F16 or F32 of shape {expected:?}, but is {found}.")]
    Shape {
        /// The tensor.
        name: &'static str,
        /// The shape that the network has.
        expected: Vec<usize>,
        /// Type and shape in the file.
        found: String,
    },
    /// A weight is infinite or not a number.
    #[error("The tensor {0} holds a number that is not finite.")]
    NotFinite(&'static str),
}

/// The SHA-256 of some bytes, as 64 lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Builds a network from the content of a model file.
///
/// Nothing is computed on the device: its parameters are given to it as they are, before it would
/// have to draw random ones.
pub fn read(dataset: Dataset, bytes: &[u8], device: &Device) -> Result<Network, ModelError> {
    let file = SafeTensors::deserialize(bytes).map_err(|e| ModelError::Format(e.to_string()))?;
    let mut network = Network::new(dataset, device);
    for part in parts(&mut network) {
        match part {
            Part::Kernel(name, weight) => {
                let shape = weight.lazy_shape().dims();
                *weight = parameter(numbers::<4>(&file, name, shape)?, shape, device);
            }
            Part::Matrix(name, weight) => {
                let [inputs, outputs] = weight.lazy_shape().dims();
                let stored = numbers(&file, name, [outputs, inputs])?;
                *weight = parameter(transposed(&stored, inputs), [inputs, outputs], device);
            }
            Part::Bias(name, bias) => {
                let shape = bias.lazy_shape().dims();
                *bias = parameter(numbers::<1>(&file, name, shape)?, shape, device);
            }
        }
    }
    Ok(network)
}

/// The content of a model file for a network.
///
/// # Errors
/// A weight that half precision cannot hold: above 65,504, or not a number.
pub fn write(mut network: Network) -> Result<Vec<u8>, ModelError> {
    let mut stored = Vec::new();
    for part in parts(&mut network) {
        let (name, data) = match part {
            Part::Kernel(name, weight) => (name, weight.val().into_data()),
            Part::Matrix(name, weight) => (name, weight.val().transpose().into_data()),
            Part::Bias(name, bias) => (name, bias.val().into_data()),
        };
        let shape = data.shape().to_vec();
        let halves: Vec<f16> = data.iter::<f32>().map(f16::from_f32).collect();
        if halves.iter().any(|half| !half.is_finite()) {
            return Err(ModelError::NotFinite(name));
        }
        stored.push((
            name,
            shape,
            halves.iter().flat_map(|half| half.to_le_bytes()).collect::<Vec<u8>>(),
        ));
    }
    let views = stored.iter().map(|(name, shape, bytes)| {
        TensorView::new(Dtype::F16, shape.clone(), bytes).map(|view| (*name, view))
    });
    let views = views.collect::<Result<Vec<_>, _>>();
    views
        .and_then(|views| safetensors::serialize(views, None))
        .map_err(|error| ModelError::Format(error.to_string()))
}

/// A trained tensor of the network and its name in the file.
enum Part<'network> {
    Kernel(&'static str, &'network mut Param<Tensor<4>>),
    Matrix(&'static str, &'network mut Param<Tensor<2>>),
    Bias(&'static str, &'network mut Param<Tensor<1>>),
}

fn parts(network: &mut Network) -> impl Iterator<Item = Part<'_>> {
    let Network { conv1, conv2, conv3, conv4, fc1, fc2, fc3, .. } = network;
    let convs = [
        (conv1, "conv1.weight", "conv1.bias"),
        (conv2, "conv2.weight", "conv2.bias"),
        (conv3, "conv3.weight", "conv3.bias"),
        (conv4, "conv4.weight", "conv4.bias"),
    ];
    let linears = [
        (fc1, "fc1.weight", "fc1.bias"),
        (fc2, "fc2.weight", "fc2.bias"),
        (fc3, "fc3.weight", "fc3.bias"),
    ];
    let convs = convs.into_iter().flat_map(|(layer, weight, bias)| {
        let bias = layer.bias.as_mut().map(|tensor| Part::Bias(bias, tensor));
        [Some(Part::Kernel(weight, &mut layer.weight)), bias]
    });
    let linears = linears.into_iter().flat_map(|(layer, weight, bias)| {
        let bias = layer.bias.as_mut().map(|tensor| Part::Bias(bias, tensor));
        [Some(Part::Matrix(weight, &mut layer.weight)), bias]
    });
    convs.chain(linears).flatten()
}

/// The numbers of a tensor of the file, if it is there, of the right shape, and finite.
fn numbers<const D: usize>(
    file: &SafeTensors<'_>,
    name: &'static str,
    shape: [usize; D],
) -> Result<Vec<f32>, ModelError> {
    let view = file.tensor(name).map_err(|_| ModelError::Missing(name))?;
    let numbers: Vec<f32> = match view.dtype() {
        Dtype::F16 if view.shape() == shape => {
            let (halves, _) = view.data().as_chunks::<2>();
            halves.iter().map(|&half| f16::from_le_bytes(half).to_f32()).collect()
        }
        Dtype::F32 if view.shape() == shape => {
            let (words, _) = view.data().as_chunks::<4>();
            words.iter().map(|&word| f32::from_le_bytes(word)).collect()
        }
        dtype => {
            let found = format!("{dtype:?} of shape {:?}", view.shape());
            return Err(ModelError::Shape { name, expected: shape.to_vec(), found });
        }
    };
    if numbers.iter().any(|number| !number.is_finite()) {
        return Err(ModelError::NotFinite(name));
    }
    Ok(numbers)
}

fn parameter<const D: usize>(
    numbers: Vec<f32>,
    shape: [usize; D],
    device: &Device,
) -> Param<Tensor<D>> {
    Param::from_tensor(Tensor::from_data(TensorData::new(numbers, shape), device))
}

/// A matrix with rows of `columns` numbers, column by column: the dense layers read it so.
fn transposed(matrix: &[f32], columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| matrix.iter().skip(column).step_by(columns)).copied().collect()
}
