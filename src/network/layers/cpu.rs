//! The layers on the CPU, as products of matrices that already lie in memory.
//!
//! With channels last, the three pixels that a row of the kernel covers are 3 · c numbers side by
//! side, and those of the next output pixel begin c numbers later. So a row of the output is three
//! products, one for each row of the kernel, of an overlapping view of the input with a (3 · c) × o
//! slice of the kernel. The gradients are the same products, of the output's gradient with a margin
//! of zeros. Images are shared out to all cores; each product runs on one.

use burn::backend::Flex;
use burn::backend::TensorMetadata;
use burn::backend::flex::FlexTensor;
use burn::tensor::TensorData;

use super::Layers;
use super::matmul::{View, add_product};

impl Layers for Flex {
    fn conv_relu(x: FlexTensor, weight: FlexTensor, bias: FlexTensor) -> FlexTensor {
        let conv = Conv::between(&x, &weight);
        let (x, bias) = (x.to_contiguous(), bias.to_contiguous());
        let y = conv.forward(x.storage(), &conv.kernel(weight), bias.storage());
        tensor(y, [x.shape()[0], conv.height - 2, conv.width - 2, conv.to])
    }

    fn conv_relu_input_gradient(
        y: FlexTensor,
        weight: FlexTensor,
        gradient: FlexTensor,
    ) -> FlexTensor {
        let conv = Conv::before(&y, &weight);
        let images = gradient.shape()[0];
        let (y, gradient) = (y.to_contiguous(), gradient.to_contiguous());
        let turned = conv.turned_kernel(weight);
        let back = conv.input_gradient(y.storage(), &turned, gradient.storage());
        tensor(back, [images, conv.height, conv.width, conv.from])
    }

