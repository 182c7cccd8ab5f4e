//! Sums of rows of weights, in one order.
//!
//! sum[j] = start[j] + v₁ · w₁[j] + v₂ · w₂[j] + …, from left to right, with each product and each sum
//! rounded to 32 bits. This is the order of [`matmul`](crate::network::layers::matmul)'s tiles. Neighbouring j are
//! computed side by side, which changes no bit of any of them.

use super::nonzeros::Entries;

/// Columns are computed this many at a time, or a multiple of it.
const UNIT: usize = 4;

/// Values and the rows of weights that they are multiplied with: the value at place p with row
/// p − origin. The origin may be below zero, and wraps around.
#[derive(Clone, Copy)]
pub struct Term<'a> {
    entries: Entries<'a>,
    weights: &'a [f32],
    columns: usize,
    origin: u32,
}

impl<'a> Term<'a> {
    /// `weights` has rows of `columns` numbers, a multiple of 4.
    ///
    /// # Panics
    /// If an entry has no row.
    pub fn new(entries: Entries<'a>, weights: &'a [f32], columns: usize, origin: u32) -> Self {
        let Entries { values, places } = entries;
        assert!(values.len() == places.len() && columns > 0 && columns.is_multiple_of(UNIT));
        // The places ascend, so that the first and the last stand for all.
        if let (Some(first), Some(last)) = (places.first(), places.last()) {
            let [first, last] = [first, last].map(|place| place.wrapping_sub(origin) as usize);
            assert!(first <= last && last < weights.len() / columns);
        }
        Self { entries, weights, columns, origin }
    }
}

/// Adds the terms, in order, to `start` (to zeros if there is none), and calls `done` with the first
/// column and the sums of each block of columns.
pub fn sum(
    columns: usize,
    start: Option<&[f32]>,
    terms: &[Term<'_>],
    mut done: impl FnMut(usize, &[f32]),
) {
    let mut first = 0;
    while first < columns {
        first += match columns - first {
            32.. => block::<32>(first, start, terms, &mut done),
            16.. => block::<16>(first, start, terms, &mut done),
            8.. => block::<8>(first, start, terms, &mut done),
            _ => block::<UNIT>(first, start, terms, &mut done),
        };
    }
}

/// The sums of N columns, which stay in registers. Returns N.
#[inline(always)]
fn block<const N: usize>(
    first: usize,
    start: Option<&[f32]>,
    terms: &[Term<'_>],
    done: &mut impl FnMut(usize, &[f32]),
) -> usize {
    let mut sums = [0.0; N];
    if let Some(start) = start {
        sums.copy_from_slice(&start[first..first + N]);
    }
    for term in terms {
        assert!(first + N <= term.columns);
        for (&value, &place) in term.entries.values.iter().zip(term.entries.places) {
            let row = place.wrapping_sub(term.origin) as usize;
            // SAFETY: `Term::new` has found the rows of the first and the last place within the
            // weights, the places ascend, and the N columns lie within a row.
            let weights: &[f32; N] = unsafe {
                &*term.weights.as_ptr().add(row * term.columns + first).cast::<[f32; N]>()
            };
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += value * weight;
            }
        }
    }
    done(first, &sums);
    N
}
