//! The engine against the float64 reference, on the published networks and real digits.

mod reference;

use burn::tensor::Device;
use defensive_distillation::attack::saliency::Direction;
use defensive_distillation::attack::{
    Attack, AttackError, Budget, Goal, Jsma, Outcome, Output, Step,
};
use defensive_distillation::model::Network;
use defensive_distillation::weights::Entry;

/// The page's test digits: image and label, ten of each class, class after class.
fn digits() -> Vec<(Vec<f32>, usize)> {
    let sheet = std::fs::File::open("www/samples/mnist.png").expect("the samples are committed");
    let mut png = png::Decoder::new(std::io::BufReader::new(sheet)).read_info().expect("a PNG");
    let mut bytes = vec![0; png.output_buffer_size().expect("a small picture")];
    png.next_frame(&mut bytes).expect("a whole PNG");
    let pixel =
        |tile: usize, i: usize| bytes[(tile / 10 * 28 + i / 28) * 280 + tile % 10 * 28 + i % 28];
    let image = |tile| (0..784).map(|i| f32::from(pixel(tile, i)) / 255.0).collect();
    (0..100).map(|tile| (image(tile), tile / 10)).collect()
}

fn published(id: &str) -> (Network, reference::network::Network, Device) {
    let device = Device::flex();
    let manifest = std::fs::read("www/models/manifest.json").expect("the manifest is committed");
    let entries: Vec<Entry> = serde_json::from_slice(&manifest).expect("the manifest is JSON");
    let entry = entries.into_iter().find(|entry| entry.id == id).expect("the network is published");
    let bytes = std::fs::read(format!("www/models/{}", entry.file)).expect("its file is committed");
    let network = entry.load(&bytes, &device).expect("its file is what the manifest says");
    (network, reference::network::Network::from_safetensors(&bytes), device)
}

/// Every step of a batch of runs, run by run.
fn attack(settings: Jsma, network: &Network, images: &[f32], targets: &[usize]) -> Vec<Vec<Step>> {
    let goals: Vec<_> = targets.iter().map(|&target| Goal::Target(target)).collect();
    let runs = Attack::from(settings).start(network, images, &goals);
    let mut runs = runs.expect("the settings are in range");
    let mut steps: Vec<Vec<Step>> = targets.iter().map(|_| Vec::new()).collect();
    while !runs.is_empty() {
        let found = pollster::block_on(runs.step(network, &Device::flex()));
        for step in found.expect("the processor does not fail") {
            steps[step.run].push(step);
        }
    }
    steps
}

/// The pair chosen at a step.
fn pair(step: &Step) -> Option<(usize, usize)> {
    step.choice.as_ref().map(|choice| (choice.features[0], choice.features[1]))
}

/// What comparing one run came to.
#[derive(Debug, Default, PartialEq)]
struct Comparison {
    /// Same pairs, same outcome.
    agree: usize,
    /// Two pairs score within a thousandth of each other, and rounding chose between them.
    rounding: usize,
    /// The gradient is below what 32 bits hold. In 64 it may exist, up to a gap of about 745.
    vanished: usize,
}

