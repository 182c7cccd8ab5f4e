//! The fast gradient sign method in float64.

use super::network::{CLASSES, Network};

/// ∂J/∂x of the cross-entropy J of softmax(Z / T) at a class, as its exact derivative:
/// (F_j − [j = class]) / T, where F_class − 1 keeps its digits as the sum of the others.
pub fn loss_gradient(network: &Network, image: &[f32], class: usize, temperature: f64) -> Vec<f64> {
    let trace = network.forward(image);
    let tempered: Vec<f64> = trace.logits().iter().map(|z| z / temperature).collect();
    let f = super::softmax(&tempered);
    let rest: f64 = (0..CLASSES).filter(|&j| j != class).map(|j| f[j]).sum();
    let cotangent = |j: usize| if j == class { -rest / temperature } else { f[j] / temperature };
    network.backward(&trace, &(0..CLASSES).map(cotangent).collect::<Vec<_>>())
}

/// x + ε · sign(direction), held to [0, 1], with sign(0) = 0.
pub fn step(image: &[f32], direction: &[f64], epsilon: f32) -> Vec<f32> {
    let moved = |(&pixel, &slope): (&f32, &f64)| {
        let by = match slope.partial_cmp(&0.0) {
            Some(std::cmp::Ordering::Greater) => epsilon,
            Some(std::cmp::Ordering::Less) => -epsilon,
            _ => 0.0,
        };
        (pixel + by).clamp(0.0, 1.0)
    };
    image.iter().zip(direction).map(moved).collect()
}
