//! Running a chunk of an experiment: many attacks, a batch at a time, step by step.

use burn::tensor::{Device, Tensor, TensorData};

use super::amplitude;
use super::record::{AttackResult, Attempt, AttemptResult, Predictions, Record};
use crate::attack::saliency::Direction;
use crate::attack::{Attack, AttackError, Ended, Gradient, Resident, Runs, read};
use crate::dataset::CLASSES;
use crate::network::Network;
use crate::network::softmax::argmax;

/// Runs the attempts of one chunk.
pub struct Worker {
    task: usize,
    attack: Option<Attack>,
    network: Network,
    target_models: Vec<Network>,
    /// The images of the attempts, one after another.
    images: Vec<f32>,
    /// The attempts and their numbers in the experiment.
    attempts: Vec<(usize, Attempt)>,
    /// The place of the first attempt that has not started.
    next: usize,
    batch: Option<Batch>,
}

/// The attacks that run at the same time.
struct Batch {
    active: ActiveRuns,
    /// The place of the first one's attempt.
    first: usize,
}

/// Runs whose images stay on the device, or are read back at every step because the host makes the choice.
enum ActiveRuns {
    Resident(Box<Resident>),
    Stepwise { runs: Runs, first_gradients: Vec<FirstGradient> },
}

/// Counts of a run's first gradient.
#[derive(Clone, Copy, Default)]
struct FirstGradient {
    zeros: Option<usize>,
    admissible: Option<usize>,
}

impl Worker {
    /// Runs at the same time: enough to keep every core busy, few enough to fit into some hundred
    /// megabytes.
    const BATCH: usize = 100;

    pub(super) fn new(
        task: usize,
        attack: Option<Attack>,
        network: Network,
        target_models: Vec<Network>,
        images: Vec<f32>,
        attempts: Vec<(usize, Attempt)>,
    ) -> Self {
        Self { task, attack, network, target_models, images, attempts, next: 0, batch: None }
    }

    /// Attempts that have not ended yet.
    pub fn left(&self) -> usize {
        let active = self.batch.as_ref().map_or(0, |batch| batch.active.len());
        self.attempts.len() - self.next + active
    }

    /// Takes one step of every active run, and returns the records of those that end with it; `None`
    /// once all attempts have ended.
    ///
    /// # Errors
    /// As [`Attack::start`] and [`Runs::step`].
    pub async fn step(&mut self, device: &Device) -> Result<Option<Vec<Record>>, AttackError> {
        let Some(attack) = self.attack else { return self.measure(device).await };
        let mut batch = match self.batch.take() {
            Some(batch) => batch,
            None if self.next == self.attempts.len() => return Ok(None),
            None => self.start(attack)?,
        };
        let ended = batch.active.step(attack, &self.network, device).await?;
        let first = batch.first;
        if batch.active.len() > 0 {
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

    fn start(&mut self, attack: Attack) -> Result<Batch, AttackError> {
        let (features, taken) = (self.features(), self.take(Self::BATCH));
        let images = &self.images[taken.start * features..taken.end * features];
        let goals: Vec<_> = self.attempts[taken.clone()].iter().map(|of| of.1.goal).collect();
        let active = match Resident::start(attack, &self.network, images, &goals)? {
            Some(runs) => ActiveRuns::Resident(Box::new(runs)),
            None => ActiveRuns::Stepwise {
                runs: attack.start(&self.network, images, &goals)?,
                first_gradients: vec![FirstGradient::default(); goals.len()],
            },
        };
        Ok(Batch { active, first: taken.start })
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
        let mut predictions = vec![Vec::with_capacity(self.target_models.len()); ended.len()];
        for target_model in &self.target_models {
            let before = predict(target_model, device, &before).await?;
            let after = predict(target_model, device, &after).await?;
            for ((of_run, before), after) in predictions.iter_mut().zip(before).zip(after) {
                of_run.push(Predictions { before, after });
            }
        }
        let record = |(ended, predictions): (Ended, _)| {
            let place = first + ended.run;
            let (number, attempt) = self.attempts[place];
            let squares = ended.image.iter().zip(original(place));
            let squares = squares.map(|(&now, &then)| (f64::from(now) - f64::from(then)).powi(2));
            Record {
                task: self.task,
                attempt: number,
                result: AttemptResult::Attack(AttackResult {
                    image: attempt.image,
                    class: attempt.goal.class(),
                    outcome: ended.outcome,
                    changes: ended.changes,
                    features_changed: ended.features_changed,
                    distance: squares.sum::<f64>().sqrt(),
                    zeros: ended.zeros,
                    admissible: ended.admissible,
                    predictions,
                }),
            }
        };
        Ok(ended.into_iter().zip(predictions).map(record).collect())
    }

    /// Measures the gradients of the next images, for a task without an attack.
    async fn measure(&mut self, device: &Device) -> Result<Option<Vec<Record>>, AttackError> {
        let (features, taken) = (self.features(), self.take(Self::BATCH / CLASSES));
        if taken.is_empty() {
            return Ok(None);
        }
        let images = &self.images[taken.start * features..taken.end * features];
        let amplitudes = amplitude::measure(&self.network, device, images).await?;
        let attempts = self.attempts[taken].iter();
        let records = attempts.zip(amplitudes).map(|(&(attempt, _), amplitude)| Record {
            task: self.task,
            attempt,
            result: AttemptResult::Amplitude(amplitude),
        });
        Ok(Some(records.collect()))
    }
}

impl ActiveRuns {
    fn len(&self) -> usize {
        match self {
            Self::Resident(runs) => runs.len(),
            Self::Stepwise { runs, .. } => runs.len(),
        }
    }

    /// Takes one step of every run, and returns those that end with it.
    async fn step(
        &mut self,
        attack: Attack,
        network: &Network,
        device: &Device,
    ) -> Result<Vec<Ended>, AttackError> {
        let (runs, first_gradients) = match self {
            Self::Resident(runs) => return runs.step(network, device).await,
            Self::Stepwise { runs, first_gradients } => (runs, first_gradients),
        };
        let mut ended = Vec::new();
        for step in runs.step(network, device).await? {
            if let (0, Some(gradient)) = (step.iteration, &step.gradient) {
                first_gradients[step.run] = FirstGradient {
                    zeros: Some(gradient.zeros()),
                    admissible: attack.direction().map(|direction| admissible(gradient, direction)),
                };
            }
            if let Some(outcome) = step.outcome {
                let FirstGradient { zeros, admissible } = first_gradients[step.run];
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

/// The number of features whose saliency is above zero: changing one of them alone would help JSMA.
fn admissible(gradient: &Gradient, direction: Direction) -> usize {
    let sign = direction.sign();
    let others = gradient.others();
    let both = gradient.target.iter().zip(&others);
    both.filter(|&(&target, &others)| sign * target > 0.0 && sign * others < 0.0).count()
}

/// The class that a network predicts for each image.
async fn predict(
    network: &Network,
    device: &Device,
    images: &[f32],
) -> Result<Vec<usize>, AttackError> {
    let [channels, height, width] = network.dataset().spec().shape;
    let mut classes = Vec::new();
    for batch in images.chunks(Worker::BATCH * channels * height * width) {
        let count = batch.len() / (channels * height * width);
        let batch = TensorData::new(batch.to_vec(), [count, channels, height, width]);
        let logits = read(network.forward(Tensor::from_data(batch, device))).await?;
        classes.extend(logits.as_chunks::<CLASSES>().0.iter().map(argmax));
    }
    Ok(classes)
}
