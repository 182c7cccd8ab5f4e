//! Which two features to change: the adversarial saliency map and the exact choice of a pair.
//!
//! These are pure functions of two rows of numbers with one entry for each feature: `a` = ∂F_t/∂x, the
//! derivative of the target's output, and `b` = Σ_{j≠t} ∂F_j/∂x, the sum of those of all other outputs.
//!
//! # The rule, down to the last bit
//! - A pair p < q scores −αβ with α = a_p + a_q and β = b_p + b_q. To *increase* features it is
//!   admissible if α > 0 and β < 0, to *decrease* them if α < 0 and β > 0 (JSMA, Algorithms 2, 3).
//! - Of the admissible pairs the one with the largest score is chosen. Between equal scores the
//!   first in order wins: the smallest p, then the smallest q.
//! - The rows are 32-bit numbers, as in the paper; α, β and the score are computed from them in 64
//!   bits. The product of two 32-bit gradients of 1e-23 would be zero in 32 bits, and *every* pair
//!   inadmissible, although the gradient is there. With 64 bits a pair is found as long as any
//!   gradient is left, so that "no pair" and "no gradient" remain different findings.
//! - Subnormal numbers count like any others. An engine that flushes them finds exact zeros sooner.
//!
//! # Why two Pareto layers are enough
//! Turn the signs so that both α and β should be large. Then the score grows with each of them. Let one
//! feature *dominate* another if it is at least as large in both rows, and let the smaller index decide
//! between features that are equal in both. A feature outside the first two layers of maxima is dominated
//! by two others. At least one of these is not its partner in the pair, and can replace it without a lower
//! score. Rounding is monotone, so this also holds for rounded scores. Hence some pair of features of the
//! two layers has the best score, and the pair to choose is the first in order that has this score.
//!
//! Sorting takes O(n log n), the rest O(n · m) for m features in the two layers. For outputs that sum to
//! one, where b = −a, m is 2. Otherwise it is a few dozen.

use serde::{Deserialize, Serialize};

/// Whether the attack adds to features or subtracts from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Features grow towards 1 (θ > 0).
    Increase,
    /// Features shrink towards 0 (θ < 0).
    Decrease,
}

impl Direction {
    /// +1 or −1.
    pub fn sign(self) -> f32 {
        match self {
            Self::Increase => 1.0,
            Self::Decrease => -1.0,
        }
    }
}

/// Two features to change together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The feature with the smaller index.
    pub p: usize,
    /// The feature with the larger index.
    pub q: usize,
    /// α, the sum of the two derivatives of the target's output.
    pub alpha: f64,
    /// β, the sum of the two derivatives of all other outputs.
    pub beta: f64,
}

impl Pair {
    fn of(p: usize, q: usize, a: &[f32], b: &[f32]) -> Self {
        let (p, q) = (p.min(q), p.max(q));
        let sum = |row: &[f32]| f64::from(row[p]) + f64::from(row[q]);
        Self { p, q, alpha: sum(a), beta: sum(b) }
    }

    /// −αβ, positive for an admissible pair.
    pub fn score(&self) -> f64 {
        -self.alpha * self.beta
    }

    fn is_admissible(&self, direction: Direction) -> bool {
        let sign = f64::from(direction.sign());
        sign * self.alpha > 0.0 && sign * self.beta < 0.0
    }
}

/// The best admissible pair among the features of `domain`, or `None` where no pair is admissible.
///
/// `domain` lists distinct indices into `a` and `b` in ascending order.
pub fn best_pair(a: &[f32], b: &[f32], domain: &[usize], direction: Direction) -> Option<Pair> {
    let candidates = two_layers(a, b, domain, direction);
    let score = |p: usize, q: usize| {
        let pair = Pair::of(p, q, a, b);
        (p != q && pair.is_admissible(direction)).then(|| pair.score())
    };
    let highest = candidates
        .iter()
        .enumerate()
        .flat_map(|(i, &p)| candidates[i + 1..].iter().filter_map(move |&q| score(p, q)))
        .fold(0.0, f64::max);
    if highest == 0.0 {
        return None;
    }
    // A feature that has a partner of that score has one among the candidates as well, and the
    // smallest such feature comes before all its partners.
    let reaches = |p: usize, q: usize| score(p, q) == Some(highest);
    let p = *domain.iter().find(|&&p| candidates.iter().any(|&q| reaches(p, q)))?;
    let q = *domain.iter().find(|&&q| reaches(p, q))?;
    Some(Pair::of(p, q, a, b))
}

/// The features of the domain in its first two layers of maxima.
fn two_layers(a: &[f32], b: &[f32], domain: &[usize], direction: Direction) -> Vec<usize> {
    // The two entries of a feature, with their signs turned so that larger is better.
    let sign = direction.sign();
    let point = |i: usize| (sign * a[i], -sign * b[i]);
    let mut order: Vec<_> =
        domain.iter().copied().filter(|&i| !(a[i].is_nan() || b[i].is_nan())).collect();
    order.sort_unstable_by(|&i, &j| {
        let ((a_i, b_i), (a_j, b_j)) = (point(i), point(j));
        a_j.total_cmp(&a_i).then(b_j.total_cmp(&b_i)).then(i.cmp(&j))
    });
    // In this order, a feature comes after all that dominate it.
    let (mut first, mut second) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
    order.retain(|&i| {
        let (_, b) = point(i);
        if b > first {
            first = b;
            true
        } else if b > second {
            second = b;
            true
        } else {
            false
        }
    });
    order
}

