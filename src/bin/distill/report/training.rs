//! The networks themselves: how they were trained, and their accuracy.

use defensive_distillation::dataset::Dataset;
use defensive_distillation::network::manifest::Entry;
use defensive_distillation::train::Recipe;

use super::cells::{reported, test_images};
use super::network::ShownNetwork;
use super::page::Page;
use crate::paper;

pub fn write(page: &mut Page, dataset: Dataset, published: &[Entry], networks: &[ShownNetwork]) {
    let table = networks.iter().filter(|network| network.scale == 1.0).filter_map(|network| {
        let entry = published.iter().find(|entry| entry.id == network.id)?;
        Some(vec![
            network.words(),
            reported(paper::accuracy(dataset, &network.reported()), 2),
            format!("{:.2} %", 100.0 * entry.test_accuracy),
            format!("{:.0}", entry.logit_norm),
            entry.epochs.to_string(),
            format!("`{}`", entry.command),
        ])
    });
    let [mnist, cifar10] = Dataset::ALL.map(Recipe::paper_learning_rate);
    let words = format!(
        "Accuracy on all {} test images; multiplying the logits changes no reading. The paper trained for \
         {} epochs, at a step of {mnist} for MNIST and {cifar10} for CIFAR-10, halved there every tenth epoch; what \
         the command does not name is as in the paper.",
        test_images(),
        Recipe::PAPER_EPOCHS
    );
    page.table(
        "Networks",
        &words,
        &["network", "accuracy, paper", "here", "mean Σ\\|logit\\|", "epochs", "trained by"],
        table.collect(),
    );
}
