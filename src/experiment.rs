//! The paper's measurements: many attacks, counted.
//!
//! A [`Campaign`] is a stepper like the attacks that it is made of, so that the command line and
//! the browser can show its progress and stop it. What it adds up to is a [`Tally`].

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::attack::{Attack, AttackError, Goal, Outcome, Runs, Step};
use crate::dataset::CLASSES;
use crate::model::Network;

/// One image to attack, towards one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which image of the campaign.
    pub image: usize,
    /// The class that it should be mistaken for.
    pub target: usize,
}

/// The paper's protocol: every image towards each of the nine classes that it does not show.
pub fn all_targets(labels: &[u8]) -> Vec<Attempt> {
    let towards = |(image, &label): (usize, &u8)| {
        let others = (0..CLASSES).filter(move |&class| class != usize::from(label));
        others.map(move |target| Attempt { image, target })
    };
    labels.iter().enumerate().flat_map(towards).collect()
}

/// Many attacks on one network, a batch at a time.
pub struct Campaign<'a> {
    attack: Attack,
    images: &'a [f32],
    waiting: std::slice::Chunks<'a, Attempt>,
    runs: Option<Runs>,
    /// What has ended so far.
    pub tally: Tally,
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

    /// One step of every run of the current batch; false once all attempts have ended.
    ///
    /// # Errors
    /// As [`Attack::start`] and [`Runs::step`].
    pub async fn step(&mut self, network: &Network, device: &Device) -> Result<bool, AttackError> {
        let mut runs = match self.runs.take() {
            Some(runs) => runs,
            None => match self.waiting.next() {
                Some(attempts) => self.start(network, attempts)?,
                None => return Ok(false),
            },
        };
        let features = network.dataset().spec().features();
        for step in runs.step(network, device).await? {
            self.tally.count(&step, features);
        }
        if !runs.is_empty() {
            self.runs = Some(runs);
        }
        Ok(true)
    }

    fn start(&self, network: &Network, attempts: &[Attempt]) -> Result<Runs, AttackError> {
        let features = network.dataset().spec().features();
        let pixels = |attempt: &Attempt| &self.images[attempt.image * features..][..features];
        let images: Vec<f32> = attempts.iter().flat_map(pixels).copied().collect();
        let goals: Vec<_> = attempts.iter().map(|attempt| Goal::Target(attempt.target)).collect();
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
    /// No pair of features was admissible.
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

    /// Mean number of pairs changed, over all attempts.
    pub fn steps(&self) -> f64 {
        mean(self.steps as f64, self.attempts())
    }
}

fn mean(sum: f64, count: usize) -> f64 {
    if count == 0 { 0.0 } else { sum / count as f64 }
}

/// Wilson's score interval of a share, at 95 %.
///
/// Unlike the usual mean ± 1.96 standard errors it stays within [0, 1] and says something sensible
/// of rates next to 0, where the distilled networks lie.
pub fn wilson(successes: usize, attempts: usize) -> [f64; 2] {
    if attempts == 0 {
        return [0.0, 1.0];
    }
    const Z: f64 = 1.959_963_984_540_054;
    let (n, share) = (attempts as f64, successes as f64 / attempts as f64);
    let centre = share + Z * Z / (2.0 * n);
    let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    [((centre - spread) / scale).max(0.0), ((centre + spread) / scale).min(1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_agrees_with_published_values() {
        // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
        for (successes, attempts, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let [found_low, found_high] = wilson(successes, attempts);
            assert!((found_low - low).abs() < 5e-5, "{successes}/{attempts}: {found_low}");
            assert!((found_high - high).abs() < 5e-5, "{successes}/{attempts}: {found_high}");
        }
        assert_eq!(wilson(0, 0), [0.0, 1.0]);
        assert_eq!(wilson(7, 7)[1], 1.0);
    }

    #[test]
    fn nine_targets_an_image_and_never_its_own_class() {
        let attempts = all_targets(&[7, 0]);
        assert_eq!(attempts.len(), 18);
        assert!(attempts.iter().all(|a| a.target != [7, 0][a.image]));
    }
}
