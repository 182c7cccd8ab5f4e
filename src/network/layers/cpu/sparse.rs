//! Convolutions that skip products with zero, for wasm.
//!
//! Each number of the output is one [`sum`]: first the bias, then the rows of the kernel from the top,
//! in each row the pixels from the left, and in each pixel the channels in order. The matrix product of
//! wasm adds in the same order, so both give the same bits. Natively gemm's products of whole matrices
//! are faster.

use super::nonzeros::Nonzeros;
use super::sums::{Term, sum};
use super::{Conv, for_each_chunk};

impl Conv {
    /// relu(x ∗ kernel + bias). There are a multiple of four output channels.
    pub(super) fn forward_without_zeros(self, x: &[f32], kernel: &[f32], bias: &[f32]) -> Vec<f32> {
        let Self { height, width, in_channels, out_channels } = self;
        let (columns, size) = (width - 2, height * width * in_channels);
        let kernel_rows = kernel_rows(kernel);
        let output = (height - 2) * columns * out_channels;
        let mut y = vec![0.0; x.len() / size * output];
        for_each_chunk(&mut y, output, |index, y, nonzeros: &mut Nonzeros| {
            nonzeros.collect(&x[index * size..][..size], width, in_channels);
            for (pixel, y) in y.chunks_exact_mut(out_channels).enumerate() {
                let (row, column) = (pixel / columns, pixel % columns);
                let origin = (column * in_channels) as u32;
                let terms = [0, 1, 2].map(|k| {
                    let entries = nonzeros.entries(row + k, column..column + 3);
                    Term::new(entries, kernel_rows[k], out_channels, origin)
                });
                sum(out_channels, Some(bias), &terms, |first, sums| {
                    for (y, &sum) in y[first..].iter_mut().zip(sums) {
                        *y = if sum <= 0.0 { 0.0 } else { sum };
                    }
                });
            }
        });
        y
    }

    /// The gradient by the input, given the output y and the gradient by it. There are a multiple of
    /// four input channels.
    pub(super) fn input_gradient_without_zeros(
        self,
        y: &[f32],
        flipped: &[f32],
        gradient: &[f32],
    ) -> Vec<f32> {
        let Self { height, width, in_channels, out_channels } = self;
        let size = (height - 2) * (width - 2) * out_channels;
        let (images, rows) = (y.len() / size, gradient.len() / size);
        let kernel_rows = kernel_rows(flipped);
        let mut out = vec![0.0; rows * height * width * in_channels];
        for_each_chunk(
            &mut out,
            height * width * in_channels,
            |index, out, nonzeros: &mut Nonzeros| {
                let y = &y[index % images * size..][..size];
                nonzeros.collect_masked(
                    &gradient[index * size..][..size],
                    y,
                    width - 2,
                    out_channels,
                );
                for (pixel, out) in out.chunks_exact_mut(in_channels).enumerate() {
                    let (row, column) = (pixel / width, pixel % width);
                    // The gradient is padded with two pixels on each side.
                    let columns = column.saturating_sub(2)..(column + 1).min(width - 2);
                    let origin = (column * out_channels) as u32;
                    let origin = origin.wrapping_sub(2 * out_channels as u32);
                    let terms = [0, 1, 2].map(|k| {
                        let above = row.checked_sub(k).filter(|&above| above < height - 2);
                        let entries = match above {
                            Some(above) => nonzeros.entries(above, columns.clone()),
                            None => nonzeros.entries(0, 0..0),
                        };
                        Term::new(entries, kernel_rows[k], in_channels, origin)
                    });
                    sum(in_channels, None, &terms, |first, sums| {
                        out[first..][..sums.len()].copy_from_slice(sums);
                    });
                }
            },
        );
        out
    }
}

