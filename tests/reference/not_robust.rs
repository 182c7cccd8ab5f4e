//! Carlini and Wagner's JSMA in float64, by the formula as it is printed:
//! argmax_p (2 ∂F̂_t/∂x_p − Σ_j ∂F̂_j/∂x_p) with F̂ = softmax(Z / T), one feature at a time.
//!
//! This is the score of increasing a feature, and minus it that of decreasing it. A feature that the attack has
//! moved to 0 or 1 has no score. The largest score wins if it is above 0. Of equal scores, the smaller feature
//! wins, and up before down.

use super::Outcome;
use super::network::{CLASSES, Network, argmax};

#[derive(Debug, Clone, Copy)]
pub struct Request {
    pub temperature: f64,
    pub up: bool,
    pub down: bool,
    pub target: usize,
    pub theta: f32,
    pub budget: usize,
}

#[derive(Debug, Clone)]
pub struct Step {
    pub image: Vec<f32>,
    pub choice: Option<Choice>,
}

#[derive(Debug, Clone, Copy)]
pub struct Choice {
    pub feature: usize,
    pub up: bool,
    /// The best other score as a share of this one's.
    pub runner_up: f64,
}

pub fn attack(network: &Network, original: &[f32], request: &Request) -> (Vec<Step>, Outcome) {
    let mut image = original.to_vec();
    let mut steps: Vec<Step> = Vec::new();
    loop {
        let trace = network.forward(&image);
        let choice = if argmax(trace.logits()) == request.target {
            Err(if steps.is_empty() { Outcome::AlreadyTarget } else { Outcome::Fooled })
        } else if steps.len() == request.budget {
            Err(Outcome::BudgetSpent)
        } else {
            let scores = network.backward(&trace, &cotangent(trace.logits(), request));
            choose(&scores, original, &image, request)
        };
        steps.push(Step { image: image.clone(), choice: choice.ok() });
        match choice {
            Err(outcome) => return (steps, outcome),
            Ok(Choice { feature, up, .. }) => {
                let change = if up { request.theta } else { -request.theta };
                image[feature] = (image[feature] + change).clamp(0.0, 1.0);
            }
        }
    }
}

/// 2 ∂F̂_t/∂Z − Σ_j ∂F̂_j/∂Z.
fn cotangent(logits: &[f64], request: &Request) -> Vec<f64> {
    let tempered: Vec<f64> = logits.iter().map(|z| z / request.temperature).collect();
    let rows: Vec<_> = (0..CLASSES).map(|row| super::softmax_row(&tempered, row)).collect();
    let sum = |j: usize| rows.iter().map(|row| row[j]).sum::<f64>();
    let scaled = |j: usize| (2.0 * rows[request.target][j] - sum(j)) / request.temperature;
    (0..CLASSES).map(scaled).collect()
}

fn choose(
    scores: &[f64],
    original: &[f32],
    image: &[f32],
    request: &Request,
) -> Result<Choice, Outcome> {
    let (mut best, mut second, mut chosen) = (0.0, 0.0, None);
    let mut slopes = Vec::new();
    for (feature, (&now, &then)) in image.iter().zip(original).enumerate() {
        let brought_to_a_bound = now != then && (now == 0.0 || now == 1.0);
        for up in [true, false] {
            let asked = if up { request.up } else { request.down };
            let can = if up { now < 1.0 } else { now > 0.0 };
            if !asked || !can || brought_to_a_bound {
                continue;
            }
            let score = if up { scores[feature] } else { -scores[feature] };
            slopes.push(score);
            if score > best {
                (best, second, chosen) = (score, best, Some((feature, up)));
            } else if score > second {
                second = score;
            }
        }
    }
    if !slopes.is_empty() && slopes.iter().all(|&slope| slope == 0.0) {
        return Err(Outcome::GradientVanished);
    }
    let (feature, up) = chosen.ok_or(Outcome::NoAdmissiblePair)?;
    Ok(Choice { feature, up, runner_up: second / best })
}
