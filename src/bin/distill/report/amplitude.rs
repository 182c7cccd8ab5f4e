//! How large the gradients of the outputs are, in the paper's bins.

use defensive_distillation::dataset::Dataset;
use serde_json::Value;

use super::cells::{most_images, of_fewer, reported, with_interval};
use super::{Name, Page};
use crate::paper;

pub fn write(page: &mut Page, dataset: Dataset, networks: &[Name], rows: &[Value]) {
    let most = most_images(rows);
    let table = networks.iter().filter_map(|name| {
        let of_name = rows.iter().filter(|row| name.is(row));
        let row = of_name.max_by_key(|row| row["images"].as_u64())?;
        let paper = paper::amplitude(dataset, &name.reported());
        let is_stated = paper::is_stated("amplitude", dataset, &name.reported());
        let [below, above] =
            [paper.map(|of| of.0), paper.map(|of| of.1)].map(|share| reported(share, is_stated));
        let counts = row["counts"].as_array()?.iter().map(Value::to_string);
        let mut cells = vec![
            name.words() + &of_fewer(row, most),
            below,
            with_interval(row, "below_1e_40", "below_interval"),
            above,
            with_interval(row, "above_1e_3", "above_interval"),
            row["zero"].to_string(),
        ];
        cells.extend(counts);
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
