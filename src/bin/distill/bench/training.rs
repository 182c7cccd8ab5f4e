//! `distill bench training`: images a second.

use std::time::Instant;

use burn::tensor::Tensor;
use clap::Args;
use defensive_distillation::dataset::files::Split;
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
    let set = TrainingSet::new(&samples, &labels, &device);
    let recipe = Recipe::paper(common.dataset, 1.0, 1, &labels);
    let mut trainer = Trainer::new(recipe.clone(), &device);
    let indices: Vec<_> = (0..recipe.batch).collect();

    let update = |trainer: &mut Trainer| trainer.batch(&set, &indices, recipe.learning_rate);
    let update_ms = milliseconds(batches, || update(&mut trainer));
    let network = trainer.network();
    let [channels, height, width] = common.dataset.spec().shape;
    let images = Tensor::<1>::from_data(samples.images(&indices).as_slice(), &device);
    let images = images.reshape([indices.len(), channels, height, width]);
    let forward_ms = milliseconds(batches, || network.forward(images.clone()).sum());

    let images_a_second = 1000.0 * recipe.batch as f64 / update_ms;
    let words = format!(
        "{}: {images_a_second:.0} images a second; an update of {} images takes {update_ms:.0} ms, \
         of which the forward pass {forward_ms:.0} ms",
        common.dataset, recipe.batch
    );
    common.print(words, &Speed { images_a_second, update_ms, forward_ms })
}

/// Mean time of a run of `work`, after two runs to warm up. Waits for the last result alone.
fn milliseconds(times: usize, mut work: impl FnMut() -> Tensor<1>) -> f64 {
    let mut last = work();
    last = last + work();
    let _ = last.into_scalar::<f32>();
    let started = Instant::now();
    let mut last = None;
    for _ in 0..times {
        last = Some(work());
    }
    let _ = last.map(|tensor| tensor.into_scalar::<f32>());
    1000.0 * started.elapsed().as_secs_f64() / times.max(1) as f64
}
