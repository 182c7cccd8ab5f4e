//! The kinds of experiment.

use serde::{Deserialize, Serialize};

/// A kind of experiment. Each has a file of rows in `results/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// How often a targeted attack succeeds: the paper's tables, nine targets an image.
    Success,
    /// How large the gradients of the outputs are: the paper's histogram. It makes no attack.
    Amplitude,
    /// ρ_adv: the smallest share of features, over nine targets, that has to change.
    Robustness,
    /// How many images are misclassified after an untargeted attack, one attempt an image.
    Fgsm,
    /// Success, distortion, hardness and adversarial distance for each source and target class.
    Pairs,
    /// How other networks classify the adversarial examples made on one.
    Transfer,
}

impl Kind {
    /// The name in requests, and of its file in `results/`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Amplitude => "amplitude",
            Self::Robustness => "robustness",
            Self::Fgsm => "fgsm",
            Self::Pairs => "pairs",
            Self::Transfer => "transfer",
        }
    }

    /// Whether it attacks; amplitude measures gradients alone.
    pub fn attacks(self) -> bool {
        self != Self::Amplitude
    }

    /// Whether it tries all nine targets of an image, rather than each image once.
    pub fn tries_all_targets(self) -> bool {
        !matches!(self, Self::Amplitude | Self::Fgsm)
    }

    /// How many test images `distill evaluate` takes unless told otherwise.
    pub fn images(self) -> usize {
        match self {
            Self::Amplitude | Self::Fgsm => 2000,
            Self::Robustness => 200,
            Self::Success | Self::Pairs | Self::Transfer => 100,
        }
    }
}
