//! Training resumes to where it would have come, and never from a damaged checkpoint.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use burn::tensor::Device;
use defensive_distillation::dataset::Dataset;
use defensive_distillation::dataset::files::Samples;
use defensive_distillation::network::file;
use defensive_distillation::train::checkpoint::CheckpointError;
use defensive_distillation::train::{Labels, Recipe, Trainer, TrainingSet, finished};

/// A small set with something to learn: the class is which band of rows is bright.
fn samples(count: usize) -> Samples {
    let labels: Vec<u8> = (0..count).map(|i| (i * 7 % 10) as u8).collect();
    let bright = |i: usize, pixel: usize| pixel / 28 * 10 / 28 == usize::from(labels[i]);
    let noise = |i: usize, pixel: usize| ((i * 31 + pixel * 17) % 64) as u8;
    let pixels = (0..count * 784).map(|k| (k / 784, k % 784));
    let pixels = pixels.map(|(i, p)| if bright(i, p) { 255 - noise(i, p) } else { noise(i, p) });
    Samples { dataset: Dataset::Mnist, pixels: pixels.collect(), labels: labels.clone() }
}

fn recipe(labels: &Labels) -> Recipe {
    let decay_epochs = NonZeroUsize::MIN;
    Recipe { batch: 32, decay: 0.5, decay_epochs, ..Recipe::paper(Dataset::Mnist, 5.0, 3, labels) }
}

/// Trains to `epochs` in one go, going on from what is in the folder.
fn train(folder: &Path, epochs: usize) -> Result<(), CheckpointError> {
    let device = Device::flex();
    let (training, test) = (samples(128), samples(50));
    let labels = Labels::hard(&training);
    let set = TrainingSet::new(&training, &labels, &device);
    let mut trainer = Trainer::resume_or_start(recipe(&labels), folder, &device)?;
    while trainer.history().len() < epochs {
        trainer.epoch(&set, &test, folder, |_, _| ())?;
    }
    Ok(())
}

/// A step this large leaves the range of numbers at once; that is said, and nothing is saved.
fn diverges(folder: &Path) {
    let device = Device::flex();
    let (training, test) = (samples(64), samples(10));
    let labels = Labels::hard(&training);
    let set = TrainingSet::new(&training, &labels, &device);
    let recipe = Recipe { learning_rate: 1e30, ..recipe(&labels) };
    let mut trainer = Trainer::resume_or_start(recipe, folder, &device).expect("it starts");
    let result = trainer.epoch(&set, &test, folder, |_, _| ()).map(drop);
    assert!(matches!(result, Err(CheckpointError::Diverged { epoch: 1, .. })));
    assert!(matches!(finished(folder, &device), Err(CheckpointError::Missing(_))));
}

/// The network's weights, and each epoch's loss and step size.
fn result(folder: &Path) -> (Vec<u8>, Vec<(f64, f64)>) {
    let (_, history, network) = finished(folder, &Device::flex()).expect("the run is finished");
    let losses = history.iter().map(|epoch| (epoch.loss, epoch.learning_rate)).collect();
    (file::write(network).expect("the weights are finite"), losses)
}

// One test, because burn's random numbers come from one generator for the whole process.
#[test]
fn runs_resume_exactly_and_refuse_what_is_damaged() {
    let folder = tempfile::tempdir().expect("a folder");
    let (whole, halves) = (folder.path().join("whole"), folder.path().join("halves"));
    train(&whole, 2).expect("it trains");
    train(&halves, 1).expect("it trains");
    // What a kill in the middle of writing leaves behind.
    fs::write(halves.join("checkpoint.new"), b"half a checkpo").expect("it writes");
    train(&halves, 2).expect("it resumes");
    let ((weights, epochs), (resumed, resumed_epochs)) = (result(&whole), result(&halves));
    assert_eq!(epochs, resumed_epochs);
    assert_eq!(weights, resumed, "the resumed run ends with other weights");
    assert!(epochs[1].0 < epochs[0].0, "nothing was learned: {epochs:?}");
    assert_eq!(epochs[1].1, epochs[0].1 / 2.0, "the step size is halved after the first epoch");
    let lines = fs::read_to_string(halves.join("log.jsonl")).expect("there is a log");
    assert_eq!(lines.lines().count(), 2);

    let file = whole.join("checkpoint");
    let good = fs::read(&file).expect("it reads");
    let refused = || train(&whole, 3).expect_err("it should be refused").to_string();
    for length in [0, 31, 32, 40, good.len() / 2, good.len() - 1] {
        fs::write(&file, &good[..length]).expect("it writes");
        assert!(refused().contains("is damaged"), "{length}");
    }
    for at in [0, 33, 50, good.len() / 2, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&file, &bad).expect("it writes");
        assert!(refused().contains("its hash does not match"), "{at}");
    }
    fs::write(&file, &good).expect("it writes");

    let labels = Labels::hard(&samples(128));
    let other = Recipe { temperature: 6.0, ..recipe(&labels) };
    let error = Trainer::resume_or_start(other, &whole, &Device::flex()).err();
    assert!(matches!(error, Some(CheckpointError::OtherRecipe { .. })));
    assert!(matches!(finished(folder.path(), &Device::flex()), Err(CheckpointError::Missing(_))));
    diverges(&folder.path().join("diverged"));
}

#[test]
fn labels_survive_their_file_and_nothing_else_does() {
    let labels = Labels::hard(&samples(20));
    let bytes = labels.to_bytes();
    assert_eq!(Labels::from_bytes(&bytes, 20), Some(labels));
    assert_eq!(Labels::from_bytes(&bytes[1..], 20), None);
    assert_eq!(Labels::from_bytes(&bytes[..bytes.len() - 4], 20), None);
    let mut bad = bytes;
    bad[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    assert_eq!(Labels::from_bytes(&bad, 20), None);
}
