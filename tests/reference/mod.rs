//! A second implementation of the attacks and of the network, in float64 and plain loops, to compare the
//! engine with. It shares nothing with the crate: it uses no burn and no batches, tries all pairs, and
//! computes every row of the Jacobian by a backward pass written out by hand. JSMA is in this file.
//!
//! # JSMA, rule by rule
//! The state is the image in float32, as in the engine. Everything computed from it is float64. For each
//! image, in this order:
//! 1. Forward pass. If the label (the first of the largest logits) is the target, the run ends:
//!    `Fooled`, or `AlreadyTarget` at iteration 0.
//! 2. If ⌊budget / 2⌋ pairs have been changed: `BudgetSpent`.
//! 3. The search domain Γ is every feature that can still move: below 1 when increasing, above 0
//!    when decreasing. A feature that reaches its bound leaves Γ, and one that starts there is never
//!    in Γ. If Γ has two features or more and every gradient entry in it is 0, for
//!    JSMA-Z in both rows: `GradientVanished`.
//! 4. With a = ∂F_t/∂x and b = Σ_{j≠t} ∂F_j/∂x, a pair p < q of Γ has α = a_p + a_q and
//!    β = b_p + b_q, and is admissible if α > 0 > β (increasing) or α < 0 < β (decreasing). The
//!    best pair has the largest −αβ; of equals, the first in the order of p, then q. For softmax
//!    outputs b is −a exactly, because they sum to 1. None admissible: `NoAdmissiblePair`.
//! 5. θ is added to both features, or taken off, and the result clamped to [0, 1], in float32.

mod checks;
pub mod network;

use network::{CLASSES, Network, Trace, argmax};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    /// On the softmax outputs at temperature 1.
    F,
    /// On the logits.
    Z,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Increase,
    Decrease,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Fooled,
    AlreadyTarget,
    BudgetSpent,
    GradientVanished,
    NoAdmissiblePair,
}

#[derive(Debug, Clone, Copy)]
pub struct Request {
    pub attack: Attack,
    pub direction: Direction,
    pub target: usize,
    pub theta: f32,
    pub budget: usize,
}

/// One evaluated image of a run.
#[derive(Debug, Clone)]
pub struct Step {
    pub image: Vec<f32>,
    pub logits: Vec<f64>,
    pub label: usize,
    /// The features changed in the next step's image; none if the run ends here.
    pub choice: Option<Choice>,
}

impl Step {
    /// How far the target's logit lies below the largest. The gradient of the target's softmax
    /// output is about exp(−gap) times that of the logits: float32 loses it to subnormal numbers
    /// from 87 on, and altogether from about 104.
    pub fn gap(&self, target: usize) -> f64 {
        self.logits[self.label] - self.logits[target]
    }

    /// The difference of the two largest logits.
    pub fn lead(&self) -> f64 {
        let others = (0..self.logits.len()).filter(|&j| j != self.label);
        let second = others.map(|j| self.logits[j]).fold(f64::NEG_INFINITY, f64::max);
        self.logits[self.label] - second
    }
}

/// The pair that was chosen, and how close the next best came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    pub pair: (usize, usize),
    pub alpha: f64,
    pub beta: f64,
    /// Score of the best other pair as a share of this one's: at 1 there is a tie, and rounding in
    /// float32 can decide wherever it is nearly 1.
    pub runner_up: f64,
}

