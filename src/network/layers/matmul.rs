//! Adds the product of two matrices that already lie in memory.
//!
//! Natively it is computed by gemm. In wasm gemm's kernel keeps more sums than fit in the sixteen
//! vector registers, and spends half of the time moving them. So in wasm it is computed in tiles of
//! four rows by eight columns, which fit.

/// A matrix in memory: entry (i, j) at `i · row_stride + j · column_stride`.
#[derive(Clone, Copy)]
pub struct View<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> View<'a> {
    /// A row-major matrix.
    ///
    /// # Panics
    /// If a dimension is 0, or the data is too short.
    pub fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::overlapping(data, rows, columns, columns)
    }

    /// A matrix whose rows begin `stride` numbers apart, and so overlap if they are longer.
    ///
    /// # Panics
    /// If a dimension is 0, or the data is too short.
    pub fn overlapping(data: &'a [f32], rows: usize, columns: usize, stride: usize) -> Self {
        assert!(rows > 0 && columns > 0 && (rows - 1) * stride + columns <= data.len());
        Self { data, rows, columns, row_stride: stride, column_stride: 1 }
    }

    /// The transpose, without moving the data.
    #[cfg(feature = "train")]
    pub fn transposed(self) -> Self {
        let Self { data, rows, columns, row_stride, column_stride } = self;
        Self {
            data,
            rows: columns,
            columns: rows,
            row_stride: column_stride,
            column_stride: row_stride,
        }
    }
}

/// Adds a · b to `out`, which is `[a.rows, b.columns]`, row-major.
///
/// # Panics
/// If the shapes do not fit together.
pub fn add_product(out: &mut [f32], a: View, b: View) {
    assert!(a.columns == b.rows && out.len() == a.rows * b.columns);
    #[cfg(target_arch = "wasm32")]
    if tiles::fit(a, b) {
        return tiles::add_product(out, a, b);
    }
    gemm_product(out, a, b);
}

fn gemm_product(out: &mut [f32], a: View, b: View) {
    let (rows, depth, columns) = (a.rows, a.columns, b.columns);
    // SAFETY: `View` has checked that its last entry lies within its data. `out` has the length of the
    // product, and is borrowed mutably.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            depth,
            out.as_mut_ptr(),
            1,
            columns as isize,
            true,
            a.data.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// The product for wasm. It is portable Rust, which the compiler turns into 128-bit vector
/// instructions, so it is tested natively.
#[cfg(any(target_arch = "wasm32", test))]
pub(super) mod tiles {
    use super::View;

    const HEIGHT: usize = 4;
    const WIDTH: usize = 8;

    /// Whether b can be divided into whole tiles, and both matrices are row-major.
    pub fn fit(a: View, b: View) -> bool {
        b.columns.is_multiple_of(WIDTH) && a.column_stride == 1 && b.column_stride == 1
    }

    pub fn add_product(out: &mut [f32], a: View, b: View) {
        for column in (0..b.columns).step_by(WIDTH) {
            for row in (0..a.rows).step_by(HEIGHT) {
                match a.rows - row {
                    1 => tile::<1>(out, a, b, row, column),
                    2 => tile::<2>(out, a, b, row, column),
                    3 => tile::<3>(out, a, b, row, column),
                    _ => tile::<HEIGHT>(out, a, b, row, column),
                }
            }
        }
    }

    /// Adds R rows by [`WIDTH`] columns of the product, starting at `row` and `column`.
    fn tile<const R: usize>(out: &mut [f32], a: View, b: View, row: usize, column: usize) {
        let mut sums = [[0.0; WIDTH]; R];
        for (r, sums) in sums.iter_mut().enumerate() {
            sums.copy_from_slice(&out[(row + r) * b.columns + column..][..WIDTH]);
        }
        let depth = a.columns;
        let left = &a.data[row * a.row_stride..][..(R - 1) * a.row_stride + depth];
        let right = &b.data[column..][..(depth - 1) * b.row_stride + WIDTH];
        for k in 0..depth {
            // SAFETY: k < depth and r < R, and the slices were just taken with that length. Bounds
            // checks in this loop would make it 50 % slower.
            let b: &[f32; WIDTH] = unsafe { &*right.as_ptr().add(k * b.row_stride).cast() };
            for (r, sums) in sums.iter_mut().enumerate() {
                // SAFETY: as above.
                let a = unsafe { *left.get_unchecked(r * a.row_stride + k) };
                for (sum, b) in sums.iter_mut().zip(b) {
                    *sum += a * b;
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            out[(row + r) * b.columns + column..][..WIDTH].copy_from_slice(sums);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With whole tiles and parts of tiles, overlapping rows, and an `out` that is not zero.
    #[test]
    fn tiles_give_the_product_of_gemm() {
        let numbers = |count: usize, step: usize| -> Vec<f32> {
            (0..count).map(|i| (i * step % 101) as f32 / 50.0 - 1.0).collect()
        };
        for (rows, depth, columns, stride) in
            [(1, 1, 8, 1), (2, 9, 32, 3), (3, 27, 8, 27), (4, 96, 64, 32), (26, 96, 32, 32)]
        {
            let (a, b) = (numbers((rows - 1) * stride + depth, 37), numbers(depth * columns, 23));
            let a = View::overlapping(&a, rows, depth, stride);
            let b = View::new(&b, depth, columns);
            assert!(tiles::fit(a, b));
            let before = numbers(rows * columns, 11);
            let (mut found, mut expected) = (before.clone(), before);
            tiles::add_product(&mut found, a, b);
            gemm_product(&mut expected, a, b);
            for (found, expected) in found.iter().zip(expected) {
                assert!(
                    (found - expected).abs() <= 1e-5 * depth as f32,
                    "{found} instead of {expected}"
                );
            }
        }
    }

    #[test]
    fn only_whole_tiles_fit() {
        let data = [0.0; 64];
        let a = View::new(&data, 4, 4);
        assert!(tiles::fit(a, View::new(&data, 4, 16)));
        assert!(!tiles::fit(a, View::new(&data, 4, 12)));
    }
}
