//! The layers on the CPU, as products of matrices that already lie in memory.
//!
//! With c channels last, the three pixels under a row of the kernel are 3 · c numbers side by side,
//! and those of the next output pixel begin c numbers later. So a row of output is the sum of three
//! products, one for each row of the kernel, of an overlapping view of the input and a (3 · c) × o
//! slice of the kernel. The gradient with respect to the input is the same product of the gradient,
//! padded with zeros, and the flipped kernel. In wasm [`sparse`] skips products with zero instead. The images of a batch run in parallel (feature
//! `parallel`), each on one core.

#[cfg(any(target_arch = "wasm32", test))]
mod nonzeros;
#[cfg(any(target_arch = "wasm32", test))]
mod sparse;
#[cfg(any(target_arch = "wasm32", test))]
mod sums;

use burn::backend::Flex;
use burn::backend::TensorMetadata;
use burn::backend::flex::FlexTensor;
use burn::tensor::TensorData;

use super::Layers;
use super::matmul::{View, add_product};

impl Layers for Flex {
    fn conv_relu(x: FlexTensor, weight: FlexTensor, bias: FlexTensor) -> FlexTensor {
        let conv = Conv::of_input(&x, &weight);
        let (x, bias) = (x.to_contiguous(), bias.to_contiguous());
        let y = conv.forward(x.storage(), &conv.kernel(weight), bias.storage());
        tensor(y, [x.shape()[0], conv.height - 2, conv.width - 2, conv.out_channels])
    }

    fn conv_relu_input_gradient(
        y: FlexTensor,
        weight: FlexTensor,
        gradient: FlexTensor,
    ) -> FlexTensor {
        let conv = Conv::of_output(&y, &weight);
        let images = gradient.shape()[0];
        let (y, gradient) = (y.to_contiguous(), gradient.to_contiguous());
        let flipped = conv.flipped_kernel(weight);
        let back = conv.input_gradient(y.storage(), &flipped, gradient.storage());
        tensor(back, [images, conv.height, conv.width, conv.in_channels])
    }

    fn max_pool(x: FlexTensor) -> FlexTensor {
        let [images, height, width, channels] = dims(&x);
        let x = x.to_contiguous();
        let (height, width) = (height / 2, width / 2);
        let mut out = vec![0.0; images * height * width * channels];
        let image = 4 * height * width * channels;
        for_each_chunk(&mut out, height * width * channels, |index, out, (): &mut ()| {
            max_pool(&x.storage::<f32>()[index * image..][..image], out, width, channels);
        });
        tensor(out, [images, height, width, channels])
    }

    fn max_pool_gradient(x: FlexTensor, gradient: FlexTensor) -> FlexTensor {
        let [images, height, width, channels] = dims(&x);
        let rows = gradient.shape()[0];
        let (x, gradient) = (x.to_contiguous(), gradient.to_contiguous());
        let size = height * width * channels;
        let mut out = vec![0.0; rows * size];
        for_each_chunk(&mut out, size, |index, out, (): &mut ()| {
            let x = &x.storage::<f32>()[index % images * size..][..size];
            let gradient = &gradient.storage::<f32>()[index * size / 4..][..size / 4];
            max_pool_gradient(x, gradient, out, width / 2, channels);
        });
        tensor(out, [rows, height, width, channels])
    }
}

#[cfg(feature = "train")]
impl super::WeightGradients for Flex {
    fn conv_relu_weight_gradients(
        x: FlexTensor,
        y: FlexTensor,
        weight: FlexTensor,
        gradient: FlexTensor,
    ) -> (FlexTensor, FlexTensor) {
        let conv = Conv::of_input(&x, &weight);
        let (x, y, gradient) = (x.to_contiguous(), y.to_contiguous(), gradient.to_contiguous());
        let (kernel, bias) = conv.weight_gradients(x.storage(), y.storage(), gradient.storage());
        let kernel =
            tensor(kernel, [3, 3, conv.in_channels, conv.out_channels]).permute(&[3, 2, 0, 1]);
        (kernel.to_contiguous(), tensor(bias, [conv.out_channels]))
    }
}

/// The shape of a convolution: input `[height, width, in_channels]`, output
/// `[height − 2, width − 2, out_channels]`.
#[derive(Clone, Copy, Debug)]
struct Conv {
    height: usize,
    width: usize,
    in_channels: usize,
    out_channels: usize,
}

