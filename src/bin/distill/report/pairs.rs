//! Success, distortion, hardness and adversarial distance by source and target class.

use std::fmt::Write;

use defensive_distillation::dataset::{CLASSES, Dataset};
use defensive_distillation::experiment::{ClassPair, LARGEST_CAP, PairsFigures, RowRole};

use super::cells::{NONE, with_interval};
use super::measured::Measured;
use super::network::ShownNetwork;
use super::page::Page;
use crate::plot::heat;
use crate::{Result, paper};

/// A picture: its name, and what it shows of each pair of classes.
type Picture = (&'static str, fn(&ClassPair) -> Option<f64>);

const PICTURES: [Picture; 4] = [
    ("success", |pair| Some(pair.rate)),
    ("distortion", |pair| pair.distortion_successes),
    ("hardness", |pair| pair.hardness),
    ("distance", |pair| pair.distance),
];

/// The limit of the paper's own measurement, as a share of the features (Papernot et al., *The
/// Limitations of Deep Learning in Adversarial Settings*, section IV).
const PAPERS_LIMIT: f64 = 0.145;

pub fn write(
    page: &mut Page,
    dataset: Dataset,
    networks: &[ShownNetwork],
    rows: &[Measured<PairsFigures>],
) -> Result {
    if rows.is_empty() {
        return Ok(());
    }
    let _ = write!(
        page.text,
        "\n## Which class is taken for which\nSource class by target class, for attacks that may change {:.1} % \
         of the features: the share that succeeds, the mean share of features that successes change, hardness \
         (the area under distortion against success, over nine budgets), and adversarial distance (the share of \
         features that the saliency map of the untouched image rules out). All in percent, the darkest the \
         largest of its picture.\n",
        100.0 * LARGEST_CAP
    );
    let classes: Vec<_> = dataset.spec().classes.iter().map(|&name| name.to_owned()).collect();
    let mut table = Vec::new();
    for network in networks {
        for row in rows.iter().filter(|row| network.is(&row.head.network)) {
            let (attack, figures) = (row.attack(), &row.figures);
            let mean = |of: fn(&ClassPair) -> Option<f64>| {
                let of: Vec<_> = figures.cells.iter().filter_map(of).collect();
                match of.len() {
                    0 => NONE.into(),
                    n => format!("{:.4}", of.iter().sum::<f64>() / n as f64),
                }
            };
            table.push(vec![
                network.words(),
                attack.to_owned(),
                with_interval(figures.rate, figures.interval),
                figures.outcomes.gradient_vanished.to_string(),
                mean(|pair| pair.distortion_successes),
                mean(|pair| pair.hardness),
                mean(|pair| pair.distance),
            ]);
            // Where gradients vanish, pictures would show nothing of it.
            let is_pictured = matches!(
                (network.role, attack),
                (RowRole::Undefended, "jsma-f") | (RowRole::Distilled, "jsma-t" | "not-robust")
            );
            for (says, of) in PICTURES.into_iter().filter(|_| is_pictured) {
                let file = format!("pairs-{}-{attack}-{says}.svg", network.id);
                let title = format!("{}, {attack}: {says}, in percent", network.words());
                let mut shares = [[None; CLASSES]; CLASSES];
                for pair in &figures.cells {
                    shares[pair.source][pair.target] = of(pair);
                }
                let share = |source: usize, target: usize| shares[source][target];
                let svg = heat(&title, ["source", "target"], [&classes, &classes], share);
                page.plot(&file, &title, &svg)?;
            }
        }
    }
    let reported = |of: fn(Dataset, &str, &str) -> Option<f64>| {
        of(Dataset::Mnist, "jsma-z", "undefended 1").ok_or("the paper's jsma-z has no figure")
    };
    let words = format!(
        "JSMA's paper, on logits and within {:.1} %: success {:.1} %, distortion of successes {:.4}.",
        100.0 * PAPERS_LIMIT,
        100.0 * reported(paper::success)?,
        reported(paper::size)?
    );
    page.table(
        "Means over all pairs of classes",
        &words,
        &[
            "network",
            "attack",
            "success",
            "vanished",
            "distortion",
            "hardness",
            "adversarial distance",
        ],
        table,
    );
    Ok(())
}
