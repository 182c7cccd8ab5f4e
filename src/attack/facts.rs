//! What is known of an attack without running it: the part of the registry that one attack fills in.

use serde::Serialize;

use super::setting::Setting;

/// The facts of one attack, from which menus, links, the command line and the documentation are made.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// The name in requests, links and results.
    pub id: &'static str,
    /// One sentence for `--help`.
    #[serde(skip)]
    pub summary: &'static str,
    /// The key of the paper in the project's BibTeX; `None` for what comes from this project.
    pub paper: Option<&'static str>,
    /// What is differentiated; `None` where no gradient is needed.
    pub output: Option<Differentiated>,
    /// How the temperature T matters; `None` where it makes no difference.
    pub temperature: Option<Temperature>,
    /// What one step changes.
    pub changes: Changes,
    /// The measure of a change that the attack keeps small.
    pub norm: Norm,
    /// Rows of the Jacobian that one step costs.
    pub backward_rows: usize,
    /// Whether it can do without a target class.
    pub untargeted: bool,
    /// Whether a run depends on the request, the image and the iteration alone, so that it can be
    /// resumed from any step.
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
    /// Whether the attack as published divides the logits by T.
    pub always: bool,
    /// The attack that differs in this alone, where it has a name of its own.
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