impl Conv {
    fn of_input(x: &FlexTensor, weight: &FlexTensor) -> Self {
        let [_, height, width, in_channels] = dims(x);
        Self { height, width, in_channels, out_channels: weight.shape()[0] }
    }

    fn of_output(y: &FlexTensor, weight: &FlexTensor) -> Self {
        let [_, height, width, out_channels] = dims(y);
        let in_channels = weight.shape()[1];
        Self { height: height + 2, width: width + 2, in_channels, out_channels }
    }

    /// The weights from `[out, in, 3, 3]` to `[3, 3, in, out]`.
    fn kernel(&self, weight: FlexTensor) -> Vec<f32> {
        let weight = weight.to_contiguous();
        let weight: &[f32] = weight.storage();
        let mut kernel = vec![0.0; weight.len()];
        for (place, pixel) in
            kernel.chunks_exact_mut(self.in_channels * self.out_channels).enumerate()
        {
            for (input, row) in pixel.chunks_exact_mut(self.out_channels).enumerate() {
                for (output, value) in row.iter_mut().enumerate() {
                    *value = weight[(output * self.in_channels + input) * 9 + place];
                }
            }
        }
        kernel
    }

    /// The weights from `[out, in, 3, 3]` to `[3, 3, out, in]`, with each row of the kernel reversed.
    fn flipped_kernel(&self, weight: FlexTensor) -> Vec<f32> {
        let weight = weight.to_contiguous();
        let weight: &[f32] = weight.storage();
        let mut flipped = vec![0.0; weight.len()];
        for (place, pixel) in
            flipped.chunks_exact_mut(self.out_channels * self.in_channels).enumerate()
        {
            let place = 3 * (place / 3) + 2 - place % 3;
            for (value, window) in pixel.iter_mut().zip(weight.chunks_exact(9)) {
                *value = window[place];
            }
        }
        flipped
    }

    fn forward(self, x: &[f32], kernel: &[f32], bias: &[f32]) -> Vec<f32> {
        #[cfg(target_arch = "wasm32")]
        if self.out_channels.is_multiple_of(4) {
            return self.forward_without_zeros(x, kernel, bias);
        }
        let Self { height, width, in_channels, out_channels } = self;
        let (rows, columns) = (height - 2, width - 2);
        let images = x.len() / (height * width * in_channels);
        let mut y = vec![0.0; images * rows * columns * out_channels];
        for_each_chunk(
            &mut y,
            rows * columns * out_channels,
            |index, y, patches: &mut Vec<f32>| {
                let x = &x[index * height * width * in_channels..][..height * width * in_channels];
                for (row, y) in y.chunks_exact_mut(columns * out_channels).enumerate() {
                    y.chunks_exact_mut(out_channels).for_each(|pixel| pixel.copy_from_slice(bias));
                    if self.is_thin() {
                        self.patches(&x[row * width * in_channels..], patches);
                        let patches = View::new(patches, columns, 9 * in_channels);
                        add_product(y, patches, View::new(kernel, 9 * in_channels, out_channels));
                    } else {
                        for k in 0..3 {
                            let x = &x[(row + k) * width * in_channels..][..width * in_channels];
                            let kernel = &kernel[k * 3 * in_channels * out_channels..]
                                [..3 * in_channels * out_channels];
                            let x = View::overlapping(x, columns, 3 * in_channels, in_channels);
                            add_product(y, x, View::new(kernel, 3 * in_channels, out_channels));
                        }
                    }
                    y.iter_mut()
                        .for_each(|value| *value = if *value <= 0.0 { 0.0 } else { *value });
                }
            },
        );
        y
    }

