//! The data sets: a table of their facts, their images in memory, and readers for their files.
//!
//! [`Dataset::spec`] is the only place that knows shapes, classes and normalisation. The readers of
//! files (`files`) need the feature `cli`; the browser gets its samples as PNG sheets instead.

#[cfg(feature = "cli")]
pub mod files;
mod samples;

pub use samples::Samples;

use serde::{Deserialize, Serialize};

/// A data set of the paper (Papernot et al. 2015, section V).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub enum Dataset {
    /// Handwritten digits, 28×28 grey.
    Mnist,
    /// Small photographs of ten kinds of thing, 32×32 in colour.
    Cifar10,
}

/// The paper's budget in features, the same for each data set (Papernot et al. 2015, *Distillation as a
/// Defense*): 14.29 % of MNIST's, 3.65 % of CIFAR-10's.
pub const PAPER_BUDGET: usize = 112;

/// The number of classes of each data set, and of outputs of each network.
pub const CLASSES: usize = 10;

/// The facts of a data set.
#[derive(Debug)]
pub struct Spec {
    /// The name in file names, links and manifests.
    pub id: &'static str,
    /// The name in prose.
    pub name: &'static str,
    /// Shape of one image: channels, height, width.
    pub shape: [usize; 3],
    /// Class names, in the order of the labels.
    pub classes: [&'static str; CLASSES],
    /// The paper's budget, in features.
    pub budget: usize,
    /// Whether a visitor of the page can draw an image by hand.
    pub drawn: bool,
    /// The attack that the page opens with: the first test image of a class, and the target.
    pub first: First,
    /// Mean of each channel over the training set, for pixels in [0, 1]. The network subtracts it
    /// first. It is 0 for MNIST, which is not normalised, as in the paper.
    pub mean: [f32; 3],
    /// Standard deviation of each channel, by which the network then divides; 1 for MNIST.
    pub std: [f32; 3],
}

/// The attack that the page opens with.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct First {
    /// The class that the image shows.
    pub label: usize,
    /// The target class.
    pub target: usize,
}

impl Spec {
    /// Features of one image: channels × height × width.
    pub const fn features(&self) -> usize {
        self.shape[0] * self.shape[1] * self.shape[2]
    }
}

impl Dataset {
    /// Every data set, in the order of the page's menu.
    pub const ALL: [Self; 2] = [Self::Mnist, Self::Cifar10];

    /// The facts of this data set.
    pub const fn spec(self) -> &'static Spec {
        match self {
            Self::Mnist => &Spec {
                id: "mnist",
                name: "MNIST",
                shape: [1, 28, 28],
                classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
                budget: PAPER_BUDGET,
                drawn: true,
                first: First { label: 7, target: 3 },
                mean: [0.0; 3],
                std: [1.0; 3],
            },
            Self::Cifar10 => &Spec {
                id: "cifar10",
                name: "CIFAR-10",
                shape: [3, 32, 32],
                classes: [
                    "airplane",
                    "automobile",
                    "bird",
                    "cat",
                    "deer",
                    "dog",
                    "frog",
                    "horse",
                    "ship",
                    "truck",
                ],
                budget: PAPER_BUDGET,
                drawn: false,
                first: First { label: 3, target: 5 },
                mean: [0.4914, 0.4822, 0.4465],
                std: [0.2470, 0.2435, 0.2616],
            },
        }
    }
}

impl std::fmt::Display for Dataset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.spec().id)
    }
}
