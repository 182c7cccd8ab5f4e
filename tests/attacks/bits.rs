//! An attack gives the same bits whatever else is computed: alone or in a batch, whole or resumed, with or
//! without the step before; and the bits of a committed file, on every machine.
//!
//! `npm run bits` writes the file, `tests/bits/steps.json`, anew. It has to be written when networks are
//! published, and when an attack is added. `tests/web/bits.mjs` compares the wasm module with it, in Node and
//! in browsers.

use burn::tensor::{Device, Tensor, TensorData};
use defensive_distillation::attack::saliency::saliency_map;
use defensive_distillation::attack::{Attack, Facts, Goal, Jsma, Outcome, Resident, Step, attacks};
use defensive_distillation::dataset::{CLASSES, Dataset, Samples};
use defensive_distillation::network::Network;
use defensive_distillation::network::backward::Pass;
use defensive_distillation::network::file::sha256;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{attack, network_and_file, targeted};

const FILE: &str = "tests/bits/steps.json";

/// Sizes of batches whose images are compared with the same images alone.
const BATCHES: [usize; 3] = [2, 3, 32];

fn samples(dataset: Dataset) -> Samples {
    Samples::read_sheet(dataset, "www/samples".as_ref()).expect("the samples are committed")
}

/// A data set's published network: `undefended`, or `distilled-t100`.
fn network(dataset: Dataset, name: &str) -> Network {
    network_and_file(&format!("{dataset}-{name}")).0
}

/// The settings of an attack as a request, with its defaults, but for those that make it short and for the
/// temperature.
fn short(facts: &Facts, temperature: f32) -> Value {
    let mut request = json!({ "attack": facts.id });
    for setting in facts.settings {
        request[setting.name] = match setting.name {
            "temperature" => temperature.into(),
            "budget" | "limit" => 24.into(),
            "iterations" => 8.into(),
            "searches" => 2.into(),
            _ => setting.default_value(),
        };
    }
    request
}

