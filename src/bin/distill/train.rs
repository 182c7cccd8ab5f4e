//! `distill train`, `distill label`, `distill distill` and `distill sweep`: the commands that train.

use std::fs::OpenOptions;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use clap::Args;
use defensive_distillation::dataset::Samples;
use defensive_distillation::dataset::files::Split;
use defensive_distillation::network::Network;
use defensive_distillation::network::manifest::{Role, id};
use defensive_distillation::network::parameters::Parameters;
use defensive_distillation::train::checkpoint::Run;
use defensive_distillation::train::{Labels, Recipe, TrainingSet, atomic};
use indicatif::{MultiProgress, ProgressBar};
use serde::Serialize;

use crate::publish::{Target, find, manifest, parameters, publish, teacher};
use crate::{Common, Result, progress};

/// The settings of every training run.
#[derive(Args)]
struct Settings {
    #[command(flatten)]
    common: Common,
    /// T of softmax(z / T) in the training loss, above 0.
    #[arg(long, default_value_t = 1.0, value_parser = temperature)]
    temperature: f32,
    /// Passes over the training set in all. An interrupted run is resumed.
    #[arg(long, default_value_t = Recipe::PAPER_EPOCHS)]
    epochs: usize,
    /// Step size of the first epoch [default: the paper's, 0.1 for MNIST and 0.01 for CIFAR-10].
    ///
    /// The gradient of the loss shrinks with T, so a short run at high T needs a larger step.
    #[arg(long, value_parser = learning_rate)]
    learning_rate: Option<f64>,
    /// Halve CIFAR-10's step size and momentum each time after this many epochs.
    ///
    /// The last, small steps raise the accuracy, so a short run needs them early.
    #[arg(long, default_value_t = Recipe::PAPER_DECAY_EPOCHS)]
    decay_epochs: NonZeroUsize,
    /// Seed of the initial weights, the order of the images and the dropout.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Use only the first images of the training and the test set, for a quick trial.
    #[arg(long, value_name = "IMAGES")]
    first: Option<NonZeroUsize>,
    /// The folder for checkpoints and logs, with a folder for each run.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    runs: PathBuf,
}

#[derive(Args)]
pub struct TrainArguments {
    #[command(flatten)]
    settings: Settings,
    /// Train a student on the soft labels in this file, which `distill label` wrote.
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Take this share from each label and divide it among the other classes: the control without a teacher.
    #[arg(long, value_name = "SHARE", value_parser = share, conflicts_with = "labels")]
    label_smoothing: Option<f64>,
}

