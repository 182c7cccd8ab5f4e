//! JSMA: on the softmax, on the softmax at a temperature, and on the logits.

use defensive_distillation::attack::saliency::Direction;
use defensive_distillation::attack::{
    Attack, AttackError, Budget, Goal, Jsma, Outcome, Output, Step,
};

use crate::reference;
use crate::{attack, digits, digits_and_targets, end, published, refused, targeted};

/// The pair chosen at a step.
fn pair(step: &Step) -> Option<(usize, usize)> {
    step.choice.as_ref().map(|choice| (choice.features[0], choice.features[1]))
}

/// The results of comparing runs.
#[derive(Debug, Default, PartialEq)]
struct Comparison {
    /// Runs with the same pairs and the same outcome.
    agree: usize,
    /// Runs that first differ where two scores lie within a thousandth of each other.
    rounding: usize,
    /// Runs whose gradient vanishes in 32 bits, but not in 64.
    vanished: usize,
    /// Runs whose gradient vanishes in 64 bits, too.
    vanished_in_64: usize,
}

/// Attacks the same images with the engine and with the reference, and compares pair by pair.
///
/// They may differ only because of rounding in 32 bits: at a near-tie, after which the images differ and
/// cannot be compared, or if the target's logit lies so far below the highest that its probability
/// underflows.
fn compare(
    id: &str,
    settings: Jsma,
    digits: &[(Vec<f32>, usize)],
    targets: &[usize],
) -> Comparison {
    let (network, mut float64) = published(id);
    if settings.output == Output::Tempered {
        divide_logits(&mut float64, settings.temperature.into());
    }
    let images: Vec<f32> = digits.iter().flat_map(|(image, _)| image).copied().collect();
    let mut comparison = Comparison::default();
    let found = attack(Attack::Jsma(settings), &network, &images, &targeted(targets));
    for ((steps, (image, label)), &target) in found.iter().zip(digits).zip(targets) {
        let request = reference::Request {
            attack: match settings.output {
                Output::Probabilities | Output::Tempered => reference::Attack::F,
                Output::Logits => reference::Attack::Z,
            },
            direction: match settings.direction {
                Direction::Increase => reference::Direction::Increase,
                Direction::Decrease => reference::Direction::Decrease,
            },
            target,
            theta: settings.theta,
            budget: settings.budget.features,
        };
        let (expected, end) = reference::attack(&float64, image, &request);
        let what = format!("{id} {settings:?}: {label} as {target}");
        let parted = steps
            .iter()
            .zip(&expected)
            .position(|(found, expected)| pair(found) != expected.choice.map(|choice| choice.pair));
        let Some(at) = parted else {
            let end = format!("{end:?}");
            let outcome = steps.last().and_then(|step| step.outcome);
            assert_eq!(outcome.map(|o| format!("{o:?}")), Some(end), "{what}");
            assert_eq!(steps.len(), expected.len(), "{what}");
            if outcome == Some(Outcome::GradientVanished) {
                let gap = expected[steps.len() - 1].gap(target);
                assert!(gap > 740.0, "{what}: {gap}");
                comparison.vanished_in_64 += 1;
            } else {
                comparison.agree += 1;
            }
            continue;
        };
        let choice = expected[at].choice;
        if steps[at].outcome == Some(Outcome::GradientVanished) {
            assert!(expected[at].gap(target) > 85.0, "{what}: {}", expected[at].gap(target));
            comparison.vanished += 1;
        } else {
            let choice =
                choice.unwrap_or_else(|| panic!("{what}: the reference stops at step {at}"));
            assert!(
                choice.runner_up > 0.999,
                "{what}: step {at}: {choice:?}, {:?}",
                pair(&steps[at])
            );
            comparison.rounding += 1;
        }
    }
    comparison
}

/// Divides the logits by T in the last layer, because the reference has no temperature.
fn divide_logits(network: &mut reference::network::Network, temperature: f64) {
    let Some(reference::network::Layer::Dense { weight, bias }) = network.layers.last_mut() else {
        panic!("the last layer gives the logits");
    };
    weight.iter_mut().chain(bias).for_each(|number| *number /= temperature);
}

#[test]
fn the_engine_follows_the_reference_on_the_undefended_network() {
    let (digits, targets) = digits_and_targets(2);
    let base = Jsma::PAPER;
    for settings in [
        base,
        Jsma { output: Output::Logits, ..base },
        Jsma { direction: Direction::Decrease, ..base },
        Jsma { output: Output::Logits, direction: Direction::Decrease, ..base },
        Jsma { theta: 0.35, budget: Budget { features: 60 }, ..base },
    ] {
        let found = compare("mnist-undefended", settings, &digits, &targets);
        println!("{settings:?}: {found:?}");
        assert!(found.agree >= 14, "{settings:?}: {found:?}");
        assert_eq!(found.vanished + found.vanished_in_64, 0, "{settings:?}");
    }
}

