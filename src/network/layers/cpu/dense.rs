//! Dense layers. Each number of the output is one sum: the bias, and then the inputs in order.

#[cfg(feature = "train")]
use super::nonzeros::Entries;
use super::nonzeros::Nonzeros;
use super::sums::{Rows, Term, add, for_each_width, relu, unchanged};

/// The transpose of a row-major matrix with so many columns.
pub fn transposed(matrix: &[f32], columns: usize) -> Vec<f32> {
    // Blocks keep the cache lines of both matrices in use.
    const BLOCK: usize = 16;
    let rows = matrix.len() / columns;
    let mut out = vec![0.0; matrix.len()];
    for first in (0..columns).step_by(BLOCK) {
        for (row, numbers) in matrix.chunks_exact(columns).enumerate() {
            for column in first..columns.min(first + BLOCK) {
                out[column * rows + row] = numbers[column];
            }
        }
    }
    out
}

for_each_width! {
    /// Adds x · rows to `out`, for one image, and applies the ReLU to the sums if `is_relu` is set. `x` is
    /// the vector as an image of one pixel.
    pub fn product(x: &Nonzeros, rows: &[f32], is_relu: bool, out: &mut [f32]) = product_body
}

#[inline(always)]
fn product_body<const WIDEST: usize>(x: &Nonzeros, rows: &[f32], is_relu: bool, out: &mut [f32]) {
    assert!((x.height(), x.width()) == (1, 1) && rows.len() == x.channels() * out.len());
    let term = Term::new(x.entries(0, 0..1), Rows::new(rows, out.len()), 0);
    match is_relu {
        true => add::<WIDEST>(out, &[term], relu),
        false => add::<WIDEST>(out, &[term], unchanged),
    }
}

#[cfg(feature = "train")]
for_each_width! {
    /// Adds the gradient by the weights to `sums`, `[in, out]`, from inputs `[images, in]` and gradients by the
    /// output, `[images, out]`: for each weight the products of input and gradient, image after image.
    pub fn weight_gradient(x: &[f32], gradient: &[f32], images: usize, sums: &mut [f32]) = weight_gradient_body
}

#[cfg(feature = "train")]
#[inline(always)]
fn weight_gradient_body<const WIDEST: usize>(
    x: &[f32],
    gradient: &[f32],
    images: usize,
    sums: &mut [f32],
) {
    let (inputs, outputs) = (x.len() / images, gradient.len() / images);
    let (mut values, mut places) = (Vec::with_capacity(images), Vec::with_capacity(images));
    let rows = Rows::new(gradient, outputs);
    for (input, sums) in sums.chunks_exact_mut(outputs).enumerate() {
        values.clear();
        places.clear();
        for image in 0..images {
            let value = x[image * inputs + input];
            if value != 0.0 {
                values.push(value);
                places.push(image as u32);
            }
        }
        let entries = Entries { values: &values, places: &places };
        add::<WIDEST>(sums, &[Term::new(entries, rows, 0)], unchanged);
    }
}
