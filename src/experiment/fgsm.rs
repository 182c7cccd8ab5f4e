//! How many images are misclassified after one untargeted attack each: the rows of `fgsm.json`
//! (Papernot and McDaniel 2016, *On the Effectiveness of Defensive Distillation*).

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::record::{Outcomes, TaskResults};
use super::row::Figures;
use super::statistics::{mean, wilson};

/// The figures of a row of `fgsm.json`. Shares are of one; intervals hold 95 %.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct FgsmFigures {
    /// Images attacked, or misclassified before any change.
    pub measured: usize,
    /// Images that the network misclassifies at the end.
    pub errors: usize,
    /// Their share, the paper's error rate.
    pub rate: f64,
    /// Wilson's interval of the rate.
    pub interval: [f64; 2],
    /// Attacks by outcome, on the images that the network classifies correctly before any change.
    pub outcomes: Outcomes,
    /// Images that it misclassifies before any change; they are not attacked, and count as errors.
    pub misread: usize,
    /// Mean share of the features whose gradient is exactly zero, where one was computed.
    pub zero_gradients: Option<f64>,
}

impl Figures for FgsmFigures {
    const KIND: Kind = Kind::Fgsm;

    fn count(results: &TaskResults<'_>, _: usize) -> Self {
        let TaskResults { attacks, features, .. } = results;
        let (outcomes, misread) = Outcomes::count(attacks);
        let (measured, errors) = (outcomes.total() + misread, outcomes.fooled + misread);
        let zeros: Vec<_> = attacks.iter().filter_map(|(_, result)| result.zeros).collect();
        let sum = zeros.iter().sum::<usize>() as f64 / *features as f64;
        Self {
            measured,
            errors,
            rate: mean(errors as f64, measured),
            interval: wilson(errors, measured),
            outcomes,
            misread,
            zero_gradients: (!zeros.is_empty()).then(|| mean(sum, zeros.len())),
        }
    }
}
