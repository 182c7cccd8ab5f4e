//! The text of the tables' cells.

use defensive_distillation::dataset::CLASSES;
use defensive_distillation::experiment::{Kind, SuccessFigures};

use super::measured::Measured;
use crate::paper::{Figure, Precision};

/// The text where nothing was measured or reported.
pub const NONE: &str = "–";

/// Images of either data set's test set.
const TEST_IMAGES: usize = 10_000;

/// The number of test images, for people.
pub fn test_images() -> String {
    format!("{},{:03}", TEST_IMAGES / 1000, TEST_IMAGES % 1000)
}

/// The paper's number of attacks on a network: nine targets an image.
pub fn papers_attacks() -> usize {
    Kind::Success.facts().images * (CLASSES - 1)
}

/// A share in percent.
pub fn percent(share: Option<f64>) -> String {
    share.map_or(NONE.into(), |share| format!("{:.2} %", 100.0 * share))
}

/// A figure of a paper, marked with ~ where it was read off a plot, to so many digits.
pub fn reported(figure: Option<Figure<f64>>, digits: usize) -> String {
    let Some(Figure { value, precision }) = figure else { return NONE.into() };
    match precision {
        Precision::Stated => percent(Some(value)),
        Precision::Plotted => format!("~{:.digits$} %", 100.0 * value),
        Precision::UpperBound => format!("< {:.1} %", 100.0 * value),
    }
}

/// A share and its interval, cut to [0, 1]: the interval of a mean of few images may go beyond.
pub fn with_interval(share: f64, interval: [f64; 2]) -> String {
    let [low, high] = interval.map(|end| 100.0 * end.clamp(0.0, 1.0));
    format!("{:.1} % [{low:.1}, {high:.1}]", 100.0 * share)
}

/// How many attacks ended because the gradient vanished, if any.
pub fn vanished(count: usize) -> String {
    if count > 0 { format!(", **vanished {count}**") } else { String::new() }
}

/// A rate with its interval, the size of the changes, and how many attacks vanished.
pub fn success(row: Option<&Measured<SuccessFigures>>) -> String {
    let Some(row) = row else { return NONE.into() };
    let planned = row.head.planned;
    let of = if planned == papers_attacks() { String::new() } else { format!(" of {planned}") };
    let figures = &row.figures;
    let distance = figures.distance_successes.filter(|_| row.attack() == "cw-l2");
    let size = match (distance, figures.distortion_successes) {
        (Some(distance), _) => format!(", L2 {distance:.2}"),
        (None, Some(share)) => format!(", {:.1} % of features", 100.0 * share),
        (None, None) => String::new(),
    };
    let rate = with_interval(figures.rate, figures.interval);
    format!("{rate}{of}{size}{}", vanished(figures.outcomes.gradient_vanished))
}

/// The number of a row's images, if it is below the number that its table is about.
pub fn of_fewer<F>(row: &Measured<F>, most: usize) -> String {
    let images = row.head.images;
    if images < most { format!(", of {images}") } else { String::new() }
}
