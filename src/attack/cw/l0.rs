//! Carlini and Wagner's attack on the fewest features (2016, *Towards Evaluating the Robustness of
//! Neural Networks*, section VI).
//!
//! It goes in rounds. A round descends ‖δ‖² + c · f (see [`descent`](super::descent)) over the
//! features that are still free until the network takes the image for the target by at least κ. Then
//! the features that matter least, by |g_i · δ_i| with g the gradient of f there, are put back to
//! their originals for good, and the next round starts from where this one ended. A round that finds
//! nothing starts again with twice the c. The last image that was found is the result, and is read
//! once more at the end.
//!
//! # Against the paper and the authors' code
//! - A round ends with the first image that is good enough, as in theirs, and has 200 iterations at a
//!   rate of 0.1 by default, where theirs has 1,000 at 0.01 ([`CwL0::PAPER`]).
//! - The paper puts back one feature a round. Here those that moved by less than 1e-4 are put back
//!   together, and of the n others the ⌊0.3 √n⌋ that matter least, one at least. Their code goes
//!   through all free features from the least upwards, those that never moved among them, and ends
//!   after 0.3 √n or at the first whose score is above 0.01.
//! - The score has the gradient of f by the pixel, as in the paper; in their code it is that of the
//!   whole loss by the w that is descended over.
//! - With a larger c a round starts again from its beginning; theirs goes on from where it is.
//! - Each channel of a pixel is a feature of its own; the paper counts pixels of colour images.
//! - `limit` holds the steps of all rounds together, so that a run ends in a time that is known.
//! - Is the first gradient exactly zero in every entry: [`GradientVanished`](Outcome::GradientVanished).
//!   Is nothing found in the end: [`BudgetSpent`](Outcome::BudgetSpent).

use serde::{Deserialize, Serialize};

use super::{Descent, check, has_margin, seed};
use crate::attack::runner::{Choice, Gradient, Memory, Method, Row, Run};
use crate::attack::{AttackError, Goal, Outcome, number};

/// The settings of Carlini and Wagner's L0 attack.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "attack", rename = "cw-l0", default)]
pub struct CwL0 {
    /// κ, by how much the target's logit should lead, from 0 to 1e6.
    #[serde(deserialize_with = "number")]
    pub confidence: f32,
    /// Steps of a round before c is doubled, from 1 to 10,000.
    pub iterations: usize,
    /// Steps of all rounds together, from 1 to 1,000,000.
    pub limit: usize,
    /// Of Adam, above 0 and at most 1.
    #[serde(deserialize_with = "number")]
    pub learning_rate: f32,
    /// The first c, from 1e-6 to 1e7.
    #[serde(deserialize_with = "number")]
    pub c: f32,
    /// The largest c, from 1e-6 to 1e7.
    #[serde(deserialize_with = "number")]
    pub largest_c: f32,
}

impl CwL0 {
    /// The iterations, the rate and the range of c of the authors' code.
    pub const PAPER: Self = Self {
        confidence: 0.0,
        iterations: 1000,
        limit: 1_000_000,
        learning_rate: 0.01,
        c: 0.001,
        largest_c: 2e6,
    };
}

impl Default for CwL0 {
    fn default() -> Self {
        Self {
            confidence: 0.0,
            iterations: 200,
            limit: 3000,
            learning_rate: 0.1,
            c: 1.0,
            largest_c: 64.0,
        }
    }
}

/// What a run remembers of its rounds.
pub(in crate::attack) struct Rounds {
    /// Where the present round began.
    start: Descent,
    descent: Descent,
    /// Steps that it has taken with the present c.
    taken: usize,
    c: f64,
    /// The last image that was good enough.
    best: Option<Vec<f32>>,
}

impl Method for CwL0 {
    fn check(&self, _: usize) -> Result<(), AttackError> {
        check("confidence", self.confidence.into(), 0.0..=1e6)?;
        check("number of iterations", self.iterations as f64, 1.0..=10_000.0)?;
        check("limit of steps", self.limit as f64, 1.0..=1e6)?;
        check("learning rate", self.learning_rate.into(), f64::MIN_POSITIVE..=1.0)?;
        check("constant c", self.c.into(), 1e-6..=1e7)?;
        check("largest c", self.largest_c.into(), 1e-6..=1e7)
    }

    fn changes(&self) -> usize {
        self.limit
    }

    fn ends_at_its_goal(&self) -> bool {
        false
    }

    fn seeds(&self, logits: &Row, goal: Goal) -> Vec<Row> {
        vec![seed(logits, goal)]
    }

    fn change(
        &self,
        run: &mut Run,
        logits: &Row,
        gradient: &Gradient,
    ) -> Result<Option<Choice>, Outcome> {
        let mut rounds = match std::mem::take(&mut run.memory) {
            Memory::L0(rounds) => rounds,
            _ if gradient.zeros() == gradient.target.len() => {
                return Err(Outcome::GradientVanished);
            }
            _ => {
                let start = Descent::from(&run.original);
                let (descent, c) = (start.clone(), self.c.into());
                Box::new(Rounds { start, descent, taken: 0, c, best: None })
            }
        };
        let goes_on = if has_margin(logits, run.goal, self.confidence) {
            rounds.best = Some(run.image.clone());
            rounds.put_back(run, gradient)
        } else if rounds.taken < self.iterations {
            let rate = self.learning_rate.into();
            rounds.descent.step(&run.original, rounds.c, Some(gradient), rate);
            rounds.taken += 1;
            true
        } else {
            rounds.c *= 2.0;
            (rounds.descent, rounds.taken) = (rounds.start.clone(), 0);
            rounds.c <= f64::from(self.largest_c)
        };
        if goes_on && run.iteration + 1 < self.limit {
            run.image = rounds.descent.image(&run.original);
        } else {
            run.image = rounds.best.take().ok_or(Outcome::BudgetSpent)?;
            run.is_over = true;
        }
        run.memory = Memory::L0(rounds);
        Ok(None)
    }
}

impl Rounds {
    /// Begins a round without the features that matter least; false if none would be left.
    fn put_back(&mut self, run: &Run, gradient: &Gradient) -> bool {
        let moved = |i: usize| (run.image[i] - run.original[i]).abs();
        let matters = |i: usize| gradient.target[i].abs() * moved(i);
        let (mut left, idle): (Vec<_>, Vec<_>) =
            self.descent.free().partition(|&i| moved(i) >= 1e-4);
        left.sort_by(|&i, &j| matters(i).total_cmp(&matters(j)));
        let least = ((0.3 * (left.len() as f64).sqrt()) as usize).max(1).min(left.len());
        for &feature in idle.iter().chain(&left[..least]) {
            self.descent.freeze(feature);
        }
        self.descent.restart();
        self.start = self.descent.clone();
        self.taken = 0;
        least < left.len()
    }
}
