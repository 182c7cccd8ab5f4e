//! JSMA on many images at once, with all data on the device that holds the network.
//!
//! [`Runs`] returns the image and the gradient of every step, since the page shows them. An experiment
//! with hundreds of attacks needs only the end of each. So it keeps the images on the device: the device
//! chooses the pair ([`PairChoice`]) and changes the image, and each step reads back ten logits and five
//! numbers for each run, in one message.
//!
//! The host computes the cotangents from the logits that it reads back. It does so in the same arithmetic
//! on every engine, because their last bits decide whether a gradient vanishes. If the device cannot
//! decide which pair is best (see [`PairChoice`]), the host chooses it by the rule of
//! [`saliency`](super::saliency).
//!
//! This works for the attacks that differentiate probabilities, JSMA-F and JSMA-T. JSMA-Z scores a pair by
//! a product of two rows in 64 bits, and WebGPU has no 64-bit numbers.

#[cfg(feature = "flex")]
mod cpu;
#[cfg(any(feature = "vulkan", feature = "webgpu"))]
mod gpu;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::cotangent::of_softmax;
use super::device::{read, read_together};
use super::error::AttackError;
use super::jsma::Jsma;
use super::method::Method;
use super::outcome::Outcome;
use super::run::{Logits, Run};
use super::runner::Runs;
use super::saliency::{Direction, best_pair};
use crate::dataset::CLASSES;
use crate::network::Network;
use crate::network::backward::{Activations, Pass};
use crate::network::softmax::argmax;

/// What a backend has to provide. Images and gradients are `[runs, channels, height, width]`.
///
/// A pair is chosen from two rows, here the gradient a and −a. So the best pair has the two largest
/// entries of a (when decreasing, the two smallest), and among equal entries the first. The rule in 64 bits
/// chooses the same pair, unless the second entry is smaller than the first by a factor of 2²⁴ or more:
/// then the first and the second may have the same sum as the first and a third.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    Cube: cfg(any(feature = "vulkan", feature = "webgpu")),
)]
pub trait PairChoice: Backend {
    /// Five numbers for each run, `[runs, 5]`: a [`Finding`], the pair in ascending order (−1 twice if
    /// there is none), how many entries of the gradient are exactly zero, and how many have the sign of
    /// the direction. `sign` is 1 to increase features and −1 to decrease them.
    fn choose_pairs(
        gradient: FloatTensor<Self>,
        images: FloatTensor<Self>,
        originals: FloatTensor<Self>,
        sign: f32,
    ) -> FloatTensor<Self>;

    /// The images with `step` added to both features of each pair, clamped to [0, 1]. `chosen` is the
    /// result of [`PairChoice::choose_pairs`]; `step` is θ, negative to decrease features.
    fn shift_pairs(
        images: FloatTensor<Self>,
        chosen: FloatTensor<Self>,
        step: f32,
    ) -> FloatTensor<Self>;
}

/// Numbers for each run in what [`PairChoice::choose_pairs`] returns.
const NUMBERS: usize = 5;

/// The result of the search for a pair in a run's gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finding {
    Pair,
    NoAdmissiblePair,
    GradientVanished,
    /// The device cannot decide which pair is best. The host has to choose.
    Unsure,
}

impl Finding {
    const ALL: [Self; 4] =
        [Self::Pair, Self::NoAdmissiblePair, Self::GradientVanished, Self::Unsure];

    /// The number that stands for it in a tensor.
    const fn number(self) -> f32 {
        self as u8 as f32
    }
}

/// How a run ended, and counts of its first gradient.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The run's number in the batch, from 0.
    pub run: usize,
    /// How it ended.
    pub outcome: Outcome,
    /// Changes made.
    pub changes: usize,
    /// Features that differ from the original.
    pub features_changed: usize,
    /// The last image.
    pub image: Vec<f32>,
    /// Entries of the first gradient that are exactly zero; `None` if no gradient was computed.
    pub zeros: Option<usize>,
    /// Entries of the first gradient that have the sign of the direction; `None` if no gradient was
    /// computed.
    pub admissible: Option<usize>,
}

/// A batch of runs whose images stay on the device.
pub struct Resident {
    settings: Jsma,
    /// The active runs, in the order of the tensors' rows.
    active: Vec<HostRun>,
    state: Option<State>,
    /// Runs that have ended and were not returned yet.
    ended: Vec<Ended>,
}

/// The host's copy of a run.
struct HostRun {
    /// The run, with the image that the last message described.
    run: Run,
    zeros: Option<usize>,
    admissible: Option<usize>,
}

/// What is on the device, one row for each run.
struct State {
    images: Tensor<4>,
    originals: Tensor<4>,
    /// What [`PairChoice::choose_pairs`] returned in the last step, and the gradient that it was given.
    last: Option<(Tensor<2>, Tensor<4>)>,
    /// Those of the images before the last step.
    before: Option<Activations>,
}

