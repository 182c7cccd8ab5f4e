//! The least share of features that has to be changed.

use defensive_distillation::dataset::Dataset;
use serde_json::Value;

use super::cells::{NONE, most_images, of_fewer, reported, with_interval};
use super::{Name, Page};
use crate::paper;

pub fn write(page: &mut Page, dataset: Dataset, networks: &[Name], rows: &[Value]) {
    let most = most_images(rows);
    let table = networks.iter().filter_map(|name| {
        let is_stated = paper::is_stated("robustness", dataset, &name.reported());
        let paper = reported(paper::robustness(dataset, &name.reported()), is_stated);
        let mut cells = vec![name.words(), paper];
        for attack in ["jsma-f", "jsma-t"] {
            let row = rows.iter().find(|row| name.is(row) && row["attack"] == attack);
            let Some(row) = row else {
                cells.extend([NONE; 3].map(String::from));
                continue;
            };
            let (failures, vanished) = (&row["failures"], &row["gradient_vanished"]);
            cells.extend([
                with_interval(row, "robustness", "interval") + &of_fewer(row, most),
                with_interval(row, "robustness_of_successes", "interval_of_successes"),
                format!("{failures} of {}, **vanished {vanished}**", row["measured"]),
            ]);
        }
        (cells[2] != NONE || cells[5] != NONE).then_some(cells)
    });
    let words = format!(
        "The least share of features, over nine targets, that has to change, on {most} test images. Where no \
         attack succeeds an image counts with the cap of 112 features (first figure) or not at all \
         (second); where the gradient vanished for all nine targets that says nothing of the network."
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
