//! One step along the sign of the gradient, with and without the temperature.

use defensive_distillation::dataset::Dataset;
use defensive_distillation::experiment::FgsmFigures;

use super::cells::{NONE, of_fewer, percent, reported, vanished, with_interval};
use super::measured::{Measured, most_images};
use super::network::ShownNetwork;
use super::page::Page;
use crate::measurements::{EPSILONS, PAPERS_EPSILON};
use crate::paper;

pub fn write(
    page: &mut Page,
    dataset: Dataset,
    networks: &[ShownNetwork],
    rows: &[Measured<FgsmFigures>],
) {
    if rows.is_empty() {
        return;
    }
    let most = most_images(rows);
    let error = |row: Option<&Measured<FgsmFigures>>| {
        let Some(row) = row else { return NONE.into() };
        let Measured { figures, .. } = row;
        let rate = with_interval(figures.rate, figures.interval);
        format!("{rate}{}{}", of_fewer(row, most), vanished(figures.outcomes.gradient_vanished))
    };
    let table = networks.iter().map(|network| {
        let paper = paper::fgsm(dataset, &network.reported());
        let mut cells = vec![network.words(), reported(paper, 1)];
        for temperature in [1.0, network.own_temperature()] {
            cells.extend(EPSILONS.map(|epsilon| error(find(rows, network, epsilon, temperature))));
        }
        let cold = find(rows, network, PAPERS_EPSILON, 1.0);
        cells.push(percent(cold.and_then(|row| row.figures.zero_gradients)));
        cells
    });
    let words = format!(
        "Share of {most} test images that are misread after one untargeted step of ε, those misread before \
         it among them. *Paper*: Papernot and McDaniel, *On the Effectiveness of Defensive Distillation* \
         (2016), at ε = {PAPERS_EPSILON}. The last column is the mean share of gradient entries that are exactly zero \
         at T = 1."
    );
    let [first, others @ ..] = EPSILONS;
    let others = others.map(|epsilon| epsilon.to_string());
    let mut head =
        vec!["network".into(), format!("paper, ε = {PAPERS_EPSILON}"), format!("ε = {first}")];
    head.extend(others.clone());
    head.push(format!("softmax(z/T), ε = {first}"));
    head.extend(others);
    head.push("zero entries".into());
    let head: Vec<_> = head.iter().map(String::as_str).collect();
    page.table("FGSM", &words, &head, table.collect());
}

/// The row of a step of `epsilon` through the softmax at `temperature`.
pub fn find<'a>(
    rows: &'a [Measured<FgsmFigures>],
    network: &ShownNetwork,
    epsilon: f32,
    temperature: f32,
) -> Option<&'a Measured<FgsmFigures>> {
    let near = |found: Option<f32>, wanted: f32| {
        found.is_some_and(|found| (found - wanted).abs() < 1e-6 * wanted.max(1.0))
    };
    rows.iter().find(|row| {
        network.is(&row.head.network)
            && near(row.settings.epsilon, epsilon)
            && near(row.settings.attack_temperature, temperature)
    })
}
