//! `distill evaluate`: the paper's attacks on published networks, counted.

use std::path::PathBuf;

use clap::Args;
use defensive_distillation::attack::Attack;
use defensive_distillation::dataset::Dataset;
use defensive_distillation::dataset::files::Half;
use defensive_distillation::experiment::{Campaign, Outcomes, all_targets};
use defensive_distillation::train::checkpoint;
use defensive_distillation::weights::{Entry, Role};
use rand::SeedableRng;
use serde::{Deserialize, Serialize};

use crate::publish::manifest;
use crate::settings::AttackArguments;
use crate::{Common, Result, progress};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    attack: AttackArguments,
    /// How many test images, drawn at random; each is attacked towards nine targets.
    #[arg(long, default_value_t = 100)]
    images: usize,
    /// Seed of the draw.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Which networks, by the manifest's ids [default: all of the data set].
    #[arg(long, value_delimiter = ',')]
    models: Vec<String>,
    /// Where the model files and their manifest are.
    #[arg(long, value_name = "DIR", default_value = "www/models")]
    published: PathBuf,
    /// Where to write success.json.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
}

/// One row of success.json: many attacks on one network.
#[derive(Clone, Serialize, Deserialize)]
struct Row {
    dataset: Dataset,
    model: String,
    role: Role,
    temperature: f32,
    #[serde(flatten)]
    attack: Attack,
    images: usize,
    /// The images' numbers in the test set, in the order of the draw.
    drawn: Vec<usize>,
    attempts: usize,
    successes: usize,
    rate: f64,
    interval: [f64; 2],
    outcomes: Outcomes,
    /// Not among the attempts: the network read the target from the start.
    already_target: usize,
    /// Mean share of the features changed, over all attempts, however they ended.
    distortion_all: f64,
    distortion_successes: Option<f64>,
    /// Mean number of changes made, over all attempts.
    steps: f64,
    engine: String,
    seed: u64,
    model_sha256: String,
    command: String,
    date: String,
}

pub fn run(arguments: Arguments) -> Result {
    let published = manifest(&arguments.published)?;
    let of_dataset = published.iter().filter(|entry| entry.dataset == arguments.common.dataset);
    let wanted: Vec<_> = match arguments.models.as_slice() {
        [] => of_dataset.collect(),
        ids => ids.iter().map(|id| find(&published, id)).collect::<Result<_>>()?,
    };
    let file = arguments.results.join("success.json");
    let mut rows: Vec<Row> = match std::fs::read(&file) {
        Ok(json) => {
            serde_json::from_slice(&json).map_err(|e| format!("{}: {e}", file.display()))?
        }
        Err(_) => Vec::new(),
    };
    for entry in wanted {
        let row = measure(entry, &arguments)?;
        // A row replaces the one that measured the same on an earlier day.
        let key = |row: &Row| {
            (row.model.clone(), serde_json::to_string(&row.attack).ok(), row.images, row.seed)
        };
        rows.retain(|other| key(other) != key(&row));
        rows.push(row);
        rows.sort_by(|a, b| {
            let key = |row: &Row| (row.dataset.spec().id, row.attack.name(), row.role as u8);
            key(a).cmp(&key(b)).then(a.temperature.total_cmp(&b.temperature))
        });
        let json = serde_json::to_string_pretty(&rows)? + "\n";
        checkpoint::replace(&file, json.as_bytes())?;
    }
    Ok(())
}

/// The manifest's entry of that id.
pub fn find<'a>(published: &'a [Entry], id: &str) -> Result<&'a Entry> {
    published.iter().find(|entry| entry.id == id).ok_or_else(|| {
        let ids: Vec<_> = published.iter().map(|entry| entry.id.as_str()).collect();
        format!("There is no published network {id}. There are: {}.", ids.join(", ")).into()
    })
}

fn measure(entry: &Entry, arguments: &Arguments) -> Result<Row> {
    let device = arguments.common.device();
    let file = arguments.published.join(&entry.file);
    let bytes = std::fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    let network = entry.load(&bytes, &device)?;
    let samples = arguments.common.samples(Half::Test)?;
    if arguments.images > samples.len() {
        return Err(format!("--images can be {} at most.", samples.len()).into());
    }
    let mut generator = rand_chacha::ChaCha8Rng::seed_from_u64(arguments.seed);
    let drawn =
        rand::seq::index::sample(&mut generator, samples.len(), arguments.images).into_vec();
    let images = samples.images(&drawn);
    let labels: Vec<_> = drawn.iter().map(|&index| samples.labels[index]).collect();
    let attempts = all_targets(&labels);

    let attack = arguments.attack.attack(entry)?;
    let mut campaign = Campaign::new(attack, &images, &attempts);
    let bar = progress(attempts.len(), &entry.id)?;
    while pollster::block_on(campaign.step(&network, &device))?.is_some() {
        bar.set_position(campaign.tally.ended() as u64);
        bar.set_message(format!("{:.1} % fooled", 100.0 * campaign.tally.rate()));
    }
    bar.finish_and_clear();

    let tally = campaign.tally;
    let row = Row {
        dataset: entry.dataset,
        model: entry.id.clone(),
        role: entry.role,
        temperature: entry.temperature,
        attack,
        images: arguments.images,
        drawn,
        attempts: tally.attempts(),
        successes: tally.outcomes.fooled,
        rate: tally.rate(),
        interval: tally.interval(),
        outcomes: tally.outcomes,
        already_target: tally.already_target,
        distortion_all: tally.distortion_all(),
        distortion_successes: tally.distortion_successes(),
        steps: tally.steps(),
        engine: arguments.common.engine().into(),
        seed: arguments.seed,
        model_sha256: entry.sha256.clone(),
        command: std::env::args().skip(1).fold("distill".into(), |line, word| line + " " + &word),
        date: jiff::Zoned::now().date().to_string(),
    };
    let Outcomes { fooled, budget_spent, no_admissible_pair, gradient_vanished } = row.outcomes;
    let words = format!(
        "{}: {:.2} % of {} attacks succeed (95 % interval {:.2} to {:.2} %)\n  {fooled} fooled, \
         {budget_spent} budget spent, {no_admissible_pair} no admissible pair, {gradient_vanished} \
         gradient vanished; {} were at their target already\n  features changed: {:.2} % on \
         average, {} where it succeeded; {:.1} steps",
        row.model,
        100.0 * row.rate,
        row.attempts,
        100.0 * row.interval[0],
        100.0 * row.interval[1],
        row.already_target,
        100.0 * row.distortion_all,
        row.distortion_successes.map_or("none".into(), |share| format!("{:.2} %", 100.0 * share)),
        row.steps,
    );
    arguments.common.print(words, &row)?;
    Ok(row)
}
