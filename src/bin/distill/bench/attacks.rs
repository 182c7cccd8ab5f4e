//! `distill bench attacks`: the paper's 900 attacks, with the images on the device.

use std::time::Instant;

use burn::tensor::Device;
use clap::Args;
use defensive_distillation::attack::{Attack, Ended, Goal, Jsma, Outcome, Resident};
use defensive_distillation::dataset::Samples;
use defensive_distillation::network::Network;
use defensive_distillation::network::file::sha256;
use serde::Serialize;

use super::subject::{Options, attempts};
use crate::{Result, print};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    options: Options,
    /// How many attacks to make: the first ones of image by image, each towards nine targets.
    #[arg(long, default_value_t = 900, value_parser = clap::value_parser!(u16).range(1..=900))]
    attacks: u16,
    /// The numbers of attacks that run at the same time. Each is timed and printed by itself.
    #[arg(long, value_delimiter = ',', default_value = "100",
          value_parser = clap::value_parser!(u16).range(1..=900))]
    batches: Vec<u16>,
    /// How often all attacks are timed, after one run that is not counted.
    #[arg(long, default_value_t = 3)]
    repeats: usize,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Timed {
    engine: &'static str,
    gpu: Option<String>,
    threads: usize,
    attacks: usize,
    batch: usize,
    /// Seconds of the run that is not counted. On a GPU it compiles the kernels.
    warm_up: f64,
    seconds: Vec<f64>,
    /// Whether every run ended with the same records.
    reproducible: bool,
    records: Vec<Record>,
}

/// How an attack ended.
#[derive(PartialEq, Serialize)]
struct Record {
    /// The image's place among the samples, which are of all classes in turn.
    image: usize,
    target: usize,
    outcome: Outcome,
    changes: usize,
    features_changed: usize,
    /// The first 16 digits of the SHA-256 of the last image's bits.
    last_image: String,
}

pub fn run(arguments: Arguments) -> Result {
    let Arguments { options, attacks, batches, repeats, json } = arguments;
    let device = options.device.device();
    let gpu = options.device.gpu();
    let mut work = Work::new(options.network(&device)?, &options.samples()?, attacks.into());
    for batch in batches {
        work.batch = batch.into();
        let (warm_up, mut records) = work.timed(&device)?;
        let (mut seconds, mut reproducible) = (Vec::new(), true);
        for _ in 0..repeats {
            let (took, found) = work.timed(&device)?;
            seconds.push(took);
            reproducible &= found == records;
            records = found;
        }
        let timed = Timed {
            engine: options.device.engine(),
            gpu: gpu.clone(),
            threads: std::thread::available_parallelism()?.get(),
            attacks: records.len(),
            batch: batch.into(),
            warm_up,
            seconds,
            reproducible,
            records,
        };
        let fooled = timed.records.iter().filter(|of| of.outcome == Outcome::Fooled).count();
        let words = format!(
            "{}, {}: {} attacks, {} at a time, take {:.3?} s; {fooled} reach their target",
            options.dataset, timed.engine, timed.attacks, timed.batch, timed.seconds
        );
        print(json, words, &timed)?;
    }
    Ok(())
}

/// The attacks.
struct Work {
    network: Network,
    places: Vec<usize>,
    goals: Vec<Goal>,
    images: Vec<f32>,
    /// Attacks that run at the same time.
    batch: usize,
}

impl Work {
    fn new(network: Network, samples: &Samples, attacks: usize) -> Self {
        let (places, goals) = attempts(samples, attacks);
        let images = samples.images(&places);
        Self { network, places, goals, images, batch: attacks }
    }

    /// Makes all attacks once. Returns the seconds until the last result is read, and the records.
    fn timed(&self, device: &Device) -> Result<(f64, Vec<Record>)> {
        let features = self.network.dataset().spec().features();
        let started = Instant::now();
        let mut ended = Vec::with_capacity(self.goals.len());
        let batches = self.images.chunks(self.batch * features).zip(self.goals.chunks(self.batch));
        for (number, (images, goals)) in batches.enumerate() {
            let runs = Resident::start(Attack::Jsma(Jsma::PAPER), &self.network, images, goals)?;
            let mut runs = runs.ok_or("JSMA-F cannot run on the device")?;
            while !runs.is_empty() {
                for of in pollster::block_on(runs.step(&self.network, device))? {
                    ended.push((number * self.batch + of.run, of));
                }
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        ended.sort_by_key(|&(attempt, _)| attempt);
        let records = ended.into_iter().map(|(attempt, of)| self.record(attempt, of));
        Ok((seconds, records.collect()))
    }

    fn record(&self, attempt: usize, ended: Ended) -> Record {
        let bits: Vec<u8> = ended.image.iter().flat_map(|pixel| pixel.to_le_bytes()).collect();
        let mut last_image = sha256(&bits);
        last_image.truncate(16);
        Record {
            image: self.places[attempt],
            target: self.goals[attempt].class(),
            outcome: ended.outcome,
            changes: ended.changes,
            features_changed: ended.features_changed,
            last_image,
        }
    }
}
