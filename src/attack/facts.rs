//! The facts of an attack: its entry in the registry.

use serde::Serialize;

use super::setting::Setting;

/// The facts of one attack. Menus, links, the command line and the documentation are made from them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// The name in requests, links and results.
    pub id: &'static str,
    /// One sentence for `--help`.
    #[serde(skip)]
    pub summary: &'static str,
    /// The key of the paper in the project's BibTeX; `None` for an attack of this project.
    pub paper: Option<&'static str>,
    /// What is differentiated; `None` if the attack needs no gradient.
    pub output: Option<Differentiated>,
    /// How the temperature T matters; `None` if it makes no difference.
    pub temperature: Option<Temperature>,
    /// What one step changes.
    pub changes: Changes,
    /// The measure of a change that the attack keeps small.
    pub norm: Norm,
    /// Rows of the Jacobian that one step costs.
    pub backward_rows: usize,
    /// Whether it can be untargeted, that is, have no target class.
    pub untargeted: bool,
    /// Whether a step depends only on the request, the image and the iteration, so that a run can be resumed
    /// from any step.
    pub resumable: bool,
    /// The mean number of steps in this project's results, where a step with two rows counts twice.
    pub step_cost: u32,
    /// The settings, in the order of the page's controls.
    pub settings: &'static [Setting],
}

/// What an attack differentiates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Differentiated {
    /// F = softmax(z).
    Softmax,
    /// F̂ = softmax(z / T).
    SoftmaxAtT,
    /// The logits z.
    Logits,
    /// The cross-entropy J of softmax(z / T).
    Loss,
    /// The margin f of the target's logit.
    Margin,
}

/// How the temperature matters to an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Temperature {
    /// Whether the attack always divides the logits by a temperature, which is that of the network's
    /// training. Otherwise T = 1 is the attack as published.
    pub always: bool,
    /// The attack that differs only in this, if that has a name of its own.
    pub sibling: Option<&'static str>,
}

/// What one step of an attack changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Changes {
    /// Two features.
    Pair,
    /// One feature.
    Feature,
    /// Every feature, once.
    All,
    /// Every feature a little, many times.
    Descent,
}

/// The measure of a change that an attack keeps small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Norm {
    /// How many features change.
    L0,
    /// The Euclidean length.
    L2,
    /// The largest change of any feature.
    Linf,
}
