//! Model files: reading, checking and writing.
//!
//! A model file is SafeTensors in half precision with PyTorch's names, shapes and orientation
//! (`conv1.weight` `[out, in, 3, 3]`, `fc1.weight` `[out, in]`, biases `[out]`), so that Python loads
//! it with `load_state_dict(safetensors.torch.load_file(path))`. Files are untrusted: their length,
//! their SHA-256 and every name, type, shape and number is checked.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use half::f16;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sha2::{Digest, Sha256};

use super::Network;
use crate::dataset::Dataset;

/// The reason why a model file was refused, or could not be written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// The file's length is not the published one.
    #[error(
        "The file {file} is damaged: it has {found} bytes where {expected} were published. Load it again."
    )]
    Length {
        /// The file.
        file: String,
        /// The published length in bytes.
        expected: usize,
        /// The file's length in bytes.
        found: usize,
    },
    /// The file's SHA-256 is not the published one.
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
    /// A tensor has another type or shape than the network's.
    #[error("The tensor {name} should be F16 or F32 of shape {expected:?}, but is {found}.")]
    Shape {
        /// The tensor's name.
        name: &'static str,
        /// The network's shape.
        expected: Vec<usize>,
        /// The type and shape in the file.
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

/// Builds a network from the content of a model file, which is half or single precision.
///
/// No random weights are drawn on the device, because the parameters are set before their first use.
///
/// # Errors
/// The content is not SafeTensors, or a tensor is missing, has another type or shape than the
/// network's, or a number that is not finite. Further tensors are ignored.
pub fn read(dataset: Dataset, bytes: &[u8], device: &Device) -> Result<Network, ModelError> {
    let file = SafeTensors::deserialize(bytes).map_err(|e| ModelError::Format(e.to_string()))?;
    let mut network = Network::new(dataset, device);
    for parameter in parameters(&mut network) {
        match parameter {
            Parameter::Kernel(name, weight) => {
                let shape = weight.lazy_shape().dims();
                *weight = param(numbers::<4>(&file, name, shape)?, shape, device);
            }
            Parameter::Matrix(name, weight) => {
                let [inputs, outputs] = weight.lazy_shape().dims();
                let stored = numbers(&file, name, [outputs, inputs])?;
                *weight = param(transposed(&stored, inputs), [inputs, outputs], device);
            }
            Parameter::Bias(name, bias) => {
                let shape = bias.lazy_shape().dims();
                *bias = param(numbers::<1>(&file, name, shape)?, shape, device);
            }
        }
    }
    Ok(network)
}

/// The content of a model file for a network, in half precision.
///
/// # Errors
/// A weight is not finite in half precision, whose largest number is 65,504.
pub fn write(mut network: Network) -> Result<Vec<u8>, ModelError> {
    let mut stored = Vec::new();
    for parameter in parameters(&mut network) {
        let (name, data) = match parameter {
            Parameter::Kernel(name, weight) => (name, weight.val().into_data()),
            Parameter::Matrix(name, weight) => (name, weight.val().transpose().into_data()),
            Parameter::Bias(name, bias) => (name, bias.val().into_data()),
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

/// A parameter of the network and its name in the file.
enum Parameter<'network> {
    Kernel(&'static str, &'network mut Param<Tensor<4>>),
    Matrix(&'static str, &'network mut Param<Tensor<2>>),
    Bias(&'static str, &'network mut Param<Tensor<1>>),
}

fn parameters(network: &mut Network) -> impl Iterator<Item = Parameter<'_>> {
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
        let bias = layer.bias.as_mut().map(|tensor| Parameter::Bias(bias, tensor));
        [Some(Parameter::Kernel(weight, &mut layer.weight)), bias]
    });
    let linears = linears.into_iter().flat_map(|(layer, weight, bias)| {
        let bias = layer.bias.as_mut().map(|tensor| Parameter::Bias(bias, tensor));
        [Some(Parameter::Matrix(weight, &mut layer.weight)), bias]
    });
    convs.chain(linears).flatten()
}

/// The numbers of a tensor of the file.
///
/// # Errors
/// It is missing, has another type or shape, or a number that is not finite.
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

fn param<const D: usize>(
    numbers: Vec<f32>,
    shape: [usize; D],
    device: &Device,
) -> Param<Tensor<D>> {
    Param::from_tensor(Tensor::from_data(TensorData::new(numbers, shape), device))
}

/// The transpose of a row-major matrix with so many columns, row-major.
fn transposed(matrix: &[f32], columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| matrix.iter().skip(column).step_by(columns)).copied().collect()
}
