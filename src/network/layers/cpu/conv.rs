//! 3×3 convolutions with *valid* padding and stride 1, and a ReLU after them, channels last.
//!
//! Each number of the output is one sum: first the bias, then the rows of the kernel from the top, in each
//! row the pixels from the left, and in each pixel the channels in order. The gradient by the input is the
//! same with the output's gradient and the flipped kernel, from +0: the kernel's rows from the top meet
//! the gradient's rows from the input's own row upwards.

#[cfg(feature = "train")]
use super::nonzeros::Entries;
use super::nonzeros::Nonzeros;
use super::sums::{Rows, Term, add, for_each_width, relu, unchanged};

/// The shape of a convolution: input `[height, width, inputs]`, output
/// `[height − 2, width − 2, outputs]`.
#[derive(Clone, Copy, Debug)]
pub struct Conv {
    pub height: usize,
    pub width: usize,
    pub inputs: usize,
    pub outputs: usize,
}

impl Conv {
    /// Numbers of one image of input.
    pub const fn input(self) -> usize {
        self.height * self.width * self.inputs
    }

    /// Numbers of one image of output.
    pub const fn output(self) -> usize {
        (self.height - 2) * (self.width - 2) * self.outputs
    }
}

/// The weights from `[out, in, 3, 3]` to `[3, 3, in, out]`.
pub fn kernel(weight: &[f32], inputs: usize, outputs: usize) -> Vec<f32> {
    let mut kernel = vec![0.0; weight.len()];
    for (place, pixel) in kernel.chunks_exact_mut(inputs * outputs).enumerate() {
        for (input, row) in pixel.chunks_exact_mut(outputs).enumerate() {
            for (output, value) in row.iter_mut().enumerate() {
                *value = weight[(output * inputs + input) * 9 + place];
            }
        }
    }
    kernel
}

/// The weights from `[out, in, 3, 3]` to `[3, 3, out, in]`, with each row of the kernel reversed.
pub fn flipped_kernel(weight: &[f32], inputs: usize, outputs: usize) -> Vec<f32> {
    let mut flipped = vec![0.0; weight.len()];
    for (place, pixel) in flipped.chunks_exact_mut(outputs * inputs).enumerate() {
        let place = 3 * (place / 3) + 2 - place % 3;
        for (value, window) in pixel.iter_mut().zip(weight.chunks_exact(9)) {
            *value = window[place];
        }
    }
    flipped
}

/// The same from `[out, 3, 3, in]`, for training.
#[cfg(feature = "train")]
pub fn flipped(weight: &[f32], inputs: usize, outputs: usize) -> Vec<f32> {
    let mut flipped = Vec::with_capacity(weight.len());
    for place in 0..9 {
        let place = 3 * (place / 3) + 2 - place % 3;
        for output in 0..outputs {
            flipped.extend_from_slice(&weight[(output * 9 + place) * inputs..][..inputs]);
        }
    }
    flipped
}

for_each_width! {
    /// relu(x ∗ kernel + bias) of one image, by the [`kernel`].
    pub fn forward(conv: Conv, x: &Nonzeros, kernel: &[f32], bias: &[f32], y: &mut [f32]) = forward_body
}

#[inline(always)]
pub(super) fn forward_body<const WIDEST: usize>(
    conv: Conv,
    x: &Nonzeros,
    kernel: &[f32],
    bias: &[f32],
    y: &mut [f32],
) {
    let Conv { height, width, inputs, outputs } = conv;
    assert!((x.height(), x.width(), x.channels()) == (height, width, inputs));
    assert!(y.len() == conv.output() && kernel.len() == 9 * inputs * outputs);
    let kernel = kernel_rows(kernel, inputs, outputs);
    for (row, y) in y.chunks_exact_mut((width - 2) * outputs).enumerate() {
        for (column, y) in y.chunks_exact_mut(outputs).enumerate() {
            pixel::<WIDEST>(x, kernel, bias, row, column, y);
        }
    }
}

/// The three rows of a [`kernel`].
fn kernel_rows(kernel: &[f32], inputs: usize, outputs: usize) -> [Rows<'_>; 3] {
    [0, 1, 2].map(|k| Rows::new(kernel, outputs).part(3 * inputs * k, 3 * inputs))
}

