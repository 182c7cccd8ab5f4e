//! The Jacobian-based Saliency Map Attack (Papernot et al. 2015, *The Limitations of Deep Learning
//! in Adversarial Settings*, Algorithms 2 and 3), on a batch of runs.
//!
//! The attack as published differentiates the logits ([`Output::Logits`], JSMA-Z). The paper on
//! defensive distillation attacked its networks through the softmax at T = 1 instead
//! ([`Output::Probabilities`], JSMA-F), and that is why the defence seemed to hold. Carlini and
//! Wagner (2016, *Defensive Distillation is Not Robust to Adversarial Examples*) divide the logits
//! by the temperature of the training first ([`Output::Tempered`], JSMA-T), and it no longer does.
//! A temperature below 1 does the opposite: JSMA-T at T = 1/k on a network is JSMA-F on the same
//! network with its logits multiplied by k, a defence that nobody trained.
//!
//! # What each step does, in this order
//! 1. The network reads the image. Is it the target (the first of equal logits counts), the run is
//!    over: [`Fooled`](Outcome::Fooled), or [`AlreadyTarget`](Outcome::AlreadyTarget) if nothing was
//!    changed yet.
//! 2. Have ⌊budget / 2⌋ pairs been changed: [`BudgetSpent`](Outcome::BudgetSpent).
//! 3. The search domain Γ is every feature that can still move in the attack's direction: below 1 to
//!    increase, above 0 to decrease. A feature that reaches its bound leaves, and one that starts
//!    there never enters, since changing it would change nothing. With fewer than two left:
//!    [`NoAdmissiblePair`](Outcome::NoAdmissiblePair).
//! 4. The gradient is computed. Is it exactly zero all over Γ:
//!    [`GradientVanished`](Outcome::GradientVanished).
//! 5. The best pair of Γ is chosen as [`saliency`](super::saliency) says. Is there none:
//!    [`NoAdmissiblePair`](Outcome::NoAdmissiblePair). The papers leave this open; stopping is the
//!    one answer that changes nothing without a reason.
//! 6. θ is added to both features (or taken away), and they are held to [0, 1].
//!
//! # Numbers
//! A derivative of an output is a row vector times ∂logits/∂x, so each variant is its *seeds*, the
//! row vectors, and nothing else:
//! - JSMA-Z needs two: e_t for the target and 1 − e_t for the others together.
//! - JSMA-F and JSMA-T need one: ∂F_t/∂z_j = F_j (1{j = t} − F_t) / T. Since the probabilities sum
//!   to one, the others' row is exactly the target's with its sign turned, β = −α, and is never
//!   computed by a sum, which would round to something else once one probability rounds to 1.
//!
//! Seeds and gradients are 32-bit numbers, as in the paper's experiments, because this decides the
//! outcome: at a logit gap of about 104 the seed of JSMA-F is exactly zero, and with it every
//! gradient. Distillation at a temperature T multiplies the gaps by about T.

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::saliency::{Direction, best_pair};
use super::{AttackError, Budget, Gradient, Outcome, Step, check_pixels};
use crate::dataset::CLASSES;
use crate::distill::{argmax, softmax_row};
use crate::jacobian::Pass;
use crate::model::Network;

/// What the attack differentiates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "train", derive(clap::ValueEnum))]
pub enum Output {
    /// The softmax output at T = 1 (JSMA-F), as in the paper on distillation.
    #[serde(rename = "jsma-f")]
    #[cfg_attr(feature = "train", value(name = "jsma-f"))]
    Probabilities,
    /// softmax(z / T) at the attack's own temperature (JSMA-T), as in the rebuttal.
    #[serde(rename = "jsma-t")]
    #[cfg_attr(feature = "train", value(name = "jsma-t"))]
    Tempered,
    /// The logits (JSMA-Z), as in the paper on the attack.
    #[serde(rename = "jsma-z")]
    #[cfg_attr(feature = "train", value(name = "jsma-z"))]
    Logits,
}

/// The settings of the attack.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Jsma {
    /// What is differentiated.
    #[serde(rename = "attack")]
    pub output: Output,
    /// T of the softmax that JSMA-T differentiates, above 0. JSMA-F and JSMA-Z have no use for it.
    #[serde(rename = "attack_temperature")]
    pub temperature: f32,
    /// Whether features grow or shrink.
    pub direction: Direction,
    /// By how much a feature changes at a time, in (0, 1].
    pub theta: f32,
    /// How many features may change.
    pub budget: Budget,
}

