//! Readers for the data sets' original files.
//!
//! MNIST comes as four IDX files, gzipped or not. Every error names the file, what was expected of
//! it and what was found, because a swapped or truncated file is the usual accident.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Dataset;

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
pub enum Half {
    /// For training: 60,000 images of MNIST.
    Training,
    /// For measuring: 10,000 images.
    Test,
}

/// Why a data set could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// No file of that name, gzipped or not.
    #[error("{0}: no such file, nor {name}.gz. Run `npm run data`, or name the folder that has the original files with --data DIR.", name = .0.file_name().unwrap_or_default().to_string_lossy())]
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
    /// No reader for this data set.
    #[error("There is no reader for the data set {0} in this version.")]
    NoReader(Dataset),
}

impl Samples {
    /// Reads one half of a data set from the folder that holds its original files.
    pub fn read(dataset: Dataset, half: Half, folder: &Path) -> Result<Self, DataError> {
        match dataset {
            Dataset::Mnist => read_mnist(half, folder),
            Dataset::Cifar10 => Err(DataError::NoReader(dataset)),
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

fn read_mnist(half: Half, folder: &Path) -> Result<Samples, DataError> {
    let (prefix, count) = match half {
        Half::Training => ("train", 60_000),
        Half::Test => ("t10k", 10_000),
    };
    let pixels = read_idx(&folder.join(format!("{prefix}-images-idx3-ubyte")), &[count, 28, 28])?;
    let file = folder.join(format!("{prefix}-labels-idx1-ubyte"));
    let labels = read_idx(&file, &[count])?;
    if let Some(label) = labels.iter().find(|&&label| label > 9) {
        return Err(DataError::Unexpected {
            file,
            expected: "labels from 0 to 9".into(),
            found: format!("a label {label}"),
        });
    }
    Ok(Samples { dataset: Dataset::Mnist, pixels, labels })
}

/// The bytes of an IDX file of unsigned bytes with exactly the given dimensions.
fn read_idx(file: &Path, dimensions: &[usize]) -> Result<Vec<u8>, DataError> {
    let unexpected = |expected: String, found: String| DataError::Unexpected {
        file: file.into(),
        expected,
        found,
    };
    let mut bytes = read_plain_or_gzipped(file)?;
    let header = 4 + 4 * dimensions.len();
    let word = |at: usize| {
        let word = bytes.get(at..at + 4)?;
        Some(u32::from_be_bytes([word[0], word[1], word[2], word[3]]) as usize)
    };
    // An IDX file begins with two zeros, the element type (8 is an unsigned byte) and the rank.
    let magic = 0x0800 + dimensions.len();
    if word(0) != Some(magic) {
        let start: Vec<_> = bytes.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        return Err(unexpected(
            format!("an IDX file that begins with {:08x}", magic),
            format!("a file that begins with {:?}", start.join("")),
        ));
    }
    let found: Vec<_> = (0..dimensions.len()).map_while(|i| word(4 + 4 * i)).collect();
    if found != dimensions {
        return Err(unexpected(format!("dimensions {dimensions:?}"), format!("{found:?}")));
    }
    let length = header + dimensions.iter().product::<usize>();
    if bytes.len() != length {
        return Err(unexpected(format!("{length} bytes"), format!("{} bytes", bytes.len())));
    }
    bytes.drain(..header);
    Ok(bytes)
}

/// The contents of `file`, or of `file.gz` unpacked.
fn read_plain_or_gzipped(file: &Path) -> Result<Vec<u8>, DataError> {
    /// Larger than any file of these data sets, so that a small archive cannot fill the memory.
    const LIMIT: u64 = 256 << 20;
    let unreadable = |file: &Path| {
        let file = file.to_path_buf();
        move |error| DataError::Unreadable { file, error }
    };
    if file.exists() {
        return fs::read(file).map_err(unreadable(file));
    }
    let gzipped = PathBuf::from(format!("{}.gz", file.display()));
    if !gzipped.exists() {
        return Err(DataError::Missing(file.into()));
    }
    let archive = fs::File::open(&gzipped).map_err(unreadable(&gzipped))?;
    let mut bytes = Vec::new();
    let mut unpacked = flate2::read::GzDecoder::new(archive).take(LIMIT);
    unpacked.read_to_end(&mut bytes).map_err(unreadable(&gzipped))?;
    Ok(bytes)
}
