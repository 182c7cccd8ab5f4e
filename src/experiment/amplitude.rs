//! How large the gradients of the outputs are: the rows of `amplitude.json`.
//!
//! The amplitude of an image is the mean of |∂F_j/∂x_i| over all outputs j and features i, with
//! F = softmax(z) at T = 1 in 32 bits, as the paper's attack sees it. The entries are 32-bit numbers,
//! which end at about 1e-45; their mean is taken in 64. The row of the class that the network reads
//! has the factor 1 − F, which in 32 bits has few digits next to 0 and is 0 below 6e-8.

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::statistics::{mean, wilson};
use crate::attack::{AttackError, of_softmax, read};
use crate::dataset::CLASSES;
use crate::network::Network;
use crate::network::backward::Pass;

/// The edges of the paper's bins; the last bin is closed, and has what lies beyond it as well.
const EDGES: [f64; 11] = [0.0, 1e-40, 1e-35, 1e-30, 1e-25, 1e-20, 1e-15, 1e-10, 1e-5, 1e-3, 1.0];

/// How large an image's gradients are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Amplitude {
    /// The mean of the Jacobian's absolute entries.
    pub amplitude: f64,
    /// How many of them are exactly zero.
    pub zero_entries: usize,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Figures {
    /// Images measured.
    measured: usize,
    edges: [f64; 11],
    /// Images from each edge up to the next.
    counts: [usize; 10],
    /// Images whose every entry is exactly zero; they are in the first bin.
    zero: usize,
    below_1e_40: f64,
    below_interval: [f64; 2],
    above_1e_3: f64,
    above_interval: [f64; 2],
    /// The middle amplitude, the upper one of two.
    median: Option<f64>,
}

pub(super) fn figures(found: &[&Amplitude]) -> Figures {
    let measured = found.len();
    let mut amplitudes: Vec<_> = found.iter().map(|of| of.amplitude).collect();
    amplitudes.sort_by(f64::total_cmp);
    let mut counts = [0; 10];
    for &amplitude in &amplitudes {
        let above = EDGES[1..10].iter().filter(|&&edge| amplitude >= edge).count();
        counts[above] += 1;
    }
    let [below, .., above] = counts;
    Figures {
        measured,
        edges: EDGES,
        counts,
        zero: amplitudes.iter().filter(|&&amplitude| amplitude == 0.0).count(),
        below_1e_40: mean(below as f64, measured),
        below_interval: wilson(below, measured),
        above_1e_3: mean(above as f64, measured),
        above_interval: wilson(above, measured),
        median: amplitudes.get(measured / 2).copied(),
    }
}

/// The amplitudes of images that follow one another, ten backward rows each.
pub(super) async fn measure(
    network: &Network,
    device: &Device,
    images: &[f32],
) -> Result<Vec<Amplitude>, AttackError> {
    let [channels, height, width] = network.dataset().spec().shape;
    let features = channels * height * width;
    let count = images.len() / features;
    let images = TensorData::new(images.to_vec(), [count, channels, height, width]);
    let pass = Pass::new(network, Tensor::from_data(images, device));
    let logits = read(pass.logits()).await?;
    let (logits, _) = logits.as_chunks::<CLASSES>();
    let seeds: Vec<f32> =
        (0..CLASSES).flat_map(|j| logits.iter().flat_map(move |z| of_softmax(z, j, 1.0))).collect();
    let seeds = TensorData::new(seeds, [CLASSES * count, CLASSES]);
    let rows = read(pass.rows(Tensor::from_data(seeds, device))).await?;
    let of_image = |image: usize| {
        let entries = (0..CLASSES)
            .flat_map(|j| &rows[(j * count + image) * features..][..features])
            .map(|&entry| f64::from(entry).abs());
        let (mut sum, mut zero_entries) = (0.0, 0);
        for entry in entries {
            sum += entry;
            zero_entries += usize::from(entry == 0.0);
        }
        Amplitude { amplitude: mean(sum, CLASSES * features), zero_entries }
    };
    Ok((0..count).map(of_image).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_amplitude_has_its_bin() {
        let of = |amplitude| Amplitude { amplitude, zero_entries: 0 };
        let found = [0.0, 9e-41, 1e-40, 1e-3, 0.5, 1.0, 2.0].map(of);
        let found = figures(&found.iter().collect::<Vec<_>>());
        assert_eq!(found.counts, [2, 1, 0, 0, 0, 0, 0, 0, 0, 4]);
        assert_eq!((found.measured, found.zero, found.median), (7, 1, Some(1e-3)));
    }
}