/// One pixel of the output. `row` counts from the first row of `x`.
#[inline(always)]
fn pixel<const WIDEST: usize>(
    x: &Nonzeros,
    kernel: [Rows<'_>; 3],
    bias: &[f32],
    row: usize,
    column: usize,
    y: &mut [f32],
) {
    let origin = (column * x.channels()) as u32;
    let term = |k| Term::new(x.entries(row + k, column..column + 3), kernel[k], origin);
    y.copy_from_slice(bias);
    add::<WIDEST>(y, &[term(0), term(1), term(2)], relu);
}

for_each_width! {
    /// Computes the pixels of the output anew that are marked. `x` has the input's rows from `first_row` on.
    pub fn forward_where(conv: Conv, x: &Nonzeros, first_row: usize, marked: &[bool], kernel: &[f32], bias: &[f32], y: &mut [f32]) = forward_where_body
}

#[inline(always)]
fn forward_where_body<const WIDEST: usize>(
    conv: Conv,
    x: &Nonzeros,
    first_row: usize,
    marked: &[bool],
    kernel: &[f32],
    bias: &[f32],
    y: &mut [f32],
) {
    let Conv { width, inputs, outputs, .. } = conv;
    assert!((x.width(), x.channels()) == (width, inputs));
    assert!(y.len() == conv.output() && kernel.len() == 9 * inputs * outputs);
    let kernel = kernel_rows(kernel, inputs, outputs);
    for (place, y) in y.chunks_exact_mut(outputs).enumerate() {
        if marked[place] {
            let (row, column) = (place / (width - 2), place % (width - 2));
            pixel::<WIDEST>(x, kernel, bias, row - first_row, column, y);
        }
    }
}

/// The pixels of the output that see a pixel of the input which has changed.
#[derive(Default)]
pub struct Marks {
    input: Vec<bool>,
    output: Vec<bool>,
}

impl Marks {
    /// Marks the pixels for an input and the one before it. Returns the rows of the input that they see, which
    /// are none if nothing has changed.
    pub fn mark(&mut self, conv: Conv, x: &[f32], before: &[f32]) -> std::ops::Range<usize> {
        let Conv { height, width, inputs, .. } = conv;
        assert!(x.len() == conv.input() && before.len() == x.len());
        self.input.clear();
        let pixels = x.chunks_exact(inputs).zip(before.chunks_exact(inputs));
        // As bits, since a number that is not one differs from itself.
        let differ = |(x, before): (&[f32], &[f32])| {
            x.iter().zip(before).fold(0, |any, (x, y)| any | (x.to_bits() ^ y.to_bits())) != 0
        };
        self.input.extend(pixels.map(differ));
        self.output.clear();
        let mut rows = height..0;
        for row in 0..height - 2 {
            let seen = [0, 1, 2].map(|k| &self.input[(row + k) * width..][..width]);
            let first = self.output.len();
            let sees =
                |column: usize| seen.iter().any(|row| row[column..column + 3].contains(&true));
            self.output.extend((0..width - 2).map(sees));
            if self.output[first..].contains(&true) {
                rows = rows.start.min(row)..row + 3;
            }
        }
        if rows.is_empty() { 0..0 } else { rows }
    }

    /// For each pixel of the output, whether it is marked.
    pub fn output(&self) -> &[bool] {
        &self.output
    }
}

for_each_width! {
    /// The gradient by the input of one image, from the gradient by the output where the ReLU mask is 1, by
    /// the [`flipped_kernel`].
    pub fn input_gradient(conv: Conv, gradient: &Nonzeros, flipped: &[f32], out: &mut [f32]) = input_gradient_body
}

#[inline(always)]
fn input_gradient_body<const WIDEST: usize>(
    conv: Conv,
    gradient: &Nonzeros,
    flipped: &[f32],
    out: &mut [f32],
) {
    let Conv { height, width, inputs, outputs } = conv;
    let shape = (gradient.height(), gradient.width(), gradient.channels());
    assert!(shape == (height - 2, width - 2, outputs));
    assert!(out.len() == conv.input() && flipped.len() == 9 * inputs * outputs);
    let flipped = [0, 1, 2].map(|k| Rows::new(flipped, inputs).part(3 * outputs * k, 3 * outputs));
    for (row, out) in out.chunks_exact_mut(width * inputs).enumerate() {
        for (column, out) in out.chunks_exact_mut(inputs).enumerate() {
            // The gradient is padded with two pixels on each side.
            let columns = column.saturating_sub(2)..(column + 1).min(width - 2);
            let origin = ((column * outputs) as u32).wrapping_sub(2 * outputs as u32);
            let term = |k| {
                let entries = match row.checked_sub(k).filter(|&above| above < height - 2) {
                    Some(above) => gradient.entries(above, columns.clone()),
                    None => gradient.entries(0, 0..0),
                };
                Term::new(entries, flipped[k], origin)
            };
            out.fill(0.0);
            add::<WIDEST>(out, &[term(0), term(1), term(2)], unchanged);
        }
    }
}

/// The nonzero gradients by the output of one image, channel after channel, for [`weight_gradient`].
#[cfg(feature = "train")]
#[derive(Default)]
pub struct ByChannel {
    values: Vec<f32>,
    /// row · width of the rows + column of each gradient.
    places: Vec<u32>,
    /// Where the entries of each channel start, and where those of the last end.
    starts: Vec<usize>,
}

#[cfg(feature = "train")]
impl ByChannel {
    /// Sorts the gradients by channel. Those of a channel keep their order. `width` is that of the rows of
    /// numbers which the places count.
    pub fn sort(&mut self, gradient: &Nonzeros, width: usize) {
        let channels = gradient.channels();
        self.starts.clear();
        self.starts.resize(channels + 1, 0);
        for_each_entry(gradient, |_, channel, _| self.starts[channel + 1] += 1);
        for channel in 0..channels {
            self.starts[channel + 1] += self.starts[channel];
        }
        let count = self.starts[channels];
        self.values.resize(count, 0.0);
        self.places.resize(count, 0);
        // Each channel's start moves to its end, which is the next channel's start.
        for_each_entry(gradient, |(row, column), channel, value| {
            let at = self.starts[channel];
            self.values[at] = value;
            self.places[at] = (row * width + column) as u32;
            self.starts[channel] += 1;
        });
        self.starts.rotate_right(1);
        self.starts[0] = 0;
    }

    fn channel(&self, channel: usize) -> Entries<'_> {
        let range = self.starts[channel]..self.starts[channel + 1];
        Entries { values: &self.values[range.clone()], places: &self.places[range] }
    }
}

