//! `distill publish`: writes the model file of a trained network and its entry in the manifest.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use clap::Args;
use defensive_distillation::dataset::Samples;
use defensive_distillation::dataset::files::Split;
use defensive_distillation::network::Network;
use defensive_distillation::network::file::{sha256, write};
use defensive_distillation::network::manifest::{Entry, Role, id};
use defensive_distillation::network::parameters::Parameters;
use defensive_distillation::train::checkpoint::finished;
use defensive_distillation::train::{Recipe, atomic, measure};

use crate::names::named;
use crate::{Common, Result};

/// The maximum of UTF-16 code units in a line of the manifest, as www/engine/manifest.js counts them.
const LONGEST_LINE: usize = 300;

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    common: Common,
    /// The network's role in defensive distillation.
    #[arg(long, value_parser = named::<Role>())]
    role: Role,
    /// T of its training.
    #[arg(long, default_value_t = 1.0)]
    temperature: f32,
    /// The folder of the runs' checkpoints.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    runs: PathBuf,
    /// The run's --first, if it had one.
    #[arg(long, value_name = "IMAGES")]
    first: Option<NonZeroUsize>,
    #[command(flatten)]
    target: Target,
}

/// Where networks are published, and the manifest's remarks about them.
#[derive(Args)]
pub struct Target {
    /// The folder of the model files and their manifest.
    #[arg(long, value_name = "DIR", default_value = "www/models")]
    pub out: PathBuf,
    /// The hardware that the network was trained on, for the manifest.
    #[arg(long, value_parser = line)]
    pub hardware: String,
    /// The reason for fewer epochs than the paper's 50, for the manifest. Required if there are fewer.
    #[arg(long, value_parser = line)]
    reason: Option<String>,
}

impl Target {
    /// The manifest's reason for so many epochs: empty if they are at least the paper's.
    ///
    /// # Errors
    /// There are fewer, and no reason was given.
    pub fn reason(&self, epochs: usize) -> Result<String> {
        match &self.reason {
            _ if epochs >= Recipe::PAPER_EPOCHS => Ok(String::new()),
            Some(reason) => Ok(reason.clone()),
            None => Err(format!(
                "{epochs} epochs are fewer than the paper's {}: say why with --reason TEXT.",
                Recipe::PAPER_EPOCHS
            )
            .into()),
        }
    }
}

/// Parses text for the manifest. The page refuses a manifest with a text that is empty, long or has
/// more than one line.
fn line(text: &str) -> std::result::Result<String, String> {
    let length = text.encode_utf16().count();
    if text.trim().is_empty() || text.contains(char::is_control) || length > LONGEST_LINE {
        return Err(format!(
            "expected one line of 1 to {LONGEST_LINE} characters, found {length}: {:?}",
            text.lines().next().unwrap_or_default().chars().take(40).collect::<String>()
        ));
    }
    Ok(text.to_owned())
}

pub fn run(arguments: Arguments) -> Result {
    let Arguments { common, role, temperature, runs, first, target } = arguments;
    let test = common.samples(Split::Test)?;
    publish(&common, role, temperature, &runs, &target, &test, first)
}

/// Writes the model file of a finished run, measures it, and enters it in the manifest. `first` is
/// the run's `--first`, which the entry's command repeats.
pub fn publish(
    common: &Common,
    role: Role,
    temperature: f32,
    runs: &Path,
    target: &Target,
    test: &Samples,
    first: Option<NonZeroUsize>,
) -> Result {
    let device = common.device();
    let id = id(common.dataset, role, temperature);
    let (recipe, history, trained) = finished(&runs.join(&id))?;
    if recipe.temperature != temperature {
        let trained = recipe.temperature;
        return Err(
            format!("{id} was trained at T = {trained}: say --temperature {trained}.").into()
        );
    }
    let bytes = write(&trained)?;
    let mut entry = Entry {
        file: format!("{id}.safetensors"),
        bytes: bytes.len(),
        sha256: sha256(&bytes),
        dataset: common.dataset,
        role,
        temperature,
        parameters: trained.count(),
        test_accuracy: 0.0,
        logit_norm: 0.0,
        command: command(&recipe, role, history.len(), runs, first),
        seed: recipe.seed,
        epochs: history.len(),
        epochs_reason: target.reason(history.len())?,
        seconds: history.iter().map(|epoch| epoch.seconds).sum::<f64>().round(),
        hardware: target.hardware.clone(),
        date: jiff::Zoned::now().date().to_string(),
        id,
    };
    // Measures the published file, which is in half precision, and not the run's network.
    let quality = measure(&entry.load(&bytes, &device)?, test, &device);
    entry.test_accuracy = quality.accuracy;
    entry.logit_norm = (quality.logit_norm * 100.0).round() / 100.0;

    atomic::write(&target.out.join(&entry.file), &bytes)?;
    let file = target.out.join("manifest.json");
    let mut manifest = if file.exists() { manifest(&target.out)? } else { Vec::new() };
    manifest.retain(|other| other.id != entry.id);
    manifest.push(entry.clone());
    manifest.sort_by(|a, b| {
        let key = |entry: &Entry| (entry.dataset.spec().id, entry.role as u8);
        key(a).cmp(&key(b)).then(a.temperature.total_cmp(&b.temperature))
    });
    let json = serde_json::to_string_pretty(&manifest)? + "\n";
    atomic::write(&file, json.as_bytes())?;
    let words = format!(
        "{}: {} bytes, test accuracy {:.2} %, mean L1 norm of the logits {:.1}",
        entry.id,
        entry.bytes,
        100.0 * entry.test_accuracy,
        entry.logit_norm
    );
    common.print(words, &entry)
}