    fn input_gradient(self, y: &[f32], flipped: &[f32], gradient: &[f32]) -> Vec<f32> {
        #[cfg(target_arch = "wasm32")]
        if self.in_channels.is_multiple_of(4) {
            return self.input_gradient_without_zeros(y, flipped, gradient);
        }
        let Self { height, width, in_channels, out_channels } = self;
        let size = (height - 2) * (width - 2) * out_channels;
        let (images, rows) = (y.len() / size, gradient.len() / size);
        let mut out = vec![0.0; rows * height * width * in_channels];
        for_each_chunk(
            &mut out,
            height * width * in_channels,
            |index, out, padded: &mut Vec<f32>| {
                let y = &y[index % images * size..][..size];
                self.pad_gradient(y, &gradient[index * size..][..size], padded);
                for (row, out) in out.chunks_exact_mut(width * in_channels).enumerate() {
                    for k in 0..3 {
                        let Some(above) = row.checked_sub(k).filter(|&above| above < height - 2)
                        else {
                            continue;
                        };
                        let gradient =
                            &padded[above * width * out_channels..][..(width + 2) * out_channels];
                        let flipped = &flipped[k * 3 * in_channels * out_channels..]
                            [..3 * in_channels * out_channels];
                        let gradient =
                            View::overlapping(gradient, width, 3 * out_channels, out_channels);
                        add_product(
                            out,
                            gradient,
                            View::new(flipped, 3 * out_channels, in_channels),
                        );
                    }
                }
            },
        );
        out
    }

    /// The gradients with respect to the kernel, `[3, 3, in_channels, out_channels]`, and to the bias,
    /// `[out_channels]`.
    #[cfg(feature = "train")]
    fn weight_gradients(self, x: &[f32], y: &[f32], gradient: &[f32]) -> (Vec<f32>, Vec<f32>) {
        // The images of a group are added up on one core. The groups have a fixed size, so that the
        // result does not depend on the number of cores.
        const GROUP: usize = 8;
        let Self { height, width, in_channels, out_channels } = self;
        let (input, output) =
            (height * width * in_channels, (height - 2) * (width - 2) * out_channels);
        let images = x.len() / input;
        let size = 9 * in_channels * out_channels + out_channels;
        let mut sums = vec![0.0; images.div_ceil(GROUP) * size];
        for_each_chunk(&mut sums, size, |group, sums, scratch: &mut Vec<f32>| {
            let (kernel, bias) = sums.split_at_mut(9 * in_channels * out_channels);
            let (mut patches, mut padded) = (Vec::new(), std::mem::take(scratch));
            for image in group * GROUP..images.min((group + 1) * GROUP) {
                let x = &x[image * input..][..input];
                self.pad_gradient(
                    &y[image * output..][..output],
                    &gradient[image * output..][..output],
                    &mut padded,
                );
                // Without the padding on the left of the first row, each row is followed by two pixels
                // of zeros. They are multiplied with patches that span two rows, and add nothing.
                let gradient = &padded[2 * out_channels..];
                if self.is_thin() {
                    for row in 0..height - 2 {
                        self.patches(&x[row * width * in_channels..], &mut patches);
                        let gradient =
                            &gradient[row * width * out_channels..][..(width - 2) * out_channels];
                        let patches = View::new(&patches, width - 2, 9 * in_channels).transposed();
                        add_product(kernel, patches, View::new(gradient, width - 2, out_channels));
                    }
                } else {
                    let pixels = (height - 2) * width - 2;
                    for k in 0..3 {
                        let kernel = &mut kernel[k * 3 * in_channels * out_channels..]
                            [..3 * in_channels * out_channels];
                        let x = View::overlapping(
                            &x[k * width * in_channels..],
                            pixels,
                            3 * in_channels,
                            in_channels,
                        );
                        let gradient =
                            View::new(&gradient[..pixels * out_channels], pixels, out_channels);
                        add_product(kernel, x.transposed(), gradient);
                    }
                }
                for pixel in gradient.chunks_exact(out_channels) {
                    bias.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += value);
                }
            }
            *scratch = padded;
        });
        let (total, others) = sums.split_at_mut(size);
        for sums in others.chunks_exact(size) {
            total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        }
        (
            total[..9 * in_channels * out_channels].to_vec(),
            total[9 * in_channels * out_channels..].to_vec(),
        )
    }

    /// Whether there are so few channels that three products per row take longer than copying its
    /// patches for one.
    fn is_thin(self) -> bool {
        self.in_channels < 8
    }

    /// The 3×3 patches of one row of output, `[width − 2, 9 · in_channels]`, where `x` begins at the
    /// first of its three rows of input.
    fn patches(self, x: &[f32], patches: &mut Vec<f32>) {
        let Self { width, in_channels, .. } = self;
        patches.clear();
        for column in 0..width - 2 {
            for row in 0..3 {
                patches.extend_from_slice(
                    &x[(row * width + column) * in_channels..][..3 * in_channels],
                );
            }
        }
    }

    /// Applies the ReLU mask, which is 1 where y > 0 and else 0, to the gradient, and writes it to
    /// `padded` with two pixels of zeros before each row and after the last.
    fn pad_gradient(self, y: &[f32], gradient: &[f32], padded: &mut Vec<f32>) {
        let Self { width, out_channels, .. } = self;
        let row = (width - 2) * out_channels;
        padded.clear();
        for (y, gradient) in y.chunks_exact(row).zip(gradient.chunks_exact(row)) {
            padded.resize(padded.len() + 2 * out_channels, 0.0);
            let masked = y.iter().zip(gradient);
            padded.extend(masked.map(|(&y, &gradient)| if y > 0.0 { gradient } else { 0.0 }));
        }
        padded.resize(padded.len() + 2 * out_channels, 0.0);
    }
}

