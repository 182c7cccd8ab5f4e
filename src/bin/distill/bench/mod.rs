//! `distill bench`: the speed of training and of attacks, and a device's results against the CPU engine's.
//!
//! `bench/gpu/run.py` calls it on machines that have neither Rust nor the data sets, so attacks and layers
//! are measured on the sample images of the page.

mod attacks;
mod layers;
mod subject;
mod training;

use clap::Subcommand;

use crate::Result;

#[derive(Subcommand)]
pub enum Work {
    /// Measure the speed of training in images a second.
    Training(training::Arguments),
    /// Time JSMA-F on the page's sample images, and list how each attack ends.
    Attacks(attacks::Arguments),
    /// Compare the logits and gradients of a device with those of the CPU engine.
    Layers(layers::Arguments),
}

pub fn run(work: Work) -> Result {
    match work {
        Work::Training(arguments) => training::run(arguments),
        Work::Attacks(arguments) => attacks::run(arguments),
        Work::Layers(arguments) => layers::run(arguments),
    }
}