#[derive(Args)]
pub struct LabelArguments {
    #[command(flatten)]
    settings: Settings,
    /// The folder of published networks, for a teacher that has no run here.
    #[arg(long, value_name = "DIR", default_value = "www/models")]
    published: PathBuf,
    /// The file to write: 32-bit little-endian floats, ten for each training image.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Args)]
pub struct DistillArguments {
    #[command(flatten)]
    settings: Settings,
    /// Passes over the training set for the teacher [default: those of the student].
    #[arg(long)]
    teacher_epochs: Option<usize>,
}

#[derive(Args)]
pub struct SweepArguments {
    #[command(flatten)]
    settings: Settings,
    /// The temperatures, in the order of training.
    #[arg(long, value_delimiter = ',', value_parser = temperature, default_value = "100,20,10,5,2,50,30,40,1")]
    temperatures: Vec<f32>,
    #[command(flatten)]
    target: Target,
}

pub fn train(arguments: TrainArguments) -> Result {
    let TrainArguments { settings, labels, label_smoothing } = arguments;
    let samples = settings.samples(Split::Training)?;
    match labels {
        None => {
            let labels = match label_smoothing {
                Some(share) => Labels::smoothed(&samples, share),
                None => Labels::hard(&samples),
            };
            settings.train(settings.teacher(), &samples, &labels, &Overall::none()).map(drop)
        }
        Some(file) => {
            let bytes = std::fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
            let labels = Labels::from_bytes(&bytes, samples.len()).ok_or_else(|| {
                let count = samples.len();
                format!(
                    "{}: expected ten probabilities for each of {count} images.",
                    file.display()
                )
            })?;
            settings.train(Role::Distilled, &samples, &labels, &Overall::none()).map(drop)
        }
    }
}

pub fn label(arguments: LabelArguments) -> Result {
    let LabelArguments { settings, published, out } = arguments;
    let samples = settings.samples(Split::Training)?;
    let labels = settings.soft_labels(&settings.trained_teacher(&samples, &published)?, &samples);
    atomic::write(&out, &labels.to_bytes())?;
    Ok(())
}

pub fn distill(arguments: DistillArguments) -> Result {
    let DistillArguments { mut settings, teacher_epochs } = arguments;
    let samples = settings.samples(Split::Training)?;
    let overall = Overall::none();
    let student_epochs = settings.epochs;
    settings.epochs = teacher_epochs.unwrap_or(student_epochs);
    let teacher =
        settings.train(settings.teacher(), &samples, &Labels::hard(&samples), &overall)?;
    settings.epochs = student_epochs;
    let labels = settings.soft_labels(&teacher.parameters(), &samples);
    settings.train(Role::Distilled, &samples, &labels, &overall).map(drop)
}

/// Trains the undefended network, then the teacher and the student of each temperature, and publishes
/// each when it is trained. Skips those that are published with this seed and at least as many epochs.
pub fn sweep(arguments: SweepArguments) -> Result {
    let SweepArguments { mut settings, temperatures, target } = arguments;
    target.reason(settings.epochs)?;
    let samples = settings.samples(Split::Training)?;
    let test = settings.samples(Split::Test)?;
    let hard = Labels::hard(&samples);
    // At T = 1 the teacher is the undefended network.
    let teachers = temperatures.iter().filter(|&&t| t != 1.0).map(|&t| (Role::Teacher, t));
    let students = temperatures.iter().map(|&t| (Role::Distilled, t));
    let mut plan: Vec<_> =
        std::iter::once((Role::Undefended, 1.0)).chain(teachers.chain(students)).collect();
    let order = |t: f32| temperatures.iter().position(|&other| other == t);
    plan.sort_by_key(|&(role, t)| (role != Role::Undefended, order(t), role == Role::Distilled));

    let published =
        if target.out.join("manifest.json").exists() { manifest(&target.out)? } else { Vec::new() };
    plan.retain(|&(role, t)| {
        let id = id(settings.common.dataset, role, t);
        !published
            .iter()
            .any(|e| e.id == id && e.epochs >= settings.epochs && e.seed == settings.seed)
    });
    let log = settings.runs.join(format!("{}-sweep.jsonl", settings.common.dataset.spec().id));
    let overall = Overall::of(plan.len() * settings.epochs * samples.len(), log)?;
    for (role, temperature) in plan {
        settings.temperature = temperature;
        let labels = match role {
            Role::Undefended | Role::Teacher => hard.clone(),
            Role::Distilled => {
                let teacher = settings.trained_teacher(&samples, &target.out)?;
                settings.soft_labels(&teacher, &samples)
            }
        };
        settings.train(role, &samples, &labels, &overall)?;
        let first = settings.first;
        publish(&settings.common, role, temperature, &settings.runs, &target, &test, first)?;
        overall.log(&id(settings.common.dataset, role, temperature), &"published")?;
    }
    overall.total.finish_and_clear();
    Ok(())
}

impl Settings {
    fn samples(&self, split: Split) -> Result<Samples> {
        let mut samples = self.common.samples(split)?;
        samples.truncate(self.first.map_or(usize::MAX, NonZeroUsize::get));
        Ok(samples)
    }

    /// The role of a network that is trained on the true labels at this temperature.
    fn teacher(&self) -> Role {
        teacher(self.temperature)
    }

    fn recipe(&self, labels: &Labels) -> Recipe {
        let paper = Recipe::paper(self.common.dataset, self.temperature, self.seed, labels);
        Recipe {
            learning_rate: self.learning_rate.unwrap_or(paper.learning_rate),
            decay_epochs: self.decay_epochs,
            ..paper
        }
    }

