//! `distill attack`: one test image, every step.

use std::path::{Path, PathBuf};

use clap::Args;
use defensive_distillation::attack::{Budget, Goal, Gradient, Outcome, Saliency, Step};
use defensive_distillation::dataset::files::Split;
use defensive_distillation::network::softmax::argmax;
use serde::Serialize;

use crate::options::AttackArguments;
use crate::publish::{find, manifest, network};
use crate::{Common, Result};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    attack: AttackArguments,
    /// The network, by its id in the manifest.
    #[arg(long, default_value = "mnist-undefended")]
    model: String,
    /// The test image, counted from 0.
    #[arg(long, default_value_t = 0)]
    image: usize,
    /// The class that the network should predict. Without it the attack is untargeted, which not every
    /// attack can be.
    #[arg(long)]
    target: Option<usize>,
    /// Save the last image as a PNG.
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    /// Where the model files and their manifest are.
    #[arg(long, value_name = "DIR", default_value = "www/models")]
    published: PathBuf,
}

pub fn run(arguments: Arguments) -> Result {
    let Arguments { common, attack, model, image, target, png, published } = arguments;
    let device = common.device();
    let entries = manifest(&published)?;
    let entry = find(&entries, &model)?;
    if entry.dataset != common.dataset {
        let dataset = entry.dataset;
        return Err(format!("{model} is for {dataset}: add --dataset {dataset}.").into());
    }
    let network = network(&published, entry, &device)?;
    let samples = common.samples(Split::Test)?;
    if image >= samples.len() {
        return Err(format!("--image must be from 0 to {}.", samples.len() - 1).into());
    }
    let shown = usize::from(samples.labels[image]);
    let goal = target.map_or(Goal::Untargeted(shown), Goal::Target);
    let image = samples.images(&[image]);
    let mut runs = attack.attack("jsma-f", entry.temperature, Budget::PAPER.features)?.start(
        &network,
        &image,
        &[goal],
    )?;
    let mut last = None;
    while !runs.is_empty() {
        for step in pollster::block_on(runs.step(&network, &device))? {
            common.print(words(&step), &Line::of(&step))?;
            last = Some(step);
        }
    }
    if let (Some(step), Some(file)) = (last, png) {
        save(&step.image, network.dataset().spec().shape, &file)?;
    }
    Ok(())
}

/// A step without its pixels.
#[derive(Serialize)]
struct Line {
    iteration: usize,
    label: usize,
    logits: [f32; 10],
    probabilities: [f32; 10],
    features_changed: usize,
    chosen: Option<Vec<usize>>,
    alpha: Option<f64>,
    beta: Option<f64>,
    score: Option<f64>,
    zero_gradients: Option<usize>,
    outcome: Option<Outcome>,
}

impl Line {
    fn of(step: &Step) -> Self {
        let saliency = step.choice.as_ref().and_then(|choice| choice.saliency);
        Self {
            iteration: step.iteration,
            label: argmax(&step.logits),
            logits: step.logits,
            probabilities: step.probabilities,
            features_changed: step.features_changed,
            chosen: step.choice.as_ref().map(|choice| choice.features.clone()),
            alpha: saliency.map(|saliency| saliency.alpha),
            beta: saliency.map(|saliency| saliency.beta),
            score: saliency.map(|saliency| saliency.score),
            zero_gradients: step.gradient.as_ref().map(Gradient::zeros),
            outcome: step.outcome,
        }
    }
}

fn words(step: &Step) -> String {
    let label = argmax(&step.logits);
    let reads = format!(
        "{:>3} features changed: reads {label} ({:.1} %)",
        step.features_changed,
        100.0 * step.probabilities[label]
    );
    if let Some(choice) = &step.choice {
        let features: Vec<_> = choice.features.iter().map(usize::to_string).collect();
        let why = choice.saliency.map_or(String::new(), |Saliency { alpha, beta, .. }| {
            format!(", α {alpha:.3e}, β {beta:.3e}")
        });
        return format!("{reads}; next {}{why}", features.join(" and "));
    }
    match (step.outcome, &step.gradient) {
        (Some(outcome), Some(gradient)) => format!(
            "{reads}; {outcome:?}, {} of {} gradient entries are exactly zero",
            gradient.zeros(),
            gradient.target.len()
        ),
        (Some(outcome), None) => format!("{reads}; {outcome:?}"),
        (None, _) => reads,
    }
}

/// Writes pixels in [0, 1], channel after channel, as a PNG.
fn save(image: &[f32], [channels, height, width]: [usize; 3], file: &Path) -> Result {
    let pixels = height * width;
    let bytes: Vec<u8> = (0..pixels)
        .flat_map(|pixel| (0..channels).map(move |channel| channel * pixels + pixel))
        .map(|index| (image[index] * 255.0).round() as u8)
        .collect();
    crate::data::write_png(file, width, height, channels, &bytes)
}
