//! Doing a chunk of an experiment: a stepper over many attacks, a batch at a time.

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::{Amplitude, Attempt, amplitude};
use crate::attack::saliency::Direction;
use crate::attack::{Attack, AttackError, Gradient, Outcome, Runs, Step, read};
use crate::dataset::CLASSES;
use crate::distill::argmax;
use crate::model::Network;

/// Attempts of one task, under way.
pub struct Campaign {
    task: usize,
    attack: Option<Attack>,
    network: Network,
    readers: Vec<Network>,
    /// The images of the attempts, one after another.
    images: Vec<f32>,
    attempts: Vec<(usize, Attempt)>,
    /// The first attempt that has not begun.
    next: usize,
    batch: Option<Batch>,
}

/// The attacks that go on at the same time.
struct Batch {
    runs: Runs,
    first: usize,
    begun: Vec<Begun>,
}

/// What is remembered of a run's first gradient.
#[derive(Clone, Copy, Default)]
struct Begun {
    zeros: Option<usize>,
    admissible: Option<usize>,
}

/// What became of one attempt of a task: all that tables need of it, small enough to be sent about
/// and to be kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Which task of the experiment.
    pub task: usize,
    /// Which attempt of [`Experiment::attempts`](super::Experiment::attempts).
    pub attempt: usize,
    /// What was found.
    #[serde(flatten)]
    pub found: Found,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Found {
    /// How an attack ended.
    Attack(End),
    /// How large an image's gradients are.
    Amplitude(Amplitude),
}

/// How an attack ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// The image, counted from 0 over those of the experiment.
    pub image: usize,
    /// The target, or what the image shows.
    pub class: usize,
    /// How.
    pub outcome: Outcome,
    /// Changes made.
    pub changes: usize,
    /// Features that differ from the original.
    pub features_changed: usize,
    /// ‖δ‖₂, in pixel units of [0, 1].
    pub distance: f64,
    /// Features whose gradient is exactly zero before anything is changed, for an attack that has one.
    pub zeros: Option<usize>,
    /// Features that JSMA's saliency map is above zero for before anything is changed.
    pub admissible: Option<usize>,
    /// What each reader takes it for.
    pub read: Vec<Reading>,
}

/// What another network reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// In the untouched image.
    pub before: usize,
    /// In what the attack made of it.
    pub after: usize,
}

impl Campaign {
    /// Runs that go on at the same time: enough to keep every core busy, few enough to fit into
    /// some hundred megabytes.
    const BATCH: usize = 100;

    pub(super) fn new(
        task: usize,
        attack: Option<Attack>,
        network: Network,
        readers: Vec<Network>,
        images: Vec<f32>,
        attempts: Vec<(usize, Attempt)>,
    ) -> Self {
        Self { task, attack, network, readers, images, attempts, next: 0, batch: None }
    }

    /// Attempts that have not ended yet.
    pub fn left(&self) -> usize {
        let going = self.batch.as_ref().map_or(0, |batch| batch.runs.len());
        self.attempts.len() - self.next + going
    }

    /// One step of every run of the current batch, and records of those that ended with it; `None`
    /// once all have.
    ///
    /// # Errors
    /// As [`Attack::start`] and [`Runs::step`].
    pub async fn step(&mut self, device: &Device) -> Result<Option<Vec<Record>>, AttackError> {
        let Some(attack) = self.attack else { return self.measure(device).await };
        let mut batch = match self.batch.take() {
            Some(batch) => batch,
            None if self.next == self.attempts.len() => return Ok(None),
            None => self.begin(attack)?,
        };
        let mut ended = Vec::new();
        for step in batch.runs.step(&self.network, device).await? {
            if let (0, Some(gradient)) = (step.iteration, &step.gradient) {
                batch.begun[step.run] = Begun {
                    zeros: Some(gradient.zeros()),
                    admissible: attack.direction().map(|way| admissible(gradient, way)),
                };
            }
            if let Some(outcome) = step.outcome {
                ended.push((batch.first + step.run, batch.begun[step.run], outcome, step));
            }
        }
        if !batch.runs.is_empty() {
            self.batch = Some(batch);
        }
        self.records(ended, device).await.map(Some)
    }