    fn folder(&self, role: Role) -> PathBuf {
        self.runs.join(id(self.common.dataset, role, self.temperature))
    }

    fn soft_labels(&self, teacher: &Parameters, samples: &Samples) -> Labels {
        let device = Device::flex();
        Labels::soft(&Network::new(teacher, &device), samples, self.temperature, &device)
    }

    /// The teacher of its run, or the published one if it has no run here.
    fn trained_teacher(&self, samples: &Samples, published: &Path) -> Result<Parameters> {
        let role = self.teacher();
        let recipe = self.recipe(&Labels::hard(samples));
        let run = Run::resume_or_start(recipe, &self.folder(role))?;
        if !run.history().is_empty() {
            return Ok(run.parameters());
        }
        let id = id(self.common.dataset, role, self.temperature);
        parameters(published, find(&manifest(published)?, &id)?)
    }

    /// Trains until the run has the number of epochs that was asked for.
    fn train(
        &self,
        role: Role,
        samples: &Samples,
        labels: &Labels,
        overall: &Overall,
    ) -> Result<Run> {
        let folder = self.folder(role);
        let test = self.samples(Split::Test)?;
        let mut run = Run::resume_or_start(self.recipe(labels), &folder)?;
        overall.total.inc((run.history().len() * samples.len()) as u64);
        if run.history().len() < self.epochs {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let set = TrainingSet::new(samples, labels);
            while run.history().len() < self.epochs {
                self.epoch(&mut run, &set, &test, &name, overall)?;
                overall.total.inc(samples.len() as u64);
            }
        }
        Ok(run)
    }

    fn epoch(
        &self,
        run: &mut Run,
        set: &TrainingSet<'_>,
        test: &Samples,
        name: &str,
        overall: &Overall,
    ) -> Result {
        let title = format!("{name} {}/{}", run.history().len() + 1, self.epochs);
        let bar = overall.bars.add(progress(set.len(), &title)?);
        let epoch = run.epoch(set, test, |done, loss| {
            bar.set_position(done as u64);
            overall.total.tick();
            bar.set_message(format!("loss {loss:.4}"));
        })?;
        bar.finish_and_clear();
        overall.log(name, epoch)?;
        let results = &epoch.results;
        let words = format!(
            "{title}: loss {:.4}, test accuracy {:.2} %, mean L1 norm of the logits {:.1}, {:.0} s",
            results.loss,
            100.0 * results.test_accuracy,
            results.logit_norm,
            epoch.seconds
        );
        self.common.print(words, epoch)
    }
}

/// The progress of a whole command: a bar above that of the current epoch, and the log of a sweep.
struct Overall {
    bars: MultiProgress,
    total: ProgressBar,
    log: Option<PathBuf>,
}

impl Overall {
    /// For a single network: no bar and no log of its own.
    fn none() -> Self {
        Self { bars: MultiProgress::new(), total: ProgressBar::hidden(), log: None }
    }

    /// For a sweep of so many images in all.
    fn of(images: usize, log: PathBuf) -> Result<Self> {
        let bars = MultiProgress::new();
        let total = bars.add(progress(images, "sweep")?);
        Ok(Self { bars, total, log: Some(log) })
    }

    /// Adds a line about a network to the log, if there is one.
    fn log(&self, network: &str, event: &impl Serialize) -> Result {
        let Some(file) = &self.log else { return Ok(()) };
        let time = jiff::Timestamp::now().to_string();
        let line = serde_json::json!({ "time": time, "network": network, "event": event });
        let append = || {
            std::fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
            let mut log = OpenOptions::new().create(true).append(true).open(file)?;
            writeln!(log, "{line}")
        };
        append().map_err(|e| format!("{}: {e}", file.display()).into())
    }
}

fn temperature(text: &str) -> std::result::Result<f32, String> {
    match text.parse::<f32>() {
        Ok(temperature) if temperature.is_finite() && temperature > 0.0 => Ok(temperature),
        _ => Err("the temperature must be a positive number".into()),
    }
}

fn share(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err("the share must be a number from 0 to below 1".into()),
    }
}

fn learning_rate(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        _ => Err("the learning rate must be a positive number".into()),
    }
}
