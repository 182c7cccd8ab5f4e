//! The images and labels of a data set in memory.

use super::Dataset;

/// The images and labels of one split (training or test) of a data set.
pub struct Samples {
    /// The data set that these are from.
    pub dataset: Dataset,
    /// Pixels from 0 to 255: `[images, channels, height, width]`, row-major.
    pub pixels: Vec<u8>,
    /// One class from 0 to 9 for each image.
    pub labels: Vec<u8>,
}

impl Samples {
    /// The number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Keeps the first `images` images at most.
    pub fn truncate(&mut self, images: usize) {
        self.labels.truncate(images);
        self.pixels.truncate(self.labels.len() * self.dataset.spec().features());
    }

    /// The bytes of image `index`: `[channels, height, width]`, from 0 to 255.
    ///
    /// # Panics
    /// If there is no such image.
    pub fn bytes(&self, index: usize) -> &[u8] {
        let features = self.dataset.spec().features();
        &self.pixels[index * features..][..features]
    }

    /// The images with the given indices: `[indices, channels, height, width]`, pixels in [0, 1].
    ///
    /// # Panics
    /// If there is no such image.
    pub fn images(&self, indices: &[usize]) -> Vec<f32> {
        let pixels = indices.iter().flat_map(|&index| self.bytes(index));
        pixels.map(|&byte| f32::from(byte) / 255.0).collect()
    }
}
