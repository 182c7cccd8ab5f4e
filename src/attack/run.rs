//! A run, and what an attack receives and returns in a step.

use std::any::Any;

use super::goal::Goal;
use crate::dataset::CLASSES;

/// The logits of one image, one for each class.
pub(crate) type Logits = [f32; CLASSES];

/// The derivative of a scalar by the logits. Pulled back through the network it gives the gradient of that
/// scalar by the image.
pub(crate) type Cotangent = [f32; CLASSES];

/// The gradient of a step, with one entry for each feature.
#[derive(Clone, Debug, Default)]
pub struct Gradient {
    /// The derivative of the quantity that the attack increases: for the saliency attacks ∂F_t/∂x, that
    /// of the target's output.
    pub target: Vec<f32>,
    /// Σ_{j≠t} ∂F_j/∂x, the sum of those of all other outputs, if it was computed as a row of its own.
    pub others: Option<Vec<f32>>,
}

impl Gradient {
    /// Σ_{j≠t} ∂F_j/∂x of the saliency attacks. For outputs that sum to one it is exactly
    /// −∂F_t/∂x.
    pub fn others(&self) -> Vec<f32> {
        self.others.clone().unwrap_or_else(|| self.target.iter().map(|a| -a).collect())
    }

    /// Whether every row is exactly zero at a feature.
    pub fn is_zero(&self, feature: usize) -> bool {
        self.target[feature] == 0.0 && self.others.as_ref().is_none_or(|row| row[feature] == 0.0)
    }

    /// The number of features at which every row is exactly zero.
    pub fn zeros(&self) -> usize {
        (0..self.target.len()).filter(|&feature| self.is_zero(feature)).count()
    }
}

/// The features that a step changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// One or two, in ascending order.
    pub features: Vec<usize>,
    /// Their saliency; `None` if they were drawn at random.
    pub saliency: Option<Saliency>,
}

/// The saliency of a choice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saliency {
    /// α, the sum over the chosen features of the derivatives of the target's output.
    pub alpha: f64,
    /// β, the sum over the chosen features of the derivatives of all other outputs.
    pub beta: f64,
    /// The attack's score of the choice, which no other choice exceeds.
    pub score: f64,
}

/// One run between two steps.
pub(super) struct Run {
    /// Its number in the batch.
    pub index: usize,
    pub goal: Goal,
    /// Steps made so far.
    pub iteration: usize,
    pub original: Vec<f32>,
    pub image: Vec<f32>,
    /// Whether `image` is the final image, awaiting one last evaluation.
    pub is_over: bool,
    /// What the attack keeps from step to step, in a type of its own.
    state: Option<Box<dyn Any>>,
}

impl Run {
    pub fn new(index: usize, goal: Goal, image: &[f32]) -> Self {
        let (original, image) = (image.to_vec(), image.to_vec());
        Self { index, goal, iteration: 0, original, image, is_over: false, state: None }
    }

    /// What the attack kept with [`Run::keep`] in the last step; `None` in the first step.
    pub fn take_state<State: 'static>(&mut self) -> Option<Box<State>> {
        self.state.take()?.downcast().ok()
    }

    /// Keeps something for the next step.
    pub fn keep<State: 'static>(&mut self, state: Box<State>) {
        self.state = Some(state);
    }

    /// ‖x − x₀‖², the squared Euclidean length of the change.
    pub fn distance_squared(&self) -> f64 {
        let changes = self.image.iter().zip(&self.original);
        changes.map(|(&now, &then)| (f64::from(now) - f64::from(then)).powi(2)).sum()
    }

    /// The number of features that differ from the original.
    pub fn features_changed(&self) -> usize {
        self.image.iter().zip(&self.original).filter(|(now, then)| now != then).count()
    }
}
