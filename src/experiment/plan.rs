//! What an experiment measures, and how its work is split up.

use serde::{Deserialize, Serialize};

use super::kind::{Attempts, Kind};
use super::record::Attempt;
use super::worker::Worker;
use crate::attack::{Attack, AttackError, Goal, check_pixels};
use crate::dataset::{CLASSES, Dataset};
use crate::network::Network;
use crate::network::manifest::Entry;

/// A network that is measured: a published one, or a control made from one.
#[derive(Clone)]
pub struct Subject {
    /// The published network.
    pub entry: Entry,
    /// The factor by which its logits are multiplied, above 0; 1 leaves them unchanged.
    pub scale: f32,
    /// The network, with its logits multiplied.
    pub network: Network,
}

impl Subject {
    /// The published network `entry` with its logits multiplied by `scale`.
    pub fn new(entry: Entry, network: &Network, scale: f32) -> Self {
        Self { entry, scale, network: network.scaled(scale) }
    }

    /// The temperature at which an attack aware of the defence differentiates the softmax: that of the
    /// training, times the scale.
    pub fn temperature(&self) -> f32 {
        self.entry.temperature * self.scale
    }
}

/// One attack on one network.
#[derive(Clone)]
pub struct Task {
    /// The network.
    pub subject: Subject,
    /// The attack; `None` to measure the gradients only.
    pub attack: Option<Attack>,
}

/// Where an experiment's images come from, and what computes: what its rows contain beside figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Source {
    /// The images' places in the test set, counted from 0.
    pub drawn: Vec<usize>,
    /// The seed that they were drawn with; `None` if they were chosen.
    pub seed: Option<u64>,
    /// What computes, as text for people.
    pub engine: String,
    /// The command that measures this.
    pub command: String,
    /// The day, as YYYY-MM-DD.
    pub date: String,
}

/// A planned measurement.
pub struct Experiment {
    pub(super) kind: Kind,
    pub(super) tasks: Vec<Task>,
    pub(super) target_models: Vec<Subject>,
    images: Vec<f32>,
    pub(super) labels: Vec<u8>,
    pub(super) attempts: Vec<Attempt>,
    pub(super) source: Source,
}

/// Consecutive attempts of one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Chunk {
    /// Which task.
    pub task: usize,
    /// Its first attempt.
    pub from: usize,
    /// One past its last attempt.
    pub to: usize,
}