impl Jsma {
    /// The attack of the paper on distillation: full steps up, 112 features.
    pub const PAPER: Self = Self {
        output: Output::Probabilities,
        temperature: 1.0,
        direction: Direction::Increase,
        theta: 1.0,
        budget: Budget::PAPER,
    };

    /// Begins one run for each target.
    ///
    /// `images` holds the images one after another, pixels in [0, 1]; `targets` the class that each
    /// should be mistaken for. Nothing is computed yet.
    ///
    /// # Errors
    /// Settings out of range, a target that is no class, pixels that are too few, too many or not
    /// in [0, 1].
    pub fn start(
        self,
        network: &Network,
        images: &[f32],
        targets: &[usize],
    ) -> Result<Runs, AttackError> {
        let features = network.dataset().spec().features();
        if !(self.theta > 0.0 && self.theta <= 1.0) {
            return Err(AttackError::Theta(self.theta));
        }
        if !(self.temperature > 0.0 && self.temperature.is_finite()) {
            return Err(AttackError::Temperature(self.temperature));
        }
        if self.budget.features > features {
            return Err(AttackError::Budget { budget: self.budget.features, features });
        }
        if let Some(&target) = targets.iter().find(|&&target| target >= CLASSES) {
            return Err(AttackError::Target(target));
        }
        let expected = targets.len() * features;
        if images.len() != expected {
            let (targets, found) = (targets.len(), images.len());
            return Err(AttackError::Pixels { targets, features, expected, found });
        }
        check_pixels(images)?;
        let runs = images.chunks_exact(features).zip(targets).enumerate();
        let going = runs
            .map(|(index, (image, &target))| Run {
                index,
                target,
                iteration: 0,
                original: image.to_vec(),
                image: image.to_vec(),
            })
            .collect();
        Ok(Runs { settings: self, going })
    }

    /// The rows to pull back through the network, given what it read: one or two.
    fn seeds(self, logits: &[f32; CLASSES], target: usize) -> Vec<[f32; CLASSES]> {
        let is_target = |j: usize| if j == target { 1.0 } else { 0.0 };
        let of_softmax = |temperature: f32| -> [f32; CLASSES] {
            let f = softmax_row(logits, temperature);
            std::array::from_fn(|j| f[j] * (is_target(j) - f[target]) / temperature)
        };
        match self.output {
            Output::Probabilities => vec![of_softmax(1.0)],
            Output::Tempered => vec![of_softmax(self.temperature)],
            Output::Logits => {
                vec![std::array::from_fn(is_target), std::array::from_fn(|j| 1.0 - is_target(j))]
            }
        }
    }
}

/// The runs of a batch that are still going. Those that ended have left it.
pub struct Runs {
    settings: Jsma,
    going: Vec<Run>,
}

struct Run {
    index: usize,
    target: usize,
    iteration: usize,
    original: Vec<f32>,
    image: Vec<f32>,
}

impl Runs {
    /// How many runs are still going.
    pub fn len(&self) -> usize {
        self.going.len()
    }

    /// Whether all have ended.
    pub fn is_empty(&self) -> bool {
        self.going.is_empty()
    }

    /// Evaluates every run that is still going once, on the device that holds the network, and
    /// returns one step for each, in the order of the batch.
    ///
    /// Costs one forward pass, and one backward row (JSMA-F, JSMA-T) or two (JSMA-Z) for the runs that the
    /// forward pass did not end.
    ///
    /// # Errors
    /// The device's, if it is lost on the way. The runs are then as they were before.
    pub async fn step(
        &mut self,
        network: &Network,
        device: &Device,
    ) -> Result<Vec<Step>, AttackError> {
        if self.going.is_empty() {
            return Ok(Vec::new());
        }
        let pass = Pass::new(network, self.images(network, device));
        let logits = read(pass.logits()).await?;
        let logits = logits.as_chunks::<CLASSES>().0;

        // The rows are computed for the whole batch, also for runs that just ended: their share
        // is small, and selecting the others would cost a copy of everything remembered.
        let wanted =
            self.going.iter().zip(logits).any(|(run, z)| self.end_before(run, z).is_none());
        let gradients = match wanted {
            true => self.gradients(&pass, logits, device).await?,
            false => self.going.iter().map(|_| None).collect(),
        };
        Ok(self.advance(logits, gradients))
    }

    /// `[runs, channels, height, width]`
    fn images(&self, network: &Network, device: &Device) -> Tensor<4> {
        let [channels, height, width] = network.dataset().spec().shape;
        let pixels: Vec<f32> = self.going.iter().flat_map(|run| &run.image).copied().collect();
        let shape = [self.going.len(), channels, height, width];
        Tensor::from_data(TensorData::new(pixels, shape), device)
    }

