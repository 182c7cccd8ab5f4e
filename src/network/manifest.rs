//! The manifest: one entry for each published network, and the check that a file is the published one.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::Network;
use super::file::{ModelError, read, sha256};
use crate::dataset::Dataset;

/// What a network was trained for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// On the true labels at T = 1.
    Undefended,
    /// On a teacher's soft labels at the teacher's temperature.
    Distilled,
    /// On the true labels at a temperature; it made the soft labels.
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
pub struct Entry {
    /// `<dataset>-undefended`, `<dataset>-distilled-t<T>` or `<dataset>-teacher-t<T>`.
    pub id: String,
    /// The model file, beside the manifest.
    pub file: String,
    /// Its length.
    pub bytes: usize,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// What it classifies.
    pub dataset: Dataset,
    /// What it was trained for.
    pub role: Role,
    /// T of its training; it is used at T = 1 all the same.
    pub temperature: f32,
    /// Trained numbers.
    pub parameters: usize,
    /// Share of the test set that the published file classifies correctly.
    pub test_accuracy: f64,
    /// Mean over the test set of Σ|z|, of the published file.
    pub logit_norm: f64,
    /// The command that trains it.
    pub command: String,
    /// Seed of the training.
    pub seed: u64,
    /// Passes over the training set.
    pub epochs: usize,
    /// Why these are fewer than the paper's 50, in one line; empty where they are not.
    pub epochs_reason: String,
    /// Time that the training took.
    pub seconds: f64,
    /// Where that was.
    pub hardware: String,
    /// Day of publication, as YYYY-MM-DD.
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
    pub fn load(&self, bytes: &[u8], device: &Device) -> Result<Network, ModelError> {
        if bytes.len() != self.bytes {
            let (file, expected, found) = (self.file.clone(), self.bytes, bytes.len());
            return Err(ModelError::Length { file, expected, found });
        }
        if sha256(bytes) != self.sha256 {
            return Err(ModelError::Hash { file: self.file.clone() });
        }
        read(self.dataset, bytes, device)
    }
}
