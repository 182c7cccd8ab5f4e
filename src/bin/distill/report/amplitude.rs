//! How large the gradients of the outputs are, in the paper's bins.

use defensive_distillation::dataset::Dataset;
use defensive_distillation::experiment::AmplitudeFigures;

use super::cells::{of_fewer, reported, with_interval};
use super::measured::{Measured, most_images};
use super::network::ShownNetwork;
use super::page::Page;
use crate::paper;

pub fn write(
    page: &mut Page,
    dataset: Dataset,
    networks: &[ShownNetwork],
    rows: &[Measured<AmplitudeFigures>],
) {
    let most = most_images(rows);
    let table = networks.iter().filter_map(|network| {
        let of_network = rows.iter().filter(|row| network.is(&row.head.network));
        let row = of_network.max_by_key(|row| row.head.images)?;
        let paper = paper::amplitude(dataset, &network.reported());
        let figures = &row.figures;
        let mut cells = vec![
            network.words() + &of_fewer(row, most),
            reported(paper.map(|of| of.map(|shares| shares.below)), 1),
            with_interval(figures.below_1e_40, figures.below_interval),
            reported(paper.map(|of| of.map(|shares| shares.above)), 1),
            with_interval(figures.above_1e_3, figures.above_interval),
            figures.zero.to_string(),
        ];
        cells.extend(figures.counts.map(|count| count.to_string()));
        Some(cells)
    });
    let words = format!(
        "Mean of |∂F_j/∂x_i| over all outputs and features at T = 1, on {most} test images, in the paper's \
         bins: the last ten columns count images from each edge up to the next."
    );
    let head = [
        "network",
        "paper < 1e-40",
        "< 1e-40",
        "paper > 1e-3",
        "> 1e-3",
        "exactly 0",
        "0",
        "1e-40",
        "1e-35",
        "1e-30",
        "1e-25",
        "1e-20",
        "1e-15",
        "1e-10",
        "1e-5",
        "1e-3",
    ];
    page.table("Gradient amplitude", &words, &head, table.collect());
}