/// The three rows of a kernel `[3, 3, …]`.
fn kernel_rows(kernel: &[f32]) -> [&[f32]; 3] {
    let size = kernel.len() / 3;
    [0, 1, 2].map(|k| &kernel[k * size..][..size])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPES: [Conv; 5] = [
        Conv { height: 4, width: 4, in_channels: 4, out_channels: 4 },
        Conv { height: 6, width: 9, in_channels: 4, out_channels: 16 },
        Conv { height: 8, width: 6, in_channels: 8, out_channels: 28 },
        Conv { height: 5, width: 8, in_channels: 40, out_channels: 64 },
        Conv { height: 4, width: 6, in_channels: 128, out_channels: 60 },
    ];

    /// Numbers from −0.5 to 0.5, the same every time, half of them zero as after a ReLU.
    fn random(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let unit = (state >> 8) as f32 / (1 << 24) as f32;
            if unit < 0.5 { 0.0 } else { 2.0 * (unit - 0.5) - 0.5 }
        };
        std::iter::repeat_with(next).take(count).collect()
    }

    fn bits(numbers: &[f32]) -> Vec<u32> {
        numbers.iter().map(|number| number.to_bits()).collect()
    }

    #[test]
    fn a_convolution_has_the_bits_of_plain_loops() {
        for conv @ Conv { height, width, in_channels, out_channels } in SHAPES {
            let x = random(2 * height * width * in_channels, 1);
            let kernel = random(9 * in_channels * out_channels, 2);
            let bias = random(out_channels, 3);
            let mut expected = Vec::new();
            for x in x.chunks_exact(height * width * in_channels) {
                for pixel in 0..(height - 2) * (width - 2) {
                    let (row, column) = (pixel / (width - 2), pixel % (width - 2));
                    for output in 0..out_channels {
                        let mut sum = bias[output];
                        for place in 0..9 {
                            let pixel = (row + place / 3) * width + column + place % 3;
                            for input in 0..in_channels {
                                let weight =
                                    kernel[(place * in_channels + input) * out_channels + output];
                                sum += x[pixel * in_channels + input] * weight;
                            }
                        }
                        expected.push(sum.max(0.0));
                    }
                }
            }
            let found = conv.forward_without_zeros(&x, &kernel, &bias);
            assert_eq!(bits(&found), bits(&expected), "{conv:?}");
        }
    }

    /// Two rows of gradients for each image.
    #[test]
    fn a_gradient_has_the_bits_of_plain_loops() {
        for conv @ Conv { height, width, in_channels, out_channels } in SHAPES {
            let size = (height - 2) * (width - 2) * out_channels;
            let (y, gradient) = (random(2 * size, 4), random(4 * size, 5));
            let flipped = random(9 * in_channels * out_channels, 6);
            let mut expected = Vec::new();
            for (index, gradient) in gradient.chunks_exact(size).enumerate() {
                let y = &y[index % 2 * size..][..size];
                for pixel in 0..height * width {
                    let (row, column) = (pixel / width, pixel % width);
                    for input in 0..in_channels {
                        let mut sum = 0.0f32;
                        for place in 0..9 {
                            let above =
                                row.checked_sub(place / 3).filter(|&above| above < height - 2);
                            let left = (column + place % 3)
                                .checked_sub(2)
                                .filter(|&left| left < width - 2);
                            let (Some(above), Some(left)) = (above, left) else { continue };
                            for output in 0..out_channels {
                                let at = (above * (width - 2) + left) * out_channels + output;
                                let masked = if y[at] > 0.0 { gradient[at] } else { 0.0 };
                                sum += masked
                                    * flipped
                                        [(place * out_channels + output) * in_channels + input];
                            }
                        }
                        expected.push(sum);
                    }
                }
            }
            let found = conv.input_gradient_without_zeros(&y, &flipped, &gradient);
            assert_eq!(bits(&found), bits(&expected), "{conv:?}");
        }
    }

    /// The matrix product of wasm, for shapes that it can cut into whole tiles.
    #[test]
    fn skipping_zeros_changes_no_bit_of_the_matrix_product() {
        use crate::network::layers::matmul::{View, tiles};
        let conv = Conv { height: 7, width: 8, in_channels: 16, out_channels: 32 };
        let Conv { height, width, in_channels, out_channels } = conv;
        let x = random(height * width * in_channels, 1);
        let kernel = random(9 * in_channels * out_channels, 2);
        let bias = random(out_channels, 3);
        let mut expected = Vec::new();
        for row in 0..height - 2 {
            let mut y: Vec<f32> = bias.repeat(width - 2);
            for k in 0..3 {
                let x = &x[(row + k) * width * in_channels..][..width * in_channels];
                let x = View::overlapping(x, width - 2, 3 * in_channels, in_channels);
                let kernel = View::new(kernel_rows(&kernel)[k], 3 * in_channels, out_channels);
                tiles::add_product(&mut y, x, kernel);
            }
            expected.extend(y.iter().map(|&sum| sum.max(0.0)));
        }
        assert_eq!(bits(&conv.forward_without_zeros(&x, &kernel, &bias)), bits(&expected));
    }
}
