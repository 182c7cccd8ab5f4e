//! Runs that are begun in one place and ended in another.

use burn::tensor::Device;
use defensive_distillation::attack::saliency::Direction;
use defensive_distillation::attack::{
    Attack, AttackError, Budget, Jsma, Movement, NotRobust, RandomPairs, Step,
};

use crate::{attack, digits_and_targets, published, targeted};

/// The attack may come to a halt anywhere: what follows is what would have followed.
#[test]
fn a_run_goes_on_from_any_step_as_if_nothing_had_happened() {
    let (network, _) = published("mnist-undefended");
    let (digits, targets) = digits_and_targets(1);
    let (images, goals): (Vec<_>, _) =
        (digits.into_iter().map(|(image, _)| image).collect(), targeted(&targets));
    let budget = Budget { features: 12 };
    let direction = Direction::Increase;
    for settings in [
        Attack::Jsma(Jsma { budget, theta: 0.5, ..Jsma::PAPER }),
        Attack::NotRobust(NotRobust {
            temperature: 1.0,
            movement: Movement::Either,
            theta: 1.0,
            budget,
        }),
        Attack::RandomPairs(RandomPairs { direction, theta: 1.0, budget, seed: 5 }),
    ] {
        let whole = attack(settings, &network, &images.concat(), &goals);
        for halt in [0, 1, 4] {
            let begun: Vec<usize> =
                (0..goals.len()).filter(|&run| whole[run].len() > halt).collect();
            let last = |run: usize| &whole[run][halt];
            let now: Vec<f32> = begun.iter().flat_map(|&run| &last(run).image).copied().collect();
            let first: Vec<f32> = begun.iter().flat_map(|&run| &images[run]).copied().collect();
            let goals: Vec<_> = begun.iter().map(|&run| goals[run]).collect();
            let runs = settings.start(&network, &now, &goals).expect("the settings are in range");
            let mut runs =
                runs.resumed(&first, &vec![halt; begun.len()]).expect("one original for each");
            let mut rest: Vec<Vec<Step>> = vec![Vec::new(); begun.len()];
            while !runs.is_empty() {
                let steps = pollster::block_on(runs.step(&network, &Device::flex()));
                for step in steps.expect("the processor does not fail") {
                    rest[step.run].push(step);
                }
            }
            for (rest, &run) in rest.iter().zip(&begun) {
                let told = |step: &Step| {
                    (
                        step.iteration,
                        step.image.clone(),
                        step.choice.clone(),
                        step.outcome,
                        step.features_changed,
                    )
                };
                let expected: Vec<_> = whole[run][halt..].iter().map(told).collect();
                assert_eq!(rest.iter().map(told).collect::<Vec<_>>(), expected);
            }
        }
    }
}

#[test]
fn what_cannot_be_resumed_is_refused() {
    let (network, _) = published("mnist-undefended");
    let image = vec![0.0; 784];
    let resume = |originals: &[f32], iterations: &[usize]| {
        let runs = Attack::Jsma(Jsma::PAPER).start(&network, &image, &targeted(&[3]));
        runs.expect("the settings are in range").resumed(originals, iterations).err()
    };
    assert_eq!(resume(&image, &[2]), None);
    assert!(matches!(resume(&image[1..], &[2]), Some(AttackError::Pixels { found: 783, .. })));
    assert!(resume(&image, &[]).is_some());
    assert!(matches!(resume(&[2.0; 784], &[2]), Some(AttackError::Pixel { .. })));
}
