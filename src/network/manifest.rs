//! The manifest: one entry for each published network, to check its model file with.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::Network;
use super::file::{ModelError, read, sha256};
use super::parameters::Parameters;
use crate::dataset::Dataset;

/// The role of a network in defensive distillation (Papernot et al. 2015, section III).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub enum Role {
    /// Trained on the true labels at T = 1.
    Undefended,
    /// Trained on a teacher's soft labels at the teacher's temperature.
    Distilled,
    /// Trained on the true labels at a temperature, to make soft labels.
    Teacher,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Undefended, Self::Distilled, Self::Teacher];

    /// The name in the manifest and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Undefended => "undefended",
            Self::Distilled => "distilled",
            Self::Teacher => "teacher",
        }
    }
}

/// One network's entry in `www/models/manifest.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
#[cfg_attr(feature = "types", ts(rename = "ManifestEntry"))]
pub struct Entry {
    /// `<dataset>-undefended`, `<dataset>-distilled-t<T>` or `<dataset>-teacher-t<T>`.
    pub id: String,
    /// The name of the model file, in the manifest's folder.
    pub file: String,
    /// The file's length in bytes.
    pub bytes: usize,
    /// The file's SHA-256, as 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// The data set, and with it the architecture.
    pub dataset: Dataset,
    /// The network's role.
    pub role: Role,
    /// T of the training. The network is used at T = 1.
    pub temperature: f32,
    /// The number of weights and biases.
    pub parameters: usize,
    /// Share of the test set that the published file classifies correctly, in [0, 1].
    pub test_accuracy: f64,
    /// Mean over the test set of Σ|z|, of the published file.
    pub logit_norm: f64,
    /// The command that trains the network.
    pub command: String,
    /// The seed of the training.
    pub seed: u64,
    /// Passes over the training set.
    pub epochs: usize,
    /// The reason for fewer epochs than the paper's 50, in one line; empty if there are not fewer.
    pub epochs_reason: String,
    /// The time of the training in seconds.
    pub seconds: f64,
    /// The hardware of the training.
    pub hardware: String,
    /// The day of publication, as YYYY-MM-DD.
    pub date: String,
}

/// The name of a network in the manifest, in links and in file names.
pub fn id(dataset: Dataset, role: Role, temperature: f32) -> String {
    match role {
        Role::Undefended => format!("{dataset}-undefended"),
        Role::Distilled => format!("{dataset}-distilled-t{temperature}"),
        Role::Teacher => format!("{dataset}-teacher-t{temperature}"),
    }
}

impl Entry {
    /// Checks that `bytes` are the published file, and builds the network from them.
    ///
    /// # Errors
    /// Those of [`Entry::parameters`].
    pub fn load(&self, bytes: &[u8], device: &Device) -> Result<Network, ModelError> {
        Ok(Network::new(&self.parameters(bytes)?, device))
    }

    /// Checks that `bytes` are the published file, and reads the parameters from them.
    ///
    /// # Errors
    /// The temperature is not above 0, the length or the SHA-256 is not the published one, or [`read`] refuses
    /// the content.
    pub fn parameters(&self, bytes: &[u8]) -> Result<Parameters, ModelError> {
        if !(self.temperature > 0.0 && self.temperature.is_finite()) {
            let (id, temperature) = (self.id.clone(), self.temperature);
            return Err(ModelError::Temperature { id, temperature });
        }
        if bytes.len() != self.bytes {
            let (file, expected, found) = (self.file.clone(), self.bytes, bytes.len());
            return Err(ModelError::Length { file, expected, found });
        }
        if sha256(bytes) != self.sha256 {
            return Err(ModelError::Hash { file: self.file.clone() });
        }
        read(self.dataset, bytes)
    }
}