    fn features(&self) -> usize {
        self.network.dataset().spec().features()
    }

    fn take(&mut self, most: usize) -> std::ops::Range<usize> {
        let first = self.next;
        self.next = (first + most).min(self.attempts.len());
        first..self.next
    }

    fn begin(&mut self, attack: Attack) -> Result<Batch, AttackError> {
        let (features, taken) = (self.features(), self.take(Self::BATCH));
        let images = &self.images[taken.start * features..taken.end * features];
        let goals: Vec<_> = self.attempts[taken.clone()].iter().map(|of| of.1.goal).collect();
        let runs = attack.start(&self.network, images, &goals)?;
        Ok(Batch { runs, first: taken.start, begun: vec![Begun::default(); goals.len()] })
    }

    async fn records(
        &self,
        ended: Vec<(usize, Begun, Outcome, Step)>,
        device: &Device,
    ) -> Result<Vec<Record>, AttackError> {
        let features = self.features();
        let original = |place: usize| &self.images[place * features..][..features];
        let before: Vec<f32> = ended.iter().flat_map(|of| original(of.0)).copied().collect();
        let after: Vec<f32> = ended.iter().flat_map(|of| &of.3.image).copied().collect();
        let mut readings = vec![Vec::with_capacity(self.readers.len()); ended.len()];
        for reader in &self.readers {
            let before = labels(reader, device, &before).await?;
            let after = labels(reader, device, &after).await?;
            for ((of, before), after) in readings.iter_mut().zip(before).zip(after) {
                of.push(Reading { before, after });
            }
        }
        let record = |((place, begun, outcome, step), read): ((usize, Begun, Outcome, Step), _)| {
            let (number, attempt) = self.attempts[place];
            let squares = step.image.iter().zip(original(place));
            let squares = squares.map(|(&now, &then)| (f64::from(now) - f64::from(then)).powi(2));
            Record {
                task: self.task,
                attempt: number,
                found: Found::Attack(End {
                    image: attempt.image,
                    class: attempt.goal.class(),
                    outcome,
                    changes: step.iteration,
                    features_changed: step.features_changed,
                    distance: squares.sum::<f64>().sqrt(),
                    zeros: begun.zeros,
                    admissible: begun.admissible,
                    read,
                }),
            }
        };
        Ok(ended.into_iter().zip(readings).map(record).collect())
    }

    /// The gradients of some images, where nothing is attacked.
    async fn measure(&mut self, device: &Device) -> Result<Option<Vec<Record>>, AttackError> {
        let (features, taken) = (self.features(), self.take(Self::BATCH / CLASSES));
        if taken.is_empty() {
            return Ok(None);
        }
        let images = &self.images[taken.start * features..taken.end * features];
        let found = amplitude::measure(&self.network, device, images).await?;
        let records = self.attempts[taken].iter().zip(found).map(|(&(attempt, _), amplitude)| {
            Record { task: self.task, attempt, found: Found::Amplitude(amplitude) }
        });
        Ok(Some(records.collect()))
    }
}

/// Features that JSMA would gain by changing alone.
fn admissible(gradient: &Gradient, direction: Direction) -> usize {
    let sign = direction.sign();
    let others = gradient.others();
    let both = gradient.target.iter().zip(&others);
    both.filter(|&(&target, &others)| sign * target > 0.0 && sign * others < 0.0).count()
}

/// What a network reads in each of some images.
async fn labels(
    network: &Network,
    device: &Device,
    images: &[f32],
) -> Result<Vec<usize>, AttackError> {
    let [channels, height, width] = network.dataset().spec().shape;
    let mut labels = Vec::new();
    for batch in images.chunks(Campaign::BATCH * channels * height * width) {
        let count = batch.len() / (channels * height * width);
        let batch = TensorData::new(batch.to_vec(), [count, channels, height, width]);
        let logits = read(network.forward(Tensor::from_data(batch, device))).await?;
        labels.extend(logits.as_chunks::<CLASSES>().0.iter().map(argmax));
    }
    Ok(labels)
}
