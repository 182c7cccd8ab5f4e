//! MNIST's four IDX files, gzipped or not.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{DataError, Split, check_labels, unexpected, unreadable};
use crate::dataset::{Dataset, Samples};

pub fn read(split: Split, folder: &Path) -> Result<Samples, DataError> {
    let (prefix, count) = match split {
        Split::Training => ("train", 60_000),
        Split::Test => ("t10k", 10_000),
    };
    let pixels = read_idx(&folder.join(format!("{prefix}-images-idx3-ubyte")), &[count, 28, 28])?;
    let file = folder.join(format!("{prefix}-labels-idx1-ubyte"));
    let labels = read_idx(&file, &[count])?;
    check_labels(&file, &labels)?;
    Ok(Samples { dataset: Dataset::Mnist, pixels, labels })
}

/// The bytes of an IDX file of unsigned bytes with exactly the given dimensions.
fn read_idx(file: &Path, dimensions: &[usize]) -> Result<Vec<u8>, DataError> {
    let mut bytes = read_plain_or_gzipped(file)?;
    let header = 4 + 4 * dimensions.len();
    let word = |at: usize| {
        let word = bytes.get(at..at + 4)?;
        Some(u32::from_be_bytes([word[0], word[1], word[2], word[3]]) as usize)
    };
    // An IDX file begins with two zeros, the element type (8 is an unsigned byte) and the rank.
    let magic = 0x0800 + dimensions.len();
    if word(0) != Some(magic) {
        let start: String = bytes.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        return Err(unexpected(
            file,
            format!("an IDX file that begins with {magic:08x}"),
            format!("a file that begins with {start:?}"),
        ));
    }
    let found: Vec<_> = (0..dimensions.len()).map_while(|i| word(4 + 4 * i)).collect();
    if found != dimensions {
        return Err(unexpected(file, format!("dimensions {dimensions:?}"), format!("{found:?}")));
    }
    let length = header + dimensions.iter().product::<usize>();
    if bytes.len() != length {
        let found = format!("{} bytes", bytes.len());
        return Err(unexpected(file, format!("{length} bytes"), found));
    }
    bytes.drain(..header);
    Ok(bytes)
}

/// The content of `file`, or of `file.gz` unpacked.
fn read_plain_or_gzipped(file: &Path) -> Result<Vec<u8>, DataError> {
    /// More than any file of MNIST has. It keeps a small archive from filling the memory.
    const LIMIT: u64 = 64 << 20;
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