fn parsed(request: &Value) -> Attack {
    serde_json::from_value(request.clone()).expect("the settings are in range")
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

fn images(samples: &Samples, places: &[usize], device: &Device) -> Tensor<4> {
    let [channels, height, width] = samples.dataset.spec().shape;
    tensor(samples.images(places), [places.len(), channels, height, width], device)
}

fn tensor<const D: usize>(numbers: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(numbers, shape), device)
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// Cotangents of one row or two, the same for each image: of a class, and of all others.
fn cotangents(rows: usize, images: usize, device: &Device) -> Tensor<2> {
    let row = |row: usize| (0..CLASSES).map(move |class| if (class == 3) == (row == 0) { 1.0 } else { 0.0 });
    let all = (0..rows).flat_map(|of| (0..images).flat_map(move |_| row(of)));
    tensor(all.collect(), [rows * images, CLASSES], device)
}

/// The bits of the logits and of the gradients, one row and two, for each image of a pass.
fn bits_of_pass(pass: &Pass<'_>, images: usize, device: &Device) -> Vec<Vec<u32>> {
    let logits = numbers(pass.logits());
    let mut found: Vec<_> = logits.chunks_exact(CLASSES).map(bits).collect();
    for rows in [1, 2] {
        let gradient = numbers(pass.rows(cotangents(rows, images, device)));
        let parts = gradient.chunks_exact(gradient.len() / (rows * images));
        parts.enumerate().for_each(|(part, numbers)| found[part % images].extend(bits(numbers)));
    }
    found
}

/// Two images take turns, so that each has been at every place of each batch.
#[test]
fn logits_and_gradients_are_those_of_the_image_alone_at_each_place_of_a_batch() {
    let device = Device::flex();
    for dataset in Dataset::ALL {
        let samples = samples(dataset);
        for name in ["undefended", "distilled-t100"] {
            let network = network(dataset, name);
            let of = |places: &[usize]| {
                let pass = Pass::new(&network, images(&samples, places, &device));
                bits_of_pass(&pass, places.len(), &device)
            };
            let alone = [of(&[7]).remove(0), of(&[72]).remove(0)];
            assert!(alone[0] != alone[1], "the images do not differ");
            for (count, first) in BATCHES.into_iter().flat_map(|count| [(count, 0), (count, 1)]) {
                let which = |place: usize| (place + first) % 2;
                let places: Vec<_> = (0..count).map(|place| [7, 72][which(place)]).collect();
                for (place, found) in of(&places).into_iter().enumerate() {
                    let is_same = found == alone[which(place)];
                    assert!(is_same, "{dataset}, {name}: place {place} of {count} has other bits");
                }
            }
        }
    }
}

/// All numbers of a step, as bits.
#[derive(PartialEq)]
struct StepBits {
    counts: (usize, usize),
    outcome: Option<Outcome>,
    chosen: Option<Vec<usize>>,
    saliency: Option<[u64; 3]>,
    numbers: [Vec<u32>; 3],
    gradient: Option<(Vec<u32>, Option<Vec<u32>>)>,
}

impl StepBits {
    fn of(step: &Step) -> Self {
        let saliency = step.choice.as_ref().and_then(|choice| choice.saliency);
        Self {
            counts: (step.iteration, step.features_changed),
            outcome: step.outcome,
            chosen: step.choice.as_ref().map(|choice| choice.features.clone()),
            saliency: saliency.map(|of| [of.alpha, of.beta, of.score].map(f64::to_bits)),
            numbers: [bits(&step.image), bits(&step.logits), bits(&step.probabilities)],
            gradient: step
                .gradient
                .as_ref()
                .map(|of| (bits(&of.target), of.others.as_deref().map(bits))),
        }
    }
}

/// Fails at the first step that differs.
pub fn assert_same_bits(found: &[Step], expected: &[Step], about: &str) {
    for (step, (found, expected)) in found.iter().zip(expected).enumerate() {
        // Not `assert_eq`, which would print thousands of numbers.
        assert!(StepBits::of(found) == StepBits::of(expected), "{about}: step {step} differs");
    }
    assert_eq!(found.len(), expected.len(), "{about}: steps");
}

/// Samples of class after class, and for each a target that is not its own class.
fn batch(samples: &Samples, count: usize) -> (Vec<usize>, Vec<Goal>) {
    let places: Vec<_> = (0..count).map(|place| place * 10 % 100 + place / 10).collect();
    let targets = places.iter().map(|&place| (usize::from(samples.labels[place]) + 3) % 10);
    let goals = targeted(&targets.collect::<Vec<_>>());
    (places, goals)
}

/// Each attack in batches of 2 and 3, and JSMA-F with its whole budget in one of 32. The runs of a batch end at different steps,
/// so that the others go on with less beside them.
#[test]
fn a_run_in_a_batch_makes_the_steps_of_the_run_alone() {
    for dataset in Dataset::ALL {
        let (samples, network) = (samples(dataset), network(dataset, "undefended"));
        let mut have_ended_before_others = 0;
        for facts in attacks() {
            let (settings, sizes) = match facts.id {
                "jsma-f" => (Attack::Jsma(Jsma::PAPER), &BATCHES[..]),
                _ => (parsed(&short(facts, 1.0)), &BATCHES[..2]),
            };
            let (places, goals) = batch(&samples, sizes[sizes.len() - 1]);
            let alone: Vec<_> = places
                .iter()
                .zip(&goals)
                .map(|(&place, &goal)| {
                    attack(settings, &network, &samples.images(&[place]), &[goal]).remove(0)
                })
                .collect();
            for &size in sizes {
                let images = samples.images(&places[..size]);
                let together = attack(settings, &network, &images, &goals[..size]);
                for (run, steps) in together.iter().enumerate() {
                    let about = format!("{dataset}, {}, run {run} of {size}", facts.id);
                    assert_same_bits(steps, &alone[run], &about);
                    have_ended_before_others +=
                        usize::from(together.iter().any(|other| other.len() > steps.len()));
                }
            }
        }
        assert!(have_ended_before_others > 10, "{dataset}: {have_ended_before_others}");
    }
}

/// Along each attack, on batches whose runs end at different steps.
#[test]
fn a_pass_after_another_has_the_bits_of_a_whole_pass() {
    let device = Device::flex();
    for dataset in Dataset::ALL {
        let [channels, height, width] = dataset.spec().shape;
        let (samples, network) = (samples(dataset), network(dataset, "undefended"));
        let (places, goals) = batch(&samples, 3);
        let images = samples.images(&places);
        for facts in attacks() {
            let settings = parsed(&short(facts, 1.0));
            let runs = attack(settings, &network, &images, &goals);
            let mut before = None;
            for step in 0.. {
                let active: Vec<_> = runs.iter().filter_map(|steps| steps.get(step)).collect();
                if active.is_empty() {
                    break;
                }
                let pixels = active.iter().flat_map(|step| &step.image).copied().collect();
                let images = tensor(pixels, [active.len(), channels, height, width], &device);
                let whole = Pass::new(&network, images.clone());
                let pass = Pass::after(&network, images, before.as_ref());
                let whole = bits_of_pass(&whole, active.len(), &device);
                let found = bits_of_pass(&pass, active.len(), &device);
                assert!(found == whole, "{dataset}, {}: step {step} has other bits", facts.id);
                for (step, found) in active.iter().zip(&found) {
                    assert_eq!(bits(&step.logits), found[..CLASSES], "{dataset}, {}", facts.id);
                }
                let remaining: Vec<_> =
                    (0..active.len()).filter(|&place| active[place].outcome.is_none()).collect();
                before = pass.into_activations(&remaining);
            }
        }
    }
}

/// The last images, with the bits that the steps have.
#[test]
fn runs_on_the_device_end_with_the_bits_of_stepwise_runs() {
    for dataset in Dataset::ALL {
        let (samples, network) = (samples(dataset), network(dataset, "undefended"));
        let (places, goals) = batch(&samples, 10);
        let images = samples.images(&places);
        let settings = Attack::Jsma(Jsma::PAPER);
        let runs = Resident::start(settings, &network, &images, &goals);
        let mut runs = runs.expect("the settings are in range").expect("JSMA-F runs there");
        let mut ended = Vec::new();
        while !runs.is_empty() {
            let found = pollster::block_on(runs.step(&network, &Device::flex()));
            ended.extend(found.expect("the processor does not fail"));
        }
        let stepwise = attack(settings, &network, &images, &goals);
        assert_eq!(ended.len(), stepwise.len());
        for end in ended {
            let last = stepwise[end.run].last().expect("a run has at least one step");
            assert!(bits(&end.image) == bits(&last.image), "{dataset}, run {}", end.run);
            assert_eq!((Some(end.outcome), end.changes), (last.outcome, last.iteration));
        }
    }
}

/// An attack, and the bits that it gives.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Case {
    model: String,
    /// The image, by its place among the samples of the page.
    sample: usize,
    target: usize,
    attack: Value,
    steps: usize,
    outcome: Outcome,
    /// The last logits, each as eight hexadecimal digits.
    logits: Vec<String>,
    /// Of all steps, each as in [`bytes`].
    sha256: String,
}

