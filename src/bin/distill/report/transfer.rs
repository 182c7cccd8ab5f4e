//! Whether one network's adversarial examples are another's.

use std::fmt::Write;

use defensive_distillation::dataset::Dataset;
use serde_json::Value;

use super::{Name, Page};
use crate::Result;
use crate::plot::heat;

pub fn write(page: &mut Page, dataset: Dataset, networks: &[Name], rows: &[Value]) -> Result {
    if rows.is_empty() {
        return Ok(());
    }
    let _ = write!(
        page.text,
        "\n## Transfer\nOf the adversarial examples that fool the network of the row and whose untouched \
         image the network of the column reads correctly: the share that the latter misreads, in percent. \
         No gradient of the column's network is used. A row is empty where the attack found nothing. The \
         JSON has intervals, and the share that reaches its target.\n"
    );
    for attack in ["jsma-f", "jsma-t"] {
        let is_shown =
            |name: &&Name| rows.iter().any(|row| row["attack"] == attack && name.is(&row["to"]));
        let networks: Vec<_> = networks.iter().filter(is_shown).collect();
        if networks.is_empty() {
            continue;
        }
        let names: Vec<_> = networks.iter().map(|name| name.words()).collect();
        let share = |from: usize, to: usize| {
            let row = rows.iter().find(|row| {
                row["attack"] == attack && networks[from].is(row) && networks[to].is(&row["to"])
            })?;
            (row["shown"].as_u64() > Some(0)).then(|| row["misread_rate"].as_f64()).flatten()
        };
        let title =
            format!("Made by {attack} on the row's network, misread by the column's, in percent");
        let svg = heat(&title, ["made on", "shown to"], [&names, &names], share);
        page.plot(&format!("transfer-{dataset}-{attack}.svg"), &title, &svg)?;
    }
    Ok(())
}
