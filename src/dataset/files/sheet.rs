//! The sample images of the page: one PNG sheet of ten by ten tiles, and a JSON list of their labels.

use std::path::Path;

use serde::Deserialize;

use super::{DataError, check_labels, read_file, read_png, unexpected};
use crate::dataset::{Dataset, Samples};

/// Tiles in a row of the sheet, and rows.
const SIDE: usize = 10;

#[derive(Deserialize)]
struct Tile {
    label: u8,
}

pub fn read(dataset: Dataset, folder: &Path) -> Result<Samples, DataError> {
    let [channels, height, width] = dataset.spec().shape;
    let name = folder.join(dataset.spec().id);
    let file = name.with_extension("png");
    let color = if channels == 1 { png::ColorType::Grayscale } else { png::ColorType::Rgb };
    let sheet = read_png(&file, [SIDE * width, SIDE * height], color)?;
    let mut pixels = Vec::with_capacity(sheet.len());
    for tile in 0..SIDE * SIDE {
        for feature in 0..dataset.spec().features() {
            let (channel, pixel) = (feature / (height * width), feature % (height * width));
            let row = tile / SIDE * height + pixel / width;
            let column = tile % SIDE * width + pixel % width;
            pixels.push(sheet[(row * SIDE * width + column) * channels + channel]);
        }
    }
    let file = name.with_extension("json");
    let tiles: Vec<Tile> = serde_json::from_slice(&read_file(&file)?)
        .map_err(|error| unexpected(&file, "a JSON array of labels", error.to_string()))?;
    let labels: Vec<_> = tiles.into_iter().map(|tile| tile.label).collect();
    if labels.len() != SIDE * SIDE {
        let found = format!("{} labels", labels.len());
        return Err(unexpected(&file, format!("{} labels", SIDE * SIDE), found));
    }
    check_labels(&file, &labels)?;
    Ok(Samples { dataset, pixels, labels })
}
