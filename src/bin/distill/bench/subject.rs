//! The network and the images that are measured.

use std::path::PathBuf;

use burn::tensor::Device;
use clap::Args;
use defensive_distillation::attack::Goal;
use defensive_distillation::dataset::{CLASSES, Dataset, Samples};
use defensive_distillation::network::Network;
use defensive_distillation::network::manifest::{Role, id};

use crate::publish::{find, manifest, network};
use crate::{Processor, Result, names::named};

/// What is measured, and where.
#[derive(Args)]
pub struct Options {
    /// The data set, whose undefended network is measured.
    #[arg(long, default_value = "mnist", value_parser = named::<Dataset>())]
    pub dataset: Dataset,
    /// The processor to compute on.
    #[arg(long, default_value = "cpu")]
    pub device: Processor,
    /// Where the model files and their manifest are.
    #[arg(long, value_name = "DIR", default_value = "www/models")]
    published: PathBuf,
    /// Where the sample images of the page are.
    #[arg(long, value_name = "DIR", default_value = "www/samples")]
    samples: PathBuf,
}

impl Options {
    /// The published undefended network, on a device.
    pub fn network(&self, device: &Device) -> Result<Network> {
        let entries = manifest(&self.published)?;
        let entry = find(&entries, &id(self.dataset, Role::Undefended, 1.0))?;
        network(&self.published, entry, device)
    }

    /// The sample images, of all classes in turn.
    pub fn samples(&self) -> Result<Samples> {
        let sheet = Samples::read_sheet(self.dataset, &self.samples)?;
        let each = sheet.len() / CLASSES;
        let order = (0..sheet.len()).map(|place| place % CLASSES * each + place / CLASSES);
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        for index in order {
            pixels.extend_from_slice(sheet.bytes(index));
            labels.push(sheet.labels[index]);
        }
        Ok(Samples { dataset: self.dataset, pixels, labels })
    }
}

/// The first `count` attempts: each image with each class that it does not show. Returns the places of
/// their images, and their goals.
pub fn attempts(samples: &Samples, count: usize) -> (Vec<usize>, Vec<Goal>) {
    let targets = |image: usize| {
        let label = usize::from(samples.labels[image]);
        (0..CLASSES).filter(move |&class| class != label).map(move |class| (image, class))
    };
    let attempts = (0..samples.len()).flat_map(targets).take(count);
    attempts.map(|(image, class)| (image, Goal::Target(class))).unzip()
}