impl Resident {
    /// Runs that have not made a step yet.
    pub(super) fn new(settings: Jsma, runs: Runs) -> Self {
        let runs = runs.into_runs().into_iter();
        let active = runs.map(|run| HostRun { run, zeros: None, admissible: None }).collect();
        Self { settings, active, state: None, ended: Vec::new() }
    }

    /// The number of runs that were not returned yet.
    pub fn len(&self) -> usize {
        self.active.len() + self.ended.len()
    }

    /// Whether all runs were returned.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Evaluates every active run once, as [`Runs::step`] does, and returns the runs that ended. If no pair
    /// can be chosen for a run, the next call returns it.
    ///
    /// # Errors
    /// [`AttackError::Device`] if the device is lost, or answers with what no device can mean. No run is
    /// lost: another call goes on from the host's images.
    pub async fn step(
        &mut self,
        network: &Network,
        device: &Device,
    ) -> Result<Vec<Ended>, AttackError> {
        while !self.active.is_empty() {
            let state = match self.state.take() {
                Some(state) => state,
                None => self.upload(network, device),
            };
            let pass = Pass::after(network, state.images.clone(), state.before.as_ref());
            let (logits, findings) = state.read(pass.logits()).await?;
            let mut ends = self.repeat_changes(&findings);
            if findings.iter().any(|found| found.finding == Finding::Unsure) {
                // The device has not changed the images for which the host chooses. So the host changes them,
                // and the loop uploads all images again.
                self.choose(&findings, &state, &mut ends).await?;
                self.drop_ended(&ends);
                continue;
            }
            for ((end, host), logits) in ends.iter_mut().zip(&self.active).zip(&logits) {
                *end = end.or_else(|| self.end(&host.run, logits));
            }
            let temperature = self.settings.softmax_temperature();
            let cotangents = self.active.iter().zip(&logits).zip(&ends);
            let cotangents = cotangents.flat_map(|((host, logits), end)| match end {
                None => of_softmax(logits, host.run.goal.class(), temperature),
                Some(_) => [0.0; CLASSES],
            });
            let cotangents = TensorData::new(cotangents.collect::<Vec<_>>(), [ends.len(), CLASSES]);
            self.drop_ended(&ends);
            if !self.active.is_empty() {
                let gradient = pass.rows(Tensor::from_data(cotangents, device));
                let active: Vec<_> = (0..ends.len()).filter(|&i| ends[i].is_none()).collect();
                let next = self.change(state, gradient, &active, device);
                self.state = Some(State { before: pass.into_activations(&active), ..next });
            }
            break;
        }
        Ok(std::mem::take(&mut self.ended))
    }

    fn upload(&self, network: &Network, device: &Device) -> State {
        let [channels, height, width] = network.dataset().spec().shape;
        let shape = [self.active.len(), channels, height, width];
        let tensor = |of: fn(&Run) -> &Vec<f32>| {
            let pixels = self.active.iter().flat_map(|host| of(&host.run)).copied();
            Tensor::from_data(TensorData::new(pixels.collect::<Vec<_>>(), shape), device)
        };
        let (images, originals) = (tensor(|run| &run.image), tensor(|run| &run.original));
        State { images, originals, last: None, before: None }
    }

    /// Repeats the device's changes on the host's images. Returns the outcomes of the runs for which the
    /// device found no pair.
    fn repeat_changes(&mut self, findings: &[Found]) -> Vec<Option<Outcome>> {
        let Jsma { direction, theta, .. } = self.settings;
        let mut ends = vec![None; self.active.len()];
        for ((host, end), found) in self.active.iter_mut().zip(&mut ends).zip(findings) {
            let run = &mut host.run;
            if run.iteration == 0 {
                (host.zeros, host.admissible) = (Some(found.zeros), Some(found.admissible));
            }
            match found.finding {
                Finding::Pair => run.change(found.pair, direction, theta),
                Finding::NoAdmissiblePair => *end = Some(Outcome::NoAdmissiblePair),
                Finding::GradientVanished => *end = Some(Outcome::GradientVanished),
                Finding::Unsure => {}
            }
        }
        ends
    }

    /// Chooses the pairs that the device could not decide on, from the device's gradients.
    async fn choose(
        &mut self,
        findings: &[Found],
        state: &State,
        ends: &mut [Option<Outcome>],
    ) -> Result<(), AttackError> {
        let Some((_, gradient)) = &state.last else { return Ok(()) };
        let gradients = read(gradient.clone()).await?;
        let Jsma { direction, theta, .. } = self.settings;
        let features = gradients.len() / self.active.len();
        let rows = gradients.chunks_exact(features);
        for (((host, end), found), a) in self.active.iter_mut().zip(ends).zip(findings).zip(rows) {
            if found.finding == Finding::Unsure {
                let b: Vec<_> = a.iter().map(|a| -a).collect();
                match best_pair(a, &b, &host.run.domain(direction), direction) {
                    Some(pair) => host.run.change([pair.p, pair.q], direction, theta),
                    None => *end = Some(Outcome::NoAdmissiblePair),
                }
            }
        }
        Ok(())
    }

