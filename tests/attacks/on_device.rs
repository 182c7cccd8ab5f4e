//! Runs whose images stay on the device end like runs that return every step.

use burn::tensor::Device;
use defensive_distillation::attack::saliency::Direction;
use defensive_distillation::attack::{
    Attack, Budget, Ended, Goal, Gradient, Jsma, Outcome, Output, Resident, Step,
};
use defensive_distillation::network::Network;

use super::{attack, digits_and_targets, published, targeted};

fn ends(settings: Attack, network: &Network, images: &[f32], goals: &[Goal]) -> Vec<Ended> {
    let runs = Resident::start(settings, network, images, goals).expect("settings are in range");
    let mut runs = runs.expect("the pair can be chosen on the device");
    let mut ended = Vec::new();
    while !runs.is_empty() {
        let found = pollster::block_on(runs.step(network, &Device::flex()));
        ended.extend(found.expect("the processor does not fail"));
    }
    ended.sort_by_key(|end| end.run);
    ended
}

/// The same image, outcome and counts, for both directions, whole steps and small ones, gradients
/// that vanish and budgets that end.
#[test]
fn resident_runs_end_like_stepwise_runs() {
    let (digits, targets) = digits_and_targets(1);
    let images: Vec<f32> = digits.iter().flat_map(|(image, _)| image).copied().collect();
    // This run is at its goal before the first change.
    let mut goals = targeted(&targets);
    goals[3] = Goal::Target(digits[3].1);
    let paper = Jsma { budget: Budget { features: 40 }, ..Jsma::PAPER };
    let mut outcomes = Vec::new();
    for (model, settings) in [
        ("mnist-undefended", paper),
        ("mnist-undefended", Jsma { direction: Direction::Decrease, ..paper }),
        ("mnist-undefended", Jsma { theta: 0.4, budget: Budget { features: 12 }, ..paper }),
        ("mnist-distilled-t40", paper),
        ("mnist-distilled-t40", Jsma { output: Output::Tempered, temperature: 40.0, ..paper }),
    ] {
        let (network, _) = published(model);
        let shown = attack(Attack::Jsma(settings), &network, &images, &goals);
        let ended = ends(Attack::Jsma(settings), &network, &images, &goals);
        assert_eq!(ended.len(), shown.len());
        for (end, steps) in ended.iter().zip(&shown) {
            let last: &Step = steps.last().expect("a run has at least one step");
            let about = format!("{model}, {settings:?}, run {}", end.run);
            assert_eq!(Some(end.outcome), last.outcome, "{about}");
            assert_eq!(end.image, last.image, "{about}");
            assert_eq!(end.changes, last.iteration, "{about}");
            assert_eq!(end.features_changed, last.features_changed, "{about}");
            let gradient = steps[0].gradient.as_ref();
            assert_eq!(end.zeros, gradient.map(Gradient::zeros), "{about}");
            let sign = settings.direction.sign();
            let admissible =
                gradient.map(|of| of.target.iter().filter(|&&a| sign * a > 0.0).count());
            assert_eq!(end.admissible, admissible, "{about}");
            outcomes.push(end.outcome);
        }
    }
    for outcome in
        [Outcome::Fooled, Outcome::BudgetSpent, Outcome::GradientVanished, Outcome::AlreadyTarget]
    {
        assert!(outcomes.contains(&outcome), "{outcome:?} has not been met");
    }
}

/// Only one feature of the image can increase.
#[test]
fn a_run_without_two_features_ends_without_a_pair() {
    let (network, _) = published("mnist-undefended");
    let (mut image, goals) = (vec![1.0; 784], [Goal::Target(3)]);
    image[400] = 0.0;
    let settings = Attack::Jsma(Jsma::PAPER);
    let shown = attack(settings, &network, &image, &goals);
    let last = shown[0].last().expect("a step");
    assert_eq!(last.outcome, Some(Outcome::NoAdmissiblePair));
    let ended = ends(settings, &network, &image, &goals);
    assert_eq!((ended[0].outcome, ended[0].changes), (Outcome::NoAdmissiblePair, 0));
}

#[test]
fn jsma_z_needs_more_than_the_device_can_choose() {
    let (network, _) = published("mnist-undefended");
    let settings = Attack::Jsma(Jsma { output: Output::Logits, ..Jsma::PAPER });
    let runs = Resident::start(settings, &network, &[0.0; 784], &[Goal::Target(3)]);
    assert!(runs.expect("the settings are in range").is_none());
}
