//! Carlini and Wagner's attack of least Euclidean length (2016, *Towards Evaluating the Robustness of
//! Neural Networks*, section V).
//!
//! It descends ‖δ‖² + c · f (see [`descent`](super::descent)) for some iterations, with a c that is
//! searched for: ten times as large after a descent that found nothing, and between the largest that
//! found nothing and the smallest that found something from then on. The shortest δ of all descents
//! that the network takes for the target by at least κ is the result, and is read once more at the
//! end. It works on logits, which have a gradient at any temperature.
//!
//! # Against the paper and the authors' code
//! - By default 5 searches of 200 iterations at a rate of 0.1, from c = 1, where the paper has up to
//!   9 of 10,000 at 0.01, from 0.001 ([`CwL2::PAPER`]): enough to succeed, not to be as short.
//! - A descent always takes all its iterations; the authors' stops when it hardly gains any more.
//! - Every descent starts at the original image. No run ends at its goal before its time.
//! - Is the first gradient exactly zero in every entry: [`GradientVanished`](Outcome::GradientVanished).
//!   Is nothing found in the end: [`BudgetSpent`](Outcome::BudgetSpent).

use serde::{Deserialize, Serialize};

use super::{Descent, check, has_margin, seed};
use crate::attack::runner::{Choice, Gradient, Memory, Method, Row, Run};
use crate::attack::{AttackError, Goal, Outcome, number};

/// The settings of Carlini and Wagner's L2 attack.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "attack", rename = "cw-l2", default)]
pub struct CwL2 {
    /// κ, by how much the target's logit should lead, from 0 to 1e6.
    #[serde(deserialize_with = "number")]
    pub confidence: f32,
    /// Steps of each descent, from 1 to 10,000.
    pub iterations: usize,
    /// Values of c that are tried, from 1 to 20.
    pub searches: usize,
    /// Of Adam, above 0 and at most 1.
    #[serde(deserialize_with = "number")]
    pub learning_rate: f32,
    /// The first c, from 1e-6 to 1e6.
    #[serde(deserialize_with = "number")]
    pub c: f32,
}

impl CwL2 {
    /// The paper's, but for stopping early.
    pub const PAPER: Self =
        Self { confidence: 0.0, iterations: 10_000, searches: 9, learning_rate: 0.01, c: 0.001 };
}

impl Default for CwL2 {
    fn default() -> Self {
        Self { confidence: 0.0, iterations: 200, searches: 5, learning_rate: 0.1, c: 1.0 }
    }
}

/// What a run remembers of its search for c.
pub(in crate::attack) struct Search {
    descent: Descent,
    c: f64,
    /// The largest c that found nothing, and the smallest that found something.
    bounds: (f64, f64),
    /// Whether the present c has found something.
    found: bool,
    /// The shortest of all, and the square of its length.
    best: Option<(f64, Vec<f32>)>,
}

impl Method for CwL2 {
    fn check(&self, _: usize) -> Result<(), AttackError> {
        check("confidence", self.confidence.into(), 0.0..=1e6)?;
        check("number of iterations", self.iterations as f64, 1.0..=10_000.0)?;
        check("number of searches", self.searches as f64, 1.0..=20.0)?;
        check("learning rate", self.learning_rate.into(), f64::MIN_POSITIVE..=1.0)?;
        check("constant c", self.c.into(), 1e-6..=1e6)
    }

    fn changes(&self) -> usize {
        self.searches * (self.iterations + 1)
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
        let mut search = match std::mem::take(&mut run.memory) {
            Memory::L2(search) => search,
            _ if gradient.zeros() == gradient.target.len() => {
                return Err(Outcome::GradientVanished);
            }
            _ => Box::new(Search {
                descent: Descent::from(&run.original),
                c: self.c.into(),
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
            let pull = (!enough).then_some(gradient);
            search.descent.step(&run.original, search.c, pull, self.learning_rate.into());
            run.image = search.descent.image(&run.original);
        } else if run.iteration + 1 < self.changes() {
            search.try_another_c();
            search.descent = Descent::from(&run.original);
            run.image = run.original.clone();
        } else {
            run.image = search.best.take().ok_or(Outcome::BudgetSpent)?.1;
        }
        run.memory = Memory::L2(search);
        Ok(None)
    }
}

impl Search {
    fn try_another_c(&mut self) {
        let (low, high) = &mut self.bounds;
        match std::mem::take(&mut self.found) {
            true => *high = high.min(self.c),
            false => *low = low.max(self.c),
        }
        self.c = if high.is_finite() { 0.5 * (*low + *high) } else { 10.0 * self.c };
    }
}