/// The role of the teacher at a temperature: at T = 1 it is the undefended network.
pub fn teacher(temperature: f32) -> Role {
    if temperature == 1.0 { Role::Undefended } else { Role::Teacher }
}

/// The entries of the manifest in `folder`.
pub fn manifest(folder: &Path) -> Result<Vec<Entry>> {
    let file = folder.join("manifest.json");
    let json = std::fs::read(&file).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => {
            let here = std::env::current_dir().unwrap_or_default();
            format!(
                "There is no {} in {}. Run this in the project's folder, or name the folder of the networks.",
                file.display(),
                here.display()
            )
        }
        _ => format!("{}: {e}", file.display()),
    })?;
    Ok(serde_json::from_slice(&json).map_err(|e| format!("{}: {e}", file.display()))?)
}

/// The manifest's entry with an id.
pub fn find<'a>(published: &'a [Entry], id: &str) -> Result<&'a Entry> {
    published.iter().find(|entry| entry.id == id).ok_or_else(|| {
        let ids: Vec<_> = published.iter().map(|entry| entry.id.as_str()).collect();
        format!("There is no published network {id}. Published are: {}.", ids.join(", ")).into()
    })
}

/// The network of an entry of the manifest in `folder`, on a device.
pub fn network(folder: &Path, entry: &Entry, device: &Device) -> Result<Network> {
    Ok(Network::new(&parameters(folder, entry)?, device))
}

/// The parameters of the network of an entry of the manifest in `folder`.
pub fn parameters(folder: &Path, entry: &Entry) -> Result<Parameters> {
    let file = folder.join(&entry.file);
    let bytes = std::fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    Ok(entry.parameters(&bytes)?)
}

/// The command that trains this network from the start.
///
/// For a student it is `distill distill` if its teacher has a run here with the same recipe.
/// Otherwise it is `distill train --labels`, and names the teacher of the labels.
fn command(
    recipe: &Recipe,
    role: Role,
    epochs: usize,
    runs: &Path,
    first: Option<NonZeroUsize>,
) -> String {
    let (dataset, temperature, seed) = (recipe.dataset, recipe.temperature, recipe.seed);
    let teacher = id(dataset, teacher(temperature), temperature);
    let (command, teacher, labels) = match role {
        Role::Undefended | Role::Teacher => ("train", String::new(), String::new()),
        Role::Distilled => match finished(&runs.join(&teacher)) {
            Ok((other, history, _))
                if *recipe == (Recipe { labels: recipe.labels.clone(), ..other }) =>
            {
                ("distill", format!(" --teacher-epochs {}", history.len()), String::new())
            }
            _ => {
                let labels = format!(" --labels FILE, with FILE from distill label and {teacher}");
                ("train", String::new(), labels)
            }
        },
    };
    let first = first.map_or(String::new(), |images| format!(" --first {images}"));
    let rate = recipe.learning_rate;
    let rate = if rate == Recipe::paper_learning_rate(dataset) {
        String::new()
    } else {
        format!(" --learning-rate {rate}")
    };
    let decay = match recipe.decay_epochs {
        Recipe::PAPER_DECAY_EPOCHS => String::new(),
        epochs => format!(" --decay-epochs {epochs}"),
    };
    format!(
        "distill {command} --dataset {dataset} --temperature {temperature} --epochs {epochs}{teacher}{rate}{decay}{first} --seed {seed}{labels}"
    )
}
