//! The networks and images of a measurement.

use defensive_distillation::dataset::Dataset;
use defensive_distillation::dataset::files::Split;
use defensive_distillation::experiment::{Kind, Subject};
use defensive_distillation::network::manifest::Role;
use rand::SeedableRng;

use super::Arguments;
use crate::Result;
use crate::publish::{find, manifest, network};

/// The networks of the command line, and for each undefended one the controls with multiplied logits.
pub fn subjects(arguments: &Arguments) -> Result<Vec<Subject>> {
    let published = manifest(&arguments.published)?;
    let of_dataset = published.iter().filter(|entry| entry.dataset == arguments.common.dataset);
    let wanted: Vec<_> = match arguments.models.as_slice() {
        [] => of_dataset.collect(),
        ids => ids.iter().map(|id| find(&published, id)).collect::<Result<_>>()?,
    };
    if let Some(scale) = arguments.scales.iter().find(|&&k| !(k > 0.0 && k.is_finite())) {
        return Err(format!("--scales must be numbers above 0, but one is {scale}.").into());
    }
    let mut subjects = Vec::new();
    for entry in wanted {
        if entry.dataset != arguments.common.dataset {
            let (id, dataset) = (&entry.id, entry.dataset);
            return Err(format!("{id} is for {dataset}: add --dataset {dataset}.").into());
        }
        let network = network(&arguments.published, entry, &arguments.common.device())?;
        let scales = match entry.role {
            Role::Undefended => arguments.scales.as_slice(),
            Role::Distilled | Role::Teacher => &[1.0],
        };
        subjects.extend(scales.iter().map(|&k| Subject::new(entry.clone(), &network, k)));
    }
    Ok(subjects)
}

/// Test images.
pub struct Images {
    /// Their pixels, one image after another.
    pub pixels: Vec<f32>,
    /// Their classes.
    pub labels: Vec<u8>,
    /// Their places in the test set.
    pub drawn: Vec<usize>,
}

/// The sample images of the page, or images drawn from the test set.
pub fn images(kind: Kind, arguments: &Arguments) -> Result<Images> {
    let samples = arguments.common.samples(Split::Test)?;
    let count = arguments.images.unwrap_or(kind.facts().images);
    if count > samples.len() {
        return Err(format!("--images can be {} at most.", samples.len()).into());
    }
    let drawn = if arguments.samples {
        samples_of_the_page(arguments.common.dataset)?
    } else {
        let mut generator = rand_chacha::ChaCha8Rng::seed_from_u64(arguments.seed);
        rand::seq::index::sample(&mut generator, samples.len(), count).into_vec()
    };
    let labels = drawn.iter().map(|&index| samples.labels.get(index).copied());
    let labels = labels.collect::<Option<_>>().ok_or("A sample's place is beyond the test set.")?;
    Ok(Images { pixels: samples.images(&drawn), labels, drawn })
}

/// The places in the test set of the sample images of the page.
fn samples_of_the_page(dataset: Dataset) -> Result<Vec<usize>> {
    #[derive(serde::Deserialize)]
    struct Sample {
        index: usize,
    }
    let file = format!("www/samples/{dataset}.json");
    let json = std::fs::read(&file).map_err(|e| format!("{file}: {e}"))?;
    let samples: Vec<Sample> = serde_json::from_slice(&json).map_err(|e| format!("{file}: {e}"))?;
    Ok(samples.into_iter().map(|sample| sample.index).collect())
}
