//! A resumed run ends like an uninterrupted one, on any number of threads and with the same bits on every
//! machine, and a damaged checkpoint is refused.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use defensive_distillation::dataset::{Dataset, Samples};
use defensive_distillation::network::file::{self, sha256};
use defensive_distillation::network::parameters::Parameters;
use defensive_distillation::train::checkpoint::{CheckpointError, Run, finished};
use defensive_distillation::train::{Labels, Recipe, Trainer, TrainingSet};

/// A small training set for MNIST.
fn samples(count: usize) -> Samples {
    samples_of(Dataset::Mnist, count)
}

/// A small training set: the class is the index of the bright band of rows.
fn samples_of(dataset: Dataset, count: usize) -> Samples {
    let labels: Vec<u8> = (0..count).map(|i| (i * 7 % 10) as u8).collect();
    let ([_, height, width], features) = (dataset.spec().shape, dataset.spec().features());
    let row = |feature: usize| feature / width % height;
    let bright = |i: usize, feature| row(feature) * 10 / height == usize::from(labels[i]);
    let noise = |i: usize, feature: usize| ((i * 31 + feature * 17) % 64) as u8;
    let pixels = (0..count * features).map(|k| (k / features, k % features));
    let pixels = pixels.map(|(i, f)| if bright(i, f) { 255 - noise(i, f) } else { noise(i, f) });
    Samples { dataset, pixels: pixels.collect(), labels: labels.clone() }
}

fn recipe(labels: &Labels) -> Recipe {
    let decay_epochs = NonZeroUsize::MIN;
    Recipe { batch: 32, decay: 0.5, decay_epochs, ..Recipe::paper(Dataset::Mnist, 5.0, 3, labels) }
}

/// Trains until the run in the folder has `epochs` epochs.
fn train(folder: &Path, epochs: usize) -> Result<(), CheckpointError> {
    let (training, test) = (samples(128), samples(50));
    let labels = Labels::hard(&training);
    let set = TrainingSet::new(&training, &labels);
    let mut run = Run::resume_or_start(recipe(&labels), folder)?;
    while run.history().len() < epochs {
        run.epoch(&set, &test, |_, _| ())?;
    }
    Ok(())
}

/// A step this large overflows at once. The error says so, and nothing is saved.
fn diverges(folder: &Path) {
    let (training, test) = (samples(64), samples(10));
    let labels = Labels::hard(&training);
    let set = TrainingSet::new(&training, &labels);
    let recipe = Recipe { learning_rate: 1e30, ..recipe(&labels) };
    let mut run = Run::resume_or_start(recipe, folder).expect("the run starts");
    let result = run.epoch(&set, &test, |_, _| ()).map(drop);
    assert!(matches!(result, Err(CheckpointError::Diverged { epoch: 1, .. })));
    assert!(matches!(finished(folder), Err(CheckpointError::Missing(_))));
}

/// The network's weights, and each epoch's loss and step size.
fn result(folder: &Path) -> (Vec<u8>, Vec<(f64, f64)>) {
    let (_, history, parameters) = finished(folder).expect("the run is finished");
    let losses =
        history.iter().map(|epoch| (epoch.results.loss, epoch.results.learning_rate)).collect();
    (file::write(&parameters).expect("the weights are finite"), losses)
}

