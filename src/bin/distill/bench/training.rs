//! `distill bench training`: images a second.

use std::time::Instant;

use burn::tensor::{Tensor, TensorData};
use clap::Args;
use defensive_distillation::dataset::files::Split;
use defensive_distillation::network::Network;
use defensive_distillation::train::{Labels, Recipe, Trainer, TrainingSet};
use serde::Serialize;

use crate::{Common, Result};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    common: Common,
    /// Updates to time, after two that are not timed.
    #[arg(long, default_value_t = 20)]
    batches: usize,
}

#[derive(Serialize)]
struct Speed {
    images_a_second: f64,
    update_ms: f64,
    forward_ms: f64,
}

pub fn run(arguments: Arguments) -> Result {
    let Arguments { common, batches } = arguments;
    let device = common.device();
    let samples = common.samples(Split::Test)?;
    let labels = Labels::hard(&samples);
    let set = TrainingSet::new(&samples, &labels);
    let recipe = Recipe::paper(common.dataset, 1.0, 1, &labels);
    let mut trainer = Trainer::new(recipe.clone());
    let indices: Vec<_> = (0..recipe.batch).collect();

    let update_ms = milliseconds(batches, || {
        trainer.batch(&set, &indices, recipe.rates(0));
    });
    let network = Network::new(&trainer.parameters(), &device);
    let [channels, height, width] = common.dataset.spec().shape;
    let images =
        TensorData::new(samples.images(&indices), [indices.len(), channels, height, width]);
    let images = Tensor::<4>::from_data(images, &device);
    let forward_ms = milliseconds(batches, || {
        let _ = network.forward(images.clone()).into_data();
    });

    let images_a_second = 1000.0 * recipe.batch as f64 / update_ms;
    let words = format!(
        "{}: {images_a_second:.0} images a second; an update of {} images takes {update_ms:.0} ms, \
         of which the forward pass {forward_ms:.0} ms",
        common.dataset, recipe.batch
    );
    common.print(words, &Speed { images_a_second, update_ms, forward_ms })
}

/// Mean time of a run of `work`, after two runs to warm up.
fn milliseconds(times: usize, mut work: impl FnMut()) -> f64 {
    work();
    work();
    let started = Instant::now();
    (0..times).for_each(|_| work());
    1000.0 * started.elapsed().as_secs_f64() / times.max(1) as f64
}
