//! Tests of the reference itself, by finite differences and by examples small enough to check by hand.

use super::network::{Layer, Network, argmax};
use super::*;

const FEATURES: usize = 100;

/// Numbers in [−1, 1) from a linear congruential generator.
fn random(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1 << 23) - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// Every kind of layer once or twice, from 10×10 pixels to ten logits.
fn small_network() -> Network {
    let convolution = |inputs: usize, outputs: usize, seed| Layer::Convolution {
        weight: random(outputs * inputs * 9, seed),
        bias: random(outputs, seed + 1),
    };
    let dense = |inputs: usize, outputs: usize, seed| Layer::Dense {
        weight: random(outputs * inputs, seed),
        bias: random(outputs, seed + 1),
    };
    let layers = vec![
        convolution(1, 2, 1),
        Layer::Relu,
        convolution(2, 3, 3),
        Layer::Relu,
        Layer::MaxPool,
        dense(27, 6, 5),
        Layer::Relu,
        dense(6, CLASSES, 7),
    ];
    Network { layers }
}

/// Pixels that are multiples of 1/256, so that float32 holds them and their neighbours exactly.
fn small_image(seed: u64) -> Vec<f32> {
    random(FEATURES, seed).iter().map(|v| ((v + 1.0) * 128.0).floor() as f32 / 256.0).collect()
}

fn request(attack: Attack, direction: Direction, target: usize) -> Request {
    Request { attack, direction, target, theta: 1.0, budget: 14 }
}

/// The derivative of `output` by central differences, one feature at a time.
fn differences(image: &[f32], output: impl Fn(&[f32]) -> f64) -> Vec<f64> {
    let step = 2f32.powi(-14);
    let at = |feature: usize, by: f32| {
        let mut moved = image.to_vec();
        moved[feature] += by;
        output(&moved)
    };
    (0..image.len()).map(|i| (at(i, step) - at(i, -step)) / (2.0 * f64::from(step))).collect()
}

#[track_caller]
fn assert_close(actual: &[f64], expected: &[f64]) {
    let scale = expected.iter().fold(0.0, |scale: f64, v| scale.max(v.abs()));
    assert!(scale > 0.0, "a gradient of zeros proves nothing");
    for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
        assert!((a - e).abs() < 1e-6 * scale, "feature {i}: {a}, by differences {e}");
    }
}

#[test]
fn gradients_agree_with_finite_differences() {
    let network = small_network();
    for (target, image) in [(0, small_image(11)), (4, small_image(12)), (9, small_image(13))] {
        let trace = network.forward(&image);
        let (a, b) = gradients(&network, &trace, &request(Attack::Z, Direction::Increase, target));
        let logits = |image: &[f32]| network.forward(image).logits().to_vec();
        let others = |image: &[f32]| logits(image).iter().sum::<f64>() - logits(image)[target];
        assert_close(&a, &differences(&image, |image| logits(image)[target]));
        assert_close(&b, &differences(&image, others));

        let (a, b) = gradients(&network, &trace, &request(Attack::F, Direction::Increase, target));
        assert_close(&a, &differences(&image, |image| softmax(&logits(image))[target]));
        assert!(a.iter().zip(&b).all(|(a, b)| *b == -a));
    }
}

#[test]
fn every_layer_does_what_its_name_says() {
    let mut weight = vec![0.0; 9];
    weight[5] = 2.0; // the middle row, the right column
    let bias = vec![0.5];
    let dense = Layer::Dense { weight: vec![3.0, -4.0], bias: vec![0.25, 0.0] };
    let layers = vec![Layer::Convolution { weight, bias }, Layer::MaxPool, dense, Layer::Relu];
    let network = Network { layers };
    let mut image = vec![0.0; 16];
    (image[6], image[7], image[11]) = (1.0, 3.0, 3.0);
    // The convolution is a correlation: 2.5 and 6.5 over 0.5 and 6.5, of which the first 6.5 wins.
    let trace = network.forward(&image);
    assert_eq!(trace.logits(), [3.0 * 6.5 + 0.25, 0.0]);
    let gradient = network.backward(&trace, &[1.0, 1.0]);
    let expected: Vec<f64> = (0..16).map(|i| if i == 7 { 6.0 } else { 0.0 }).collect();
    assert_eq!(gradient, expected);
}

#[test]
fn the_label_is_the_first_of_the_largest_logits() {
    assert_eq!(argmax(&[1.0, 3.0, 3.0, 2.0]), 1);
    assert_eq!(argmax(&[0.0, 0.0]), 0);
}

#[test]
fn the_first_of_equal_pairs_is_chosen() {
    let a = [1.0, 2.0, 2.0, 2.0];
    let b = a.map(|a: f64| -a);
    let choice = choose(&a, &b, &[0, 1, 2, 3], Direction::Increase).expect("all are admissible");
    assert_eq!((choice.pair, choice.alpha, choice.beta), ((1, 2), 4.0, -4.0));
    assert_eq!(choice.runner_up, 1.0);
    let choice = choose(&a, &b, &[0, 2, 3], Direction::Increase).expect("all are admissible");
    assert_eq!(choice.pair, (2, 3), "a feature outside of the domain is not chosen");
}

