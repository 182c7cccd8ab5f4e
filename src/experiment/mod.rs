//! The paper's measurements: many attacks, counted.
//!
//! A [`Campaign`] is a stepper like the attacks that it is made of, so that the command line and
//! the browser can show its progress and stop it. It hands out each attack as it ends; what many of
//! them add up to is a [`Tally`].

mod statistics;
mod transfer;

pub use statistics::wilson;
pub use transfer::{Reader, Transfer};

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::attack::{Attack, AttackError, Goal, Outcome, Runs, Step};
use crate::dataset::CLASSES;
use crate::model::Network;
use statistics::mean;

/// One image to attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which image of the campaign.
    pub image: usize,
    /// What it should be mistaken for.
    pub goal: Goal,
}

/// The paper's protocol: every image towards each of the nine classes that it does not show.
pub fn all_targets(labels: &[u8]) -> Vec<Attempt> {
    let towards = |(image, &label): (usize, &u8)| {
        let others = (0..CLASSES).filter(move |&class| class != usize::from(label));
        others.map(move |target| Attempt { image, goal: Goal::Target(target) })
    };
    labels.iter().enumerate().flat_map(towards).collect()
}

/// Every image once, towards anything but the class that it shows.
pub fn untargeted(labels: &[u8]) -> Vec<Attempt> {
    let away = |(image, &label)| Attempt { image, goal: Goal::Untargeted(usize::from(label)) };
    labels.iter().enumerate().map(away).collect()
}

/// Many attacks on one network, a batch at a time.
pub struct Campaign<'a> {
    attack: Attack,
    images: &'a [f32],
    waiting: std::slice::Chunks<'a, Attempt>,
    /// The batch that is under way, and what it is made of.
    runs: Option<(Runs, &'a [Attempt])>,
    /// What has ended so far.
    pub tally: Tally,
}

/// An attack of a campaign that has ended.
pub struct Ended {
    /// What was attempted.
    pub attempt: Attempt,
    /// Its last step, which has the outcome.
    pub step: Step,
}

impl<'a> Campaign<'a> {
    /// Runs that go on at the same time: enough to keep every core busy, few enough to fit into
    /// some hundred megabytes.
    const BATCH: usize = 100;

    /// Plans the attempts on images that follow one another in `images`, pixels in [0, 1].
    pub fn new(attack: Attack, images: &'a [f32], attempts: &'a [Attempt]) -> Self {
        let waiting = attempts.chunks(Self::BATCH);
        Self { attack, images, waiting, runs: None, tally: Tally::default() }
    }

    /// One step of every run of the current batch, and the attacks that ended with it; `None` once
    /// all have.
    ///
    /// # Errors
    /// As [`Attack::start`] and [`Runs::step`].
    pub async fn step(
        &mut self,
        network: &Network,
        device: &Device,
    ) -> Result<Option<Vec<Ended>>, AttackError> {
        let (mut runs, attempts) = match self.runs.take() {
            Some(under_way) => under_way,
            None => match self.waiting.next() {
                Some(attempts) => (self.start(network, attempts)?, attempts),
                None => return Ok(None),
            },
        };
        let features = network.dataset().spec().features();
        let mut ended = Vec::new();
        for step in runs.step(network, device).await? {
            if step.outcome.is_some() {
                self.tally.count(&step, features);
                ended.push(Ended { attempt: attempts[step.run], step });
            }
        }
        if !runs.is_empty() {
            self.runs = Some((runs, attempts));
        }
        Ok(Some(ended))
    }

    fn start(&self, network: &Network, attempts: &[Attempt]) -> Result<Runs, AttackError> {
        let features = network.dataset().spec().features();
        let pixels = |attempt: &Attempt| &self.images[attempt.image * features..][..features];
        let images: Vec<f32> = attempts.iter().flat_map(pixels).copied().collect();
        let goals: Vec<_> = attempts.iter().map(|attempt| attempt.goal).collect();
        self.attack.start(network, &images, &goals)
    }
}

/// How many attacks ended how, and at what cost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Attacks by outcome.
    pub outcomes: Outcomes,
    /// Attacks whose image the network took for the target from the start. They are not attempts.
    pub already_target: usize,
    steps: usize,
    changed_by_all: f64,
    changed_by_successes: f64,
}

/// Attempts by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// The network read the target.
    pub fooled: usize,
    /// The budget was used up first.
    pub budget_spent: usize,
    /// No features were admissible.
    pub no_admissible_pair: usize,
    /// Every gradient entry was exactly zero.
    pub gradient_vanished: usize,
}

impl Tally {
    /// Takes account of a run's last step; all others are passed over.
    fn count(&mut self, step: &Step, features: usize) {
        let Some(outcome) = step.outcome else { return };
        let counter = match outcome {
            Outcome::Fooled => &mut self.outcomes.fooled,
            Outcome::BudgetSpent => &mut self.outcomes.budget_spent,
            Outcome::NoAdmissiblePair => &mut self.outcomes.no_admissible_pair,
            Outcome::GradientVanished => &mut self.outcomes.gradient_vanished,
            Outcome::AlreadyTarget => &mut self.already_target,
        };
        *counter += 1;
        let changed = step.features_changed as f64 / features as f64;
        self.changed_by_all += changed;
        self.steps += step.iteration;
        if outcome == Outcome::Fooled {
            self.changed_by_successes += changed;
        }
    }

    /// Attacks that ended, other than by being at their target from the start.
    pub fn attempts(&self) -> usize {
        let Outcomes { fooled, budget_spent, no_admissible_pair, gradient_vanished } =
            self.outcomes;
        fooled + budget_spent + no_admissible_pair + gradient_vanished
    }

    /// All attacks that ended.
    pub fn ended(&self) -> usize {
        self.attempts() + self.already_target
    }

    /// Share of the attempts that fooled the network.
    pub fn rate(&self) -> f64 {
        mean(self.outcomes.fooled as f64, self.attempts())
    }

    /// The rate's 95 % interval by Wilson's score.
    pub fn interval(&self) -> [f64; 2] {
        wilson(self.outcomes.fooled, self.attempts())
    }

    /// Mean share of the features that were changed, over all attempts, however they ended.
    pub fn distortion_all(&self) -> f64 {
        mean(self.changed_by_all, self.attempts())
    }

    /// Mean share of the features that were changed where the network was fooled; `None` if it
    /// never was.
    pub fn distortion_successes(&self) -> Option<f64> {
        let fooled = self.outcomes.fooled;
        (fooled > 0).then(|| mean(self.changed_by_successes, fooled))
    }

    /// Mean number of changes made, over all attempts.
    pub fn steps(&self) -> f64 {
        mean(self.steps as f64, self.attempts())
    }
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