    async fn gradients(
        &self,
        pass: &Pass<'_>,
        logits: &[[f32; CLASSES]],
        device: &Device,
    ) -> Result<Vec<Option<Gradient>>, AttackError> {
        let runs = self.going.len();
        let seeds: Vec<_> = self
            .going
            .iter()
            .zip(logits)
            .map(|(run, z)| self.settings.seeds(z, run.target))
            .collect();
        let rows = seeds[0].len();
        let by_row = (0..rows).flat_map(|row| seeds.iter().flat_map(move |seeds| seeds[row]));
        let shape = [rows * runs, CLASSES];
        let by_row = TensorData::new(by_row.collect::<Vec<f32>>(), shape);
        let gradients = read(pass.rows(Tensor::from_data(by_row, device))).await?;
        let features = gradients.len() / (rows * runs);
        let row = |row: usize, run: usize| &gradients[(row * runs + run) * features..][..features];
        let gradient = |run| {
            let target = row(0, run).to_vec();
            let others = match self.settings.output {
                Output::Logits => row(1, run).to_vec(),
                Output::Probabilities | Output::Tempered => target.iter().map(|a| -a).collect(),
            };
            Some(Gradient { target, others })
        };
        Ok((0..runs).map(gradient).collect())
    }

    /// Moves every run on by what the network said, and drops those that ended.
    fn advance(
        &mut self,
        logits: &[[f32; CLASSES]],
        gradients: Vec<Option<Gradient>>,
    ) -> Vec<Step> {
        let settings = self.settings;
        let mut steps = Vec::with_capacity(self.going.len());
        let mut evaluated = logits.iter().zip(gradients);
        let mut going = std::mem::take(&mut self.going);
        going.retain_mut(|run| {
            let Some((&logits, gradient)) = evaluated.next() else { return false };
            let mut step = Step {
                run: run.index,
                iteration: run.iteration,
                image: run.image.clone(),
                logits,
                probabilities: softmax_row(&logits, 1.0),
                features_changed: run.features_changed(),
                gradient: None,
                pair: None,
                outcome: self.end_before(run, &logits),
            };
            if step.outcome.is_none()
                && let Some(gradient) = gradient
            {
                match run.choose(&gradient, settings.direction) {
                    Ok(pair) => {
                        step.pair = Some(pair);
                        run.change([pair.p, pair.q], settings.direction.sign() * settings.theta);
                    }
                    Err(outcome) => step.outcome = Some(outcome),
                }
                step.gradient = Some(gradient);
            }
            let goes_on = step.outcome.is_none();
            steps.push(step);
            goes_on
        });
        self.going = going;
        steps
    }

    /// The outcome of a run that needs no gradient to end.
    fn end_before(&self, run: &Run, logits: &[f32; CLASSES]) -> Option<Outcome> {
        if argmax(logits) == run.target {
            return Some(match run.iteration {
                0 => Outcome::AlreadyTarget,
                _ => Outcome::Fooled,
            });
        }
        if run.iteration >= self.settings.budget.pairs() {
            return Some(Outcome::BudgetSpent);
        }
        (run.domain(self.settings.direction).len() < 2).then_some(Outcome::NoAdmissiblePair)
    }
}

impl Run {
    /// Γ, in ascending order.
    fn domain(&self, direction: Direction) -> Vec<usize> {
        let can_move = |&i: &usize| match direction {
            Direction::Increase => self.image[i] < 1.0,
            Direction::Decrease => self.image[i] > 0.0,
        };
        (0..self.image.len()).filter(can_move).collect()
    }

    fn choose(
        &self,
        gradient: &Gradient,
        direction: Direction,
    ) -> Result<super::saliency::Pair, Outcome> {
        let domain = self.domain(direction);
        let (a, b) = (&gradient.target, &gradient.others);
        if domain.iter().all(|&i| a[i] == 0.0 && b[i] == 0.0) {
            return Err(Outcome::GradientVanished);
        }
        best_pair(a, b, &domain, direction).ok_or(Outcome::NoAdmissiblePair)
    }

    fn change(&mut self, features: [usize; 2], by: f32) {
        for feature in features {
            self.image[feature] = (self.image[feature] + by).clamp(0.0, 1.0);
        }
        self.iteration += 1;
    }

    fn features_changed(&self) -> usize {
        self.image.iter().zip(&self.original).filter(|(now, then)| now != then).count()
    }
}

/// A tensor's numbers, read back without blocking.
async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, AttackError> {
    let data = tensor.into_data_async().await;
    let data = data.map_err(|error| AttackError::Device(format!("{error:?}")))?;
    Ok(data.iter::<f32>().collect())
}
