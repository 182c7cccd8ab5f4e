//! `distill train`, `label` and `distill`.

use std::path::{Path, PathBuf};

use clap::Args;
use defensive_distillation::dataset::files::{Half, Samples};
use defensive_distillation::train::{Labels, Recipe, Trainer, TrainingSet, checkpoint};
use defensive_distillation::weights::{Role, id};

use crate::{Common, Result, progress};

/// What every training run takes.
#[derive(Args)]
struct Settings {
    #[command(flatten)]
    common: Common,
    /// T of the softmax that the network is trained through.
    #[arg(long, default_value_t = 1.0, value_parser = temperature)]
    temperature: f32,
    /// Passes over the training set in all; a run that has some goes on from there.
    #[arg(long, default_value_t = 50)]
    epochs: usize,
    /// Seed of the weights, the order of the images and the dropout.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where runs keep their checkpoints and logs, each in a folder of its own.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    runs: PathBuf,
}

#[derive(Args)]
pub struct TrainArguments {
    #[command(flatten)]
    settings: Settings,
    /// Train a student on the soft labels in this file, from `distill label`.
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
}

#[derive(Args)]
pub struct LabelArguments {
    #[command(flatten)]
    settings: Settings,
    /// The file to write: 32-bit little-endian numbers, ten for each training image.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Args)]
pub struct DistillArguments {
    #[command(flatten)]
    settings: Settings,
}

pub fn train(arguments: TrainArguments) -> Result {
    let TrainArguments { settings, labels } = arguments;
    let samples = settings.common.samples(Half::Training)?;
    match labels {
        None => settings.train(settings.teacher(), &samples, &Labels::hard(&samples)).map(drop),
        Some(file) => {
            let bytes = std::fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
            let labels = Labels::from_bytes(&bytes, samples.len()).ok_or_else(|| {
                let count = samples.len();
                format!(
                    "{}: expected ten probabilities for each of {count} images.",
                    file.display()
                )
            })?;
            settings.train(Role::Distilled, &samples, &labels).map(drop)
        }
    }
}

pub fn label(arguments: LabelArguments) -> Result {
    let LabelArguments { settings, out } = arguments;
    let samples = settings.common.samples(Half::Training)?;
    let recipe = settings.recipe(&Labels::hard(&samples));
    let folder = settings.folder(settings.teacher());
    let teacher = Trainer::resume_or_start(recipe, &folder, &settings.common.device())?;
    if teacher.history().is_empty() {
        return Err(format!(
            "{}: there is no trained teacher. Run `distill train` first.",
            folder.display()
        )
        .into());
    }
    let labels = settings.soft_labels(&teacher, &samples);
    checkpoint::replace(&out, &labels.to_bytes())?;
    Ok(())
}

pub fn distill(arguments: DistillArguments) -> Result {
    let DistillArguments { settings } = arguments;
    let samples = settings.common.samples(Half::Training)?;
    let teacher = settings.train(Role::Teacher, &samples, &Labels::hard(&samples))?;
    let labels = settings.soft_labels(&teacher, &samples);
    settings.train(Role::Distilled, &samples, &labels).map(drop)
}

impl Settings {
    /// A network trained on the true labels is a teacher if its softmax was warm.
    fn teacher(&self) -> Role {
        if self.temperature == 1.0 { Role::Undefended } else { Role::Teacher }
    }

    fn recipe(&self, labels: &Labels) -> Recipe {
        Recipe::paper(self.common.dataset, self.temperature, self.seed, labels)
    }

    fn folder(&self, role: Role) -> PathBuf {
        self.runs.join(id(self.common.dataset, role, self.temperature))
    }

    fn soft_labels(&self, teacher: &Trainer, samples: &Samples) -> Labels {
        Labels::soft(&teacher.network(), samples, self.temperature, &self.common.device())
    }

    /// Trains up to the asked number of epochs, from wherever the run stands.
    fn train(&self, role: Role, samples: &Samples, labels: &Labels) -> Result<Trainer> {
        let device = self.common.device();
        let folder = self.folder(role);
        let test = self.common.samples(Half::Test)?;
        let mut trainer = Trainer::resume_or_start(self.recipe(labels), &folder, &device)?;
        if trainer.history().len() < self.epochs {
            let set = TrainingSet::new(samples, labels, &device);
            while trainer.history().len() < self.epochs {
                self.epoch(&mut trainer, &set, &test, &folder, samples.len())?;
            }
        }
        Ok(trainer)
    }

    fn epoch(
        &self,
        trainer: &mut Trainer,
        set: &TrainingSet,
        test: &Samples,
        folder: &Path,
        images: usize,
    ) -> Result {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let title = format!("{name} {}/{}", trainer.history().len() + 1, self.epochs);
        let bar = progress(images, &title)?;
        let epoch = trainer.epoch(set, test, folder, |done, loss| {
            bar.set_position(done as u64);
            if let Some(loss) = loss {
                bar.set_message(format!("loss {loss:.4}"));
            }
        })?;
        bar.finish_and_clear();
        let words = format!(
            "{title}: loss {:.4}, test accuracy {:.2} %, mean L1 norm of the logits {:.1}, {:.0} s",
            epoch.loss,
            100.0 * epoch.test_accuracy,
            epoch.logit_norm,
            epoch.seconds
        );
        self.common.print(words, epoch)
    }
}

fn temperature(text: &str) -> std::result::Result<f32, String> {
    match text.parse::<f32>() {
        Ok(temperature) if temperature.is_finite() && temperature > 0.0 => Ok(temperature),
        _ => Err("the temperature must be a positive number".into()),
    }
}