/// The maximum of each 2×2 block, from `[2 · rows, 2 · width, channels]` to `[rows, width, channels]`.
fn max_pool(x: &[f32], out: &mut [f32], width: usize, channels: usize) {
    let line = 2 * width * channels;
    for (rows, out) in x.chunks_exact(2 * line).zip(out.chunks_exact_mut(width * channels)) {
        for (column, out) in out.chunks_exact_mut(channels).enumerate() {
            let [a, b, c, d] = block(rows, column, line, channels);
            for (i, out) in out.iter_mut().enumerate() {
                *out = a[i].max(b[i]).max(c[i].max(d[i]));
            }
        }
    }
}

/// Writes each gradient to the first maximum of its block, and zero to the rest of the block.
fn max_pool_gradient(x: &[f32], gradient: &[f32], out: &mut [f32], width: usize, channels: usize) {
    let line = 2 * width * channels;
    let rows = x.chunks_exact(2 * line).zip(out.chunks_exact_mut(2 * line));
    for ((x, out), gradient) in rows.zip(gradient.chunks_exact(width * channels)) {
        let (upper, lower) = out.split_at_mut(line);
        for (column, gradient) in gradient.chunks_exact(channels).enumerate() {
            let [a, b, c, d] = block(x, column, line, channels);
            let at = 2 * column * channels;
            let (out_a, out_b) = upper[at..at + 2 * channels].split_at_mut(channels);
            let (out_c, out_d) = lower[at..at + 2 * channels].split_at_mut(channels);
            for (i, &gradient) in gradient.iter().enumerate() {
                let largest = a[i].max(b[i]).max(c[i].max(d[i]));
                let in_a = a[i] == largest;
                let in_b = !in_a && b[i] == largest;
                let in_c = !in_a && !in_b && c[i] == largest;
                let in_d = !in_a && !in_b && !in_c;
                out_a[i] = if in_a { gradient } else { 0.0 };
                out_b[i] = if in_b { gradient } else { 0.0 };
                out_c[i] = if in_c { gradient } else { 0.0 };
                out_d[i] = if in_d { gradient } else { 0.0 };
            }
        }
    }
}

/// The four pixels of a 2×2 block in two rows of `line` numbers each.
fn block(rows: &[f32], column: usize, line: usize, channels: usize) -> [&[f32]; 4] {
    let at = 2 * column * channels;
    [at, at + channels, line + at, line + at + channels].map(|at| &rows[at..at + channels])
}

/// Calls `work` for each chunk of `size` numbers of `out`, with the chunk's index and a buffer for
/// intermediate results. With the feature `parallel` the chunks run on all cores.
fn for_each_chunk<Buffer: Default>(
    out: &mut [f32],
    size: usize,
    work: impl Fn(usize, &mut [f32], &mut Buffer) + Sync,
) {
    #[cfg(feature = "parallel")]
    {
        use rayon::prelude::*;
        let images = out.par_chunks_exact_mut(size).enumerate();
        images.for_each_init(Buffer::default, |buffer, (index, out)| work(index, out, buffer));
    }
    #[cfg(not(feature = "parallel"))]
    {
        let mut buffer = Buffer::default();
        for (index, out) in out.chunks_exact_mut(size).enumerate() {
            work(index, out, &mut buffer);
        }
    }
}

fn tensor<const D: usize>(data: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(data, shape))
}

fn dims(tensor: &FlexTensor) -> [usize; 4] {
    let shape = tensor.shape();
    [shape[0], shape[1], shape[2], shape[3]]
}
