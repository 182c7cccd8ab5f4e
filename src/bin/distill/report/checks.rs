//! The same measurements by another program, beside this project's.

use std::path::Path;

use defensive_distillation::attack::Movement;
use defensive_distillation::dataset::Dataset;
use defensive_distillation::experiment::Kind;
use defensive_distillation::network::manifest::Entry;
use serde::{Deserialize, Serialize};

use super::cells::{NONE, percent, test_images};
use super::network::ShownNetwork;
use super::page::Page;
use crate::Result;

/// A row of `results/checks.json`, which `tests/python/check_published.py` writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    dataset: Dataset,
    model: String,
    model_sha256: String,
    scale: f32,
    figure: Kind,
    images: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    attack: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attack_temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epsilon: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<Movement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget: Option<usize>,
    /// The target model, for transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    /// The version of PyTorch.
    torch: String,
    /// By PyTorch.
    found: Found,
    /// By this project, on the same images; `None` if it was not measured.
    found_here: Option<Found>,
    /// Share of the test images that the network classifies correctly, by PyTorch.
    accuracy: f64,
}

/// The figures of a check; each kind has some of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Found {
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<[usize; 10]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zero: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fooled: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget_spent: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    no_admissible_pair: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gradient_vanished: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    already_target: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    measured: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reached: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    misread: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failures: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    robustness: Option<f64>,
    /// Mean number of features that successes change.
    #[serde(skip_serializing_if = "Option::is_none")]
    features: Option<f64>,
    /// Mean ‖δ‖₂ of successes.
    #[serde(skip_serializing_if = "Option::is_none")]
    distance: Option<f64>,
}

impl Found {
    /// Attempts by outcome, with words.
    fn outcomes(&self) -> [(Option<usize>, &'static str); 5] {
        [
            (self.fooled, "fooled"),
            (self.budget_spent, "spent"),
            (self.no_admissible_pair, "no pair"),
            (self.gradient_vanished, "vanished"),
            (self.already_target, "there before"),
        ]
    }

    /// What else is counted, with words.
    fn counted(&self) -> [(Option<usize>, &'static str); 6] {
        [
            (self.measured, "measured"),
            (self.failures, "never fooled"),
            (self.shown, "shown"),
            (self.reached, "reach the target"),
            (self.misread, "misread"),
            (self.zero, "exactly zero"),
        ]
    }

    /// All of it without the zeros.
    fn words(&self) -> String {
        let bins = self.counts.map(|bins| bins.map(|count| count.to_string()).join(" · "));
        let counted = self.outcomes().into_iter().chain(self.counted());
        let counted = counted.filter_map(|(count, says)| match count? {
            0 => None,
            count => Some(format!("{count} {says}")),
        });
        let means = [
            self.features.map(|of| format!("{of:.1} features")),
            self.distance.map(|of| format!("L2 {of:.2}")),
            self.robustness.map(|of| format!("ρ {:.3} %", 100.0 * of)),
        ];
        let all: Vec<_> =
            bins.into_iter().chain(counted).chain(means.into_iter().flatten()).collect();
        if all.is_empty() { NONE.into() } else { all.join(", ") }
    }
}

/// The checks of the network files that are published, for a data set.
pub fn read(results: &Path, published: &[Entry], dataset: Dataset) -> Result<Vec<Check>> {
    let file = results.join("checks.json");
    let json = match std::fs::read(&file) {
        Ok(json) => json,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(format!("{}: {e}", file.display()).into()),
    };
    let mut checks: Vec<Check> =
        serde_json::from_slice(&json).map_err(|e| format!("{}: {e}", file.display()))?;
    checks.retain(|check| {
        let is_file = |entry: &Entry| entry.id == check.model && entry.sha256 == check.model_sha256;
        check.dataset == dataset && published.iter().any(is_file)
    });
    Ok(checks)
}

pub fn write(page: &mut Page, networks: &[ShownNetwork], checks: &[Check]) {
    let mut table = Vec::new();
    let (mut attempts, mut otherwise) = (0, 0);
    for network in networks {
        let of_network = |check: &&Check| check.model == network.id && check.scale == network.scale;
        for check in checks.iter().filter(of_network) {
            table.push(vec![
                network.words(),
                percent(Some(check.accuracy)),
                what(check),
                check.images.to_string(),
                check.found.words(),
                check.found_here.as_ref().map_or(NONE.into(), Found::words),
            ]);
            if let (Kind::Success, Some(here)) = (check.figure, &check.found_here) {
                let count = |of: (Option<usize>, _)| of.0.unwrap_or(0);
                let (found, here) = (check.found.outcomes().map(count), here.outcomes().map(count));
                attempts += found.iter().sum::<usize>();
                // An attempt that ended differently is missing from one count and extra in another, so it is
                // counted twice here.
                let differ = found.iter().zip(here).map(|(&found, here)| found.abs_diff(here));
                otherwise += differ.sum::<usize>() / 2;
            }
        }
    }
    let sum = match attempts {
        0 => String::new(),
        _ => format!(
            " By these counts {} of {attempts} attempts ended otherwise.",
            if otherwise == 0 { "none".into() } else { otherwise.to_string() }
        ),
    };
    let bins = match checks.iter().any(|check| check.figure == Kind::Amplitude) {
        true => {
            " An amplitude is given as the images in each of the ten bins, from the smallest gradients to the \
             largest."
        }
        false => "",
    };
    page.table(
        "The same, computed by PyTorch",
        &format!(
            "Accuracy on all {} test images, and figures of attacks and gradients written a second time, \
             in Python, on the published files (`tests/python/check_published.py`); here: this project's on \
             the same images. Two programs round differently, so a few of the attacks that are nearly equal \
             may part ways.{sum}{bins}",
            test_images()
        ),
        &["network", "accuracy by PyTorch", "figure", "images", "by PyTorch", "here"],
        table,
    );
}

/// What a check measures.
fn what(check: &Check) -> String {
    let mut attack = check.attack.clone().unwrap_or_default();
    match check.direction {
        Some(Movement::Decrease) => attack += " −",
        Some(Movement::Either) => attack += " ±",
        Some(Movement::Increase) | None => {}
    }
    if let Some(temperature) = check.attack_temperature.filter(|&at| at != 1.0) {
        attack += &format!(", T = {temperature}");
    }
    if let Some(epsilon) = check.epsilon {
        attack += &format!(", ε = {epsilon}");
    }
    match (check.figure, &check.to) {
        (Kind::Amplitude, _) => "amplitude".into(),
        (Kind::Robustness, _) => format!("robustness, {attack}"),
        (Kind::Transfer, Some(to)) => format!("{attack}, shown to {to}"),
        _ => attack,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file is written by Python, which has its own order of keys.
    #[test]
    fn committed_checks_keep_every_field() {
        let committed = std::fs::read_to_string("results/checks.json").expect("it is committed");
        let checks: Vec<Check> = serde_json::from_str(&committed).expect("all are understood");
        let fields: serde_json::Value = serde_json::from_str(&committed).expect("it is JSON");
        assert!(!checks.is_empty());
        for (check, fields) in checks.iter().zip(fields.as_array().expect("an array")) {
            assert_eq!(&serde_json::to_value(check).expect("plain data"), fields);
        }
    }
}
