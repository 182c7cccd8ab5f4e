//! Carlini and Wagner's L0 attack (2016, *Towards Evaluating the Robustness of Neural Networks*, section
//! VI.B).
//!
//! It works in rounds. A round minimises ‖δ‖² + c · f (see [`cw`](super)) over the features that are
//! still free, until the network predicts the target by a margin of at least κ. Then the features that
//! matter least, by |g_i · δ_i| with g the gradient of f there, are set back to their originals for good,
//! and the next round starts from where this one ended. A round that finds nothing starts again with
//! twice the c. The result is the last image that was found; it is evaluated once more at the end.
//!
//! # Against the paper and the authors' code
//! - A round ends with the first image that is good enough, as in the authors' code. By default it has
//!   200 iterations at a learning rate of 0.1, where theirs has 1,000 at 0.01 ([`CwL0::PAPER`]).
//! - By default c starts from the first gradient, so that the scale of the logits does not matter
//!   ([`ConstScale::Gradient`]); in the authors' code it starts at 0.001 on every network.
//! - The paper sets back one feature a round. Here those that moved by less than 1e-4 are set back
//!   together, and of the n others the ⌊0.3 √n⌋ that matter least, one at least. The authors' code goes
//!   through all free features in ascending order, including those that never moved, and ends after
//!   0.3 √n or at the first whose score is above 0.01.
//! - The score has the gradient of f by the pixel, as in the paper; in the authors' code it is that of
//!   the whole loss by w.
//! - With a larger c a round starts again from its start; in the authors' code it continues.
//! - Each channel of a pixel is a feature of its own; the paper counts pixels of colour images.
//! - `limit` bounds the steps of all rounds together, so that the time of a run is bounded.
//! - If the first gradient is exactly zero in every entry, the run ends:
//!   [`GradientVanished`](Outcome::GradientVanished). If nothing is found in the end:
//!   [`BudgetSpent`](Outcome::BudgetSpent).

use serde::{Deserialize, Serialize};

use super::{
    CONFIDENCE, CONST_SCALE, ConstScale, Descent, FACTS, ITERATIONS, LEARNING_RATE, has_margin,
    initial_const, margin_cotangent,
};
use crate::attack::facts::{Facts, Norm};
use crate::attack::goal::Goal;
use crate::attack::method::{Method, Settings};
use crate::attack::outcome::Outcome;
use crate::attack::run::{Choice, Cotangent, Gradient, Logits, Run};
use crate::attack::setting::{Most, Setting, number};

/// The settings of Carlini and Wagner's L0 attack.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "attack", rename = "cw-l0", default)]
pub struct CwL0 {
    /// κ, by how many logits the target should exceed all others, from 0 to 1e6.
    #[serde(deserialize_with = "number")]
    pub confidence: f32,
    /// Steps of a round before c is doubled, from 1 to 10,000.
    pub iterations: usize,
    /// Steps of all rounds together, from 1 to 1,000,000.
    pub limit: usize,
    /// The learning rate of Adam, above 0 and at most 1.
    #[serde(deserialize_with = "number")]
    pub learning_rate: f32,
    /// The first c, from 1e-6 to 1e7.
    #[serde(rename = "c", deserialize_with = "number")]
    pub initial_const: f32,
    /// The largest c, from 1e-6 to 1e7.
    #[serde(rename = "largest_c", deserialize_with = "number")]
    pub largest_const: f32,
    /// The unit of both c.
    #[serde(
        rename = "c_scale",
        default = "ConstScale::left_out",
        skip_serializing_if = "ConstScale::is_left_out"
    )]
    pub const_scale: ConstScale,
}

impl CwL0 {
    /// The iterations, the learning rate and the range of c of the authors' code.
    pub const PAPER: Self = Self {
        confidence: 0.0,
        iterations: 1000,
        limit: 1_000_000,
        learning_rate: 0.01,
        initial_const: 0.001,
        largest_const: 2e6,
        const_scale: ConstScale::Fixed,
    };
}

impl Default for CwL0 {
    fn default() -> Self {
        Self {
            confidence: 0.0,
            iterations: 200,
            limit: 3000,
            learning_rate: 0.1,
            initial_const: 1.0,
            largest_const: 64.0,
            const_scale: ConstScale::Gradient,
        }
    }
}

