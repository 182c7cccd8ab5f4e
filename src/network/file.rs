//! Model files: reading, checking and writing.
//!
//! A model file is SafeTensors in half precision with PyTorch's names, shapes and orientation
//! (`conv1.weight` `[out, in, 3, 3]`, `fc1.weight` `[out, in]`, biases `[out]`), so that Python loads
//! it with `load_state_dict(safetensors.torch.load_file(path))`. Files are untrusted: their length,
//! their SHA-256 and every name, type, shape and number is checked.

use half::f16;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sha2::{Digest, Sha256};

use super::parameters::{LAYERS, Layer, Parameters, Size};
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
    /// The manifest gives a temperature that is none.
    #[error("The manifest's temperature of {id} must be above 0, but is {temperature}.")]
    Temperature {
        /// The network's id.
        id: String,
        /// The temperature.
        temperature: f32,
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

/// The parameters in the content of a model file, which is half or single precision.
///
/// # Errors
/// The content is not SafeTensors, or a tensor is missing, has another type or shape than the
/// network's, or a number that is not finite. Further tensors are ignored.
pub fn read(dataset: Dataset, bytes: &[u8]) -> Result<Parameters, ModelError> {
    let file = SafeTensors::deserialize(bytes).map_err(|e| ModelError::Format(e.to_string()))?;
    let mut layers =
        Size::of(dataset).map(|size| Layer { size, weight: Vec::new(), bias: Vec::new() });
    for (layer, [weight, bias]) in layers.iter_mut().zip(TENSORS) {
        layer.weight = numbers(&file, weight, &layer.size.shape())?;
        layer.bias = numbers(&file, bias, &[layer.size.outputs])?;
    }
    Ok(Parameters { dataset, layers })
}

/// The content of a model file for a network, in half precision.
///
/// # Errors
/// A weight is not finite in half precision, whose largest number is 65,504.
pub fn write(parameters: &Parameters) -> Result<Vec<u8>, ModelError> {
    let mut stored = Vec::with_capacity(2 * LAYERS);
    for (layer, [weight, bias]) in parameters.layers.iter().zip(TENSORS) {
        let tensors = [
            (weight, layer.size.shape(), &layer.weight),
            (bias, vec![layer.size.outputs], &layer.bias),
        ];
        for (name, shape, numbers) in tensors {
            let halves: Vec<f16> = numbers.iter().copied().map(f16::from_f32).collect();
            if halves.iter().any(|half| !half.is_finite()) {
                return Err(ModelError::NotFinite(name));
            }
            let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
            stored.push((name, shape, bytes));
        }
    }
    let views = stored.iter().map(|(name, shape, bytes)| {
        TensorView::new(Dtype::F16, shape.clone(), bytes).map(|view| (*name, view))
    });
    let views = views.collect::<Result<Vec<_>, _>>();
    views
        .and_then(|views| safetensors::serialize(views, None))
        .map_err(|error| ModelError::Format(error.to_string()))
}

/// The names of each layer's tensors in the file.
const TENSORS: [[&str; 2]; LAYERS] = [
    ["conv1.weight", "conv1.bias"],
    ["conv2.weight", "conv2.bias"],
    ["conv3.weight", "conv3.bias"],
    ["conv4.weight", "conv4.bias"],
    ["fc1.weight", "fc1.bias"],
    ["fc2.weight", "fc2.bias"],
    ["fc3.weight", "fc3.bias"],
];

/// The numbers of a tensor of the file.
///
/// # Errors
/// It is missing, has another type or shape, or a number that is not finite.
fn numbers(
    file: &SafeTensors<'_>,
    name: &'static str,
    shape: &[usize],
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
