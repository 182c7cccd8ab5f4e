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
    /// Attacks that have ended and whose records are not made yet, and the place of their batch's first
    /// attempt.
    ended: Option<(usize, Vec<Ended>)>,
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
        Self {
            task,
            attack,
            network,
            target_models,
            images,
            attempts,
            next: 0,
            batch: None,
            ended: None,
        }
    }

    /// Attempts that have not ended yet.
    pub fn left(&self) -> usize {
        let active = self.batch.as_ref().map_or(0, |batch| batch.active.len());
        let ended = self.ended.as_ref().map_or(0, |(_, ended)| ended.len());
        self.attempts.len() - self.next + active + ended
    }

    /// Takes one step of every active run, and returns the records of those that end with it; `None`
    /// once all attempts have ended.
    ///
    /// # Errors
    /// As [`Attack::start`] and [`Runs::step`]. No attempt is lost: another call goes on where this one
    /// failed.
    pub async fn step(&mut self, device: &Device) -> Result<Option<Vec<Record>>, AttackError> {
        let Some(attack) = self.attack else { return self.measure(device).await };
        if self.ended.is_none() {
            if self.batch.is_none() {
                if self.next == self.attempts.len() {
                    return Ok(None);
                }
                self.start(attack)?;
            }
            let Some(batch) = &mut self.batch else { return Ok(None) };
            let ended = batch.active.step(attack, &self.network, device).await?;
            self.ended = Some((batch.first, ended));
            if batch.active.len() == 0 {
                self.batch = None;
            }
        }
        let records = self.records(device).await?;
        self.ended = None;
        Ok(Some(records))
    }

    fn features(&self) -> usize {
        self.network.dataset().spec().features()
    }

    /// The places of the next attempts, `most` at most.
    fn upcoming(&self, most: usize) -> std::ops::Range<usize> {
        self.next..(self.next + most).min(self.attempts.len())
    }

    /// Starts the next batch.
    fn start(&mut self, attack: Attack) -> Result<(), AttackError> {
        let (features, taken) = (self.features(), self.upcoming(Self::BATCH));
        let images = &self.images[taken.start * features..taken.end * features];
        let goals: Vec<_> = self.attempts[taken.clone()].iter().map(|of| of.1.goal).collect();
        let active = match Resident::start(attack, &self.network, images, &goals)? {
            Some(runs) => ActiveRuns::Resident(Box::new(runs)),
            None => ActiveRuns::Stepwise {
                runs: attack.start(&self.network, images, &goals)?,
                first_gradients: vec![FirstGradient::default(); goals.len()],
            },
        };
        self.batch = Some(Batch { active, first: taken.start });
        self.next = taken.end;
        Ok(())
    }

    /// The records of the attacks that have ended.
    async fn records(&self, device: &Device) -> Result<Vec<Record>, AttackError> {
        let Some((first, ended)) = &self.ended else { return Ok(Vec::new()) };
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
        let record = |(ended, predictions): (&Ended, _)| {
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
        Ok(ended.iter().zip(predictions).map(record).collect())
    }

    /// Measures the gradients of the next images, for a task without an attack.
    async fn measure(&mut self, device: &Device) -> Result<Option<Vec<Record>>, AttackError> {
        let (features, taken) = (self.features(), self.upcoming(Self::BATCH / CLASSES));
        if taken.is_empty() {
            return Ok(None);
        }
        let images = &self.images[taken.start * features..taken.end * features];
        let amplitudes = amplitude::measure(&self.network, device, images).await?;
        self.next = taken.end;
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

/// A device that fails or lies at any answer: the error comes out, nothing is lost, and another call goes on.
#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::attack::faults::{self, Fault};
    use crate::experiment::{Chunk, Experiment, Kind, Source, Subject, Task};
    use crate::network::manifest::{Entry, Role};

    const FAULTS: [Fault; 9] = [
        Fault::Lost,
        Fault::Short,
        Fault::NotANumber,
        Fault::Finding(7.0),
        Fault::Finding(0.5),
        Fault::Finding(-1.0),
        Fault::Feature(-1.0),
        Fault::Feature(784.0),
        Fault::Feature(1.5),
    ];

    /// The undefended network of MNIST.
    fn subject(device: &Device) -> Subject {
        let manifest = std::fs::read("www/models/manifest.json").expect("the manifest is there");
        let entries: Vec<Entry> = serde_json::from_slice(&manifest).expect("the manifest is JSON");
        let is_wanted =
            |entry: &Entry| entry.role == Role::Undefended && entry.id.starts_with("mnist");
        let entry = entries.into_iter().find(is_wanted).expect("it is published");
        let file = std::fs::read(format!("www/models/{}", entry.file)).expect("its file is there");
        let network = entry.load(&file, device).expect("the file is the published one");
        Subject::new(entry, &network, 1.0)
    }

    fn experiment(kind: Kind, attack: Option<Value>, device: &Device) -> Experiment {
        let subject = subject(device);
        let attack = attack.map(|of| serde_json::from_value(of).expect("it is an attack"));
        let target_models = if kind == Kind::Transfer { vec![subject.clone()] } else { Vec::new() };
        let pixel = |at: usize| if at % 28 / 4 == at / 28 / 7 { 1.0 } else { 0.0 };
        let images = (0..2 * 784).map(|at| pixel(at % 784) * if at < 784 { 1.0 } else { 0.5 });
        let task = Task { subject, attack };
        let source = Source::default();
        let experiment =
            Experiment::new(kind, vec![task], target_models, images.collect(), vec![1, 4], source);
        experiment.expect("it can be planned")
    }

    /// All records, going on after every error, and the errors.
    fn records(experiment: &Experiment, device: &Device) -> (Vec<Record>, Vec<AttackError>) {
        let all = Chunk { task: 0, from: 0, to: experiment.attempts().len() };
        let mut worker = experiment.start(all, &[]).expect("the chunk is its own");
        let (mut records, mut errors) = (Vec::new(), Vec::new());
        loop {
            assert_eq!(worker.left() + records.len(), experiment.attempts().len());
            match pollster::block_on(worker.step(device)) {
                Ok(Some(ended)) => records.extend(ended),
                Ok(None) => break,
                Err(error) => errors.push(error),
            }
            assert!(errors.len() <= 1, "{errors:?}");
        }
        records.sort_by_key(|record| record.attempt);
        (records, errors)
    }

    #[test]
    fn what_fails_is_not_consumed_and_a_device_is_not_trusted() {
        let device = Device::flex();
        let jsma = |attack: &str| {
            Some(json!({"attack": attack, "direction": "increase", "theta": 1, "budget": 8}))
        };
        for (kind, attack) in [
            (Kind::Success, jsma("jsma-f")),
            (Kind::Success, jsma("jsma-z")),
            (Kind::Transfer, jsma("jsma-f")),
            (Kind::Fgsm, Some(json!({"attack": "fgsm", "epsilon": 0.3}))),
            (Kind::Amplitude, None),
        ] {
            let experiment = experiment(kind, attack.clone(), &device);
            let (expected, errors) = records(&experiment, &device);
            assert!(errors.is_empty() && expected.len() == experiment.attempts().len());
            for fault in FAULTS {
                for answers in 0.. {
                    faults::after(answers, fault);
                    let (found, errors) = records(&experiment, &device);
                    let about = format!("{attack:?}, {fault:?} after {answers}");
                    assert_eq!(found, expected, "{about}");
                    if faults::clear() {
                        // There were no more answers.
                        break;
                    }
                    assert!(matches!(errors[..], [AttackError::Device(_)]), "{about}: {errors:?}");
                }
            }
        }
    }

    /// An error that is there at every call does not make the experiment end.
    #[test]
    fn settings_out_of_range_are_refused_at_every_call() {
        let device = Device::flex();
        let attack = json!({"attack": "jsma-z", "direction": "increase", "theta": 0, "budget": 8});
        let experiment = experiment(Kind::Success, Some(attack), &device);
        let all = Chunk { task: 0, from: 0, to: experiment.attempts().len() };
        let mut worker = experiment.start(all, &[]).expect("the chunk is its own");
        for _ in 0..3 {
            let error = pollster::block_on(worker.step(&device)).expect_err("θ is above 0");
            assert!(matches!(error, AttackError::Setting { name: "theta", .. }), "{error}");
            assert_eq!(worker.left(), experiment.attempts().len());
        }
    }
}
