//! Carlini and Wagner's JSMA.

use defensive_distillation::attack::{
    Attack, AttackError, Budget, Goal, Movement, NotRobust, Outcome, Step,
};

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
        let request = reference::Request {
            temperature: settings.temperature.into(),
            up: settings.movement != Movement::Decrease,
            down: settings.movement != Movement::Increase,
            target,
            theta: settings.theta,
            budget: settings.budget.features,
        };
        let (expected, outcome) = reference::attack(&float64, image, &request);
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

mod reference {
    //! Carlini and Wagner's JSMA in float64, by the formula as it is printed:
    //! argmax_p (2 ∂F̂_t/∂x_p − Σ_j ∂F̂_j/∂x_p) with F̂ = softmax(Z / T), one feature at a time.
    //!
    //! This is the score of increasing a feature, and minus it that of decreasing it. A feature that the attack has
    //! moved to 0 or 1 has no score. The largest score wins if it is above 0. Of equal scores, the smaller feature
    //! wins, and up before down.

    use crate::reference::Outcome;
    use crate::reference::network::{CLASSES, Network, argmax};

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
        let rows: Vec<_> = (0..CLASSES).map(|row| crate::reference::softmax_row(&tempered, row)).collect();
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
}
