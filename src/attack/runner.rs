//! A batch of runs of any attack: the loop that all attacks share.
//!
//! # What each step does, in this order
//! 1. The network classifies the image. If the goal is reached (the first of equal logits counts), the run
//!    ends as [`Fooled`](Outcome::Fooled), or as [`AlreadyTarget`](Outcome::AlreadyTarget) if nothing
//!    has been changed yet.
//! 2. If the attack has made all its steps, the run ends as [`BudgetSpent`](Outcome::BudgetSpent).
//! 3. The gradient is computed, one backward row for each of the attack's cotangents.
//! 4. The attack changes the image, or ends the run.
//!
//! # Numbers
//! Cotangents, gradients and pixels are 32-bit numbers, as in the papers' experiments, because this
//! decides the outcome. Cotangents are computed on the host from ten logits, in the same arithmetic on
//! every engine. A run depends only on the settings, its image and its goal, and not on its place in the
//! batch or on other runs.

use burn::tensor::{Device, Tensor, TensorData};
use serde_json::Value;

use super::device::read;
use super::error::{AttackError, check_pixels};
use super::goal::Goal;
use super::method::Method;
use super::outcome::Outcome;
use super::run::{Choice, Gradient, Logits, Run};
use crate::dataset::CLASSES;
use crate::network::Network;
use crate::network::backward::{Activations, Pass};
use crate::network::softmax::{argmax, softmax_row};

/// One image of one run, evaluated.
///
/// The first step of a run has the original image, and the last one has an outcome.
#[derive(Clone, Debug)]
pub struct Step {
    /// The run's number in the batch, from 0.
    pub run: usize,
    /// Changes made so far.
    pub iteration: usize,
    /// The image, in [0, 1], channel after channel, row after row.
    pub image: Vec<f32>,
    /// The network's logits for it.
    pub logits: [f32; CLASSES],
    /// softmax(z) at T = 1, in 32 bits.
    pub probabilities: [f32; CLASSES],
    /// The number of features that differ from the original.
    pub features_changed: usize,
    /// The gradient used for this step; `None` if the run ended before it was needed, and for an attack
    /// without a gradient.
    pub gradient: Option<Gradient>,
    /// The features that the attack chose at this image and changes in the next step's image; `None` if it
    /// changes nothing more, and for an attack that changes all features at once.
    pub choice: Option<Choice>,
    /// How the run ended, if it ended with this image.
    pub outcome: Option<Outcome>,
}

/// The most runs of a batch. A run of CIFAR-10's network takes about two megabytes.
pub const MOST_RUNS: usize = 1000;

/// The active runs of a batch. A run that ends is removed.
pub struct Runs {
    method: Box<dyn Method>,
    active: Vec<Run>,
    /// Those of the active runs' images before their last change.
    before: Option<Activations>,
}

impl Runs {
    /// Starts one run for each goal, as [`Attack::start`](super::Attack::start) describes. `values` are the
    /// settings as JSON.
    pub(super) fn start(
        method: Box<dyn Method>,
        values: &Value,
        features: usize,
        images: &[f32],
        goals: &[Goal],
    ) -> Result<Self, AttackError> {
        for setting in method.checked_settings() {
            setting.check(&values[setting.key], features)?;
        }
        for &goal in goals {
            if goal.class() >= CLASSES {
                return Err(AttackError::Target(goal.class()));
            }
            let facts = method.facts();
            if matches!(goal, Goal::Untargeted(_)) && !facts.untargeted {
                return Err(AttackError::Untargeted(facts.id));
            }
        }
        if goals.len() > MOST_RUNS {
            return Err(AttackError::Runs(goals.len()));
        }
        let expected = goals.len() * features;
        if images.len() != expected {
            let (targets, found) = (goals.len(), images.len());
            return Err(AttackError::Pixels { targets, features, expected, found });
        }
        check_pixels(images)?;
        let runs = images.chunks_exact(features).zip(goals).enumerate();
        let active = runs.map(|(index, (image, &goal))| Run::new(index, goal, image)).collect();
        Ok(Self { method, active, before: None })
    }

    /// Continues runs that were interrupted, for instance because their device was lost.
    ///
    /// Start the runs with their last images, and call this before the first step. `originals` are the
    /// images before any change, one after another, and `iterations` the changes made since, one number for
    /// each run.
    ///
    /// # Errors
    /// The attack keeps more from step to step than its image ([`Facts::resumable`](super::Facts)); the number
    /// of originals or iterations is not the number of runs; a pixel is not in [0, 1].
    pub fn resumed(mut self, originals: &[f32], iterations: &[usize]) -> Result<Self, AttackError> {
        let facts = self.method.facts();
        if !facts.resumable {
            return Err(AttackError::NotResumable(facts.id));
        }
        let (targets, found) = (self.active.len(), originals.len());
        let expected: usize = self.active.iter().map(|run| run.image.len()).sum();
        if found != expected {
            let features = expected / targets.max(1);
            return Err(AttackError::Pixels { targets, features, expected, found });
        }
        if iterations.len() != targets {
            return Err(AttackError::Iterations { expected: targets, found: iterations.len() });
        }
        check_pixels(originals)?;
        let mut originals = originals;
        for (run, &iteration) in self.active.iter_mut().zip(iterations) {
            let (original, rest) = originals.split_at(run.image.len());
            originals = rest;
            run.original = original.to_vec();
            run.iteration = iteration;
        }
        Ok(self)
    }