#[test]
fn on_the_distilled_network_the_gradient_of_the_probabilities_vanishes() {
    let (digits, targets) = digits_and_targets(2);
    let found = compare("mnist-distilled-t40", Jsma::PAPER, &digits, &targets);
    println!("{found:?}");
    assert!(found.vanished + found.vanished_in_64 >= 18, "{found:?}");
    assert!(found.vanished > 0, "{found:?}");

    let logits = Jsma { output: Output::Logits, ..Jsma::PAPER };
    let found = compare("mnist-distilled-t40", logits, &digits, &targets);
    println!("{found:?}");
    assert_eq!(found.vanished + found.vanished_in_64, 0, "{found:?}");
    assert!(found.agree >= 14, "{found:?}");
}

#[test]
fn at_the_temperature_of_the_training_the_gradient_does_not_vanish() {
    let (digits, targets) = digits_and_targets(2);
    let tempered = |temperature| Jsma { output: Output::Tempered, temperature, ..Jsma::PAPER };
    let found = compare("mnist-distilled-t40", tempered(40.0), &digits, &targets);
    println!("{found:?}");
    assert_eq!(found.vanished + found.vanished_in_64, 0, "{found:?}");
    assert!(found.agree >= 14, "{found:?}");

    // The control: nothing was trained here, the logits are multiplied by 50.
    let found = compare("mnist-undefended", tempered(0.02), &digits, &targets);
    println!("{found:?}");
    assert!(found.vanished + found.vanished_in_64 >= 15, "{found:?}");
}

#[test]
fn limits_of_the_settings_have_defined_outcomes() {
    let (network, _) = published("mnist-undefended");
    let digits = digits();
    let (seven, _) = &digits[70];
    let end = |settings: Jsma, image: &[f32], target| {
        end(&attack(Attack::Jsma(settings), &network, image, &[Goal::Target(target)])[0])
    };
    let budget = |features| Jsma { budget: Budget { features }, ..Jsma::PAPER };
    assert_eq!(end(Jsma::PAPER, seven, 7), (Outcome::AlreadyTarget, 0, 1));
    assert_eq!(end(budget(0), seven, 3), (Outcome::BudgetSpent, 0, 1));
    assert_eq!(end(budget(1), seven, 3), (Outcome::BudgetSpent, 0, 1));
    assert_eq!(end(budget(2), seven, 3), (Outcome::BudgetSpent, 2, 2));
    assert!(matches!(end(budget(784), seven, 3), (Outcome::Fooled, ..)));
    // Nothing can be added to an all-white image, nor taken from a blank one.
    assert_eq!(end(Jsma::PAPER, &[1.0; 784], 4).0, Outcome::NoAdmissiblePair);
    let decrease = Jsma { direction: Direction::Decrease, ..Jsma::PAPER };
    assert_eq!(end(decrease, &[0.0; 784], 4).0, Outcome::NoAdmissiblePair);
}

#[test]
fn pixels_change_once_in_full_steps_and_stay_in_range_in_small_ones() {
    let (network, _) = published("mnist-undefended");
    let digits = digits();
    let (two, _) = &digits[25];
    let settings = Jsma { budget: Budget { features: 784 }, ..Jsma::PAPER };
    for steps in attack(Attack::Jsma(settings), &network, &two.repeat(2), &targeted(&[1, 7])) {
        let mut chosen: Vec<_> = steps.iter().filter_map(pair).flat_map(|(p, q)| [p, q]).collect();
        let count = chosen.len();
        chosen.sort_unstable();
        chosen.dedup();
        assert_eq!(chosen.len(), count, "a saturated pixel was chosen again");
        assert!(steps.iter().all(|step| step.features_changed == 2 * step.iteration));
    }
    let settings = Jsma { theta: 0.3, ..Jsma::PAPER };
    for step in attack(Attack::Jsma(settings), &network, two, &[Goal::Target(1)]).remove(0) {
        assert!(step.image.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
        assert!(step.features_changed <= 2 * step.iteration);
    }
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let (network, _) = published("mnist-undefended");
    let image = [0.5; 784];
    let refused = |settings: Jsma, image: &[f32], target| {
        refused(Attack::Jsma(settings), &network, image, Goal::Target(target))
    };
    for theta in [0.0, -1.0, 1.1, f32::NAN] {
        let settings = Jsma { theta, ..Jsma::PAPER };
        assert!(matches!(refused(settings, &image, 3), AttackError::Setting { name: "theta", .. }));
    }
    for temperature in [0.0, -1.0, f32::INFINITY, f32::NAN] {
        let settings = Jsma { temperature, ..Jsma::PAPER };
        assert!(matches!(
            refused(settings, &image, 3),
            AttackError::Setting { name: "temperature", .. }
        ));
    }
    let settings = Jsma { budget: Budget { features: 785 }, ..Jsma::PAPER };
    assert!(matches!(refused(settings, &image, 3), AttackError::Setting { name: "budget", .. }));
    assert!(matches!(refused(Jsma::PAPER, &image, 10), AttackError::Target(10)));
    assert!(matches!(refused(Jsma::PAPER, &image[1..], 3), AttackError::Pixels { .. }));
    for pixel in [-0.1, 1.1, f32::NAN, f32::INFINITY] {
        let mut image = image;
        image[300] = pixel;
        let error = refused(Jsma::PAPER, &image, 3);
        assert!(matches!(error, AttackError::Pixel { index: 300, .. }));
    }
    let error = crate::refused(Attack::Jsma(Jsma::PAPER), &network, &image, Goal::Untargeted(3));
    assert_eq!(error, AttackError::Untargeted("jsma-f"));
}