#[test]
fn runs_resume_exactly_and_refuse_what_is_damaged() {
    let folder = tempfile::tempdir().expect("a folder");
    let (whole, parts) = (folder.path().join("whole"), folder.path().join("parts"));
    train(&whole, 2).expect("training succeeds");
    train(&parts, 1).expect("training succeeds");
    // The file that a kill in the middle of writing leaves.
    fs::write(parts.join("checkpoint.new"), b"half a checkpo").expect("the file can be written");
    train(&parts, 2).expect("training resumes");
    let ((weights, epochs), (resumed, resumed_epochs)) = (result(&whole), result(&parts));
    assert_eq!(epochs, resumed_epochs);
    assert_eq!(weights, resumed, "the resumed run has other weights");
    assert!(epochs[1].0 < epochs[0].0, "nothing was learned: {epochs:?}");
    assert_eq!(epochs[1].1, epochs[0].1 / 2.0, "the step size is halved after the first epoch");
    let lines = fs::read_to_string(parts.join("log.jsonl")).expect("the run has a log");
    assert_eq!(lines.lines().count(), 2);

    let file = whole.join("checkpoint");
    let good = fs::read(&file).expect("the file can be read");
    let refused = || train(&whole, 3).expect_err("the checkpoint is refused").to_string();
    for length in [0, 31, 32, 40, good.len() / 2, good.len() - 1] {
        fs::write(&file, &good[..length]).expect("the file can be written");
        assert!(refused().contains("is damaged"), "{length}");
    }
    for at in [0, 33, 50, good.len() / 2, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&file, &bad).expect("the file can be written");
        assert!(refused().contains("its hash does not match"), "{at}");
    }
    fs::write(&file, &good).expect("the file can be written");

    let labels = Labels::hard(&samples(128));
    let other = Recipe { temperature: 6.0, ..recipe(&labels) };
    let error = Run::resume_or_start(other, &whole).err();
    assert!(matches!(error, Some(CheckpointError::OtherRecipe { .. })));
    assert!(matches!(finished(folder.path()), Err(CheckpointError::Missing(_))));
    diverges(&folder.path().join("diverged"));

    // Without a folder: the state is taken out after each epoch and put back.
    let (training, test) = (samples(128), samples(50));
    let set = TrainingSet::new(&training, &labels);
    let mut trainer = Trainer::new(recipe(&labels));
    for epochs in 1..=2 {
        trainer.epoch(&set, &test, |_, _| ()).expect("training succeeds");
        trainer = Trainer::resume(recipe(&labels), &trainer.record(), epochs);
    }
    let in_memory = file::write(&trainer.parameters()).expect("the weights are finite");
    assert_eq!(weights, in_memory, "the run without a folder has other weights");
}

#[test]
fn labels_are_read_back_and_damaged_ones_are_refused() {
    let labels = Labels::hard(&samples(20));
    let bytes = labels.to_bytes();
    assert_eq!(Labels::from_bytes(&bytes, 20), Some(labels));
    assert_eq!(Labels::from_bytes(&bytes[1..], 20), None);
    assert_eq!(Labels::from_bytes(&bytes[..bytes.len() - 4], 20), None);
    let mut bad = bytes;
    bad[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    assert_eq!(Labels::from_bytes(&bad, 20), None);
}

/// The SHA-256 of all numbers of a network in training after some epochs of the paper's recipe at T = 1:
/// weights and their last changes in 32 bits, losses and accuracies in 64.
fn trained(dataset: Dataset, images: usize, epochs: usize) -> String {
    let (training, test) = (samples_of(dataset, images), samples_of(dataset, 20));
    let labels = Labels::hard(&training);
    let set = TrainingSet::new(&training, &labels);
    let mut trainer = Trainer::new(Recipe::paper(dataset, 1.0, 1, &labels));
    let mut bytes = Vec::new();
    for _ in 0..epochs {
        let epoch = trainer.epoch(&set, &test, |_, _| ()).expect("training succeeds");
        let figures = [epoch.loss, epoch.test_accuracy, epoch.logit_norm];
        bytes.extend(figures.into_iter().flat_map(f64::to_le_bytes));
    }
    let record = trainer.record();
    let numbers = |parameters: &Parameters| {
        let layers = parameters.layers.iter();
        let numbers = layers.flat_map(|layer| layer.weight.iter().chain(&layer.bias));
        numbers.flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>()
    };
    bytes.extend(numbers(&record.parameters));
    bytes.extend(numbers(&record.velocity));
    sha256(&bytes)
}

/// The last batch is smaller than the others, and its last shard smaller still. These hashes change when the
/// arithmetic of the training does, and the published networks have to be trained anew then.
#[test]
fn a_training_has_the_same_bits_on_any_number_of_threads_and_on_every_machine() {
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let [mnist, cifar] = pool
            .expect("threads can be started")
            .install(|| [trained(Dataset::Mnist, 225, 2), trained(Dataset::Cifar10, 152, 1)]);
        assert_eq!(
            mnist, "6e57d19a6b10fff30e66d3a56a9480211b74ffe46d6effcd6ce77b134c75601f",
            "MNIST, {threads} threads"
        );
        assert_eq!(
            cifar, "8a7151c8e31a8245a18fb2ee1d0941fc092d18a805666a09466d0ba161cdb87f",
            "CIFAR-10, {threads} threads"
        );
    }
}