    /// The runs, before their first step.
    pub(super) fn into_runs(self) -> Vec<Run> {
        self.active
    }

    /// The number of active runs.
    pub fn len(&self) -> usize {
        self.active.len()
    }

    /// Whether all runs have ended.
    pub fn is_empty(&self) -> bool {
        self.active.is_empty()
    }

    /// Evaluates every active run once, on the device that holds the network, and returns one step for
    /// each, in the order of the batch.
    ///
    /// It takes one forward pass, and the attack's backward rows unless all runs end before.
    ///
    /// # Errors
    /// [`AttackError::Device`] if the device is lost. The runs are then as they were before.
    pub async fn step(
        &mut self,
        network: &Network,
        device: &Device,
    ) -> Result<Vec<Step>, AttackError> {
        if self.active.is_empty() {
            return Ok(Vec::new());
        }
        let pass = Pass::after(network, self.images(network, device), self.before.as_ref());
        let logits = read(pass.logits()).await?;
        let (logits, _) = logits.as_chunks::<CLASSES>();
        let ends: Vec<_> =
            self.active.iter().zip(logits).map(|(run, z)| self.end(run, z)).collect();
        // Leaving out the runs that end here would cost a copy of all activations.
        let gradients = match ends.iter().any(Option::is_none) {
            true => self.gradients(&pass, logits, device).await?,
            false => vec![Gradient::default(); self.active.len()],
        };
        let steps = self.advance(logits, ends, gradients);
        let active = (0..steps.len()).filter(|&place| steps[place].outcome.is_none());
        self.before = pass.into_activations(&active.collect::<Vec<_>>());
        Ok(steps)
    }

    /// `[runs, channels, height, width]`
    fn images(&self, network: &Network, device: &Device) -> Tensor<4> {
        let [channels, height, width] = network.dataset().spec().shape;
        let pixels: Vec<f32> = self.active.iter().flat_map(|run| &run.image).copied().collect();
        let shape = [self.active.len(), channels, height, width];
        Tensor::from_data(TensorData::new(pixels, shape), device)
    }

    /// The outcome of a run that needs no gradient to end.
    fn end(&self, run: &Run, logits: &Logits) -> Option<Outcome> {
        let is_over = run.is_over || run.iteration >= self.method.max_steps();
        match run.goal.is_reached(argmax(logits)) {
            true if run.iteration == 0 => Some(Outcome::AlreadyTarget),
            true if is_over || self.method.stops_at_goal() => Some(Outcome::Fooled),
            _ => is_over.then_some(Outcome::BudgetSpent),
        }
    }

    async fn gradients(
        &self,
        pass: &Pass<'_>,
        logits: &[Logits],
        device: &Device,
    ) -> Result<Vec<Gradient>, AttackError> {
        let (runs, rows) = (self.active.len(), self.method.facts().backward_rows);
        if rows == 0 {
            return Ok(vec![Gradient::default(); runs]);
        }
        let cotangents = self.active.iter().zip(logits);
        let cotangents = cotangents.map(|(run, z)| self.method.cotangents(z, run.goal));
        let cotangents: Vec<_> = cotangents.collect();
        let by_row = (0..rows).flat_map(|row| cotangents.iter().flat_map(move |of| of[row]));
        let by_row = TensorData::new(by_row.collect::<Vec<f32>>(), [rows * runs, CLASSES]);
        let found = read(pass.rows(Tensor::from_data(by_row, device))).await?;
        let features = found.len() / (rows * runs);
        let row =
            |row: usize, run: usize| found[(row * runs + run) * features..][..features].to_vec();
        let gradient =
            |run| Gradient { target: row(0, run), others: (rows > 1).then(|| row(1, run)) };
        Ok((0..runs).map(gradient).collect())
    }

    /// Makes a step of every run that has not ended, and drops the runs that have.
    fn advance(
        &mut self,
        logits: &[Logits],
        ends: Vec<Option<Outcome>>,
        gradients: Vec<Gradient>,
    ) -> Vec<Step> {
        let mut steps = Vec::with_capacity(self.active.len());
        let mut evaluated = logits.iter().zip(ends).zip(gradients);
        self.active.retain_mut(|run| {
            let Some(((&logits, outcome), gradient)) = evaluated.next() else { return false };
            let mut step = Step {
                run: run.index,
                iteration: run.iteration,
                image: run.image.clone(),
                logits,
                probabilities: softmax_row(&logits, 1.0),
                features_changed: run.features_changed(),
                gradient: None,
                choice: None,
                outcome,
            };
            if outcome.is_none() {
                match self.method.step(run, &logits, &gradient) {
                    Ok(choice) => step.choice = choice,
                    Err(outcome) => step.outcome = Some(outcome),
                }
                run.iteration += 1;
                step.gradient = (!gradient.target.is_empty()).then_some(gradient);
            }
            let is_active = step.outcome.is_none();
            steps.push(step);
            is_active
        });
        steps
    }
}