/// All numbers of a step that JavaScript sees, in little-endian order: image, logits, probabilities, gradient
/// and saliency map in 32 bits; the chosen features; α, β and score in 64 bits. What a step does not have is
/// left out.
fn bytes(step: &Step, attack: Attack) -> Vec<u8> {
    let gradient = step.gradient.as_ref();
    let map = gradient.zip(attack.direction());
    let map = map.map(|(of, direction)| saliency_map(&of.target, &of.others(), direction));
    let target = gradient.map(|of| of.target.as_slice());
    let numbers: [&[f32]; 5] = [
        &step.image,
        &step.logits,
        &step.probabilities,
        target.unwrap_or_default(),
        map.as_deref().unwrap_or_default(),
    ];
    let numbers = numbers.into_iter().flatten().flat_map(|number| number.to_le_bytes());
    let chosen = step.choice.iter().flat_map(|choice| &choice.features);
    let chosen = chosen.flat_map(|&feature| (feature as u32).to_le_bytes());
    let saliency = step.choice.iter().filter_map(|choice| choice.saliency);
    let saliency = saliency.flat_map(|of| [of.alpha, of.beta, of.score]);
    numbers.chain(chosen).chain(saliency.flat_map(f64::to_le_bytes)).collect()
}

/// Each attack on four networks, each with another image.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for dataset in Dataset::ALL {
        let samples = samples(dataset);
        for (name, temperature) in [("undefended", 1.0), ("distilled-t100", 100.0)] {
            let network = network(dataset, name);
            for (place, facts) in attacks().enumerate() {
                let sample = 11 * place % 100;
                let target = (usize::from(samples.labels[sample]) + 3) % 10;
                let request = short(facts, temperature);
                let settings = parsed(&request);
                let image = samples.images(&[sample]);
                let steps = attack(settings, &network, &image, &[Goal::Target(target)]).remove(0);
                let last = steps.last().expect("a run has at least one step");
                let all: Vec<u8> = steps.iter().flat_map(|step| bytes(step, settings)).collect();
                cases.push(Case {
                    model: format!("{dataset}-{name}"),
                    sample,
                    target,
                    attack: request,
                    steps: steps.len(),
                    outcome: last.outcome.expect("it ended"),
                    logits: last.logits.map(|z| format!("{:08x}", z.to_bits())).to_vec(),
                    sha256: sha256(&all),
                });
            }
        }
    }
    cases
}

#[test]
fn the_steps_have_the_bits_of_the_committed_file() {
    let found = cases();
    if std::env::var_os("WRITE_BITS").is_some() {
        let json = serde_json::to_string_pretty(&found).expect("cases are plain data");
        std::fs::write(FILE, json + "\n").expect("the file can be written");
        return;
    }
    let committed = std::fs::read(FILE).expect("the file is committed");
    let committed: Vec<Case> = serde_json::from_slice(&committed).expect("the file has cases");
    assert_eq!(found.len(), committed.len(), "{FILE} has other cases: npm run bits");
    for (found, committed) in found.iter().zip(&committed) {
        assert_eq!(found, committed, "{FILE} is written anew by npm run bits");
    }
}
