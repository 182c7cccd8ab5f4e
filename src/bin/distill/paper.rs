//! What the papers report, to stand beside what is measured.

use defensive_distillation::dataset::Dataset;

/// A table of Papernot et al. 2015: for each temperature, the success of the attack and the accuracy
/// in percent, the latter read off a figure.
type Temperatures = [(f64, f64, f64); 9];

/// Success in percent on the undefended network, and its accuracy.
pub fn undefended(dataset: Dataset) -> (f64, f64) {
    match dataset {
        Dataset::Mnist => (95.89, 99.51),
        Dataset::Cifar10 => (87.89, 80.95),
    }
}

/// The distilled networks.
pub fn distilled(dataset: Dataset) -> &'static Temperatures {
    match dataset {
        Dataset::Mnist => &[
            (1.0, 91.0, 98.90),
            (2.0, 82.23, 98.23),
            (5.0, 24.67, 99.06),
            (10.0, 6.78, 99.12),
            (20.0, 1.34, 99.05),
            (30.0, 1.44, 99.00),
            (40.0, 0.45, 99.08),
            (50.0, 1.45, 98.90),
            (100.0, 0.45, 98.83),
        ],
        Dataset::Cifar10 => &[
            (1.0, 92.78, 80.89),
            (2.0, 87.67, 82.21),
            (5.0, 67.0, 82.19),
            (10.0, 47.56, 81.90),
            (20.0, 18.23, 81.50),
            (30.0, 13.23, 80.71),
            (40.0, 9.34, 81.12),
            (50.0, 6.23, 81.02),
            (100.0, 5.11, 79.58),
        ],
    }
}

/// CIFAR-10: percent of images with a gradient below 1e-40, and above 1e-3; figure 9's, T by T.
pub const AMPLITUDE: [(f64, f64, f64); 8] = [
    (2.0, 0.0, 30.7),
    (5.0, 1.1, 16.4),
    (10.0, 16.9, 10.5),
    (20.0, 42.9, 6.0),
    (30.0, 53.4, 4.8),
    (40.0, 62.8, 3.8),
    (50.0, 67.6, 3.4),
    (100.0, 79.0, 1.9),
];

/// MNIST: robustness in percent, read off a figure, T by T; the text has 1.55 undefended.
pub const ROBUSTNESS: [(f64, f64); 7] =
    [(1.0, 1.2), (2.0, 1.45), (5.0, 9.5), (10.0, 11.7), (20.0, 13.8), (30.0, 13.6), (40.0, 14.1)];

/// MNIST: FGSM's error in percent at ε = 0.3 (Papernot and McDaniel 2016), T by T, read off a figure;
/// the text has 88.03 undefended and below 1.5 at T = 100.
pub const FGSM: [(f64, f64); 8] = [
    (1.0, 87.0),
    (2.0, 90.0),
    (5.0, 71.0),
    (10.0, 21.0),
    (20.0, 4.5),
    (30.0, 2.5),
    (40.0, 2.3),
    (50.0, 2.0),
];
