//! Readers for the data sets' original files.
//!
//! Every error names the file, what was expected of it and what was found, because a swapped or
//! truncated file is the usual accident.

mod cifar;
mod mnist;

use std::io;
use std::path::{Path, PathBuf};

use super::{CLASSES, Dataset};

/// The images and labels of one half (training or test) of a data set.
pub struct Samples {
    /// Which data set these are from.
    pub dataset: Dataset,
    /// Pixels from 0 to 255, image after image, channel after channel, row after row.
    pub pixels: Vec<u8>,
    /// One class from 0 to 9 for each image.
    pub labels: Vec<u8>,
}

/// Which half of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// For training: 60,000 images of MNIST, 50,000 of CIFAR-10.
    Training,
    /// For measuring: 10,000 images.
    Test,
}

/// Why a data set could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// There is no such file.
    #[error(
        "{0}: there is no such file. Run `npm run data`, or name the folder that has the original files, gzipped or not, with --data DIR."
    )]
    Missing(PathBuf),
    /// The file is there but cannot be read.
    #[error("{file}: {error}")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The file is not what its name says.
    #[error("{file}: expected {expected}, found {found}.")]
    Unexpected {
        /// The file.
        file: PathBuf,
        /// What should have been there.
        expected: String,
        /// What was there.
        found: String,
    },
}

impl Samples {
    /// Reads one half of a data set from the folder that holds its original files.
    pub fn read(dataset: Dataset, half: Split, folder: &Path) -> Result<Self, DataError> {
        match dataset {
            Dataset::Mnist => mnist::read(half, folder),
            Dataset::Cifar10 => cifar::read(half, folder),
        }
    }

    /// How many images there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Keeps only the first images.
    pub fn truncate(&mut self, images: usize) {
        self.labels.truncate(images);
        self.pixels.truncate(self.labels.len() * self.dataset.spec().features());
    }

    /// The bytes of image `index`.
    pub fn bytes(&self, index: usize) -> &[u8] {
        let features = self.dataset.spec().features();
        &self.pixels[index * features..][..features]
    }

    /// The pixels of the named images one after another, in [0, 1].
    pub fn images(&self, indices: &[usize]) -> Vec<f32> {
        let pixels = indices.iter().flat_map(|&index| self.bytes(index));
        pixels.map(|&byte| f32::from(byte) / 255.0).collect()
    }
}

/// Refuses labels that are no class.
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
