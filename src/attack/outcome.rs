//! How a run can end.

use serde::{Deserialize, Serialize};

/// How a run ended.
///
/// Only [`BudgetSpent`](Self::BudgetSpent) is a failure of the attack. With
/// [`GradientVanished`](Self::GradientVanished) the attack had no gradient to use, which says nothing about
/// whether an adversarial example exists. A run is cancelled by dropping it; the JavaScript interface
/// calls that `cancelled`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub enum Outcome {
    /// The goal is reached.
    Fooled,
    /// The attack has made all its steps, and the goal is not reached.
    BudgetSpent,
    /// There is a gradient, but no pair of features that can still move is admissible; or no single
    /// feature, for an attack that changes one at a time.
    NoAdmissiblePair,
    /// The gradient is exactly zero at every feature that can still move.
    GradientVanished,
    /// The goal was reached before anything was changed.
    AlreadyTarget,
}
