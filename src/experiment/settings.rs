//! The settings that tables compare, of any attack.

use serde::Deserialize;

use crate::attack::{Attack, ConstScale, Movement};

/// The settings of an attack that tables compare and sort by; `None` where an attack lacks one.
///
/// They are read from the attack's JSON by the names that they have in results, so a new attack needs no
/// line here.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Settings {
    /// Which way features may move.
    pub direction: Option<Movement>,
    /// By how much FGSM changes every feature, in [0, 1].
    pub epsilon: Option<f32>,
    /// T of the softmax that is differentiated.
    pub attack_temperature: Option<f32>,
    /// By how much a feature changes at a time, in (0, 1].
    pub theta: Option<f32>,
    /// How many features may change.
    pub budget: Option<usize>,
    /// κ, the margin by which the target's logit should exceed all others.
    pub confidence: Option<f32>,
    /// The unit of CW's c; `None` also for a row from before this setting, whose unit is fixed.
    pub c_scale: Option<ConstScale>,
}

impl Settings {
    /// The settings of `attack`.
    ///
    /// # Errors
    /// One of these settings has another type than above.
    pub fn of(attack: Attack) -> Result<Self, serde_json::Error> {
        serde_json::from_value(serde_json::to_value(attack)?)
    }
}
