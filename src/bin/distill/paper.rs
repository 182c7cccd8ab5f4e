//! The figures of the papers: `results/paper.json`, which the page reads, too.

use std::collections::HashMap;
use std::sync::LazyLock;

use defensive_distillation::dataset::Dataset;
use serde::Deserialize;

static PAPER: LazyLock<Paper> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../results/paper.json"))
        .expect("results/paper.json is committed, and a test reads it")
});

/// All figures, as shares of one unless a field says otherwise.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Paper {
    /// Success by data set and attack, within 112 features where an attack has a limit.
    success: HashMap<Dataset, HashMap<String, Group<f64>>>,
    /// How large successful changes are, by data set and attack: a share of the features, and of cw-l2
    /// the length. cw-l0 on CIFAR-10 is missing: its paper counts pixels, not features.
    size: HashMap<Dataset, HashMap<String, Group<f64>>>,
    accuracy: HashMap<Dataset, Group<f64>>,
    robustness: HashMap<Dataset, Group<f64>>,
    amplitude: HashMap<Dataset, Group<AmplitudeShares>>,
    fgsm: HashMap<Dataset, Group<f64>>,
}

/// Figures of one paper, by network: its role and the temperature of its training, "distilled 20" say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group<T> {
    /// The paper.
    #[expect(dead_code, reason = "for readers of the file, and for the page")]
    source: String,
    /// What is special about these figures.
    #[expect(dead_code, reason = "for readers of the file")]
    note: Option<String>,
    figures: HashMap<String, T>,
    /// The networks whose figures the paper only plots. All others are stated in its text or tables.
    #[serde(default)]
    read_off_a_plot: Vec<String>,
    /// The networks whose figures the paper states as upper bounds.
    #[serde(default)]
    upper_bounds: Vec<String>,
}

impl<T: Copy> Group<T> {
    fn figure(&self, network: &str) -> Option<Figure<T>> {
        let is_in = |networks: &[String]| networks.iter().any(|other| other == network);
        let precision = if is_in(&self.read_off_a_plot) {
            Precision::Plotted
        } else if is_in(&self.upper_bounds) {
            Precision::UpperBound
        } else {
            Precision::Stated
        };
        self.figures.get(network).map(|&value| Figure { value, precision })
    }
}

/// The shares of images whose gradient's amplitude is below 1e-40, and above 1e-3.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmplitudeShares {
    pub below: f64,
    pub above: f64,
}

/// A figure of a paper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure<T> {
    pub value: T,
    pub precision: Precision,
}

impl<T> Figure<T> {
    /// A figure made of this one's value, as precise.
    pub fn map<U>(self, of: impl FnOnce(T) -> U) -> Figure<U> {
        Figure { value: of(self.value), precision: self.precision }
    }
}

/// How precisely a paper reports a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// In its text or a table.
    Stated,
    /// In a plot, from which it was read.
    Plotted,
    /// As an upper bound.
    UpperBound,
}

/// The share of attacks that succeed.
pub fn success(dataset: Dataset, attack: &str, network: &str) -> Option<f64> {
    Some(PAPER.success.get(&dataset)?.get(attack)?.figure(network)?.value)
}

/// How large successful changes are: a share of the features, and of cw-l2 the length.
pub fn size(dataset: Dataset, attack: &str, network: &str) -> Option<f64> {
    Some(PAPER.size.get(&dataset)?.get(attack)?.figure(network)?.value)
}

/// The share of test images that a network classifies correctly.
pub fn accuracy(dataset: Dataset, network: &str) -> Option<Figure<f64>> {
    PAPER.accuracy.get(&dataset)?.figure(network)
}

/// ρ_adv.
pub fn robustness(dataset: Dataset, network: &str) -> Option<Figure<f64>> {
    PAPER.robustness.get(&dataset)?.figure(network)
}

/// The shares of images with the smallest and the largest gradients.
pub fn amplitude(dataset: Dataset, network: &str) -> Option<Figure<AmplitudeShares>> {
    PAPER.amplitude.get(&dataset)?.figure(network)
}

/// The share of images that are misclassified after FGSM's step of 0.3.
pub fn fgsm(dataset: Dataset, network: &str) -> Option<Figure<f64>> {
    PAPER.fgsm.get(&dataset)?.figure(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_with_their_precision() {
        use Precision::{Plotted, Stated, UpperBound};
        assert_eq!(success(Dataset::Mnist, "jsma-f", "distilled 40"), Some(0.0045));
        assert_eq!(success(Dataset::Cifar10, "jsma-f", "undefended 1"), Some(0.8789));
        let value = AmplitudeShares { below: 0.169, above: 0.105 };
        let found = amplitude(Dataset::Cifar10, "distilled 10");
        assert_eq!(found, Some(Figure { value, precision: Plotted }));
        let found = |network| robustness(Dataset::Mnist, network).map(|of| of.precision);
        assert_eq!(found("distilled 20"), Some(Stated));
        assert_eq!(found("distilled 30"), Some(Plotted));
        assert_eq!(found("teacher 40"), None);
        let bound = fgsm(Dataset::Mnist, "distilled 100").map(|of| of.precision);
        assert_eq!(bound, Some(UpperBound));
    }

    /// A name that is in no group of figures is a spelling mistake.
    #[test]
    fn every_network_that_is_named_has_a_figure() {
        fn check<T>(group: &Group<T>) {
            for network in group.read_off_a_plot.iter().chain(&group.upper_bounds) {
                assert!(group.figures.contains_key(network), "{network}");
            }
        }
        let by_attack = PAPER.success.values().chain(PAPER.size.values());
        by_attack.flat_map(HashMap::values).for_each(check);
        for groups in [&PAPER.accuracy, &PAPER.robustness, &PAPER.fgsm] {
            groups.values().for_each(check);
        }
        PAPER.amplitude.values().for_each(check);
    }
}
