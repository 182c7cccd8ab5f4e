//! Carlini and Wagner's L2 attack (2016, *Towards Evaluating the Robustness of Neural Networks*,
//! section VI.A).
//!
//! It minimises ‖δ‖² + c · f (see [`cw`](super)) in several descents, with a binary search for c: c is
//! multiplied by ten after a descent that found nothing, and halfway between the largest c that found
//! nothing and the smallest that found something from then on. The result is the shortest δ of all
//! descents with which the network predicts the target by a margin of at least κ; it is evaluated once
//! more at the end. The attack uses the logits, whose gradient does not vanish at any temperature.
//!
//! # Against the paper and the authors' code
//! - The defaults are 5 binary search steps of 200 iterations at a learning rate of 0.1; the authors'
//!   code has 9 of up to 10,000 at 0.01 ([`CwL2::PAPER`]). The defaults are enough to succeed, but the
//!   result is longer.
//! - By default c starts from the first gradient, so that the scale of the logits does not matter
//!   ([`ConstScale::Gradient`]); in the authors' code it starts at 0.001 on every network.
//! - A descent always makes all its iterations; the authors' code stops when the loss hardly falls.
//! - Every descent starts at the original image. No run stops at its goal early.
//! - If the first gradient is exactly zero in every entry, the run ends:
//!   [`GradientVanished`](Outcome::GradientVanished). If nothing is found in the end:
//!   [`BudgetSpent`](Outcome::BudgetSpent).

use serde::{Deserialize, Serialize};

use super::{
    CONFIDENCE, CONST_SCALE, ConstScale, Descent, FACTS, ITERATIONS, LEARNING_RATE, has_margin,
    initial_const, margin_cotangent,
};
use crate::attack::facts::Facts;
use crate::attack::goal::Goal;
use crate::attack::method::{Method, Settings};
use crate::attack::outcome::Outcome;
use crate::attack::run::{Choice, Cotangent, Gradient, Logits, Run};
use crate::attack::setting::{Most, Setting, number};

/// The settings of Carlini and Wagner's L2 attack.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "attack", rename = "cw-l2", default)]
pub struct CwL2 {
    /// κ, by how many logits the target should exceed all others, from 0 to 1e6.
    #[serde(deserialize_with = "number")]
    pub confidence: f32,
    /// Steps of each descent, from 1 to 10,000.
    pub iterations: usize,
    /// The number of descents, each with its own c, from 1 to 20.
    #[serde(rename = "searches")]
    pub binary_search_steps: usize,
    /// The learning rate of Adam, above 0 and at most 1.
    #[serde(deserialize_with = "number")]
    pub learning_rate: f32,
    /// The first c, from 1e-6 to 1e6.
    #[serde(rename = "c", deserialize_with = "number")]
    pub initial_const: f32,
    /// The unit of c.
    #[serde(
        rename = "c_scale",
        default = "ConstScale::left_out",
        skip_serializing_if = "ConstScale::is_left_out"
    )]
    pub const_scale: ConstScale,
}

impl CwL2 {
    /// The settings of the authors' code, without its early stop.
    pub const PAPER: Self = Self {
        confidence: 0.0,
        iterations: 10_000,
        binary_search_steps: 9,
        learning_rate: 0.01,
        initial_const: 0.001,
        const_scale: ConstScale::Fixed,
    };
}

impl Default for CwL2 {
    fn default() -> Self {
        Self {
            confidence: 0.0,
            iterations: 200,
            binary_search_steps: 5,
            learning_rate: 0.1,
            initial_const: 1.0,
            const_scale: ConstScale::Gradient,
        }
    }
}

const BINARY_SEARCH_STEPS: Setting = Setting::integer("searches", 1.0, Most::Number(20.0), 5.0)
    .optional()
    .words("number of searches", "The number of descents, each with its own c.");

const L2: Facts = Facts {
    settings: &[
        CONFIDENCE,
        ITERATIONS,
        BINARY_SEARCH_STEPS,
        LEARNING_RATE,
        initial_const(1e6),
        CONST_SCALE,
    ],
    ..FACTS
};

impl Settings for CwL2 {
    const FACTS: &'static [Facts] = &[L2];
    const THOROUGH: Option<Self> = Some(Self::PAPER);
}

/// The state of the binary search for c.
struct Search {
    descent: Descent,
    /// The current c, in this unit.
    c: f64,
    unit: f64,
    /// The largest c that found nothing, and the smallest that found something.
    bounds: (f64, f64),
    /// Whether the current c has found something.
    found: bool,
    /// The shortest change so far: its squared length, and the image.
    best: Option<(f64, Vec<f32>)>,
}

impl Method for CwL2 {
    fn facts(&self) -> &'static Facts {
        &L2
    }

    fn max_steps(&self) -> usize {
        self.binary_search_steps * (self.iterations + 1)
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
        let mut search = match run.take_state::<Search>() {
            Some(search) => search,
            None if gradient.zeros() == gradient.target.len() => {
                return Err(Outcome::GradientVanished);
            }
            None => Box::new(Search {
                descent: Descent::from(&run.original),
                c: self.initial_const.into(),
                unit: self.const_scale.unit(logits, run.goal, self.confidence, gradient),
                bounds: (0.0, f64::INFINITY),
                found: false,
                best: None,
            }),
        };
        let enough = has_margin(logits, run.goal, self.confidence);
        if enough {
            let length = run.distance_squared();
            search.found = true;
            if search.best.as_ref().is_none_or(|best| length < best.0) {
                search.best = Some((length, run.image.clone()));
            }
        }
        if run.iteration % (self.iterations + 1) < self.iterations {
            let margin = (!enough).then_some(gradient);
            let c = search.c * search.unit;
            search.descent.step(&run.original, c, margin, self.learning_rate.into());
            run.image = search.descent.image(&run.original);
        } else if run.iteration + 1 < self.max_steps() {
            search.choose_next_c();
            search.descent = Descent::from(&run.original);
            run.image = run.original.clone();
        } else {
            run.image = search.best.take().ok_or(Outcome::BudgetSpent)?.1;
        }
        run.keep(search);
        Ok(None)
    }
}

impl Search {
    fn choose_next_c(&mut self) {
        let (low, high) = &mut self.bounds;
        match std::mem::take(&mut self.found) {
            true => *high = high.min(self.c),
            false => *low = low.max(self.c),
        }
        self.c = if high.is_finite() { 0.5 * (*low + *high) } else { 10.0 * self.c };
    }
}
