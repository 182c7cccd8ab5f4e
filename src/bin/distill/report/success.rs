//! The paper's attacks on each network, and their success against temperature.

use defensive_distillation::attack::Budget;
use defensive_distillation::dataset::Dataset;
use defensive_distillation::experiment::{RowRole, SuccessFigures};

use super::cells::{self, percent};
use super::measured::{Measured, find};
use super::network::ShownNetwork;
use super::page::Page;
use crate::measurements::listed;
use crate::plot::{Series, lines};
use crate::{Result, paper};

/// The temperatures of Papernot et al. 2015.
const PAPERS_TEMPERATURES: [u8; 9] = [1, 2, 5, 10, 20, 30, 40, 50, 100];

pub fn write(
    page: &mut Page,
    dataset: Dataset,
    networks: &[ShownNetwork],
    rows: &[Measured<SuccessFigures>],
) -> Result {
    if rows.is_empty() {
        return Ok(());
    }
    let attempts = rows.iter().find(|row| row.attack() == "jsma-f");
    let attempts = attempts.map_or(0, |row| row.head.planned);
    let words = format!(
        "Share of targeted attacks that succeed within {} features, of {attempts} (9 targets an \
         image), without those whose image the network reads as the target before anything is changed. \
         `jsma-f` is the paper's attack; `jsma-t` is the same on softmax(z / T), with T the \
         temperature of the training (k for × k); `jsma-z` is on the logits.",
        Budget::PAPER.features
    );
    let attacks = ["jsma-f", "jsma-t", "jsma-z"];
    let find = |network: &ShownNetwork, attack| find(rows, network, listed(attack)?);
    let table = networks.iter().map(|network| {
        let paper = percent(paper::success(dataset, "jsma-f", &network.reported()));
        let mut row = vec![network.words(), paper];
        row.extend(attacks.map(|attack| cells::success(find(network, attack))));
        row
    });
    let head: Vec<_> = ["network", "paper"].into_iter().chain(attacks).collect();
    page.table("Success of the attack", &words, &head, table.collect());
    let line = |label: &str, colour, role: RowRole, attack: &'static str| Series {
        name: label.into(),
        colour,
        dashed: false,
        points: networks
            .iter()
            // The undefended network is itself × 1.
            .filter(|of| {
                of.role == role || (role, of.role) == (RowRole::Scaled, RowRole::Undefended)
            })
            .filter_map(|network| {
                let SuccessFigures { rate, interval: [low, high], .. } =
                    find(network, attack)?.figures;
                Some((network.x(), 100.0 * rate, Some((100.0 * low, 100.0 * high))))
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
        line("distilled, jsma-f", "#1f77b4", RowRole::Distilled, "jsma-f"),
        line("teacher, jsma-f", "#2ca02c", RowRole::Teacher, "jsma-f"),
        line("undefended × k, jsma-f", "#ff7f0e", RowRole::Scaled, "jsma-f"),
        line("distilled, jsma-t", "#d62728", RowRole::Distilled, "jsma-t"),
        line("teacher, jsma-t", "#9467bd", RowRole::Teacher, "jsma-t"),
    ];
    page.plot(
        &format!("success-{dataset}.svg"),
        "Success against temperature",
        &lines("Success against temperature", "T, or k", &series),
    )
}
