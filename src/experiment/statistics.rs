//! Means and intervals.

/// The sum over the count; 0 if the count is 0.
pub fn mean(sum: f64, count: usize) -> f64 {
    if count == 0 { 0.0 } else { sum / count as f64 }
}

/// The mean of some numbers and its 95 % interval, ± 1.96 standard errors; `None` without numbers.
///
/// It assumes that the mean is normally distributed, which is nearly true from some dozens of numbers on.
pub fn mean_of(numbers: &[f64]) -> Option<(f64, [f64; 2])> {
    let n = numbers.len();
    let mean = (n > 0).then(|| mean(numbers.iter().sum(), n))?;
    let squares: f64 = numbers.iter().map(|x| (x - mean).powi(2)).sum();
    let error = if n > 1 { (squares / (n - 1) as f64 / n as f64).sqrt() } else { 0.0 };
    Some((mean, [mean - Z * error, mean + Z * error]))
}

/// The standard normal distribution's 97.5 % point.
const Z: f64 = 1.959_963_984_540_054;

/// Wilson's score interval of `successes` over `attempts`, at 95 %: its lower and upper end in [0, 1].
///
/// Unlike the usual mean ± 1.96 standard errors it stays within [0, 1] and is accurate for rates close
/// to 0, as those of the distilled networks are.
pub fn wilson(successes: usize, attempts: usize) -> [f64; 2] {
    if attempts == 0 {
        return [0.0, 1.0];
    }
    let (n, share) = (attempts as f64, successes as f64 / attempts as f64);
    let centre = share + Z * Z / (2.0 * n);
    let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    [((centre - spread) / scale).max(0.0), ((centre + spread) / scale).min(1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_agrees_with_published_values() {
        // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
        for (successes, attempts, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let [found_low, found_high] = wilson(successes, attempts);
            assert!((found_low - low).abs() < 5e-5, "{successes}/{attempts}: {found_low}");
            assert!((found_high - high).abs() < 5e-5, "{successes}/{attempts}: {found_high}");
        }
        assert_eq!(wilson(0, 0), [0.0, 1.0]);
        assert_eq!(wilson(7, 7)[1], 1.0);
    }
}