/// The adversarial saliency map S of JSMA, equation 8 (increase) or 9 (decrease). Its entry for a feature
/// says how much changing that feature alone would help, and is zero if it would not.
pub fn saliency_map(a: &[f32], b: &[f32], direction: Direction) -> Vec<f32> {
    let sign = direction.sign();
    let entry = |(&a, &b): (&f32, &f32)| {
        if sign * a < 0.0 || sign * b > 0.0 { 0.0 } else { a.abs() * b.abs() }
    };
    a.iter().zip(b).map(entry).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The rule as it is written: tries every pair in order, and keeps the first of the best.
    fn brute_force(a: &[f32], b: &[f32], domain: &[usize], direction: Direction) -> Option<Pair> {
        let mut best: Option<Pair> = None;
        for (i, &p) in domain.iter().enumerate() {
            for &q in &domain[i + 1..] {
                let pair = Pair::of(p, q, a, b);
                let better = best.is_none_or(|best| pair.score() > best.score());
                if pair.is_admissible(direction) && better {
                    best = Some(pair);
                }
            }
        }
        best
    }

    /// Numbers that reach every branch: ties, signed zeros, subnormals, all magnitudes.
    fn entry() -> impl Strategy<Value = f32> {
        prop_oneof![
            4 => (-4i8..=4).prop_map(f32::from),
            4 => -1.0f32..1.0,
            1 => Just(-0.0),
            1 => (-3i8..=3).prop_map(|k| f32::from(k) * f32::from_bits(1)),
            1 => (any::<bool>(), 1e-38f32..1e-20).prop_map(|(minus, x)| if minus { -x } else { x }),
            1 => (any::<bool>(), 1e15f32..1e30).prop_map(|(minus, x)| if minus { -x } else { x }),
        ]
    }

    fn rows() -> impl Strategy<Value = (Vec<f32>, Vec<f32>, Vec<usize>)> {
        prop::collection::vec((entry(), entry(), prop::bool::weighted(0.8)), 0..40).prop_map(
            |columns| {
                let domain = (0..columns.len()).filter(|&i| columns[i].2).collect();
                (
                    columns.iter().map(|c| c.0).collect(),
                    columns.iter().map(|c| c.1).collect(),
                    domain,
                )
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn the_choice_is_that_of_brute_force((a, b, domain) in rows()) {
            for direction in [Direction::Increase, Direction::Decrease] {
                prop_assert_eq!(
                    best_pair(&a, &b, &domain, direction),
                    brute_force(&a, &b, &domain, direction)
                );
            }
        }

        /// If the outputs sum to one, the best pair has the two largest entries.
        #[test]
        fn probabilities_need_only_the_two_largest((a, _, domain) in rows()) {
            let b: Vec<f32> = a.iter().map(|a| -a).collect();
            let found = best_pair(&a, &b, &domain, Direction::Increase);
            let mut sorted: Vec<_> = domain.iter().map(|&i| f64::from(a[i])).collect();
            sorted.sort_by(|x, y| y.total_cmp(x));
            match (found, sorted.as_slice()) {
                (Some(pair), [first, second, ..]) => prop_assert_eq!(pair.alpha, first + second),
                (None, [first, second, ..]) => prop_assert!(first + second <= 0.0),
                (found, _) => prop_assert_eq!(found, None),
            }
        }
    }

    #[test]
    fn the_first_of_equal_pairs_wins() {
        let a = [1.0, 2.0, 2.0, 1.0, 2.0];
        let b = a.map(|a| -a);
        let pair = best_pair(&a, &b, &[0, 1, 2, 3, 4], Direction::Increase).map(|p| (p.p, p.q));
        assert_eq!(pair, Some((1, 2)));
        let pair = best_pair(&a, &b, &[0, 2, 3, 4], Direction::Increase).map(|p| (p.p, p.q));
        assert_eq!(pair, Some((2, 4)));
    }

    #[test]
    fn a_gradient_too_small_for_a_32_bit_score_still_decides() {
        let tiny = f32::from_bits(1);
        let a = [0.0, tiny, 3.0 * tiny, 2.0 * tiny];
        let b = a.map(|a| -a);
        let pair = best_pair(&a, &b, &[0, 1, 2, 3], Direction::Increase).map(|p| (p.p, p.q));
        assert_eq!(pair, Some((2, 3)));
    }

    #[test]
    fn the_map_is_zero_where_a_feature_would_not_help() {
        let (a, b) = ([2.0, -2.0, 2.0, -2.0], [-3.0, -3.0, 3.0, 3.0]);
        assert_eq!(saliency_map(&a, &b, Direction::Increase), [6.0, 0.0, 0.0, 0.0]);
        assert_eq!(saliency_map(&a, &b, Direction::Decrease), [0.0, 0.0, 0.0, 6.0]);
    }
}