#[test]
fn a_pair_may_hold_a_feature_that_is_not_admissible_by_itself() {
    // Alone, 0 has b > 0 and 1 has a < 0. Together they have α = 4 and β = −4.
    let choice = choose(&[5.0, -1.0, 1.0], &[1.0, -5.0, 7.0], &[0, 1, 2], Direction::Increase);
    assert_eq!(choice.map(|c| (c.pair, c.alpha, c.beta)), Ok(((0, 1), 4.0, -4.0)));
    let choice = choose(&[-5.0, 1.0, -1.0], &[-1.0, 5.0, -7.0], &[0, 1, 2], Direction::Decrease);
    assert_eq!(choice.map(|c| (c.pair, c.alpha, c.beta)), Ok(((0, 1), -4.0, 4.0)));
}

#[test]
fn tiny_gradients_are_scored_and_zeros_are_told_from_inadmissible_pairs() {
    let increase = |a: &[f64], b: &[f64], domain: &[usize]| {
        choose(a, b, domain, Direction::Increase).map(|choice| choice.pair)
    };
    let tiny = [1e-300, 2e-300, 3e-300];
    assert_eq!(increase(&tiny, &tiny.map(|a: f64| -a), &[0, 1, 2]), Ok((1, 2)));
    assert_eq!(increase(&[0.0; 3], &[0.0; 3], &[0, 1, 2]), Err(Outcome::GradientVanished));
    assert_eq!(increase(&[0.0; 3], &[-1.0; 3], &[0, 1, 2]), Err(Outcome::NoAdmissiblePair));
    assert_eq!(increase(&[1.0; 3], &[0.0; 3], &[0, 1, 2]), Err(Outcome::NoAdmissiblePair));
    assert_eq!(
        increase(&[0.0, 0.0, 1.0], &[0.0, 0.0, -1.0], &[0, 1]),
        Err(Outcome::GradientVanished)
    );
    assert_eq!(increase(&[1.0; 3], &[1.0; 3], &[0, 1, 2]), Err(Outcome::NoAdmissiblePair));
    assert_eq!(increase(&[1.0; 3], &[-1.0; 3], &[1]), Err(Outcome::NoAdmissiblePair));
    assert_eq!(increase(&[0.0; 3], &[0.0; 3], &[]), Err(Outcome::NoAdmissiblePair));
}

#[test]
fn runs_end_as_the_rules_say() {
    let network = small_network();
    let image = small_image(21);
    let label = argmax(network.forward(&image).logits());
    let mut ends = Vec::new();
    for attack_kind in [Attack::F, Attack::Z] {
        for direction in [Direction::Increase, Direction::Decrease] {
            for target in 0..CLASSES {
                let request = request(attack_kind, direction, target);
                let (steps, outcome) = attack(&network, &image, &request);
                assert_eq!(outcome == Outcome::AlreadyTarget, target == label);
                assert!(steps.len() <= 8, "seven pairs fit the budget");
                assert!(steps[..steps.len() - 1].iter().all(|step| step.choice.is_some()));
                assert!(steps.last().is_some_and(|step| step.choice.is_none()));
                for pair in steps.windows(2) {
                    let Some(Choice { pair: (p, q), .. }) = pair[0].choice else { unreachable!() };
                    let end = if direction == Direction::Increase { 1.0 } else { 0.0 };
                    let moved = |i: usize| pair[0].image[i] != end && pair[1].image[i] == end;
                    assert!(p < q && moved(p) && moved(q));
                }
                let fooled = steps.last().is_some_and(|step| step.label == target);
                assert_eq!(fooled, matches!(outcome, Outcome::Fooled | Outcome::AlreadyTarget));
                ends.push(outcome);
            }
        }
    }
    assert!(ends.contains(&Outcome::Fooled) && ends.contains(&Outcome::BudgetSpent));
}

#[test]
fn a_gap_of_logits_too_large_for_float64_vanishes() {
    let mut network = small_network();
    if let Some(Layer::Dense { weight, bias }) = network.layers.last_mut() {
        weight.iter_mut().chain(bias).for_each(|w| *w *= 1e5);
    }
    let image = small_image(21);
    let target = (argmax(network.forward(&image).logits()) + 1) % CLASSES;
    let increase =
        |attack_kind| attack(&network, &image, &request(attack_kind, Direction::Increase, target));
    let (steps, outcome) = increase(Attack::F);
    assert_eq!((steps.len(), outcome), (1, Outcome::GradientVanished));
    assert!(steps[0].gap(target) > 745.0 && steps[0].lead() > 0.0);
    assert_ne!(increase(Attack::Z).1, Outcome::GradientVanished);
}
