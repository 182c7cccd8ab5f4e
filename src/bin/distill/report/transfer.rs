//! Whether adversarial examples made on one network fool another.

use std::fmt::Write;

use defensive_distillation::dataset::Dataset;
use defensive_distillation::experiment::TransferFigures;

use super::measured::Measured;
use super::network::ShownNetwork;
use super::page::Page;
use crate::Result;
use crate::measurements::PAPERS;
use crate::plot::heat;

pub fn write(
    page: &mut Page,
    dataset: Dataset,
    networks: &[ShownNetwork],
    rows: &[Measured<TransferFigures>],
) -> Result {
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
    for attack in PAPERS {
        let rows: Vec<_> = rows.iter().filter(|row| row.attack() == attack).collect();
        let is_target = |network: &ShownNetwork, row: &Measured<TransferFigures>| {
            row.head.to.as_ref().is_some_and(|to| network.is(&to.network))
        };
        let is_shown = |network: &&ShownNetwork| rows.iter().any(|row| is_target(network, row));
        let networks: Vec<_> = networks.iter().filter(is_shown).collect();
        if networks.is_empty() {
            continue;
        }
        let names: Vec<_> = networks.iter().map(|network| network.words()).collect();
        let share = |from: usize, to: usize| {
            let is_asked = |row: &&&Measured<TransferFigures>| {
                networks[from].is(&row.head.network) && is_target(networks[to], row)
            };
            let TransferFigures { shown, misread_rate, .. } = rows.iter().find(is_asked)?.figures;
            (shown > 0).then_some(misread_rate)
        };
        let title =
            format!("Made by {attack} on the row's network, misread by the column's, in percent");
        let svg = heat(&title, ["made on", "shown to"], [&names, &names], share);
        page.plot(&format!("transfer-{dataset}-{attack}.svg"), &title, &svg)?;
    }
    Ok(())
}