    fn max_pool(x: FlexTensor) -> FlexTensor {
        let [images, height, width, channels] = dims(&x);
        let x = x.to_contiguous();
        let (height, width) = (height / 2, width / 2);
        let mut out = vec![0.0; images * height * width * channels];
        let image = 4 * height * width * channels;
        each_image(&mut out, height * width * channels, |index, out, _| {
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
        each_image(&mut out, size, |index, out, _| {
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
        let conv = Conv::between(&x, &weight);
        let (x, y, gradient) = (x.to_contiguous(), y.to_contiguous(), gradient.to_contiguous());
        let (kernel, bias) = conv.weight_gradients(x.storage(), y.storage(), gradient.storage());
        let kernel = tensor(kernel, [3, 3, conv.from, conv.to]).permute(&[3, 2, 0, 1]);
        (kernel.to_contiguous(), tensor(bias, [conv.to]))
    }
}

/// The shape of a convolution: input `[height, width, from]`, output `[height − 2, width − 2, to]`.
#[derive(Clone, Copy)]
struct Conv {
    height: usize,
    width: usize,
    from: usize,
    to: usize,
}

impl Conv {
    fn between(x: &FlexTensor, weight: &FlexTensor) -> Self {
        let [_, height, width, from] = dims(x);
        Self { height, width, from, to: weight.shape()[0] }
    }

    fn before(y: &FlexTensor, weight: &FlexTensor) -> Self {
        let [_, height, width, to] = dims(y);
        Self { height: height + 2, width: width + 2, from: weight.shape()[1], to }
    }

    /// `[to, from, 3, 3]` to `[3, 3, from, to]`.
    fn kernel(&self, weight: FlexTensor) -> Vec<f32> {
        let weight = weight.to_contiguous();
        let weight: &[f32] = weight.storage();
        let mut kernel = vec![0.0; weight.len()];
        for (place, pixel) in kernel.chunks_exact_mut(self.from * self.to).enumerate() {
            for (from, row) in pixel.chunks_exact_mut(self.to).enumerate() {
                for (to, value) in row.iter_mut().enumerate() {
                    *value = weight[(to * self.from + from) * 9 + place];
                }
            }
        }
        kernel
    }

    /// `[to, from, 3, 3]` to `[3, 3, to, from]`, each row of the kernel turned around.
    fn turned_kernel(&self, weight: FlexTensor) -> Vec<f32> {
        let weight = weight.to_contiguous();
        let weight: &[f32] = weight.storage();
        let mut turned = vec![0.0; weight.len()];
        for (place, pixel) in turned.chunks_exact_mut(self.to * self.from).enumerate() {
            let place = 3 * (place / 3) + 2 - place % 3;
            for (value, window) in pixel.iter_mut().zip(weight.chunks_exact(9)) {
                *value = window[place];
            }
        }
        turned
    }

    fn forward(self, x: &[f32], kernel: &[f32], bias: &[f32]) -> Vec<f32> {
        let Self { height, width, from, to } = self;
        let (rows, columns) = (height - 2, width - 2);
        let images = x.len() / (height * width * from);
        let mut y = vec![0.0; images * rows * columns * to];
        each_image(&mut y, rows * columns * to, |index, y, patches| {
            let x = &x[index * height * width * from..][..height * width * from];
            for (row, y) in y.chunks_exact_mut(columns * to).enumerate() {
                y.chunks_exact_mut(to).for_each(|pixel| pixel.copy_from_slice(bias));
                if self.is_thin() {
                    self.patches(&x[row * width * from..], patches);
                    let patches = View::new(patches, columns, 9 * from);
                    add_product(y, patches, View::new(kernel, 9 * from, to));
                } else {
                    for k in 0..3 {
                        let x = &x[(row + k) * width * from..][..width * from];
                        let kernel = &kernel[k * 3 * from * to..][..3 * from * to];
                        let x = View::overlapping(x, columns, 3 * from, from);
                        add_product(y, x, View::new(kernel, 3 * from, to));
                    }
                }
                y.iter_mut().for_each(|value| *value = if *value <= 0.0 { 0.0 } else { *value });
            }
        });
        y
    }

    fn input_gradient(self, y: &[f32], turned: &[f32], gradient: &[f32]) -> Vec<f32> {
        let Self { height, width, from, to } = self;
        let size = (height - 2) * (width - 2) * to;
        let (images, rows) = (y.len() / size, gradient.len() / size);
        let mut out = vec![0.0; rows * height * width * from];
        each_image(&mut out, height * width * from, |index, out, margined| {
            let y = &y[index % images * size..][..size];
            self.gate(y, &gradient[index * size..][..size], margined);
            for (row, out) in out.chunks_exact_mut(width * from).enumerate() {
                for k in 0..3 {
                    let Some(above) = row.checked_sub(k).filter(|&above| above < height - 2) else {
                        continue;
                    };
                    let gradient = &margined[above * width * to..][..(width + 2) * to];
                    let turned = &turned[k * 3 * from * to..][..3 * from * to];
                    let gradient = View::overlapping(gradient, width, 3 * to, to);
                    add_product(out, gradient, View::new(turned, 3 * to, from));
                }
            }
        });
        out
    }

    /// The gradients by the kernel, `[3, 3, from, to]`, and by the bias, `[to]`.
    #[cfg(feature = "train")]
    fn weight_gradients(self, x: &[f32], y: &[f32], gradient: &[f32]) -> (Vec<f32>, Vec<f32>) {
        // Sums of a fixed number of images at a time, so that the result does not depend on how
        // many cores there are.
        const GROUP: usize = 8;
        let Self { height, width, from, to } = self;
        let (input, output) = (height * width * from, (height - 2) * (width - 2) * to);
        let images = x.len() / input;
        let size = 9 * from * to + to;
        let mut sums = vec![0.0; images.div_ceil(GROUP) * size];
        each_image(&mut sums, size, |group, sums, scratch| {
            let (kernel, bias) = sums.split_at_mut(9 * from * to);
            let (mut patches, mut margined) = (Vec::new(), std::mem::take(scratch));
            for image in group * GROUP..images.min((group + 1) * GROUP) {
                let x = &x[image * input..][..input];
                self.gate(
                    &y[image * output..][..output],
                    &gradient[image * output..][..output],
                    &mut margined,
                );
                // From the first pixel of the output on, the margin on the right of a row is that on
                // the left of the next, and meets what no output pixel sees: it adds nothing.
                let gradient = &margined[2 * to..];
                if self.is_thin() {
                    for row in 0..height - 2 {
                        self.patches(&x[row * width * from..], &mut patches);
                        let gradient = &gradient[row * width * to..][..(width - 2) * to];
                        let patches = View::new(&patches, width - 2, 9 * from).transposed();
                        add_product(kernel, patches, View::new(gradient, width - 2, to));
                    }
                } else {
                    let pixels = (height - 2) * width - 2;
                    for k in 0..3 {
                        let kernel = &mut kernel[k * 3 * from * to..][..3 * from * to];
                        let x = View::overlapping(&x[k * width * from..], pixels, 3 * from, from);
                        let gradient = View::new(&gradient[..pixels * to], pixels, to);
                        add_product(kernel, x.transposed(), gradient);
                    }
                }
                for pixel in gradient.chunks_exact(to) {
                    bias.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += value);
                }
            }
            *scratch = margined;
        });
        let (total, others) = sums.split_at_mut(size);
        for sums in others.chunks_exact(size) {
            total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        }
        (total[..9 * from * to].to_vec(), total[9 * from * to..].to_vec())
    }

    /// Whether there are so few channels that nine small products would cost more than copying the
    /// patches of a row.
    fn is_thin(self) -> bool {
        self.from < 8
    }

    /// The 3×3 patches of one row of output, `[width − 2, 9 · from]`, from the input's rows.
    fn patches(self, x: &[f32], patches: &mut Vec<f32>) {
        let Self { width, from, .. } = self;
        patches.clear();
        for column in 0..width - 2 {
            for row in 0..3 {
                patches.extend_from_slice(&x[(row * width + column) * from..][..3 * from]);
            }
        }
    }

    /// The gradient where the ReLU was on, zero elsewhere (at exactly zero it counts as off), each
    /// row with two pixels of zeros before it, and two more after the last.
    fn gate(self, y: &[f32], gradient: &[f32], margined: &mut Vec<f32>) {
        let Self { width, to, .. } = self;
        let row = (width - 2) * to;
        margined.clear();
        for (y, gradient) in y.chunks_exact(row).zip(gradient.chunks_exact(row)) {
            margined.resize(margined.len() + 2 * to, 0.0);
            let gated = y.iter().zip(gradient);
            margined.extend(gated.map(|(&y, &gradient)| if y > 0.0 { gradient } else { 0.0 }));
        }
        margined.resize(margined.len() + 2 * to, 0.0);
    }
}

/// `[2 · rows, 2 · width, channels]` to `[rows, width, channels]`.
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

/// Sends each gradient to the first of the largest in its block; `out` is zero before.
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

/// Fills `out` image by image, each of `size` numbers, on all cores where there are threads. `work`
/// is told the image's number, and lent a buffer.
fn each_image(
    out: &mut [f32],
    size: usize,
    work: impl Fn(usize, &mut [f32], &mut Vec<f32>) + Sync,
) {
    #[cfg(feature = "parallel")]
    {
        use rayon::prelude::*;
        let images = out.par_chunks_exact_mut(size).enumerate();
        images.for_each_init(Vec::new, |buffer, (index, out)| work(index, out, buffer));
    }
    #[cfg(not(feature = "parallel"))]
    {
        let mut buffer = Vec::new();
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
