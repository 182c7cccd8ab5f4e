//! The networks themselves: how they were trained, and what they read.

use defensive_distillation::dataset::Dataset;
use defensive_distillation::network::manifest::Entry;

use super::cells::percent;
use super::{Name, Page};
use crate::paper;

pub fn write(page: &mut Page, dataset: Dataset, published: &[Entry], networks: &[Name]) {
    let accuracy = networks.iter().filter(|name| name.scale == 1.0).filter_map(|name| {
        let entry = published.iter().find(|entry| entry.id == name.id)?;
        let paper = match paper::accuracy(dataset, &name.reported()) {
            Some(share) if !paper::is_stated("accuracy", dataset, &name.reported()) => {
                format!("~{:.2} %", 100.0 * share)
            }
            share => percent(share),
        };
        Some(vec![
            name.words(),
            paper,
            format!("{:.2} %", 100.0 * entry.test_accuracy),
            format!("{:.0}", entry.logit_norm),
            entry.epochs.to_string(),
            format!("`{}`", entry.command),
        ])
    });
    page.table(
        "Networks",
        "Accuracy on all 10,000 test images; multiplying the logits changes no reading. The paper trained for \
         50 epochs, at a step of 0.1 for MNIST and 0.01 for CIFAR-10, halved there every tenth epoch; what \
         the command does not name is as in the paper.",
        &["network", "accuracy, paper", "here", "mean Σ\\|logit\\|", "epochs", "trained by"],
        accuracy.collect(),
    );
}
