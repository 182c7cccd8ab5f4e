//! The paper's 900 attacks on each network, and their success against temperature.

use defensive_distillation::dataset::Dataset;
use serde_json::Value;

use super::cells::{cell, find, percent};
use super::{Name, Page};
use crate::plot::{Series, lines};
use crate::{Result, paper};

/// The temperatures of Papernot et al. 2015.
const PAPERS_TEMPERATURES: [u8; 9] = [1, 2, 5, 10, 20, 30, 40, 50, 100];

pub fn write(page: &mut Page, dataset: Dataset, networks: &[Name], rows: &[Value]) -> Result {
    if rows.is_empty() {
        return Ok(());
    }
    let find = |name: &Name, attack, direction| find(rows, name, attack, direction);
    let attempts = rows.iter().find(|row| row["attack"] == "jsma-f");
    let attempts = attempts.and_then(|row| row["planned"].as_u64()).unwrap_or(0);
    let words = format!(
        "Share of targeted attacks that succeed within 112 features, of {attempts} (9 targets an \
         image), without those whose image the network reads as the target before anything is changed. \
         `jsma-f` is the paper's attack; `jsma-t` is the same on softmax(z / T), with T the \
         temperature of the training (k for × k); `jsma-z` is on the logits."
    );
    let table = networks.iter().map(|name| {
        let paper = percent(paper::success(dataset, "jsma-f", &name.reported()));
        let mut cells = vec![name.words(), paper];
        cells.extend(["jsma-f", "jsma-t", "jsma-z"].map(|a| cell(find(name, a, Some("increase")))));
        cells
    });
    page.table(
        "Success of the attack",
        &words,
        &["network", "paper", "jsma-f", "jsma-t", "jsma-z"],
        table.collect(),
    );
    let line = |label: &str, colour, role: &str, attack: &'static str| Series {
        name: label.into(),
        colour,
        dashed: false,
        points: networks
            .iter()
            .filter(|name| name.role == role || (role == "scaled" && name.role == "undefended"))
            .filter_map(|name| {
                let row = find(name, attack, Some("increase"))?;
                let at = |of: &Value| of.as_f64().map(|share| 100.0 * share);
                let interval = at(&row["interval"][0]).zip(at(&row["interval"][1]));
                Some((name.x(), at(&row["rate"])?, interval))
            })
            .collect(),
    };
    let reported = PAPERS_TEMPERATURES.iter().filter_map(|&t| {
        let success = paper::success(dataset, "jsma-f", &format!("distilled {t}"))?;
        Some((f64::from(t), 100.0 * success, None))
    });
    let series = [
        Series {
            name: "paper, distilled".into(),
            colour: "#888",
            dashed: true,
            points: reported.collect(),
        },
        line("distilled, jsma-f", "#1f77b4", "distilled", "jsma-f"),
        line("teacher, jsma-f", "#2ca02c", "teacher", "jsma-f"),
        line("undefended × k, jsma-f", "#ff7f0e", "scaled", "jsma-f"),
        line("distilled, jsma-t", "#d62728", "distilled", "jsma-t"),
        line("teacher, jsma-t", "#9467bd", "teacher", "jsma-t"),
    ];
    page.plot(
        &format!("success-{dataset}.svg"),
        "Success against temperature",
        &lines("Success against temperature", "T, or k", &series),
    )
}
