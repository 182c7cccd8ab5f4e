//! The traits that an attack implements.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::facts::Facts;
use super::goal::Goal;
use super::outcome::Outcome;
use super::run::{Choice, Cotangent, Gradient, Logits, Run};
use super::setting::Setting;

/// The settings of an attack, as the registry takes them.
///
/// As JSON they are one flat object whose field `attack` is the id.
pub trait Settings: Method + Copy + Serialize + DeserializeOwned + 'static {
    /// The facts of each attack that has these settings.
    const FACTS: &'static [Facts];

    /// The settings of the authors' code, where the defaults are faster.
    const THOROUGH: Option<Self> = None;
}

/// The algorithm of an attack.
pub trait Method {
    /// The facts of the attack with these settings.
    fn facts(&self) -> &'static Facts;

    /// The settings whose ranges are checked before a run starts.
    fn checked_settings(&self) -> &'static [Setting] {
        self.facts().settings
    }

    /// How many steps a run may make.
    fn max_steps(&self) -> usize;

    /// Whether a run ends as soon as it reaches its goal. If not, it goes on to look for a better
    /// image.
    fn stops_at_goal(&self) -> bool {
        true
    }

    /// The cotangents to pull back through the network, as many as the facts' `backward_rows`.
    fn cotangents(&self, logits: &Logits, goal: Goal) -> Vec<Cotangent>;

    /// Makes one step: changes the image of a run, and returns the features that it chose, if it
    /// chooses any. `gradient` has one row for each cotangent, and is empty if there are none.
    ///
    /// # Errors
    /// The outcome of the run, if no step is possible. The image is then unchanged.
    fn step(
        &self,
        run: &mut Run,
        logits: &Logits,
        gradient: &Gradient,
    ) -> Result<Option<Choice>, Outcome>;
}