/// Calls `with` for each nonzero number: row and column, channel, number.
#[cfg(feature = "train")]
pub fn for_each_entry(gradient: &Nonzeros, mut with: impl FnMut((usize, usize), usize, f32)) {
    let channels = gradient.channels();
    for row in 0..gradient.height() {
        for column in 0..gradient.width() {
            let Entries { values, places } = gradient.entries(row, column..column + 1);
            for (&value, &place) in values.iter().zip(places) {
                with((row, column), place as usize - column * channels, value);
            }
        }
    }
}

#[cfg(feature = "train")]
for_each_width! {
    /// Adds the gradient by the weights of one image to `sums`, `[out, 3, 3, in]`: for each weight the products
    /// of input and gradient, pixel after pixel. The gradient's places count in rows of the input's width, or of
    /// the output's if the convolution [is thin](Conv::is_thin). `patches` is room for a thin one.
    pub fn weight_gradient(conv: Conv, x: &[f32], gradient: &ByChannel, patches: &mut Vec<f32>, sums: &mut [f32]) = weight_gradient_body
}

#[cfg(feature = "train")]
#[inline(always)]
fn weight_gradient_body<const WIDEST: usize>(
    conv: Conv,
    x: &[f32],
    gradient: &ByChannel,
    patches: &mut Vec<f32>,
    sums: &mut [f32],
) {
    let Conv { height, width, inputs, outputs } = conv;
    assert!(x.len() == conv.input() && sums.len() == 9 * inputs * outputs);
    if conv.is_thin() {
        // Patches of 9 numbers or 27 fill a vector better than their rows of 3 or 9.
        patches.clear();
        for pixel in 0..(height - 2) * (width - 2) {
            let (row, column) = (pixel / (width - 2), pixel % (width - 2));
            for k in 0..3 {
                let first = ((row + k) * width + column) * inputs;
                patches.extend_from_slice(&x[first..first + 3 * inputs]);
            }
        }
        for (output, sums) in sums.chunks_exact_mut(9 * inputs).enumerate() {
            let rows = Rows::new(patches, 9 * inputs);
            add::<WIDEST>(sums, &[Term::new(gradient.channel(output), rows, 0)], unchanged);
        }
        return;
    }
    for (output, sums) in sums.chunks_exact_mut(9 * inputs).enumerate() {
        for (k, sums) in sums.chunks_exact_mut(3 * inputs).enumerate() {
            let rows = Rows::overlapping(&x[k * width * inputs..], 3 * inputs, inputs);
            add::<WIDEST>(sums, &[Term::new(gradient.channel(output), rows, 0)], unchanged);
        }
    }
}
