//! The rows that the tables show.

use std::path::Path;

use defensive_distillation::attack::{Budget, ConstScale};
use defensive_distillation::dataset::Dataset;
use defensive_distillation::experiment::{Figures, Head, Kind, Row, Settings, SuccessFigures};
use defensive_distillation::network::manifest::Entry;

use super::network::ShownNetwork;
use crate::Result;
use crate::measurements::Listed;
use crate::table::Table;

/// A row, with the settings of its attack.
pub struct Measured<F> {
    pub head: Head,
    pub figures: F,
    pub settings: Settings,
}

/// The rows of a kind for a data set: those of the network files that are published, with the settings
/// that the tables are about.
pub fn read<F: Figures>(
    results: &Path,
    published: &[Entry],
    dataset: Dataset,
) -> Result<Vec<Measured<F>>> {
    let mut measured = Vec::new();
    for row in Table::<F>::read(results)?.into_rows() {
        // The tables are about images drawn from the test set. The page's samples have no seed.
        if is_published(&row, published, dataset) && row.origin.seed.is_some() {
            let settings = row.head.attack.map(Settings::of).transpose()?.unwrap_or_default();
            let row = Measured { head: row.head, figures: row.figures, settings };
            if row.has_the_papers_settings(F::KIND) {
                measured.push(row);
            }
        }
    }
    Ok(measured)
}

fn is_published<F>(row: &Row<F>, published: &[Entry], dataset: Dataset) -> bool {
    let is = |entry: &Entry, model: &str, sha256: Option<&str>| {
        entry.id == model && Some(entry.sha256.as_str()) == sha256
    };
    let of_dataset = |entry: &&Entry| entry.dataset == dataset;
    let (model, sha256) = (&row.head.network.model, &row.origin.model_sha256);
    let subject = published.iter().filter(of_dataset).any(|entry| is(entry, model, Some(sha256)));
    let target_model = row.head.to.as_ref().is_none_or(|to| {
        let sha256 = to.model_sha256.as_deref();
        published.iter().any(|entry| is(entry, &to.network.model, sha256))
    });
    subject && target_model
}

impl<F> Measured<F> {
    /// The name of its attack; empty without one.
    pub fn attack(&self) -> &'static str {
        self.head.attack.map_or("", |attack| attack.name())
    }

    /// Whether the tables show its attack only at the temperature that the network's logits grew with.
    fn has_own_temperature(&self) -> bool {
        let temperature = self.head.attack.and_then(|attack| attack.facts().temperature);
        temperature.is_some_and(|temperature| temperature.always)
    }

    /// Whether its attack has the settings that the tables are about. For example, a row with another
    /// budget is not shown.
    fn has_the_papers_settings(&self, kind: Kind) -> bool {
        let near = |found: Option<f32>, wanted: f32| {
            found.is_none_or(|found| (found - wanted).abs() < 1e-4 * wanted.max(1.0))
        };
        let Settings { theta, confidence, budget, attack_temperature, .. } = self.settings;
        let own = self.head.network.temperature * self.head.network.scale;
        near(theta, 1.0)
            && near(confidence, 0.0)
            && (kind == Kind::Pairs || budget.is_none_or(|of| of == Budget::PAPER.features))
            && (!self.has_own_temperature() || near(attack_temperature, own))
    }
}

/// The success of an attack on a network. Of several rows, one of CW's with c by the gradient if there is
/// any, and of these the one with the most attempts.
pub fn find<'a>(
    rows: &'a [Measured<SuccessFigures>],
    network: &ShownNetwork,
    Listed { attack, direction, .. }: &Listed,
) -> Option<&'a Measured<SuccessFigures>> {
    let fits = |row: &&Measured<SuccessFigures>| {
        network.is(&row.head.network)
            && row.attack() == *attack
            && direction.is_none_or(|way| row.settings.direction == Some(way))
    };
    let rank = |row: &&Measured<SuccessFigures>| {
        (row.settings.c_scale == Some(ConstScale::Gradient), row.head.planned)
    };
    rows.iter().filter(fits).max_by_key(rank)
}

/// The largest number of images of a row, which is the number that the table states.
pub fn most_images<F>(rows: &[Measured<F>]) -> usize {
    rows.iter().map(|row| row.head.images).max().unwrap_or(0)
}
