//! Compares the attacks with their float64 reference, on the published networks and real digits.

automod::dir!("tests/attacks");
#[path = "../reference/mod.rs"]
mod reference;

use burn::tensor::Device;
use defensive_distillation::attack::{Attack, AttackError, Goal, Outcome, Step};
use defensive_distillation::network::Network;
use defensive_distillation::network::manifest::Entry;

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

/// Some digits of each class, and a target class for each that is not its own.
fn digits_and_targets(of_each_class: usize) -> (Vec<(Vec<f32>, usize)>, Vec<usize>) {
    let digits: Vec<_> = digits().into_iter().step_by(10 / of_each_class).collect();
    let targets =
        digits.iter().enumerate().map(|(i, (_, label))| (label + 3 + i % 4) % 10).collect();
    (digits, targets)
}

/// A published network for MNIST, and the same network of the float64 reference.
fn published(id: &str) -> (Network, reference::network::Network) {
    let (network, bytes) = network_and_file(id);
    (network, reference::network::Network::from_safetensors(&bytes))
}

/// A published network, and its file.
fn network_and_file(id: &str) -> (Network, Vec<u8>) {
    let manifest = std::fs::read("www/models/manifest.json").expect("the manifest is committed");
    let entries: Vec<Entry> = serde_json::from_slice(&manifest).expect("the manifest is JSON");
    let entry = entries.into_iter().find(|entry| entry.id == id).expect("the network is published");
    let bytes = std::fs::read(format!("www/models/{}", entry.file)).expect("its file is committed");
    let network = entry.load(&bytes, &Device::flex()).expect("its file is what the manifest says");
    (network, bytes)
}

/// Every step of a batch of runs, run by run.
fn attack(settings: Attack, network: &Network, images: &[f32], goals: &[Goal]) -> Vec<Vec<Step>> {
    let mut runs = settings.start(network, images, goals).expect("the settings are in range");
    let mut steps: Vec<Vec<Step>> = goals.iter().map(|_| Vec::new()).collect();
    while !runs.is_empty() {
        let found = pollster::block_on(runs.step(network, &Device::flex()));
        for step in found.expect("the processor does not fail") {
            steps[step.run].push(step);
        }
    }
    steps
}

/// The outcome of a run, the number of features that it changed, and the number of images evaluated.
fn end(steps: &[Step]) -> (Outcome, usize, usize) {
    let last = steps.last().expect("a run has at least one step");
    (last.outcome.expect("it ended"), last.features_changed, steps.len())
}

/// The error of an attack that is refused.
fn refused(settings: Attack, network: &Network, image: &[f32], goal: Goal) -> AttackError {
    settings.start(network, image, &[goal]).err().expect("it should be refused")
}

fn targeted(targets: &[usize]) -> Vec<Goal> {
    targets.iter().map(|&target| Goal::Target(target)).collect()
}