    /// The outcome of a run that needs no gradient to end, as in [`Runs`].
    fn end(&self, run: &Run, logits: &Logits) -> Option<Outcome> {
        match run.goal.is_reached(argmax(logits)) {
            true if run.iteration == 0 => Some(Outcome::AlreadyTarget),
            true => Some(Outcome::Fooled),
            false => (run.iteration >= self.settings.max_steps()).then_some(Outcome::BudgetSpent),
        }
    }

    fn drop_ended(&mut self, ends: &[Option<Outcome>]) {
        let ended = &mut self.ended;
        let mut ends = ends.iter();
        self.active.retain_mut(|host| {
            let Some(&Some(outcome)) = ends.next() else { return true };
            ended.push(Ended {
                run: host.run.index,
                outcome,
                changes: host.run.iteration,
                features_changed: host.run.features_changed(),
                image: std::mem::take(&mut host.run.image),
                zeros: host.zeros,
                admissible: host.admissible,
            });
            false
        });
    }

    /// The next images of the runs that have not ended, whose places are given.
    fn change(
        &self,
        state: State,
        gradient: Tensor<4>,
        active: &[usize],
        device: &Device,
    ) -> State {
        let State { images, originals, .. } = state;
        let [batch, ..] = images.dims();
        let places: Vec<i32> = active.iter().map(|&place| place as i32).collect();
        let remaining = |tensor: Tensor<4>| match active.len() < batch {
            true => tensor.select(0, Tensor::<1, Int>::from_data(places.as_slice(), device)),
            false => tensor,
        };
        let [images, originals, gradient] = [images, originals, gradient].map(remaining);
        let sign = self.settings.direction.sign();
        let chosen = choose_pairs(gradient.clone(), images.clone(), originals.clone(), sign);
        let images = shift_pairs(images, chosen.clone(), sign * self.settings.theta);
        State { images, originals, last: Some((chosen, gradient)), before: None }
    }
}

impl State {
    /// Reads back the logits and, if there was a step before, its findings, in one message.
    async fn read(&self, logits: Tensor<2>) -> Result<(Vec<Logits>, Vec<Found>), AttackError> {
        let [_, channels, height, width] = self.images.dims();
        let chosen = self.last.as_ref().map(|(chosen, _)| chosen.clone());
        let parts = read_together(std::iter::once(logits).chain(chosen).collect()).await?;
        let mut parts = parts.into_iter();
        let logits = parts.next().unwrap_or_default();
        let chosen = parts.next().unwrap_or_default();
        let findings = chosen.as_chunks::<NUMBERS>().0.iter();
        let findings = findings.map(|numbers| Found::of(numbers, channels * height * width));
        Ok((logits.as_chunks::<CLASSES>().0.to_vec(), findings.collect::<Result<_, _>>()?))
    }
}

/// What [`PairChoice::choose_pairs`] returns for a run.
struct Found {
    finding: Finding,
    pair: [usize; 2],
    zeros: usize,
    admissible: usize,
}

impl Found {
    /// # Errors
    /// [`AttackError::Device`] for an unknown finding, a pair that is none, or a count above the number of
    /// features.
    fn of(
        numbers @ &[finding, p, q, zeros, admissible]: &[f32; NUMBERS],
        features: usize,
    ) -> Result<Self, AttackError> {
        let wrong = || AttackError::Device(format!("it chose no pair of features: {numbers:?}"));
        // `as` would turn −1 into 0, and half a feature into a whole one.
        let whole = |number: f32, most: usize| {
            let whole = number as usize;
            (whole as f32 == number && whole <= most).then_some(whole).ok_or_else(wrong)
        };
        let known = Finding::ALL.into_iter().find(|known| known.number() == finding);
        let finding = known.ok_or_else(wrong)?;
        let pair = match finding {
            Finding::Pair => [whole(p, features - 1)?, whole(q, features - 1)?],
            _ => [0, 0],
        };
        if finding == Finding::Pair && pair[0] >= pair[1] {
            return Err(wrong());
        }
        let (zeros, admissible) = (whole(zeros, features)?, whole(admissible, features)?);
        Ok(Self { finding, pair, zeros, admissible })
    }
}

fn choose_pairs(
    gradient: Tensor<4>,
    images: Tensor<4>,
    originals: Tensor<4>,
    sign: f32,
) -> Tensor<2> {
    let [gradient, images, originals] = [gradient, images, originals].map(Tensor::into_dispatch);
    Tensor::from_dispatch(<Dispatch as PairChoice>::choose_pairs(gradient, images, originals, sign))
}

fn shift_pairs(images: Tensor<4>, chosen: Tensor<2>, step: f32) -> Tensor<4> {
    let (images, chosen) = (images.into_dispatch(), chosen.into_dispatch());
    Tensor::from_dispatch(<Dispatch as PairChoice>::shift_pairs(images, chosen, step))
}

impl Run {
    fn change(&mut self, pair: [usize; 2], direction: Direction, theta: f32) {
        self.shift(&pair, direction, theta);
        self.iteration += 1;
    }
}