/// Attacks the same images with the engine and with the reference, and compares pair by pair.
///
/// They may part only where 32 bits decide: at a near-tie, from where on the images differ and
/// nothing more can be compared, or where the target's logit lies so far below the highest that
/// its probability underflows.
fn compare(
    id: &str,
    settings: Jsma,
    digits: &[(Vec<f32>, usize)],
    targets: &[usize],
) -> Comparison {
    let (network, mut twin, _) = published(id);
    if settings.output == Output::Tempered {
        divide_logits(&mut twin, settings.temperature.into());
    }
    let images: Vec<f32> = digits.iter().flat_map(|(image, _)| image).copied().collect();
    let mut comparison = Comparison::default();
    let found = attack(settings, &network, &images, targets);
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
        let (expected, end) = reference::attack(&twin, image, &request);
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
            match outcome {
                Some(Outcome::GradientVanished) => comparison.vanished += 1,
                _ => comparison.agree += 1,
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

/// The reference knows no temperature: its network is made to give logits that are divided by T.
fn divide_logits(network: &mut reference::network::Network, temperature: f64) {
    let Some(reference::network::Layer::Dense { weight, bias }) = network.layers.last_mut() else {
        panic!("the last layer gives the logits");
    };
    weight.iter_mut().chain(bias).for_each(|number| *number /= temperature);
}

/// Two digits of each class, each towards a class some way off.
fn twenty() -> (Vec<(Vec<f32>, usize)>, Vec<usize>) {
    let digits: Vec<_> = digits().into_iter().step_by(5).collect();
    let targets =
        digits.iter().enumerate().map(|(i, (_, label))| (label + 3 + i % 4) % 10).collect();
    (digits, targets)
}

#[test]
fn the_engine_follows_the_reference_on_the_undefended_network() {
    let (digits, targets) = twenty();
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
        assert_eq!(found.vanished, 0, "{settings:?}");
    }
}

#[test]
fn on_the_distilled_network_the_gradient_of_the_probabilities_vanishes() {
    let (digits, targets) = twenty();
    let found = compare("mnist-distilled-t40", Jsma::PAPER, &digits, &targets);
    println!("{found:?}");
    assert!(found.vanished >= 18, "{found:?}");

    let logits = Jsma { output: Output::Logits, ..Jsma::PAPER };
    let found = compare("mnist-distilled-t40", logits, &digits, &targets);
    println!("{found:?}");
    assert_eq!(found.vanished, 0, "{found:?}");
    assert!(found.agree >= 14, "{found:?}");
}

#[test]
fn an_attack_that_knows_the_temperature_meets_no_resistance() {
    let (digits, targets) = twenty();
    let tempered = |temperature| Jsma { output: Output::Tempered, temperature, ..Jsma::PAPER };
    let found = compare("mnist-distilled-t40", tempered(40.0), &digits, &targets);
    println!("{found:?}");
    assert_eq!(found.vanished, 0, "{found:?}");
    assert!(found.agree >= 14, "{found:?}");

    // The control: nothing was trained here, the logits are multiplied by 50.
    let found = compare("mnist-undefended", tempered(0.02), &digits, &targets);
    println!("{found:?}");
    assert!(found.vanished >= 15, "{found:?}");
}

#[test]
fn the_edges_of_the_settings_have_clear_answers() {
    let (network, _, _) = published("mnist-undefended");
    let digits = digits();
    let (seven, _) = &digits[70];
    let end = |settings: Jsma, image: &[f32], target| {
        let steps = attack(settings, &network, image, &[target]).remove(0);
        let last = steps.last().expect("a run has at least one step").clone();
        (last.outcome.expect("it ended"), last.features_changed, steps.len())
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
    let (network, _, _) = published("mnist-undefended");
    let digits = digits();
    let (two, _) = &digits[25];
    let settings = Jsma { budget: Budget { features: 784 }, ..Jsma::PAPER };
    for steps in attack(settings, &network, &two.repeat(2), &[1, 7]) {
        let mut chosen: Vec<_> = steps.iter().filter_map(pair).flat_map(|(p, q)| [p, q]).collect();
        let count = chosen.len();
        chosen.sort_unstable();
        chosen.dedup();
        assert_eq!(chosen.len(), count, "a saturated pixel was chosen again");
        assert!(steps.iter().all(|step| step.features_changed == 2 * step.iteration));
    }
    let settings = Jsma { theta: 0.3, ..Jsma::PAPER };
    for step in attack(settings, &network, two, &[1]).remove(0) {
        assert!(step.image.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
        assert!(step.features_changed <= 2 * step.iteration);
    }
}

#[test]
fn runs_of_a_batch_do_not_influence_each_other() {
    let (network, _, _) = published("mnist-undefended");
    let digits = digits();
    let images: Vec<f32> = [5, 33, 70].iter().flat_map(|&i| digits[i].0.clone()).collect();
    let together = attack(Jsma::PAPER, &network, &images, &[8, 9, 3]);
    for (run, (image, target)) in images.chunks(784).zip([8, 9, 3]).enumerate() {
        let alone = attack(Jsma::PAPER, &network, image, &[target]).remove(0);
        let pairs = |steps: &[Step]| steps.iter().map(pair).collect::<Vec<_>>();
        assert_eq!(pairs(&together[run]), pairs(&alone));
    }
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let (network, _, _) = published("mnist-undefended");
    let image = [0.5; 784];
    let refused = |settings: Jsma, image: &[f32], target| {
        let runs = Attack::from(settings).start(&network, image, &[Goal::Target(target)]);
        runs.err().expect("it should be refused")
    };
    for theta in [0.0, -1.0, 1.1, f32::NAN] {
        let settings = Jsma { theta, ..Jsma::PAPER };
        assert!(matches!(refused(settings, &image, 3), AttackError::Theta(_)));
    }
    for temperature in [0.0, -1.0, f32::INFINITY, f32::NAN] {
        let settings = Jsma { temperature, ..Jsma::PAPER };
        assert!(matches!(refused(settings, &image, 3), AttackError::Temperature(_)));
    }
    let settings = Jsma { budget: Budget { features: 785 }, ..Jsma::PAPER };
    assert!(matches!(refused(settings, &image, 3), AttackError::Budget { .. }));
    assert!(matches!(refused(Jsma::PAPER, &image, 10), AttackError::Target(10)));
    assert!(matches!(refused(Jsma::PAPER, &image[1..], 3), AttackError::Pixels { .. }));
    for pixel in [-0.1, 1.1, f32::NAN, f32::INFINITY] {
        let mut image = image;
        image[300] = pixel;
        let error = refused(Jsma::PAPER, &image, 3);
        assert!(matches!(error, AttackError::Pixel { index: 300, .. }));
    }
}
