//! The paper's measurements: many attacks, counted, the same from the command line and in the browser.
//!
//! An [`Experiment`] says what is measured: its tasks, each an attack on a network, and the images.
//! What it needs done is dealt out as [`Chunk`]s; a [`Campaign`] does one, step by step, so that
//! progress and cancelling are always within reach, and hands out a [`Record`] for each attempt as it
//! ends; [`Experiment::rows`] turns records into the rows of a table.
//!
//! A record depends on its task and its attempt, and on nothing else: so chunks may be of any size, be
//! done in any order, by any number of workers, and be done again, and the rows are the same. Rows can
//! be made of the records that are there already; they say how many attempts they count, of how many
//! planned.

mod amplitude;
mod fgsm;
mod kind;
mod pairs;
mod robustness;
mod statistics;
mod success;
mod transfer;
mod worker;

pub use amplitude::Amplitude;
pub use kind::{Attempts, Kind, KindFacts, UnknownKind};
pub use statistics::wilson;
pub use success::Outcomes;
pub use worker::{Campaign, End, Found, Reading, Record};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attack::{Attack, AttackError, Goal, check_pixels};
use crate::dataset::{CLASSES, Dataset};
use crate::network::Network;
use crate::network::manifest::{Entry, Role};

/// A network that is measured: a published one, or a control made of one.
#[derive(Clone)]
pub struct Subject {
    /// The published network.
    pub entry: Entry,
    /// What its logits are multiplied by; 1 leaves them as they are.
    pub scale: f32,
    /// With its logits multiplied.
    pub network: Network,
}

impl Subject {
    /// The published network `entry` with its logits multiplied by `scale`.
    pub fn new(entry: Entry, network: &Network, scale: f32) -> Self {
        Self { entry, scale, network: network.scaled(scale) }
    }

    /// The temperature at which an attack should look at it that knows how its logits grew: that of
    /// the training, times the scale.
    pub fn temperature(&self) -> f32 {
        self.entry.temperature * self.scale
    }

    fn about(&self) -> About<'_> {
        let role = match (self.entry.role, self.scale == 1.0) {
            (_, false) => "scaled",
            (Role::Undefended, _) => "undefended",
            (Role::Distilled, _) => "distilled",
            (Role::Teacher, _) => "teacher",
        };
        let Entry { dataset, id, temperature, .. } = &self.entry;
        About { dataset: *dataset, model: id, role, temperature: *temperature, scale: self.scale }
    }
}

/// One attack on one network.
#[derive(Clone)]
pub struct Task {
    /// What is attacked.
    pub subject: Subject,
    /// How; without one, nothing is attacked and gradients alone are measured.
    pub attack: Option<Attack>,
}

/// Where an experiment's images come from, and what computes: what its rows say beside figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Source {
    /// The images' numbers in the test set.
    pub drawn: Vec<usize>,
    /// The seed that they were drawn with, if they were.
    pub seed: Option<u64>,
    /// What computes.
    pub engine: String,
    /// The command that measures this.
    pub command: String,
    /// The day, as YYYY-MM-DD.
    pub date: String,
}

/// A measurement, ready to be dealt out.
pub struct Experiment {
    kind: Kind,
    tasks: Vec<Task>,
    readers: Vec<Subject>,
    images: Vec<f32>,
    labels: Vec<u8>,
    attempts: Vec<Attempt>,
    source: Source,
}

/// Some attempts of one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Which task.
    pub task: usize,
    /// Its first attempt.
    pub from: usize,
    /// The attempt after its last one.
    pub to: usize,
}

/// One image to attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which image of the experiment.
    pub image: usize,
    /// What it should be mistaken for.
    pub goal: Goal,
}

