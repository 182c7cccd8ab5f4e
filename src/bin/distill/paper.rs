//! What the papers report, to stand beside what is measured: the page's own table.

use std::sync::LazyLock;

use defensive_distillation::dataset::Dataset;
use serde_json::Value;

/// `www/domain/paper.js` says where each figure is from.
static PAPER: LazyLock<Value> = LazyLock::new(|| {
    let module = include_str!("../../../www/domain/paper.js");
    let json =
        module.split_once("PAPER = ").and_then(|(_, rest)| rest.trim_end().strip_suffix(';'));
    json.and_then(|json| serde_json::from_str(json).ok()).expect("www/domain/paper.js assigns JSON")
});

/// The figure of an experiment ("success/mnist/jsma-f", say) on a network ("distilled 20"): a share
/// of one.
fn figure(of: &str, network: &str) -> Option<f64> {
    PAPER.pointer(&format!("/{of}/{network}")).and_then(Value::as_f64)
}

/// Whether the paper's text states a figure; the others were read off its plots.
pub fn is_stated(experiment: &str, dataset: Dataset, network: &str) -> bool {
    network.starts_with("undefended")
        || matches!(
            (experiment, dataset, network),
            ("robustness", Dataset::Mnist, "distilled 20")
                | ("robustness", Dataset::Cifar10, "distilled 50")
                | ("amplitude", Dataset::Cifar10, "distilled 100")
        )
}

/// The share of attacks that succeed.
pub fn success(dataset: Dataset, attack: &str, network: &str) -> Option<f64> {
    figure(&format!("success/{dataset}/{attack}"), network)
}

/// How large successful changes are: a share of the features, for cw-l2 a length.
pub fn size(dataset: Dataset, attack: &str, network: &str) -> Option<f64> {
    figure(&format!("size/{dataset}/{attack}"), network)
}

/// The share of test images that a network reads.
pub fn accuracy(dataset: Dataset, network: &str) -> Option<f64> {
    figure(&format!("accuracy/{dataset}"), network)
}

/// ρ_adv.
pub fn robustness(dataset: Dataset, network: &str) -> Option<f64> {
    figure(&format!("robustness/{dataset}"), network)
}

/// The shares of images whose gradient's amplitude is below 1e-40, and above 1e-3.
pub fn amplitude(dataset: Dataset, network: &str) -> Option<(f64, f64)> {
    let part = |name| figure(&format!("amplitude/{dataset}/{network}"), name);
    part("below").zip(part("above"))
}

/// The share of images that are misread after FGSM's step of 0.3.
pub fn fgsm(dataset: Dataset, network: &str) -> Option<f64> {
    figure(&format!("fgsm/{dataset}"), network)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_table_is_read() {
        assert_eq!(success(Dataset::Mnist, "jsma-f", "distilled 40"), Some(0.0045));
        assert_eq!(success(Dataset::Cifar10, "jsma-f", "undefended 1"), Some(0.8789));
        assert_eq!(amplitude(Dataset::Cifar10, "distilled 10"), Some((0.169, 0.105)));
        assert_eq!(robustness(Dataset::Mnist, "teacher 40"), None);
    }
}
