//! The kinds of experiment, and the facts of each.

use serde::{Deserialize, Serialize};

/// A kind of experiment. Each has a file of rows in `results/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
#[cfg_attr(feature = "types", ts(rename = "ExperimentKind"))]
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
    /// How often the adversarial examples of one network fool other networks.
    Transfer,
}

/// The facts of an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KindFacts {
    /// The name in requests, and of the file in `results/`.
    pub id: &'static str,
    /// Whether it makes attacks.
    pub attacks: bool,
    /// Whether the attack can be chosen.
    pub chooses: bool,
    /// How often an image is attacked or measured.
    pub attempts: Attempts,
    /// Whether the images that attacks make are shown to other networks.
    pub shown_to: bool,
    /// How many images the command line draws by default.
    pub images: usize,
}

/// How often an image is attacked or measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Attempts {
    /// Once for each of the nine classes that it does not show.
    Targets,
    /// Once.
    Images,
}

impl Kind {
    /// Every kind, in the order of the command line's `--help`.
    pub const ALL: [Self; 6] =
        [Self::Success, Self::Amplitude, Self::Robustness, Self::Fgsm, Self::Pairs, Self::Transfer];

    /// The facts.
    pub const fn facts(self) -> &'static KindFacts {
        const SUCCESS: KindFacts = KindFacts {
            id: "success",
            attacks: true,
            chooses: true,
            attempts: Attempts::Targets,
            shown_to: false,
            images: 100,
        };
        const ONE_ATTEMPT: KindFacts =
            KindFacts { chooses: false, attempts: Attempts::Images, images: 2000, ..SUCCESS };
        match self {
            Self::Success => &SUCCESS,
            Self::Amplitude => &KindFacts { id: "amplitude", attacks: false, ..ONE_ATTEMPT },
            Self::Robustness => &KindFacts { id: "robustness", images: 200, ..SUCCESS },
            Self::Fgsm => &KindFacts { id: "fgsm", ..ONE_ATTEMPT },
            Self::Pairs => &KindFacts { id: "pairs", ..SUCCESS },
            Self::Transfer => &KindFacts { id: "transfer", shown_to: true, ..SUCCESS },
        }
    }

    /// The name in requests, and of the file in `results/`.
    pub fn name(self) -> &'static str {
        self.facts().id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_that_of_requests() {
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).expect("a name"), kind.name());
        }
    }
}