/// Why an experiment cannot be made as asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ExperimentError {
    /// There is nothing to measure.
    #[error("An experiment needs a network and an image at least.")]
    Empty,
    /// The networks read different things.
    #[error("All networks of an experiment should be for {0}, but {1} is not.")]
    Dataset(Dataset, String),
    /// A task lacks the attack that is to be counted.
    #[error("The experiment {0} needs an attack for each network.")]
    NoAttack(&'static str),
    /// Nobody is there to be shown what was made.
    #[error("The experiment transfer needs networks that read what the attacks made.")]
    NoReader,
    /// Images and labels do not go together.
    #[error("Expected {expected} pixels for {labels} labels, but got {found}.")]
    Images {
        /// Labels given.
        labels: usize,
        /// Pixels that as many images have.
        expected: usize,
        /// Pixels given.
        found: usize,
    },
    /// A label is no class.
    #[error("Labels must be classes from 0 to 9, but one is {0}.")]
    Label(u8),
    /// A chunk or a record belongs to another experiment.
    #[error("This experiment has no attempt {attempt} of task {task}.")]
    Foreign {
        /// The task asked for.
        task: usize,
        /// The attempt asked for.
        attempt: usize,
    },
    /// An attack or a pixel is refused.
    #[error(transparent)]
    Attack(#[from] AttackError),
}

impl Experiment {
    /// Plans an experiment; nothing is computed yet.
    ///
    /// `images` holds the images one after another, pixels in [0, 1], and `labels` what they show.
    /// `readers` are shown what the attacks made; only [`Kind::Transfer`] needs any.
    ///
    /// # Errors
    /// Nothing to measure, networks for different data sets, images or labels out of range. Settings
    /// of attacks are checked as each begins.
    pub fn new(
        kind: Kind,
        tasks: Vec<Task>,
        readers: Vec<Subject>,
        images: Vec<f32>,
        labels: Vec<u8>,
        source: Source,
    ) -> Result<Self, ExperimentError> {
        let first = tasks.first().filter(|_| !labels.is_empty()).ok_or(ExperimentError::Empty)?;
        let dataset = first.subject.entry.dataset;
        for subject in tasks.iter().map(|task| &task.subject).chain(&readers) {
            if subject.entry.dataset != dataset {
                return Err(ExperimentError::Dataset(dataset, subject.entry.id.clone()));
            }
        }
        if kind != Kind::Amplitude && tasks.iter().any(|task| task.attack.is_none()) {
            return Err(ExperimentError::NoAttack(kind.name()));
        }
        if kind == Kind::Transfer && readers.is_empty() {
            return Err(ExperimentError::NoReader);
        }
        let (expected, found) = (labels.len() * dataset.spec().features(), images.len());
        if expected != found {
            return Err(ExperimentError::Images { labels: labels.len(), expected, found });
        }
        if let Some(&label) = labels.iter().find(|&&label| usize::from(label) >= CLASSES) {
            return Err(ExperimentError::Label(label));
        }
        check_pixels(&images)?;
        let attempts = match kind {
            Kind::Amplitude | Kind::Fgsm => untargeted(&labels),
            _ => all_targets(&labels),
        };
        Ok(Self { kind, tasks, readers, images, labels, attempts, source })
    }

    /// What each task attempts, in this order.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// All that is to be done, at most `size` attempts at a time, image after image, so that every
    /// task has something to show early.
    pub fn chunks(&self, size: usize) -> Vec<Chunk> {
        let starts = (0..self.attempts.len()).step_by(size.max(1));
        let all_tasks = |from: usize| {
            let to = (from + size.max(1)).min(self.attempts.len());
            (0..self.tasks.len()).map(move |task| Chunk { task, from, to })
        };
        starts.flat_map(all_tasks).collect()
    }

    /// Begins a chunk, of which the attempts in `done` are left out.
    ///
    /// # Errors
    /// A chunk that is none of this experiment's.
    pub fn start(&self, chunk: Chunk, done: &[usize]) -> Result<Campaign, ExperimentError> {
        let Chunk { task, from, to } = chunk;
        let foreign = ExperimentError::Foreign { task, attempt: to };
        let attempts = self.attempts.get(from..to).ok_or(foreign.clone())?;
        let wanted = self.tasks.get(task).ok_or(foreign)?;
        let left = (from..).zip(attempts).filter(|(number, _)| !done.contains(number));
        let left: Vec<_> = left.map(|(number, &attempt)| (number, attempt)).collect();
        let features = wanted.subject.entry.dataset.spec().features();
        let pixels = |of: &(usize, Attempt)| &self.images[of.1.image * features..][..features];
        let images = left.iter().flat_map(pixels).copied().collect();
        let readers = self.readers.iter().map(|reader| reader.network.clone()).collect();
        let network = wanted.subject.network.clone();
        Ok(Campaign::new(task, wanted.attack, network, readers, images, left))
    }

    /// The rows of the table, as far as the records go: one a task, or one a task and reader.
    ///
    /// Neither the order of the records nor one that comes twice matters.
    ///
    /// # Errors
    /// A record that is none of this experiment's.
    pub fn rows(&self, records: &[Record]) -> Result<Vec<Row<'_>>, ExperimentError> {
        let mut by_task: Vec<BTreeMap<usize, &Found>> = vec![BTreeMap::new(); self.tasks.len()];
        for Record { task, attempt, found } in records {
            let foreign = ExperimentError::Foreign { task: *task, attempt: *attempt };
            let of_task = by_task.get_mut(*task).ok_or(foreign.clone())?;
            let attacked =
                matches!(found, Found::Attack(end) if end.read.len() == self.readers.len());
            let fits = attacked != (self.kind == Kind::Amplitude);
            if !fits || *attempt >= self.attempts.len() {
                return Err(foreign);
            }
            of_task.insert(*attempt, found);
        }
        let mut rows = Vec::new();
        for (task, found) in self.tasks.iter().zip(by_task) {
            let found = found.into_iter().map(|(number, found)| (self.attempts[number], found));
            rows.extend(self.rows_of(task, &found.collect::<Vec<_>>()));
        }
        Ok(rows)
    }

    fn rows_of<'a>(&'a self, task: &'a Task, found: &[(Attempt, &Found)]) -> Vec<Row<'a>> {
        let ends: Vec<_> = found
            .iter()
            .filter_map(|&(attempt, found)| match found {
                Found::Attack(end) => Some((attempt, end)),
                Found::Amplitude(_) => None,
            })
            .collect();
        let amplitudes: Vec<_> = found
            .iter()
            .filter_map(|&(_, found)| match found {
                Found::Amplitude(amplitude) => Some(amplitude),
                Found::Attack(_) => None,
            })
            .collect();
        let features = task.subject.entry.dataset.spec().features();
        let row = |to, figures| Row {
            about: task.subject.about(),
            attack: task.attack,
            to,
            images: self.labels.len(),
            drawn: &self.source.drawn,
            planned: self.attempts.len(),
            figures,
            engine: &self.source.engine,
            seed: self.source.seed,
            model_sha256: &task.subject.entry.sha256,
            command: &self.source.command,
            date: &self.source.date,
        };
        match self.kind {
            Kind::Success => {
                vec![row(None, Figures::Success(success::figures(&ends, features)))]
            }
            Kind::Amplitude => vec![row(None, Figures::Amplitude(amplitude::figures(&amplitudes)))],
            Kind::Robustness => {
                let figures = robustness::figures(&ends, features, task.attack);
                vec![row(None, Figures::Robustness(figures))]
            }
            Kind::Fgsm => vec![row(None, Figures::Fgsm(fgsm::figures(&ends, features)))],
            Kind::Pairs => {
                vec![row(None, Figures::Pairs(pairs::figures(&ends, &self.labels, features)))]
            }
            Kind::Transfer => (0..)
                .zip(&self.readers)
                .map(|(reader, subject)| {
                    let figures = transfer::figures(&ends, reader, &self.labels);
                    row(Some(subject.about()), Figures::Transfer(figures))
                })
                .collect(),
        }
    }
}

