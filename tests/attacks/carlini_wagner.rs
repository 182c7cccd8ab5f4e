//! The attacks of Carlini and Wagner.

use defensive_distillation::attack::{Attack, AttackError, CwL0, CwL2, Goal, Outcome};

use crate::reference::carlini_wagner::{Request, l2};
use crate::reference::network::argmax;
use crate::{attack, digits, digits_and_targets, end, published, refused, targeted};

fn length(image: &[f32], original: &[f32]) -> f64 {
    let squares = image.iter().zip(original);
    squares.map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum::<f64>().sqrt()
}

/// Compares every image of three descents. Adam divides by the size of the gradient, so a gradient that is
/// close to zero, and mostly rounding in 32 bits, moves its pixel as far as any other. Single pixels may
/// therefore differ.
#[test]
fn the_descent_is_that_of_the_reference() {
    for (id, confidence) in [("mnist-undefended", 0.0), ("mnist-distilled-t40", 20.0)] {
        let (network, float64) = published(id);
        let digits = digits();
        for (tile, target) in [(2, 6), (33, 5), (71, 9)] {
            let (image, _) = &digits[tile];
            let settings =
                CwL2 { confidence, iterations: 30, binary_search_steps: 3, ..CwL2::default() };
            let steps = attack(Attack::CwL2(settings), &network, image, &[Goal::Target(target)]);
            let steps = &steps[0];
            let request = Request {
                target,
                confidence: confidence.into(),
                iterations: 30,
                searches: 3,
                rate: f64::from(0.1f32),
                c: 1.0,
            };
            let expected = l2(&float64, image, &request);
            assert_eq!(steps.len(), 3 * 31 + usize::from(expected.best.is_some()));
            for (i, image) in expected.images.iter().enumerate() {
                let apart = length(&steps[i].image, image);
                assert!(apart < 0.02, "{id} {tile} → {target}: image {i} is {apart} apart");
            }
            let last = steps.last().expect("it has steps");
            match expected.best {
                Some((_, shortest)) => {
                    assert_eq!(last.outcome, Some(Outcome::Fooled));
                    let found = length(&last.image, image);
                    assert!((found - shortest).abs() < 0.02, "{found} against {shortest}");
                    assert_eq!(argmax(float64.forward(&last.image).logits()), target);
                }
                None => assert_eq!(last.outcome, Some(Outcome::BudgetSpent)),
            }
        }
    }
}

/// The result is the image with the shortest change, or with the fewest features changed, of all evaluated
/// images that reach the target.
#[test]
fn both_networks_are_fooled_and_the_best_image_is_kept() {
    let (digits, targets) = digits_and_targets(1);
    let (digits, targets) = (&digits[3..7], &targets[3..7]);
    let images: Vec<f32> = digits.iter().flat_map(|(image, _)| image).copied().collect();
    for id in ["mnist-undefended", "mnist-distilled-t40"] {
        let (network, float64) = published(id);
        let l2 = CwL2 { binary_search_steps: 2, ..CwL2::default() };
        let l0 = CwL0 { limit: 800, ..CwL0::default() };
        for settings in [Attack::CwL2(l2), Attack::CwL0(l0)] {
            let found = attack(settings, &network, &images, &targeted(targets));
            let mut fooled = 0;
            for ((steps, (image, _)), &target) in found.iter().zip(digits).zip(targets) {
                let (last, shown) = steps.split_last().expect("it has steps");
                let reached = |step: &&defensive_distillation::attack::Step| {
                    defensive_distillation::network::softmax::argmax(&step.logits) == target
                };
                if last.outcome != Some(Outcome::Fooled) {
                    assert_eq!(last.outcome, Some(Outcome::BudgetSpent));
                    assert!(!shown.iter().any(|step| reached(&step)));
                    continue;
                }
                fooled += 1;
                assert_eq!(argmax(float64.forward(&last.image).logits()), target);
                let good: Vec<_> = shown.iter().filter(reached).collect();
                if let Attack::CwL2(_) = settings {
                    let lengths = good.iter().map(|step| length(&step.image, image));
                    let shortest = lengths.fold(f64::INFINITY, f64::min);
                    assert_eq!(length(&last.image, image), shortest);
                } else {
                    let fewest = good.iter().map(|step| step.features_changed).min();
                    assert_eq!(Some(last.features_changed), fewest);
                }
            }
            assert!(fooled >= 3, "{id} {settings:?}: {fooled} of 4");
        }
    }
}

/// In the resulting image the target's logit exceeds all others by at least κ.
#[test]
fn confidence_is_reached_and_costs_length() {
    let (network, _) = published("mnist-undefended");
    let digits = digits();
    let seven = &digits[70].0;
    let run = |confidence| {
        let settings = Attack::CwL2(CwL2 { confidence, binary_search_steps: 2, ..CwL2::default() });
        let steps = attack(settings, &network, seven, &[Goal::Target(3)]);
        let last = steps[0].last().expect("it has steps");
        let rival = (0..10).filter(|&j| j != 3).map(|j| last.logits[j]).fold(f32::MIN, f32::max);
        assert_eq!(last.outcome, Some(Outcome::Fooled));
        (last.logits[3] - rival, length(&last.image, seven))
    };
    let ((plain, short), (sure, long)) = (run(0.0), run(10.0));
    assert!((0.0..5.0).contains(&plain), "{plain}");
    assert!(sure >= 10.0 && long > short, "{sure}: {long} against {short}");
}

#[test]
fn limits_of_the_settings_have_defined_outcomes() {
    let (network, _) = published("mnist-undefended");
    let digits = digits();
    let seven = &digits[70].0;
    let quick = CwL2 { iterations: 1, binary_search_steps: 1, ..CwL2::default() };
    let run = |settings, goal| end(&attack(settings, &network, seven, &[goal])[0]);
    assert_eq!(run(Attack::CwL2(quick), Goal::Target(7)), (Outcome::AlreadyTarget, 0, 1));
    assert_eq!(run(Attack::CwL2(quick), Goal::Target(3)).0, Outcome::BudgetSpent);
    let quick = CwL0 { limit: 1, ..CwL0::default() };
    assert_eq!(run(Attack::CwL0(quick), Goal::Target(3)), (Outcome::BudgetSpent, 0, 1));
    for settings in [
        Attack::CwL2(CwL2 { initial_const: f32::NAN, ..CwL2::default() }),
        Attack::CwL2(CwL2 { learning_rate: 0.0, ..CwL2::default() }),
        Attack::CwL2(CwL2 { iterations: 0, ..CwL2::default() }),
        Attack::CwL2(CwL2 { binary_search_steps: 21, ..CwL2::default() }),
        Attack::CwL0(CwL0 { confidence: -1.0, ..CwL0::default() }),
        Attack::CwL0(CwL0 { limit: 0, ..CwL0::default() }),
    ] {
        let error = refused(settings, &network, seven, Goal::Target(3));
        assert!(matches!(error, AttackError::Setting { .. }), "{settings:?}: {error}");
    }
    let error = refused(Attack::CwL2(CwL2::default()), &network, seven, Goal::Untargeted(7));
    assert_eq!(error, AttackError::Untargeted("cw-l2"));
}
