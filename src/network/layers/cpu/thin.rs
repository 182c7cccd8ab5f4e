//! The gradient by the input of a convolution with few channels of input: by the image, in the first layer.
//!
//! A sum of [`conv`](super::conv) has one column there, or three, which would leave vectors empty. So the
//! columns of the image are computed side by side, from a gradient that lies in memory channel after
//! channel. The order within each sum is the same.

use super::conv::Conv;
use super::sums::for_each_width;

/// Columns of the image that are computed at a time.
const BLOCK: usize = 32;

/// Columns and channels of the gradient that are sorted by channel at a time.
const TILE: usize = 16;

impl Conv {
    /// Whether there are so few channels of input.
    pub const fn is_thin(self) -> bool {
        self.inputs < 8
    }
}

/// The gradient by the output where the ReLU mask is 1, `[outputs, height − 2, …]`. Each row has two zeros
/// before it and enough after it for whole blocks of columns.
#[derive(Default)]
pub struct Planes {
    numbers: Vec<f32>,
    /// Whether a row of a plane has a number other than zero.
    has_any: Vec<bool>,
}

impl Planes {
    const fn line(conv: Conv) -> usize {
        conv.width.next_multiple_of(BLOCK) + 2
    }

    /// Collects the gradient where the ReLU's output `y` is above zero.
    pub fn collect_masked(&mut self, conv: Conv, gradient: &[f32], y: &[f32]) {
        let Conv { height, width, outputs, .. } = conv;
        assert!(y.len() == conv.output() && gradient.len() == y.len());
        let line = Self::line(conv);
        self.numbers.clear();
        self.numbers.resize(outputs * (height - 2) * line, 0.0);
        self.has_any.clear();
        self.has_any.resize(outputs * (height - 2), false);
        for row in 0..height - 2 {
            for column in (0..width - 2).step_by(TILE) {
                for output in (0..outputs).step_by(TILE) {
                    // The tile is filled along the channels and read along the columns.
                    let mut tile = [[0.0; TILE]; TILE];
                    let count = TILE.min(outputs - output);
                    for (place, tile) in tile.iter_mut().take(width - 2 - column).enumerate() {
                        let at = (row * (width - 2) + column + place) * outputs + output;
                        let both = y[at..at + count].iter().zip(&gradient[at..at + count]);
                        for (number, (&y, &gradient)) in tile.iter_mut().zip(both) {
                            *number = if y > 0.0 { gradient } else { 0.0 };
                        }
                    }
                    for place in 0..count {
                        let row = (output + place) * (height - 2) + row;
                        let numbers = &mut self.numbers[row * line + 2 + column..][..TILE];
                        let mut bits = 0;
                        for (number, tile) in numbers.iter_mut().zip(&tile) {
                            *number = tile[place];
                            bits |= number.to_bits() << 1;
                        }
                        self.has_any[row] |= bits != 0;
                    }
                }
            }
        }
    }
}

for_each_width! {
    /// The gradient by the input of one image, by the [`flipped_kernel`](super::conv::flipped_kernel).
    pub fn input_gradient(conv: Conv, gradient: &Planes, flipped: &[f32], out: &mut [f32]) = input_gradient_body
}

#[inline(always)]
fn input_gradient_body<const WIDEST: usize>(
    conv: Conv,
    gradient: &Planes,
    flipped: &[f32],
    out: &mut [f32],
) {
    let Conv { height, width, inputs, outputs } = conv;
    let line = Planes::line(conv);
    assert!(out.len() == conv.input() && flipped.len() == 9 * inputs * outputs);
    for (row, out) in out.chunks_exact_mut(width * inputs).enumerate() {
        for input in 0..inputs {
            for column in (0..width).step_by(BLOCK) {
                let mut sums = [0.0; BLOCK];
                for place in 0..9 {
                    let above = row.checked_sub(place / 3).filter(|&above| above < height - 2);
                    let Some(above) = above else { continue };
                    for output in 0..outputs {
                        let row = output * (height - 2) + above;
                        if gradient.has_any[row] {
                            let weight = flipped[(place * outputs + output) * inputs + input];
                            let numbers =
                                &gradient.numbers[row * line + column + place % 3..][..BLOCK];
                            for (sum, number) in sums.iter_mut().zip(numbers) {
                                *sum += number * weight;
                            }
                        }
                    }
                }
                let columns = out[column * inputs + input..].iter_mut().step_by(inputs);
                columns.zip(&sums).for_each(|(out, &sum)| *out = sum);
            }
        }
    }
}