/// A row of `results/<kind>.json`: what was measured, on what, and what was found.
#[derive(Clone, Debug, Serialize)]
pub struct Row<'a> {
    #[serde(flatten)]
    about: About<'a>,
    #[serde(flatten)]
    attack: Option<Attack>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<About<'a>>,
    images: usize,
    drawn: &'a [usize],
    planned: usize,
    #[serde(flatten)]
    figures: Figures,
    engine: &'a str,
    seed: Option<u64>,
    model_sha256: &'a str,
    command: &'a str,
    date: &'a str,
}

/// The network of a row.
#[derive(Clone, Copy, Debug, Serialize)]
struct About<'a> {
    dataset: Dataset,
    /// The published network's id.
    model: &'a str,
    /// The published network's, or `scaled` with its logits multiplied.
    role: &'static str,
    temperature: f32,
    scale: f32,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Figures {
    Success(success::Figures),
    Amplitude(amplitude::Figures),
    Robustness(robustness::Figures),
    Fgsm(fgsm::Figures),
    Pairs(pairs::Figures),
    Transfer(transfer::Figures),
}

/// The paper's protocol: every image towards each of the nine classes that it does not show.
fn all_targets(labels: &[u8]) -> Vec<Attempt> {
    let towards = |(image, &label): (usize, &u8)| {
        let others = (0..CLASSES).filter(move |&class| class != usize::from(label));
        others.map(move |target| Attempt { image, goal: Goal::Target(target) })
    };
    labels.iter().enumerate().flat_map(towards).collect()
}

/// Every image once, towards anything but the class that it shows.
fn untargeted(labels: &[u8]) -> Vec<Attempt> {
    let away = |(image, &label)| Attempt { image, goal: Goal::Untargeted(usize::from(label)) };
    labels.iter().enumerate().map(away).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_targets_an_image_and_never_its_own_class() {
        let attempts = all_targets(&[7, 0]);
        assert_eq!(attempts.len(), 18);
        assert!(attempts.iter().all(|a| a.goal != Goal::Target([7, 0][a.image])));
    }
}