/// The reason why an experiment cannot be planned or run.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ExperimentError {
    /// There is no network or no image.
    #[error("An experiment needs at least one network and one image.")]
    Empty,
    /// The networks are for different data sets.
    #[error("All networks of an experiment must be for {0}, but {1} is not.")]
    Dataset(Dataset, String),
    /// A task has no attack, though its kind needs one.
    #[error("The experiment {0} needs an attack for each network.")]
    NoAttack(&'static str),
    /// Transfer has no target models.
    #[error("The experiment transfer needs target models.")]
    NoTargetModels,
    /// The number of pixels does not match the number of labels.
    #[error("Expected {expected} pixels for {labels} labels, but got {found}.")]
    Images {
        /// Labels given.
        labels: usize,
        /// Pixels of that many images.
        expected: usize,
        /// Pixels given.
        found: usize,
    },
    /// A label is not a class.
    #[error("Labels must be classes from 0 to 9, but one is {0}.")]
    Label(u8),
    /// A chunk or a record belongs to another experiment.
    #[error("This experiment has no attempt {attempt} of task {task}.")]
    Foreign {
        /// The task.
        task: usize,
        /// The attempt.
        attempt: usize,
    },
    /// The settings of an attack, or a pixel, are out of range.
    #[error(transparent)]
    Attack(#[from] AttackError),
}

impl Experiment {
    /// Plans an experiment; nothing is computed yet.
    ///
    /// `images` holds the images one after another, each of the data set's shape, with pixels in [0, 1];
    /// `labels` holds their classes. `target_models` classify the adversarial examples; only
    /// [`Kind::Transfer`] needs any.
    ///
    /// # Errors
    /// No network or no image; networks for different data sets; a task without the attack that its kind
    /// needs; transfer without target models; images or labels out of range. The settings of an attack
    /// are checked when it starts.
    pub fn new(
        kind: Kind,
        tasks: Vec<Task>,
        target_models: Vec<Subject>,
        images: Vec<f32>,
        labels: Vec<u8>,
        source: Source,
    ) -> Result<Self, ExperimentError> {
        let first = tasks.first().filter(|_| !labels.is_empty()).ok_or(ExperimentError::Empty)?;
        let dataset = first.subject.entry.dataset;
        for subject in tasks.iter().map(|task| &task.subject).chain(&target_models) {
            if subject.entry.dataset != dataset {
                return Err(ExperimentError::Dataset(dataset, subject.entry.id.clone()));
            }
        }
        if kind.facts().attacks && tasks.iter().any(|task| task.attack.is_none()) {
            return Err(ExperimentError::NoAttack(kind.name()));
        }
        if kind == Kind::Transfer && target_models.is_empty() {
            return Err(ExperimentError::NoTargetModels);
        }
        let (expected, found) = (labels.len() * dataset.spec().features(), images.len());
        if expected != found {
            return Err(ExperimentError::Images { labels: labels.len(), expected, found });
        }
        if let Some(&label) = labels.iter().find(|&&label| usize::from(label) >= CLASSES) {
            return Err(ExperimentError::Label(label));
        }
        check_pixels(&images)?;
        let attempts = match kind.facts().attempts {
            Attempts::Targets => all_targets(&labels),
            Attempts::Images => untargeted(&labels),
        };
        Ok(Self { kind, tasks, target_models, images, labels, attempts, source })
    }

    /// The attempts of each task, in order.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// The whole work in chunks of at most `size` attempts. They take the tasks in turn, so that every
    /// task has its first results early.
    pub fn chunks(&self, size: usize) -> Vec<Chunk> {
        let starts = (0..self.attempts.len()).step_by(size.max(1));
        let all_tasks = |from: usize| {
            let to = (from + size.max(1)).min(self.attempts.len());
            (0..self.tasks.len()).map(move |task| Chunk { task, from, to })
        };
        starts.flat_map(all_tasks).collect()
    }

    /// A worker for the attempts of a chunk, except those whose numbers are in `done`.
    ///
    /// # Errors
    /// The chunk belongs to another experiment.
    pub fn start(&self, chunk: Chunk, done: &[usize]) -> Result<Worker, ExperimentError> {
        let Chunk { task, from, to } = chunk;
        let foreign = ExperimentError::Foreign { task, attempt: to };
        let attempts = self.attempts.get(from..to).ok_or(foreign.clone())?;
        let wanted = self.tasks.get(task).ok_or(foreign)?;
        let left = (from..).zip(attempts).filter(|(number, _)| !done.contains(number));
        let left: Vec<_> = left.map(|(number, &attempt)| (number, attempt)).collect();
        let features = wanted.subject.entry.dataset.spec().features();
        let pixels = |of: &(usize, Attempt)| &self.images[of.1.image * features..][..features];
        let images = left.iter().flat_map(pixels).copied().collect();
        let target_models = self.target_models.iter().map(|of| of.network.clone()).collect();
        let network = wanted.subject.network.clone();
        Ok(Worker::new(task, wanted.attack, network, target_models, images, left))
    }
}

/// The paper's protocol: every image towards each of the nine classes other than its own.
fn all_targets(labels: &[u8]) -> Vec<Attempt> {
    let towards = |(image, &label): (usize, &u8)| {
        let others = (0..CLASSES).filter(move |&class| class != usize::from(label));
        others.map(move |target| Attempt { image, goal: Goal::Target(target) })
    };
    labels.iter().enumerate().flat_map(towards).collect()
}

/// Every image once, towards any class other than its own.
fn untargeted(labels: &[u8]) -> Vec<Attempt> {
    let away = |(image, &label)| Attempt { image, goal: Goal::Untargeted(usize::from(label)) };
    labels.iter().enumerate().map(away).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_targets_an_image_without_its_own_class() {
        let attempts = all_targets(&[7, 0]);
        assert_eq!(attempts.len(), 18);
        assert!(attempts.iter().all(|a| a.goal != Goal::Target([7, 0][a.image])));
    }
}
