//! Sums of rows of numbers, in one order. Every layer is computed by them.
//!
//! out[j] + v₁ · r₁[j] + v₂ · r₂[j] + …, from left to right, with each product and each sum rounded to 32
//! bits. There is no fused multiply-add and no tree of partial sums. Neighbouring j are computed side by
//! side, 4, 8 or 16 in a vector, which changes no bit of any of them. So every processor gives the same
//! bits, natively and in wasm, whatever else is in the batch.

use super::nonzeros::Entries;

/// Rows of numbers in memory. Each begins `stride` numbers after the one before it, so that longer rows
/// overlap.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    numbers: &'a [f32],
    columns: usize,
    stride: usize,
}

impl<'a> Rows<'a> {
    /// Rows that follow each other.
    pub fn new(numbers: &'a [f32], columns: usize) -> Self {
        Self::overlapping(numbers, columns, columns)
    }

    /// Rows that begin `stride` numbers apart.
    pub fn overlapping(numbers: &'a [f32], columns: usize, stride: usize) -> Self {
        assert!(columns > 0 && stride > 0);
        Self { numbers, columns, stride }
    }

    /// `count` rows from `first` on.
    pub fn part(self, first: usize, count: usize) -> Self {
        Self { numbers: &self.numbers[first * self.stride..][..count * self.stride], ..self }
    }

    /// Whether there is a row with this index.
    fn has(self, index: usize) -> bool {
        index < self.numbers.len() && index * self.stride + self.columns <= self.numbers.len()
    }
}

/// Values and the rows that they are multiplied with: the value at place p with row p − origin. The
/// origin may be below zero, and wraps around.
#[derive(Clone, Copy)]
pub struct Term<'a> {
    entries: Entries<'a>,
    rows: Rows<'a>,
    origin: u32,
}

impl<'a> Term<'a> {
    /// # Panics
    /// If an entry has no row.
    pub fn new(entries: Entries<'a>, rows: Rows<'a>, origin: u32) -> Self {
        let Entries { values, places } = entries;
        assert!(values.len() == places.len());
        // The places ascend, so that the first and the last stand for all.
        if let (Some(first), Some(last)) = (places.first(), places.last()) {
            let [first, last] = [first, last].map(|place| place.wrapping_sub(origin) as usize);
            assert!(first <= last && rows.has(last));
        }
        Self { entries, rows, origin }
    }
}

/// Adds the terms, in order, to `out`, and passes each sum through `finish` at the end.
///
/// It is inlined into functions that are compiled for vectors of one width ([`for_each_width`]), whose
/// registers hold the sums of `WIDEST` columns.
#[inline(always)]
pub fn add<const WIDEST: usize>(
    out: &mut [f32],
    terms: &[Term<'_>],
    finish: impl Fn(f32) -> f32 + Copy,
) {
    assert!(terms.iter().all(|term| term.rows.columns == out.len()));
    let mut first = 0;
    while first < out.len() {
        let left = out.len() - first;
        first += match left {
            _ if WIDEST >= 128 && left >= 128 => block::<128>(out, first, terms, finish),
            _ if WIDEST >= 64 && left >= 64 => block::<64>(out, first, terms, finish),
            32.. => block::<32>(out, first, terms, finish),
            16.. => block::<16>(out, first, terms, finish),
            8.. => block::<8>(out, first, terms, finish),
            4.. => block::<4>(out, first, terms, finish),
            _ => block::<1>(out, first, terms, finish),
        };
    }
}

/// The sums of N columns, which stay in registers. Returns N.
#[inline(always)]
fn block<const N: usize>(
    out: &mut [f32],
    first: usize,
    terms: &[Term<'_>],
    finish: impl Fn(f32) -> f32,
) -> usize {
    let out = &mut out[first..first + N];
    let mut sums = [0.0; N];
    sums.copy_from_slice(out);
    for term in terms {
        let Rows { numbers, columns, stride } = term.rows;
        assert!(first + N <= columns);
        for (&value, &place) in term.entries.values.iter().zip(term.entries.places) {
            let index = place.wrapping_sub(term.origin) as usize;
            // SAFETY: `Term::new` has found the rows of the first and the last place within the
            // numbers, the places ascend, and the N columns lie within a row. Bounds checks in this
            // loop would make it 50 % slower.
            let row: &[f32; N] =
                unsafe { &*numbers.as_ptr().add(index * stride + first).cast::<[f32; N]>() };
            for (sum, number) in sums.iter_mut().zip(row) {
                *sum += value * number;
            }
        }
    }
    for (out, sum) in out.iter_mut().zip(sums) {
        *out = finish(sum);
    }
    N
}

/// A sum that no layer changes at the end.
#[inline(always)]
pub fn unchanged(sum: f32) -> f32 {
    sum
}

/// The ReLU.
#[inline(always)]
pub fn relu(sum: f32) -> f32 {
    if sum <= 0.0 { 0.0 } else { sum }
}

/// Defines a function that calls `$body::<WIDEST>`, compiled for the widest vectors that the processor
/// has. The body is marked `#[inline(always)]`. Rust never fuses a product and a sum, so all versions
/// give the same bits.
macro_rules! for_each_width {
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) = $body:ident) => {
        $(#[$attribute])*
        $visibility fn $name($($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl")]
                fn with_512_bits($($argument: $type),*) {
                    $body::<128>($($argument),*);
                }
                #[target_feature(enable = "avx2")]
                fn with_256_bits($($argument: $type),*) {
                    $body::<64>($($argument),*);
                }
                if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
                    // SAFETY: the processor has these instructions.
                    return unsafe { with_512_bits($($argument),*) };
                }
                if is_x86_feature_detected!("avx2") {
                    // SAFETY: as above.
                    return unsafe { with_256_bits($($argument),*) };
                }
            }
            $body::<32>($($argument),*);
        }
    };
}
pub(super) use for_each_width;
