//! What one step of the gradient's sign does, with and without the temperature.

use defensive_distillation::dataset::Dataset;
use serde_json::Value;

use super::cells::{NONE, most_images, of_fewer, percent, reported, with_interval};
use super::{Name, Page};
use crate::paper;

pub fn write(page: &mut Page, dataset: Dataset, networks: &[Name], rows: &[Value]) {
    if rows.is_empty() {
        return;
    }
    let most = most_images(rows);
    let find = |name: &Name, epsilon: f64, knows: bool| {
        rows.iter().find(|row| {
            let temperature = row["attack_temperature"].as_f64().unwrap_or(1.0);
            let fits = if knows {
                (temperature - name.temperature * name.scale).abs() < 1e-3
            } else {
                temperature == 1.0
            };
            name.is(row)
                && row["epsilon"].as_f64().is_some_and(|e| (e - epsilon).abs() < 1e-6)
                && fits
        })
    };
    let error = |row: Option<&Value>| {
        let Some(row) = row else { return NONE.into() };
        let vanished = row["outcomes"]["gradient_vanished"].as_u64().unwrap_or(0);
        let note = if vanished > 0 { format!(", **vanished {vanished}**") } else { String::new() };
        format!("{}{}{note}", with_interval(row, "rate", "interval"), of_fewer(row, most))
    };
    let table = networks.iter().map(|name| {
        let is_stated = paper::is_stated("fgsm", dataset, &name.reported());
        let paper = match (paper::fgsm(dataset, &name.reported()), name.temperature) {
            (Some(most), 100.0) => format!("< {:.1} %", 100.0 * most),
            (share, _) => reported(share, is_stated),
        };
        let mut cells = vec![name.words(), paper];
        cells.extend([0.1, 0.2, 0.3].map(|e| error(find(name, e, false))));
        cells.extend([0.1, 0.2, 0.3].map(|e| error(find(name, e, true))));
        cells.push(percent(find(name, 0.3, false).and_then(|row| row["zero_gradients"].as_f64())));
        cells
    });
    let words = format!(
        "Share of {most} test images that are misread after one untargeted step of ε, those misread before \
         it among them. *Paper*: Papernot and McDaniel, *On the Effectiveness of Defensive Distillation* \
         (2016), at ε = 0.3. The last column is the mean share of gradient entries that are exactly zero \
         at T = 1."
    );
    let head = [
        "network",
        "paper, ε = 0.3",
        "ε = 0.1",
        "0.2",
        "0.3",
        "softmax(z/T), ε = 0.1",
        "0.2",
        "0.3",
        "zero entries",
    ];
    page.table("FGSM", &words, &head, table.collect());
}