/// Runs an attack to its end. Returns every image evaluated, and the outcome.
pub fn attack(network: &Network, image: &[f32], request: &Request) -> (Vec<Step>, Outcome) {
    let mut image = image.to_vec();
    let mut steps: Vec<Step> = Vec::new();
    loop {
        let trace = network.forward(&image);
        let logits = trace.logits().to_vec();
        let label = argmax(&logits);
        let choice = if label == request.target {
            Err(if steps.is_empty() { Outcome::AlreadyTarget } else { Outcome::Fooled })
        } else if steps.len() == request.budget / 2 {
            Err(Outcome::BudgetSpent)
        } else {
            let (a, b) = gradients(network, &trace, request);
            choose(&a, &b, &domain(&image, request.direction), request.direction)
        };
        steps.push(Step { image: image.clone(), logits, label, choice: choice.ok() });
        match choice {
            Err(outcome) => return (steps, outcome),
            Ok(Choice { pair: (p, q), .. }) => {
                let change = match request.direction {
                    Direction::Increase => request.theta,
                    Direction::Decrease => -request.theta,
                };
                for feature in [p, q] {
                    image[feature] = (image[feature] + change).clamp(0.0, 1.0);
                }
            }
        }
    }
}

/// The features that can still move, in order.
pub fn domain(image: &[f32], direction: Direction) -> Vec<usize> {
    let movable = |&i: &usize| match direction {
        Direction::Increase => image[i] < 1.0,
        Direction::Decrease => image[i] > 0.0,
    };
    (0..image.len()).filter(movable).collect()
}

/// a = ∂F_t/∂x and b = Σ_{j≠t} ∂F_j/∂x, with the logits for F in JSMA-Z.
pub fn gradients(network: &Network, trace: &Trace, request: &Request) -> (Vec<f64>, Vec<f64>) {
    let target = request.target;
    match request.attack {
        Attack::F => {
            let a = network.backward(trace, &softmax_row(trace.logits(), target));
            let b = a.iter().map(|a| -a).collect();
            (a, b)
        }
        Attack::Z => {
            let unit: Vec<f64> = (0..CLASSES).map(|j| f64::from(j == target)).collect();
            let others: Vec<f64> = unit.iter().map(|u| 1.0 - u).collect();
            (network.backward(trace, &unit), network.backward(trace, &others))
        }
    }
}

/// The best pair of the search domain, found by trying all pairs, or the outcome if there is none.
///
/// The gradients are first divided by their largest magnitudes, which leaves the order of the
/// scores alone and keeps the product of two very small numbers from underflowing.
pub fn choose(
    a: &[f64],
    b: &[f64],
    domain: &[usize],
    direction: Direction,
) -> Result<Choice, Outcome> {
    let largest = |row: &[f64]| domain.iter().map(|&i| row[i].abs()).fold(0.0, f64::max);
    let (a_unit, b_unit) = (largest(a), largest(b));
    if domain.len() >= 2 && a_unit == 0.0 && b_unit == 0.0 {
        return Err(Outcome::GradientVanished);
    }
    let sign = if direction == Direction::Increase { 1.0 } else { -1.0 };
    let (mut best, mut second, mut chosen) = (0.0, 0.0, None);
    for (k, &p) in domain.iter().enumerate() {
        for &q in &domain[k + 1..] {
            let (alpha, beta) = (a[p] + a[q], b[p] + b[q]);
            if sign * alpha <= 0.0 || sign * beta >= 0.0 {
                continue;
            }
            let score = -(alpha / a_unit) * (beta / b_unit);
            if score > best {
                (best, second, chosen) = (score, best, Some(((p, q), alpha, beta)));
            } else if score > second {
                second = score;
            }
        }
    }
    let (pair, alpha, beta) = chosen.ok_or(Outcome::NoAdmissiblePair)?;
    Ok(Choice { pair, alpha, beta, runner_up: second / best })
}

pub fn softmax(logits: &[f64]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|z| (z - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

/// ∂F_row/∂Z of F = softmax(Z): F_row·([j = row] − F_j), with 1 − F_row as the sum of the others so
/// that it keeps its digits when F_row is nearly 1.
pub fn softmax_row(logits: &[f64], row: usize) -> Vec<f64> {
    let f = softmax(logits);
    let rest: f64 = (0..f.len()).filter(|&j| j != row).map(|j| f[j]).sum();
    (0..f.len()).map(|j| if j == row { f[row] * rest } else { -f[row] * f[j] }).collect()
}
