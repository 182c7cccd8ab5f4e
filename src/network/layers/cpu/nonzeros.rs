//! The nonzero numbers of an image, in order.
//!
//! After a ReLU, half of the numbers are zero or more. Before a max-pool, at least three of four
//! gradients are, since only the maximum of each block has one. A sum that starts at +0 does not change
//! when a product with zero is added: x + ±0 = x for every x but −0, and such a sum is never −0, since
//! x − x is +0. So products with zero can be skipped. Every sum keeps its bits, as long as the others
//! keep their order.

use std::ops::Range;

/// The nonzero numbers of an image `[height, width, channels]`: row after row, pixel after pixel,
/// channel after channel.
#[derive(Default)]
pub struct Nonzeros {
    width: usize,
    /// The entries of a row start at row · width · channels. The space after them is unused.
    values: Vec<f32>,
    /// Where each entry is in its row: column · channels + channel, ascending.
    places: Vec<u32>,
    /// For each row, where the entries of each pixel start, and where those of the last pixel end.
    starts: Vec<u32>,
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
    /// Collects the nonzero numbers of an image.
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
        assert!(line > 0 && size.is_multiple_of(line) && size <= u32::MAX as usize);
        let height = size / line;
        self.width = width;
        self.values.resize(size, 0.0);
        self.places.resize(size, 0);
        self.starts.resize(height * (width + 1), 0);
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

    /// The entries of neighbouring pixels of a row.
    pub fn entries(&self, row: usize, columns: Range<usize>) -> Entries<'_> {
        let starts = &self.starts[row * (self.width + 1)..][..self.width + 1];
        let range = starts[columns.start] as usize..starts[columns.end] as usize;
        Entries { values: &self.values[range.clone()], places: &self.places[range] }
    }
}