const LIMIT: Setting = Setting::integer("limit", 1.0, Most::Number(1e6), 3000.0)
    .optional()
    .unit("steps")
    .words("limit of steps", "Steps of all rounds together.");

const LARGEST_CONST: Setting = Setting::number("largest_c", 1e-6, 1e7, 64.0)
    .optional()
    .words("largest c", "c is doubled up to it.");

const L0: Facts = Facts {
    id: "cw-l0",
    summary: "Carlini and Wagner's attack that changes the fewest features",
    norm: Norm::L0,
    step_cost: 1300,
    settings: &[
        CONFIDENCE,
        ITERATIONS,
        LIMIT,
        LEARNING_RATE,
        initial_const(1e7),
        LARGEST_CONST,
        CONST_SCALE,
    ],
    ..FACTS
};

impl Settings for CwL0 {
    const FACTS: &'static [Facts] = &[L0];
    const THOROUGH: Option<Self> = Some(Self::PAPER);
}

/// The state of the current round.
struct Rounds {
    /// Where the round started.
    start: Descent,
    descent: Descent,
    /// Steps made with the current c.
    steps: usize,
    /// The current c, in this unit.
    c: f64,
    unit: f64,
    /// The last image that reached the target by the margin.
    best: Option<Vec<f32>>,
}

impl Method for CwL0 {
    fn facts(&self) -> &'static Facts {
        &L0
    }

    fn max_steps(&self) -> usize {
        self.limit
    }

    fn stops_at_goal(&self) -> bool {
        false
    }

    fn cotangents(&self, logits: &Logits, goal: Goal) -> Vec<Cotangent> {
        vec![margin_cotangent(logits, goal)]
    }

    fn step(
        &self,
        run: &mut Run,
        logits: &Logits,
        gradient: &Gradient,
    ) -> Result<Option<Choice>, Outcome> {
        let mut rounds = match run.take_state::<Rounds>() {
            Some(rounds) => rounds,
            None if gradient.zeros() == gradient.target.len() => {
                return Err(Outcome::GradientVanished);
            }
            None => {
                let start = Descent::from(&run.original);
                let (descent, c) = (start.clone(), self.initial_const.into());
                let unit = self.const_scale.unit(logits, run.goal, self.confidence, gradient);
                Box::new(Rounds { start, descent, steps: 0, c, unit, best: None })
            }
        };
        let continues = if has_margin(logits, run.goal, self.confidence) {
            rounds.best = Some(run.image.clone());
            rounds.start_next(run, gradient)
        } else if rounds.steps < self.iterations {
            let (c, learning_rate) = (rounds.c * rounds.unit, self.learning_rate.into());
            rounds.descent.step(&run.original, c, Some(gradient), learning_rate);
            rounds.steps += 1;
            true
        } else {
            rounds.c *= 2.0;
            (rounds.descent, rounds.steps) = (rounds.start.clone(), 0);
            rounds.c <= f64::from(self.largest_const)
        };
        if continues && run.iteration + 1 < self.limit {
            run.image = rounds.descent.image(&run.original);
        } else {
            run.image = rounds.best.take().ok_or(Outcome::BudgetSpent)?;
            run.is_over = true;
        }
        run.keep(rounds);
        Ok(None)
    }
}

impl Rounds {
    /// Starts a round without the features that matter least; false if no feature would be left.
    fn start_next(&mut self, run: &Run, gradient: &Gradient) -> bool {
        let moved = |i: usize| (run.image[i] - run.original[i]).abs();
        let importance = |i: usize| gradient.target[i].abs() * moved(i);
        let (mut left, unmoved): (Vec<_>, Vec<_>) =
            self.descent.free().partition(|&i| moved(i) >= 1e-4);
        left.sort_by(|&i, &j| importance(i).total_cmp(&importance(j)));
        let least = ((0.3 * (left.len() as f64).sqrt()) as usize).max(1).min(left.len());
        for &feature in unmoved.iter().chain(&left[..least]) {
            self.descent.freeze(feature);
        }
        self.descent.restart();
        self.start = self.descent.clone();
        self.steps = 0;
        least < left.len()
    }
}
