//! The fast gradient sign method.

use defensive_distillation::attack::{Attack, AttackError, Fgsm, Goal, Outcome};

use crate::{attack, digits, digits_and_targets, end, published, refused};

const PLAIN: Fgsm = Fgsm { temperature: 1.0, epsilon: 0.3 };

/// Compares gradient and image feature by feature. If an entry is below a thousandth of the largest,
/// rounding in 32 bits may change its sign or make a zero nonzero.
fn compare(id: &str, settings: Fgsm, goal: impl Fn(usize, usize) -> Goal) {
    let (network, float64) = published(id);
    let (digits, targets) = digits_and_targets(1);
    let images: Vec<f32> = digits.iter().flat_map(|(image, _)| image).copied().collect();
    let goals: Vec<_> =
        digits.iter().zip(targets).map(|((_, label), target)| goal(*label, target)).collect();
    let found = attack(Attack::Fgsm(settings), &network, &images, &goals);
    for ((steps, (image, _)), &goal) in found.iter().zip(&digits).zip(&goals) {
        if let [step] = &steps[..] {
            assert_eq!(step.outcome, Some(Outcome::AlreadyTarget));
            continue;
        }
        let class = goal.class();
        let temperature = settings.temperature.into();
        let slopes = reference::loss_gradient(&float64, image, class, temperature);
        let towards = if matches!(goal, Goal::Target(_)) { -1.0 } else { 1.0 };
        let direction: Vec<f64> = slopes.iter().map(|slope| towards * slope).collect();
        let largest = direction.iter().fold(0.0f64, |most, slope| most.max(slope.abs()));
        let gradient = &steps[0].gradient.as_ref().expect("it was needed").target;
        let image = reference::step(image, &direction, settings.epsilon);
        let mut compared = 0;
        for i in 0..784 {
            let error = (f64::from(gradient[i]) - direction[i]).abs();
            assert!(error < 1e-3 * largest, "{id} {settings:?}: {goal:?}: feature {i}");
            if direction[i].abs() > 1e-3 * largest || (direction[i] == 0.0 && gradient[i] == 0.0) {
                assert_eq!(steps[1].image[i], image[i], "{id} {settings:?}: {goal:?}: feature {i}");
                compared += 1;
            }
        }
        assert!(compared > 600, "{compared}");
        assert!(matches!(steps[1].outcome, Some(Outcome::Fooled | Outcome::BudgetSpent)));
    }
}

#[test]
fn the_engine_follows_the_reference() {
    let away = |label, _| Goal::Untargeted(label);
    let towards = |_, target| Goal::Target(target);
    compare("mnist-undefended", PLAIN, away);
    compare("mnist-undefended", PLAIN, towards);
    compare("mnist-undefended", Fgsm { epsilon: 0.07, temperature: 0.5 }, away);
    let at_its_temperature = Fgsm { temperature: 40.0, ..PLAIN };
    compare("mnist-distilled-t40", at_its_temperature, away);
    compare("mnist-distilled-t40", at_its_temperature, towards);
}

#[test]
fn features_without_a_gradient_stay_and_the_rest_move_by_epsilon() {
    let (network, _) = published("mnist-undefended");
    for (image, label) in digits().iter().step_by(9) {
        let epsilon = 0.25;
        let settings = Attack::Fgsm(Fgsm { epsilon, ..PLAIN });
        let steps = &attack(settings, &network, image, &[Goal::Untargeted(*label)])[0];
        let [first, last] = &steps[..] else { panic!("{label}: {} steps", steps.len()) };
        let gradient = first.gradient.as_ref().expect("it was needed");
        assert!(gradient.zeros() > 0, "no feature proves anything");
        for ((&then, &now), &slope) in image.iter().zip(&last.image).zip(&gradient.target) {
            let expected = match slope {
                0.0 => then,
                slope if slope > 0.0 => (then + epsilon).min(1.0),
                _ => (then - epsilon).max(0.0),
            };
            assert_eq!(now, expected);
        }
        let moved = image.iter().zip(&last.image).filter(|(then, now)| then != now).count();
        assert_eq!(last.features_changed, moved);
    }
}

#[test]
fn the_distilled_network_has_a_gradient_at_the_temperature_of_its_training() {
    let (network, _) = published("mnist-distilled-t40");
    let (digits, _) = digits_and_targets(2);
    let images: Vec<f32> = digits.iter().flat_map(|(image, _)| image).copied().collect();
    let goals: Vec<_> = digits.iter().map(|&(_, label)| Goal::Untargeted(label)).collect();
    let count = |temperature, outcome| {
        let settings = Attack::Fgsm(Fgsm { temperature, ..PLAIN });
        let runs = attack(settings, &network, &images, &goals);
        runs.iter().filter(|steps| end(steps).0 == outcome).count()
    };
    assert!(count(1.0, Outcome::GradientVanished) >= 18);
    assert_eq!(count(40.0, Outcome::GradientVanished), 0);
    assert!(count(40.0, Outcome::Fooled) >= 8);
}

#[test]
fn limits_of_the_settings_have_defined_outcomes() {
    let (network, _) = published("mnist-undefended");
    let digits = digits();
    let (seven, _) = &digits[70];
    let run =
        |settings: Fgsm, goal| attack(Attack::Fgsm(settings), &network, seven, &[goal]).remove(0);
    let away = Goal::Untargeted(7);
    assert_eq!(end(&run(Fgsm { epsilon: 0.0, ..PLAIN }, away)), (Outcome::BudgetSpent, 0, 2));
    assert_eq!(end(&run(PLAIN, Goal::Target(7))), (Outcome::AlreadyTarget, 0, 1));
    assert_eq!(end(&run(PLAIN, Goal::Untargeted(3))), (Outcome::AlreadyTarget, 0, 1));
    let blind = Fgsm { temperature: 1e-4, ..PLAIN };
    assert_eq!(end(&run(blind, away)), (Outcome::GradientVanished, 0, 1));
    // At ε = 1 every feature with a gradient lands on a bound.
    let steps = run(Fgsm { epsilon: 1.0, ..PLAIN }, away);
    let gradient = steps[0].gradient.as_ref().expect("it was needed");
    let last = &steps[1].image;
    assert!((0..784).all(|i| gradient.is_zero(i) || last[i] == 0.0 || last[i] == 1.0));

    let refused = |settings| refused(Attack::Fgsm(settings), &network, seven, away);
    for epsilon in [-0.1, 1.1, f32::NAN, f32::INFINITY] {
        assert!(matches!(
            refused(Fgsm { epsilon, ..PLAIN }),
            AttackError::Setting { name: "epsilon", .. }
        ));
    }
    assert!(matches!(
        refused(Fgsm { temperature: -1.0, ..PLAIN }),
        AttackError::Setting { name: "temperature", .. }
    ));
}

mod reference {
    //! The fast gradient sign method in float64.

    use crate::reference::network::{CLASSES, Network};

    /// ∂J/∂x of the cross-entropy J of softmax(Z / T) at a class, as its exact derivative:
    /// (F_j − [j = class]) / T, where F_class − 1 keeps its digits as the sum of the others.
    pub fn loss_gradient(network: &Network, image: &[f32], class: usize, temperature: f64) -> Vec<f64> {
        let trace = network.forward(image);
        let tempered: Vec<f64> = trace.logits().iter().map(|z| z / temperature).collect();
        let f = crate::reference::softmax(&tempered);
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
}
