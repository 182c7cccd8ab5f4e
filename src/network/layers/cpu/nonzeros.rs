//! The nonzero numbers of an image, in order.
//!
//! After a ReLU, half of the numbers are zero or more. Before a max-pool, at least three of four
//! gradients are, since only the maximum of each block has one. A sum that starts at +0 does not change
//! when a product with zero is added: x + ±0 = x for every x but −0, and such a sum is never −0, since
//! x − x is +0. A sum that starts at a bias of −0 is the exception, but the ReLU after it makes +0 of both.
//! So products with zero can be skipped. Every sum keeps its bits, as long as the others keep their order.

use std::ops::Range;

/// The nonzero numbers of an image `[height, width, channels]`: row after row, pixel after pixel,
/// channel after channel.
#[derive(Default)]
pub struct Nonzeros {
    width: usize,
    channels: usize,
    /// The entries of a row start at row · width · channels. The space after them is unused. Behind the last
    /// row there is room for the entries of two pixels.
    values: Vec<f32>,
    /// Where each entry is in its row: column · channels + channel, ascending.
    places: Vec<u32>,
    /// For each row, where the entries of each pixel start, and where those of the last pixel end.
    starts: Vec<u32>,
    /// Which pixel of a block of the pool has the maximum of each channel, and where that passes a gradient.
    corners: Vec<u32>,
    kept: Vec<u32>,
}

/// Some entries of one row.
#[derive(Clone, Copy)]
pub struct Entries<'a> {
    /// The numbers.
    pub values: &'a [f32],
    /// Where each is in its row, ascending.
    pub places: &'a [u32],
}

impl Nonzeros {
    /// Makes room for an image.
    fn clear(&mut self, height: usize, width: usize, channels: usize) {
        let size = height * width * channels;
        assert!(size > 0 && size <= u32::MAX as usize);
        (self.width, self.channels) = (width, channels);
        self.values.resize(size + 2 * channels, 0.0);
        self.places.resize(size + 2 * channels, 0);
        self.starts.resize(height * (width + 1), 0);
    }

    /// Collects the nonzero numbers of an image, or of a vector as an image of one pixel.
    pub fn collect(&mut self, x: &[f32], width: usize, channels: usize) {
        self.collect_by(x.len(), width, channels, |i| x[i]);
    }

    /// Collects the nonzero gradients where the ReLU mask is 1, that is where the ReLU's output `y` is
    /// above zero.
    pub fn collect_masked(&mut self, gradient: &[f32], y: &[f32], width: usize, channels: usize) {
        assert_eq!(gradient.len(), y.len());
        let masked = |i| if y[i] > 0.0 { gradient[i] } else { 0.0 };
        self.collect_by(y.len(), width, channels, masked);
    }

    #[inline(always)]
    fn collect_by(
        &mut self,
        size: usize,
        width: usize,
        channels: usize,
        number: impl Fn(usize) -> f32,
    ) {
        let line = width * channels;
        assert!(size.is_multiple_of(line));
        let height = size / line;
        self.clear(height, width, channels);
        for row in 0..height {
            let first = row * line;
            let values = &mut self.values[first..][..line];
            let places = &mut self.places[first..][..line];
            let starts = &mut self.starts[row * (width + 1)..][..width + 1];
            let mut count = 0;
            for (column, start) in starts[..width].iter_mut().enumerate() {
                *start = (first + count) as u32;
                for place in column * channels..(column + 1) * channels {
                    let value = number(first + place);
                    // A zero is written too, and overwritten by the next number. A branch that cannot
                    // be predicted would cost more.
                    values[count] = value;
                    places[count] = place as u32;
                    count += usize::from(value != 0.0);
                }
            }
            starts[width] = (first + count) as u32;
        }
    }

    /// Collects the nonzero gradients before a ReLU and a 2×2 max-pool, given the ReLU's output `y`
    /// `[2 · rows, 2 · width, channels]` and the gradient behind the pool `[rows, width, channels]`. Each
    /// goes to the first maximum of its block, if that is above zero.
    pub fn collect_pooled(&mut self, gradient: &[f32], y: &[f32], width: usize, channels: usize) {
        let line = 2 * width * channels;
        assert!(y.len() == 4 * gradient.len() && y.len().is_multiple_of(2 * line));
        self.clear(y.len() / line, 2 * width, channels);
        let Self { values, places, starts, corners, kept, .. } = self;
        corners.resize(channels, 0);
        kept.resize(channels + 1, 0);
        let spare = [y.len(), y.len() + channels];
        let blocks = y.chunks_exact(2 * line).zip(gradient.chunks_exact(width * channels));
        for (block, (y, gradient)) in blocks.enumerate() {
            let rows = [2 * block, 2 * block + 1];
            let mut counts = rows.map(|row| row * line);
            for (column, gradient) in gradient.chunks_exact(channels).enumerate() {
                for (row, count) in rows.into_iter().zip(counts) {
                    starts[row * (2 * width + 1) + 2 * column] = count as u32;
                }
                let at = 2 * column * channels;
                let [a, b] = [at, at + channels].map(|at| &y[at..at + channels]);
                let [c, d] = [line + at, line + at + channels].map(|at| &y[at..at + channels]);
                // Three loops, because the first is computed in vectors, and the last has fewer turns.
                for (i, corner) in corners.iter_mut().enumerate() {
                    let largest = a[i].max(b[i]).max(c[i].max(d[i]));
                    let below = if c[i] == largest { 2 } else { 3 };
                    let beside = if b[i] == largest { 1 } else { below };
                    let first = if a[i] == largest { 0 } else { beside };
                    *corner = if gradient[i] != 0.0 && largest > 0.0 { first } else { NO_CORNER };
                }
                let mut count = 0;
                for (i, &corner) in corners.iter().enumerate() {
                    kept[count] = i as u32;
                    count += usize::from(corner != NO_CORNER);
                }
                // The entries of the two pixels on the right follow those of the two on the left.
                let mut ends = [counts[0], spare[0], counts[1], spare[1]];
                for &i in &kept[..count] {
                    let corner = corners[i as usize] as usize % 4;
                    let end = ends[corner];
                    values[end] = gradient[i as usize];
                    places[end] = (at + corner % 2 * channels) as u32 + i;
                    ends[corner] += 1;
                }
                for half in 0..2 {
                    let (left, right) = (ends[2 * half], spare[half]..ends[2 * half + 1]);
                    starts[rows[half] * (2 * width + 1) + 2 * column + 1] = left as u32;
                    counts[half] = left + right.len();
                    values.copy_within(right.clone(), left);
                    places.copy_within(right, left);
                }
            }
            for (row, count) in rows.into_iter().zip(counts) {
                starts[(row + 1) * (2 * width + 1) - 1] = count as u32;
            }
        }
    }

    /// The entries of neighbouring pixels of a row.
    pub fn entries(&self, row: usize, columns: Range<usize>) -> Entries<'_> {
        let starts = &self.starts[row * (self.width + 1)..][..self.width + 1];
        let range = starts[columns.start] as usize..starts[columns.end] as usize;
        Entries { values: &self.values[range.clone()], places: &self.places[range] }
    }

    /// The number of rows.
    pub fn height(&self) -> usize {
        self.starts.len() / (self.width + 1)
    }

    /// Pixels of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Numbers of a pixel.
    pub fn channels(&self) -> usize {
        self.channels
    }
}

/// Instead of a corner of a block, where no gradient passes.
const NO_CORNER: u32 = 4;
