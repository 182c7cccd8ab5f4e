//! `distill bench layers`: how far a device's logits and gradients are from those of the CPU engine.

use burn::tensor::{Device, Tensor, TensorData};
use clap::Args;
use defensive_distillation::dataset::{CLASSES, Samples};
use defensive_distillation::network::Network;
use defensive_distillation::network::backward::Pass;
use serde::Serialize;

use super::subject::Options;
use crate::{Result, print};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    options: Options,
    /// The numbers of images that are evaluated at the same time.
    #[arg(long, value_delimiter = ',', default_value = "1,3,10,100",
          value_parser = clap::value_parser!(u16).range(1..=100))]
    batches: Vec<u16>,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Compared {
    gpu: Option<String>,
    batches: Vec<Difference>,
}

/// The differences of a batch.
#[derive(Serialize)]
struct Difference {
    batch: usize,
    logits: Largest,
    /// The gradients of JSMA-Z: that of the target's logit, and that of the sum of all others.
    rows: Largest,
}

/// The largest difference of an image's numbers, divided by the largest of these numbers.
#[derive(Serialize)]
struct Largest {
    /// The largest of all images, not counting numbers that are not finite.
    error: f64,
    /// The median of the images' largest.
    median: f64,
    /// Numbers of the device that are infinite or not a number.
    not_finite: usize,
    /// Whether every number of the device is zero.
    all_zero: bool,
}

pub fn run(arguments: Arguments) -> Result {
    let Arguments { options, batches, json } = arguments;
    let (device, cpu) = (options.device.device(), Device::flex());
    let (network, reference) = (options.network(&device)?, options.network(&cpu)?);
    let samples = options.samples()?;
    let compare = |batch: u16| {
        let batch = usize::from(batch);
        let [found, expected] = [(&network, &device), (&reference, &cpu)]
            .map(|(network, device)| evaluate(network, device, &samples, batch));
        let ((logits, rows), (expected_logits, expected_rows)) = (found?, expected?);
        let logits = Largest::of(&logits, &expected_logits, CLASSES)?;
        let features = options.dataset.spec().features();
        Ok(Difference { batch, logits, rows: Largest::of(&rows, &expected_rows, features)? })
    };
    let batches = batches.into_iter().map(compare).collect::<Result<Vec<_>>>()?;
    let words = batches.iter().map(|of| {
        let Difference { batch, logits, rows } = of;
        format!(
            "{}, {batch} images: logits within {:.1e}, gradients within {:.1e}",
            options.dataset, logits.error, rows.error
        )
    });
    let words = words.collect::<Vec<_>>().join("\n");
    print(json, words, &Compared { gpu: options.device.gpu(), batches })
}

/// The logits of the first images, and two rows of each: for the class after the one that it shows, and
/// for all others together.
fn evaluate(
    network: &Network,
    device: &Device,
    samples: &Samples,
    batch: usize,
) -> Result<(Vec<f32>, Vec<f32>)> {
    let [channels, height, width] = network.dataset().spec().shape;
    let places: Vec<_> = (0..batch).collect();
    let images = TensorData::new(samples.images(&places), [batch, channels, height, width]);
    let pass = Pass::new(network, Tensor::from_data(images, device));
    let targets = places.iter().map(|&image| (usize::from(samples.labels[image]) + 1) % CLASSES);
    let targets: Vec<_> = targets.collect();
    let cotangents = [true, false].into_iter().flat_map(|of_target| {
        let cotangent = move |&target: &usize| {
            (0..CLASSES).map(move |class| f32::from((class == target) == of_target))
        };
        targets.iter().flat_map(cotangent)
    });
    let cotangents = TensorData::new(cotangents.collect::<Vec<_>>(), [2 * batch, CLASSES]);
    let rows = pass.rows(Tensor::from_data(cotangents, device));
    Ok((
        pass.logits().try_into_data()?.iter::<f32>().collect(),
        rows.try_into_data()?.iter::<f32>().collect(),
    ))
}

impl Largest {
    /// `length` numbers for each image.
    fn of(found: &[f32], expected: &[f32], length: usize) -> Result<Self> {
        if found.len() != expected.len() {
            let (found, expected) = (found.len(), expected.len());
            return Err(format!("expected {expected} numbers, found {found}.").into());
        }
        let images = found.chunks(length).zip(expected.chunks(length));
        let mut errors: Vec<_> =
            images.map(|(found, expected)| relative(found, expected)).collect();
        errors.sort_by(f64::total_cmp);
        Ok(Self {
            error: errors.last().copied().unwrap_or_default(),
            median: errors.get(errors.len() / 2).copied().unwrap_or_default(),
            not_finite: found.iter().filter(|number| !number.is_finite()).count(),
            all_zero: found.iter().all(|&number| number == 0.0),
        })
    }
}

/// The largest difference, divided by the largest of the expected numbers.
fn relative(found: &[f32], expected: &[f32]) -> f64 {
    let largest = expected.iter().fold(0.0f64, |most, &x| most.max(f64::from(x).abs()));
    let differences = found.iter().zip(expected);
    let difference = |(&x, &y): (&f32, &f32)| (f64::from(x) - f64::from(y)).abs();
    let differences = differences.map(difference).filter(|difference| difference.is_finite());
    differences.fold(0.0, f64::max) / largest.max(f64::MIN_POSITIVE)
}
