//! How many images are misread after one untargeted attack each: the rows of `fgsm.json`.

use serde::Serialize;

use super::statistics::{mean, wilson};
use super::{Attempt, End, Outcomes};

#[derive(Clone, Debug, Serialize)]
pub(super) struct Figures {
    /// Images attacked, or misread before that.
    measured: usize,
    /// Images that the network misreads at the end.
    errors: usize,
    /// Their share, the paper's error rate.
    rate: f64,
    interval: [f64; 2],
    /// What became of the images that the network reads before they are attacked.
    outcomes: Outcomes,
    /// Images that it misreads from the start, which are left as they are, and are errors.
    misread: usize,
    /// Mean share of the features whose gradient is exactly zero, where one was computed.
    zero_gradients: Option<f64>,
}

pub(super) fn figures(ends: &[(Attempt, &End)], features: usize) -> Figures {
    let (outcomes, misread) = Outcomes::count(ends);
    let (measured, errors) = (outcomes.total() + misread, outcomes.fooled + misread);
    let zeros: Vec<_> = ends.iter().filter_map(|(_, end)| end.zeros).collect();
    let sum = zeros.iter().sum::<usize>() as f64 / features as f64;
    Figures {
        measured,
        errors,
        rate: mean(errors as f64, measured),
        interval: wilson(errors, measured),
        outcomes,
        misread,
        zero_gradients: (!zeros.is_empty()).then(|| mean(sum, zeros.len())),
    }
}
