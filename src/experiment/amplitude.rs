//! How large the gradients of the outputs are: the rows of `amplitude.json` (Papernot et al. 2015,
//! *Distillation as a Defense*, section V-C).
//!
//! The amplitude of an image is the mean of |∂F_j/∂x_i| over all outputs j and features i, with
//! F = softmax(z) at T = 1 in 32 bits, which is what the paper's attack differentiates. The smallest
//! positive 32-bit number is about 1e-45; the mean is taken in 64 bits. The row of the predicted class
//! has the factor 1 − F, which in 32 bits has few digits near 0 and is 0 below 6e-8.

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::record::{Amplitude, TaskResults};
use super::row::Figures;
use super::statistics::{mean, wilson};
use crate::attack::{AttackError, of_softmax, read};
use crate::dataset::CLASSES;
use crate::network::Network;
use crate::network::backward::Pass;

/// The edges of the paper's bins. The last bin includes its upper edge, and everything above it.
const EDGES: [f64; 11] = [0.0, 1e-40, 1e-35, 1e-30, 1e-25, 1e-20, 1e-15, 1e-10, 1e-5, 1e-3, 1.0];

/// The figures of a row of `amplitude.json`. Shares are of one; intervals are Wilson's, and hold 95 %.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct AmplitudeFigures {
    /// Images measured.
    pub measured: usize,
    /// The edges of the bins.
    pub edges: [f64; 11],
    /// Images in each bin.
    pub counts: [usize; 10],
    /// Images whose every entry is exactly zero; they are in the first bin.
    pub zero: usize,
    /// Share of the images in the first bin.
    pub below_1e_40: f64,
    /// Its interval.
    pub below_interval: [f64; 2],
    /// Share of the images in the last bin.
    pub above_1e_3: f64,
    /// Its interval.
    pub above_interval: [f64; 2],
    /// The median amplitude; the upper one of two.
    pub median: Option<f64>,
}

impl Figures for AmplitudeFigures {
    const KIND: Kind = Kind::Amplitude;

    fn count(results: &TaskResults<'_>, _: usize) -> Self {
        Self::of(&results.amplitudes)
    }
}

impl AmplitudeFigures {
    fn of(measured: &[&Amplitude]) -> Self {
        let mut amplitudes: Vec<_> = measured.iter().map(|of| of.amplitude).collect();
        let measured = amplitudes.len();
        amplitudes.sort_by(f64::total_cmp);
        let mut counts = [0; 10];
        for &amplitude in &amplitudes {
            let above = EDGES[1..10].iter().filter(|&&edge| amplitude >= edge).count();
            counts[above] += 1;
        }
        let [below, .., above] = counts;
        Self {
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
}

/// The amplitudes of some images, one after another in `images`; ten backward rows each.
///
/// # Errors
/// The device failed.
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
    let cotangents: Vec<f32> =
        (0..CLASSES).flat_map(|j| logits.iter().flat_map(move |z| of_softmax(z, j, 1.0))).collect();
    let cotangents = TensorData::new(cotangents, [CLASSES * count, CLASSES]);
    let rows = read(pass.rows(Tensor::from_data(cotangents, device))).await?;
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
    fn each_amplitude_is_counted_in_its_bin() {
        let of = |amplitude| Amplitude { amplitude, zero_entries: 0 };
        let amplitudes = [0.0, 9e-41, 1e-40, 1e-3, 0.5, 1.0, 2.0].map(of);
        let found = AmplitudeFigures::of(&amplitudes.iter().collect::<Vec<_>>());
        assert_eq!(found.counts, [2, 1, 0, 0, 0, 0, 0, 0, 0, 4]);
        assert_eq!((found.measured, found.zero, found.median), (7, 1, Some(1e-3)));
    }
}
