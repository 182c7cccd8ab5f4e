//! The smallest share of features that has to change.

use defensive_distillation::attack::Budget;
use defensive_distillation::dataset::Dataset;
use defensive_distillation::experiment::RobustnessFigures;

use super::cells::{NONE, of_fewer, reported, with_interval};
use super::measured::{Measured, most_images};
use super::network::ShownNetwork;
use super::page::Page;
use crate::measurements::PAPERS;
use crate::paper;

pub fn write(
    page: &mut Page,
    dataset: Dataset,
    networks: &[ShownNetwork],
    rows: &[Measured<RobustnessFigures>],
) {
    let most = most_images(rows);
    let table = networks.iter().filter_map(|network| {
        let paper = paper::robustness(dataset, &network.reported());
        let mut cells = vec![network.words(), reported(paper, 1)];
        let rows = PAPERS.map(|attack| find(rows, network, attack));
        for row in rows {
            let Some(row) = row else {
                cells.extend([NONE; 3].map(String::from));
                continue;
            };
            let figures = &row.figures;
            let share = |share: Option<f64>, interval: Option<[f64; 2]>| {
                share.zip(interval).map_or(NONE.into(), |(share, ends)| with_interval(share, ends))
            };
            cells.extend([
                share(figures.robustness, figures.interval) + &of_fewer(row, most),
                share(figures.robustness_of_successes, figures.interval_of_successes),
                format!(
                    "{} of {}, **vanished {}**",
                    figures.failures, figures.measured, figures.gradient_vanished
                ),
            ]);
        }
        rows.iter().any(Option::is_some).then_some(cells)
    });
    let words = format!(
        "The least share of features, over nine targets, that has to change, on {most} test images. Where no \
         attack succeeds an image counts with the cap of {} features (first figure) or not at all \
         (second); where the gradient vanished for all nine targets that says nothing of the network.",
        Budget::PAPER.features
    );
    let head = [
        "network",
        "paper",
        "jsma-f, failures at the cap",
        "dropped",
        "failures",
        "jsma-t, failures at the cap",
        "dropped",
        "failures",
    ];
    page.table("Robustness ρ_adv", &words, &head, table.collect());
}

/// The row of an attack on a network.
pub fn find<'a>(
    rows: &'a [Measured<RobustnessFigures>],
    network: &ShownNetwork,
    attack: &str,
) -> Option<&'a Measured<RobustnessFigures>> {
    rows.iter().find(|row| network.is(&row.head.network) && row.attack() == attack)
}
