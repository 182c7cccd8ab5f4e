//! Doing a chunk of an experiment: a stepper over many attacks, a batch at a time.

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::{Amplitude, Attempt, amplitude};
use crate::attack::saliency::Direction;
use crate::attack::{Attack, AttackError, Ended, Gradient, Outcome, Resident, Runs, read};
use crate::dataset::CLASSES;
use crate::network::Network;
use crate::network::softmax::argmax;

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
    going: Going,
    first: usize,
}

/// Runs whose images stay on the device, or come back with every step where the host has to choose.
enum Going {
    Resident(Box<Resident>),
    Stepwise { runs: Runs, begun: Vec<Begun> },
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
        let going = self.batch.as_ref().map_or(0, |batch| batch.going.len());
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
        let ended = batch.going.step(attack, &self.network, device).await?;
        let first = batch.first;
        if batch.going.len() > 0 {
            self.batch = Some(batch);
        }
        self.records(first, ended, device).await.map(Some)
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
        let going = match Resident::start(attack, &self.network, images, &goals)? {
            Some(runs) => Going::Resident(Box::new(runs)),
            None => Going::Stepwise {
                runs: attack.start(&self.network, images, &goals)?,
                begun: vec![Begun::default(); goals.len()],
            },
        };
        Ok(Batch { going, first: taken.start })
    }

    async fn records(
        &self,
        first: usize,
        ended: Vec<Ended>,
        device: &Device,
    ) -> Result<Vec<Record>, AttackError> {
        let features = self.features();
        let original = |place: usize| &self.images[place * features..][..features];
        let before = ended.iter().flat_map(|of| original(first + of.run)).copied();
        let before: Vec<f32> = before.collect();
        let after: Vec<f32> = ended.iter().flat_map(|of| &of.image).copied().collect();
        let mut readings = vec![Vec::with_capacity(self.readers.len()); ended.len()];
        for reader in &self.readers {
            let before = labels(reader, device, &before).await?;
            let after = labels(reader, device, &after).await?;
            for ((of, before), after) in readings.iter_mut().zip(before).zip(after) {
                of.push(Reading { before, after });
            }
        }
        let record = |(ended, read): (Ended, _)| {
            let place = first + ended.run;
            let (number, attempt) = self.attempts[place];
            let squares = ended.image.iter().zip(original(place));
            let squares = squares.map(|(&now, &then)| (f64::from(now) - f64::from(then)).powi(2));
            Record {
                task: self.task,
                attempt: number,
                found: Found::Attack(End {
                    image: attempt.image,
                    class: attempt.goal.class(),
                    outcome: ended.outcome,
                    changes: ended.changes,
                    features_changed: ended.features_changed,
                    distance: squares.sum::<f64>().sqrt(),
                    zeros: ended.zeros,
                    admissible: ended.admissible,
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

impl Going {
    fn len(&self) -> usize {
        match self {
            Self::Resident(runs) => runs.len(),
            Self::Stepwise { runs, .. } => runs.len(),
        }
    }

    /// Evaluates every run once, and returns those that ended with it.
    async fn step(
        &mut self,
        attack: Attack,
        network: &Network,
        device: &Device,
    ) -> Result<Vec<Ended>, AttackError> {
        let (runs, begun) = match self {
            Self::Resident(runs) => return runs.step(network, device).await,
            Self::Stepwise { runs, begun } => (runs, begun),
        };
        let mut ended = Vec::new();
        for step in runs.step(network, device).await? {
            if let (0, Some(gradient)) = (step.iteration, &step.gradient) {
                begun[step.run] = Begun {
                    zeros: Some(gradient.zeros()),
                    admissible: attack.direction().map(|way| admissible(gradient, way)),
                };
            }
            if let Some(outcome) = step.outcome {
                let Begun { zeros, admissible } = begun[step.run];
                ended.push(Ended {
                    run: step.run,
                    outcome,
                    changes: step.iteration,
                    features_changed: step.features_changed,
                    image: step.image,
                    zeros,
                    admissible,
                });
            }
        }
        Ok(ended)
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
