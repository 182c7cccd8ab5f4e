//! The search domain Γ: which features can still move, and how they are moved. Also three settings of the
//! attacks that choose features: direction, θ and budget.

use serde::{Deserialize, Serialize};

use super::run::Run;
use super::saliency::Direction;
use super::setting::{Most, Setting};
use crate::dataset::PAPER_BUDGET;

/// How many features an attack may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Budget {
    /// Features that may differ from the original at the end.
    pub features: usize,
}

impl Budget {
    /// The paper's 112 features, on either data set.
    pub const PAPER: Self = Self { features: PAPER_BUDGET };

    /// The pairs that may be changed: max_iter of JSMA's Algorithm 2, ⌊features · Υ / (2 · 100)⌋.
    pub fn pairs(self) -> usize {
        self.features / 2
    }
}

/// Which way features move, for an attack that moves all features one way.
pub(super) const DIRECTION: Setting = Setting::choice("direction", &["increase", "decrease"])
    .words("direction", "Which way features move.");

/// θ.
pub(super) const THETA: Setting = Setting::number("theta", 0.0, 1.0, 1.0)
    .above_min()
    .unit("pixel")
    .page(0.01, Most::Number(1.0), 0.01, 1.0)
    .words("step θ", "By how much a feature changes at a time, in units of the pixel's range.");

/// The budget in features.
pub(super) const BUDGET: Setting =
    Setting::integer("budget", 0.0, Most::Features, Budget::PAPER.features as f64)
        .unit("features")
        .page(0.0, Most::Features, 1.0, 112.0)
        .words("budget", "How many features may change.");

/// Whether a feature can move in this direction. Its value is `now`, and was `then` in the original image.
///
/// A feature below 1 can increase, and a feature above 0 can decrease. A feature that the attack has moved
/// to 0 or 1 cannot move again, so an attack that moves features both ways never undoes a change.
pub(super) fn can_move(now: f32, then: f32, direction: Direction) -> bool {
    let saturated = now != then && (now == 0.0 || now == 1.0);
    let bound = match direction {
        Direction::Increase => 1.0,
        Direction::Decrease => 0.0,
    };
    now != bound && !saturated
}

impl Run {
    /// The search domain Γ in ascending order: every feature that [can move](can_move).
    pub fn domain(&self, direction: Direction) -> Vec<usize> {
        let pixels = self.image.iter().zip(&self.original).enumerate();
        let movable = pixels.filter(|&(_, (&now, &then))| can_move(now, then, direction));
        movable.map(|(feature, _)| feature).collect()
    }

    /// Moves features by θ, and clamps them to [0, 1].
    pub fn shift(&mut self, features: &[usize], direction: Direction, theta: f32) {
        for &feature in features {
            let moved = self.image[feature] + direction.sign() * theta;
            self.image[feature] = moved.clamp(0.0, 1.0);
        }
    }
}
