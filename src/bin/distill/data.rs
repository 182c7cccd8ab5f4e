//! `distill data`: checks the data sets' files, and writes the page's samples.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use clap::Args;
use defensive_distillation::dataset::files::Split;
use defensive_distillation::dataset::{CLASSES, Samples};
use serde::Serialize;

use crate::{Common, Result};

/// Samples of each class on the page.
const PER_CLASS: usize = 10;

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    common: Common,
    /// Write the first ten test images of each class to this folder, as a PNG sheet and a JSON list.
    #[arg(long, value_name = "DIR")]
    samples: Option<PathBuf>,
}

pub fn run(arguments: Arguments) -> Result {
    #[derive(Serialize)]
    struct Counts {
        split: &'static str,
        images: usize,
        per_class: [usize; CLASSES],
    }
    let Arguments { common, samples } = arguments;
    let test = common.samples(Split::Test)?;
    for (split, samples) in [("training", &common.samples(Split::Training)?), ("test", &test)] {
        let mut per_class = [0; CLASSES];
        samples.labels.iter().for_each(|&label| per_class[usize::from(label)] += 1);
        let images = samples.len();
        let words = format!("{} {split}: {images} images, by class {per_class:?}", common.dataset);
        common.print(words, &Counts { split, images, per_class })?;
    }
    match samples {
        Some(folder) => write_samples(&test, &folder),
        None => Ok(()),
    }
}

/// Writes a sheet with a row of tiles for each class, and a list of the tiles' test images.
fn write_samples(test: &Samples, folder: &Path) -> Result {
    #[derive(Serialize)]
    struct Sample {
        index: usize,
        label: usize,
    }
    let of_class = |label| {
        let indices = (0..test.len()).filter(move |&i| usize::from(test.labels[i]) == label);
        indices.take(PER_CLASS).map(move |index| Sample { index, label })
    };
    let samples: Vec<_> = (0..CLASSES).flat_map(of_class).collect();
    let spec = test.dataset.spec();
    let [channels, height, width] = spec.shape;
    let mut sheet = vec![0; channels * height * width * samples.len()];
    for (tile, sample) in samples.iter().enumerate() {
        let image = test.bytes(sample.index);
        for (feature, &byte) in image.iter().enumerate() {
            let (channel, pixel) = (feature / (height * width), feature % (height * width));
            let row = tile / PER_CLASS * height + pixel / width;
            let column = tile % PER_CLASS * width + pixel % width;
            sheet[(row * PER_CLASS * width + column) * channels + channel] = byte;
        }
    }
    std::fs::create_dir_all(folder)?;
    let name = folder.join(spec.id);
    write_png(&name.with_extension("png"), PER_CLASS * width, CLASSES * height, channels, &sheet)?;
    let json = serde_json::to_string(&samples)?.replace("},", "},\n ") + "\n";
    std::fs::write(name.with_extension("json"), json)?;
    Ok(())
}

/// Writes an 8-bit PNG, grey for one channel and RGB for three.
pub fn write_png(
    file: &Path,
    width: usize,
    height: usize,
    channels: usize,
    bytes: &[u8],
) -> Result {
    let out = File::create(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let mut png = png::Encoder::new(BufWriter::new(out), width as u32, height as u32);
    png.set_depth(png::BitDepth::Eight);
    png.set_color(if channels == 1 { png::ColorType::Grayscale } else { png::ColorType::Rgb });
    png.set_compression(png::Compression::High);
    png.write_header()?.write_image_data(bytes)?;
    Ok(())
}
