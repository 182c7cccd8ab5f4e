//! Transfer: the black-box check. What an attack made on one network is shown to another one, whose
//! gradient nobody asked for.

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::{Attempt, Ended, wilson};
use crate::attack::{AttackError, Goal, Outcome};
use crate::dataset::CLASSES;
use crate::distill::argmax;
use crate::model::Network;

/// The other network, and what it reads in the images before anybody touches them.
pub struct Reader<'a> {
    network: &'a Network,
    device: &'a Device,
    labels: &'a [u8],
    untouched: Vec<usize>,
}

/// What became of one network's adversarial examples on another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Attacks that fooled the network they were made on, with images that the other network reads
    /// correctly as long as they are untouched.
    pub shown: usize,
    /// Of these, those in which the other network reads the target as well.
    pub reached: usize,
    /// Of these, those in which it reads anything but what the image shows.
    pub misread: usize,
}

impl<'a> Reader<'a> {
    /// Lets the other network read the untouched images, which show `labels`.
    ///
    /// # Errors
    /// The device's.
    pub async fn new(
        network: &'a Network,
        device: &'a Device,
        images: &[f32],
        labels: &'a [u8],
    ) -> Result<Self, AttackError> {
        let untouched = read(network, device, images).await?;
        Ok(Self { network, device, labels, untouched })
    }

    /// Adds attacks that ended to the count.
    ///
    /// # Errors
    /// The device's; nothing is counted then.
    pub async fn show(&self, ended: &[Ended], count: &mut Transfer) -> Result<(), AttackError> {
        let knows = |&Attempt { image, .. }: &Attempt| {
            self.untouched[image] == usize::from(self.labels[image])
        };
        let fooled: Vec<_> = ended
            .iter()
            .filter(|e| e.step.outcome == Some(Outcome::Fooled) && knows(&e.attempt))
            .collect();
        let images: Vec<f32> = fooled.iter().flat_map(|e| &e.step.image).copied().collect();
        let found = read(self.network, self.device, &images).await?;
        for (Ended { attempt, .. }, label) in fooled.into_iter().zip(found) {
            let shows = usize::from(self.labels[attempt.image]);
            count.shown += 1;
            count.reached += usize::from(attempt.goal.is_reached(label));
            count.misread += usize::from(Goal::Untargeted(shows).is_reached(label));
        }
        Ok(())
    }
}

impl Transfer {
    /// The share that reached its goal on the other network too, at 95 %.
    pub fn interval(&self) -> [f64; 2] {
        wilson(self.reached, self.shown)
    }
}

/// What a network reads in each of some images.
async fn read(
    network: &Network,
    device: &Device,
    images: &[f32],
) -> Result<Vec<usize>, AttackError> {
    let [channels, height, width] = network.dataset().spec().shape;
    let mut labels = Vec::new();
    for batch in images.chunks(100 * channels * height * width) {
        let count = batch.len() / (channels * height * width);
        let batch = TensorData::new(batch.to_vec(), [count, channels, height, width]);
        let logits = network.forward(Tensor::from_data(batch, device)).into_data_async().await;
        let logits = logits.map_err(|error| AttackError::Device(format!("{error:?}")))?;
        let logits: Vec<f32> = logits.iter::<f32>().collect();
        labels.extend(logits.as_chunks::<CLASSES>().0.iter().map(argmax));
    }
    Ok(labels)
}
