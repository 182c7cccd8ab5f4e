//! Success, distortion, hardness and adversarial distance by source and target class.

use std::fmt::Write;

use defensive_distillation::dataset::Dataset;
use serde_json::Value;

use super::cells::{NONE, with_interval};
use super::{Name, Page};
use crate::Result;
use crate::plot::heat;

/// What is shown for each pair of classes.
const MATRICES: [(&str, &str); 4] = [
    ("rate", "success"),
    ("distortion_successes", "distortion"),
    ("hardness", "hardness"),
    ("distance", "distance"),
];

pub fn write(page: &mut Page, dataset: Dataset, networks: &[Name], rows: &[Value]) -> Result {
    if rows.is_empty() {
        return Ok(());
    }
    let _ = write!(
        page.text,
        "\n## Which class is taken for which\nSource class by target class, for attacks that may change 38.3 % \
         of the features: the share that succeeds, the mean share of features that successes change, hardness \
         (the area under distortion against success, over nine budgets), and adversarial distance (the share of \
         features that the saliency map of the untouched image rules out). All in percent, the darkest the \
         largest of its picture.\n"
    );
    let classes: Vec<_> = dataset.spec().classes.iter().map(|&name| name.to_owned()).collect();
    let mut table = Vec::new();
    for name in networks {
        for row in rows.iter().filter(|row| name.is(row)) {
            let attack = row["attack"].as_str().unwrap_or_default();
            let cells = row["cells"].as_array().map_or(&[][..], Vec::as_slice);
            let figure = |field: &str, source: usize, target: usize| {
                let cell = cells
                    .iter()
                    .find(|cell| cell["source"] == source && cell["target"] == target)?;
                cell[field].as_f64()
            };
            let mean = |field: &str| {
                let of: Vec<_> = cells.iter().filter_map(|cell| cell[field].as_f64()).collect();
                match of.len() {
                    0 => NONE.into(),
                    n => format!("{:.4}", of.iter().sum::<f64>() / n as f64),
                }
            };
            let vanished = &row["outcomes"]["gradient_vanished"];
            table.push(vec![
                name.words(),
                attack.to_owned(),
                with_interval(row, "rate", "interval"),
                vanished.to_string(),
                mean("distortion_successes"),
                mean("hardness"),
                mean("distance"),
            ]);
            // A picture of nothing but vanished gradients would show none of this.
            let plotted = matches!(
                (name.role, attack),
                ("undefended", "jsma-f") | ("distilled", "jsma-t" | "not-robust")
            );
            for (field, says) in MATRICES.into_iter().filter(|_| plotted) {
                let file = format!("pairs-{}-{attack}-{says}.svg", name.id);
                let title = format!("{}, {attack}: {says}, in percent", name.words());
                let value = |source, target| figure(field, source, target);
                let svg = heat(&title, ["source", "target"], [&classes, &classes], value);
                page.plot(&file, &title, &svg)?;
            }
        }
    }
    page.table(
        "Means over all pairs of classes",
        "JSMA's paper, on logits and within 14.5 %: success 97.1 %, distortion of successes 0.0402.",
        &["network", "attack", "success", "vanished", "distortion", "hardness", "adversarial distance"],
        table,
    );
    Ok(())
}
