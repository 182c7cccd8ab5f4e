//! Runs that are interrupted and resumed.

use burn::tensor::Device;
use defensive_distillation::attack::{Attack, AttackError, Facts, Jsma, Step, Values, attacks};
use serde_json::json;

use crate::bits::assert_same_bits;
use crate::{attack, digits_and_targets, published, targeted};

/// A run that stops at any step and is resumed makes the same steps, to the last bit, as one that does not stop.
#[test]
fn a_resumed_run_makes_the_same_steps() {
    let (network, _) = published("mnist-undefended");
    let (digits, targets) = digits_and_targets(1);
    let (images, goals): (Vec<_>, _) =
        (digits.into_iter().map(|(image, _)| image).collect(), targeted(&targets));
    for (facts, direction) in attacks().flat_map(|facts| directions(facts).map(move |d| (facts, d)))
    {
        let settings = short_attack(facts, direction);
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
                let about = format!("{} {direction}, from step {halt}, run {run}", facts.id);
                assert_same_bits(rest, &whole[run][halt..], &about);
            }
        }
    }
}

/// An attack with its default settings, but for those that make it short.
fn short_attack(facts: &Facts, direction: &str) -> Attack {
    let mut request = json!({ "attack": facts.id });
    for setting in facts.settings {
        request[setting.name] = match setting.name {
            "direction" => direction.into(),
            "theta" => 0.5.into(),
            "budget" => 12.into(),
            _ => setting.default_value(),
        };
    }
    serde_json::from_value(request).expect("the defaults are in range")
}

/// The directions of a resumable attack; one for an attack without directions.
fn directions(facts: &'static Facts) -> impl Iterator<Item = &'static str> {
    let choices = facts.settings.iter().find_map(|setting| match setting.values {
        Values::Choice(choices) => Some(choices.choices),
        Values::Number(_) | Values::Integer(_) => None,
    });
    choices.unwrap_or(&["increase"]).iter().copied().filter(|_| facts.resumable)
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
