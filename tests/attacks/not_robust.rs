//! Carlini and Wagner's JSMA.

use defensive_distillation::attack::{
    Attack, AttackError, Budget, Goal, Movement, NotRobust, Outcome, Step,
};

use crate::reference;
use crate::{attack, digits, digits_and_targets, end, published, refused, targeted};

const UP: NotRobust =
    NotRobust { temperature: 1.0, movement: Movement::Increase, theta: 1.0, budget: Budget::PAPER };

fn feature(step: &Step) -> Option<usize> {
    step.choice.as_ref().map(|choice| choice.features[0])
}

/// The number of runs that change the same features and end in the same way as the reference. All others must
/// first differ at a near-tie.
fn agreeing(id: &str, settings: NotRobust, of_each_class: usize) -> usize {
    let (network, float64) = published(id);
    let (digits, targets) = digits_and_targets(of_each_class);
    let images: Vec<f32> = digits.iter().flat_map(|(image, _)| image).copied().collect();
    let found = attack(Attack::NotRobust(settings), &network, &images, &targeted(&targets));
    let mut agree = 0;
    for ((steps, (image, _)), &target) in found.iter().zip(&digits).zip(&targets) {
        let request = reference::not_robust::Request {
            temperature: settings.temperature.into(),
            up: settings.movement != Movement::Decrease,
            down: settings.movement != Movement::Increase,
            target,
            theta: settings.theta,
            budget: settings.budget.features,
        };
        let (expected, outcome) = reference::not_robust::attack(&float64, image, &request);
        let parted = steps
            .iter()
            .zip(&expected)
            .position(|(found, expected)| feature(found) != expected.choice.map(|c| c.feature));
        match parted {
            None => {
                assert_eq!(format!("{:?}", end(steps).0), format!("{outcome:?}"), "{settings:?}");
                assert_eq!(steps.len(), expected.len());
                let images = steps.iter().zip(&expected);
                assert!(images.into_iter().all(|(found, expected)| found.image == expected.image));
                agree += 1;
            }
            Some(at) => {
                let choice = expected[at].choice.expect("the reference goes on");
                assert!(choice.runner_up > 0.999, "{settings:?}: step {at}: {choice:?}");
            }
        }
    }
    agree
}

#[test]
fn the_engine_follows_the_reference() {
    let either = NotRobust { movement: Movement::Either, ..UP };
    let down = NotRobust { movement: Movement::Decrease, ..UP };
    for (id, settings) in [
        ("mnist-undefended", UP),
        ("mnist-undefended", either),
        ("mnist-undefended", NotRobust { theta: 0.4, budget: Budget { features: 30 }, ..either }),
        ("mnist-distilled-t40", NotRobust { temperature: 40.0, ..down }),
        ("mnist-distilled-t40", NotRobust { temperature: 40.0, ..either }),
    ] {
        let agree = agreeing(id, settings, 1);
        println!("{id} {settings:?}: {agree} of 10 agree");
        assert!(agree >= 7, "{id} {settings:?}: {agree}");
    }
}

#[test]
fn it_fools_the_distilled_network_whose_gradient_had_vanished() {
    let (network, _) = published("mnist-distilled-t40");
    let (digits, targets) = digits_and_targets(1);
    let images: Vec<f32> = digits.iter().flat_map(|(image, _)| image).copied().collect();
    let count = |temperature, outcome| {
        let settings = NotRobust { temperature, movement: Movement::Either, ..UP };
        let runs = attack(Attack::NotRobust(settings), &network, &images, &targeted(&targets));
        runs.iter().filter(|steps| end(steps).0 == outcome).count()
    };
    assert!(count(40.0, Outcome::Fooled) >= 9);
    assert!(count(1.0, Outcome::GradientVanished) >= 9);
}

#[test]
fn one_feature_at_a_time_and_none_twice_in_full_steps() {
    let (network, _) = published("mnist-undefended");
    let digits = digits();
    let (two, _) = &digits[25];
    let budget = Budget { features: 784 };
    for movement in [Movement::Increase, Movement::Decrease, Movement::Either] {
        let settings = Attack::NotRobust(NotRobust { movement, budget, ..UP });
        for steps in attack(settings, &network, &two.repeat(2), &targeted(&[1, 7])) {
            assert!(steps.iter().all(|step| step.features_changed == step.iteration));
            for step in &steps {
                assert!(step.image.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
                let moved = |i: usize| step.image[i] - two[i];
                let (mut up, mut down) = (false, false);
                for i in 0..784 {
                    (up, down) = (up || moved(i) > 0.0, down || moved(i) < 0.0);
                }
                assert!(!up || movement != Movement::Decrease);
                assert!(!down || movement != Movement::Increase);
            }
        }
    }
}

#[test]
fn limits_of_the_settings_have_defined_outcomes() {
    let (network, _) = published("mnist-undefended");
    let digits = digits();
    let (seven, _) = &digits[70];
    let run = |settings: NotRobust, image: &[f32], target| {
        end(&attack(Attack::NotRobust(settings), &network, image, &[Goal::Target(target)])[0])
    };
    let budget = |features| NotRobust { budget: Budget { features }, ..UP };
    assert_eq!(run(UP, seven, 7), (Outcome::AlreadyTarget, 0, 1));
    assert_eq!(run(budget(0), seven, 3), (Outcome::BudgetSpent, 0, 1));
    assert_eq!(run(budget(1), seven, 3), (Outcome::BudgetSpent, 1, 2));
    assert!(matches!(run(budget(784), seven, 3), (Outcome::Fooled, ..)));
    assert_eq!(run(UP, &[1.0; 784], 4).0, Outcome::NoAdmissiblePair);
    let down = NotRobust { movement: Movement::Decrease, ..UP };
    assert_eq!(run(down, &[0.0; 784], 4).0, Outcome::NoAdmissiblePair);
    // This multiplies the logits by 10,000, so the gradient is zero everywhere.
    let blind = NotRobust { temperature: 1e-4, movement: Movement::Either, ..UP };
    assert_eq!(run(blind, seven, 3), (Outcome::GradientVanished, 0, 1));

    let goal = Goal::Target(3);
    let refused = |settings| refused(Attack::NotRobust(settings), &network, seven, goal);
    assert!(matches!(
        refused(NotRobust { theta: 0.0, ..UP }),
        AttackError::Setting { name: "theta", .. }
    ));
    assert!(matches!(
        refused(NotRobust { temperature: 0.0, ..UP }),
        AttackError::Setting { name: "temperature", .. }
    ));
    assert!(matches!(refused(budget(785)), AttackError::Setting { name: "budget", .. }));
}
