//! The choice on the CPU. It uses the rule of [`saliency`](crate::attack::saliency) itself, so it never
//! finds [`Finding::Unsure`].

use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::TensorData;

use super::{Finding, NUMBERS, PairChoice};
use crate::attack::features::can_move;
use crate::attack::saliency::{Direction, best_pair};

impl PairChoice for Flex {
    fn choose_pairs(
        gradient: FlexTensor,
        images: FlexTensor,
        originals: FlexTensor,
        sign: f32,
    ) -> FlexTensor {
        let direction = if sign > 0.0 { Direction::Increase } else { Direction::Decrease };
        let runs = gradient.shape()[0];
        let tensors = [gradient, images, originals].map(|tensor| tensor.to_contiguous());
        let [gradients, images, originals] = tensors.each_ref().map(FlexTensor::storage::<f32>);
        let features = gradients.len() / runs.max(1);
        let numbers = (0..runs).flat_map(|run| {
            let [a, now, then] =
                [gradients, images, originals].map(|of| &of[run * features..][..features]);
            let domain: Vec<_> =
                (0..features).filter(|&i| can_move(now[i], then[i], direction)).collect();
            let zeros = a.iter().filter(|&&a| a == 0.0).count();
            let admissible = a.iter().filter(|&&a| sign * a > 0.0).count();
            let (finding, [p, q]) = found(a, &domain, direction);
            [finding.number(), p, q, zeros as f32, admissible as f32]
        });
        FlexTensor::from_data(TensorData::new(numbers.collect::<Vec<_>>(), [runs, NUMBERS]))
    }

    fn shift_pairs(images: FlexTensor, chosen: FlexTensor, step: f32) -> FlexTensor {
        let shape = images.shape();
        let features = shape.num_elements() / shape[0].max(1);
        let (images, chosen) = (images.to_contiguous(), chosen.to_contiguous());
        let mut pixels = images.storage::<f32>().to_vec();
        let runs = pixels.chunks_exact_mut(features);
        for (image, numbers) in runs.zip(chosen.storage::<f32>().as_chunks::<NUMBERS>().0) {
            if numbers[0] == Finding::Pair.number() {
                for feature in [numbers[1] as usize, numbers[2] as usize] {
                    image[feature] = (image[feature] + step).clamp(0.0, 1.0);
                }
            }
        }
        FlexTensor::from_data(TensorData::new(pixels, shape))
    }
}

fn found(a: &[f32], domain: &[usize], direction: Direction) -> (Finding, [f32; 2]) {
    const NONE: [f32; 2] = [-1.0; 2];
    if domain.len() < 2 {
        return (Finding::NoAdmissiblePair, NONE);
    }
    if domain.iter().all(|&feature| a[feature] == 0.0) {
        return (Finding::GradientVanished, NONE);
    }
    let b: Vec<_> = a.iter().map(|a| -a).collect();
    match best_pair(a, &b, domain, direction) {
        Some(pair) => (Finding::Pair, [pair.p as f32, pair.q as f32]),
        None => (Finding::NoAdmissiblePair, NONE),
    }
}
