//! The choice on a GPU: one workgroup for each run, and each unit of it searches some of the features.

use burn::backend::TensorMetadata;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use burn_cubecl::{CubeBackend, cubecl};

use super::{Finding, NUMBERS, PairChoice};

/// Units of a workgroup.
const UNITS: usize = 256;
/// 2⁻²⁴. If the second entry is smaller than the first times this, the host has to choose.
const TOO_SMALL: f32 = 5.960_464_5e-8;
/// Stands for a missing entry. No gradient is as small.
const LEAST: f32 = -3.4e38;
/// Counts that each unit makes and that the workgroup adds up.
const COUNTS: usize = 4;

const PAIR: f32 = Finding::Pair.number();
const NO_PAIR: f32 = Finding::NoAdmissiblePair.number();
const VANISHED: f32 = Finding::GradientVanished.number();
const UNSURE: f32 = Finding::Unsure.number();

impl PairChoice for CubeBackend {
    fn choose_pairs(
        gradient: CubeTensor,
        images: CubeTensor,
        originals: CubeTensor,
        sign: f32,
    ) -> CubeTensor {
        let shape = gradient.shape();
        let (runs, features) = (shape[0], shape.num_elements() / shape[0]);
        let (client, device) = (gradient.client.clone(), gradient.device.clone());
        let dtype = gradient.dtype;
        let chosen = empty_device_contiguous_dtype(client, device, [runs, NUMBERS].into(), dtype);
        choose_kernel::launch(
            &chosen.client,
            CubeCount::Static(runs as u32, 1, 1),
            CubeDim::new_1d(UNITS as u32),
            into_contiguous(gradient).into_tensor_arg(),
            into_contiguous(images).into_tensor_arg(),
            into_contiguous(originals).into_tensor_arg(),
            chosen.clone().into_tensor_arg(),
            features,
            sign > 0.0,
        );
        chosen
    }

    fn shift_pairs(images: CubeTensor, chosen: CubeTensor, step: f32) -> CubeTensor {
        let shape = images.shape();
        let features = shape.num_elements() / shape[0];
        let images = into_contiguous(images);
        let (client, device) = (images.client.clone(), images.device.clone());
        let moved = empty_device_contiguous_dtype(client, device, shape.clone(), images.dtype);
        shift_kernel::launch(
            &moved.client,
            CubeCount::Static(shape[0] as u32, features.div_ceil(UNITS) as u32, 1),
            CubeDim::new_1d(UNITS as u32),
            images.into_tensor_arg(),
            into_contiguous(chosen).into_tensor_arg(),
            moved.clone().into_tensor_arg(),
            step,
            features,
        );
        moved
    }
}

/// Every unit finds the two best of its own features. Then half of the units merge the results of the other
/// half into theirs, and so on, until one unit has the two best of all features. Of equal entries, the one
/// with the smaller index is better.
#[cube(launch)]
fn choose_kernel(
    gradient: &Tensor<f32>,
    images: &Tensor<f32>,
    originals: &Tensor<f32>,
    chosen: &mut Tensor<f32>,
    #[comptime] features: usize,
    #[comptime] increase: bool,
) {
    let run = CUBE_POS_X as usize;
    let unit = UNIT_POS as usize;
    let mut values = Shared::<[f32]>::new_slice(2 * UNITS);
    let mut places = Shared::<[u32]>::new_slice(2 * UNITS);
    let mut counts = Shared::<[u32]>::new_slice(COUNTS * UNITS);

    let mut first = f32::new(LEAST);
    let mut second = f32::new(LEAST);
    let mut first_at = u32::new(comptime!(features as i64));
    let mut second_at = u32::new(comptime!(features as i64));
    let mut movable = 0u32;
    let mut alive = 0u32;
    let mut zeros = 0u32;
    let mut admissible = 0u32;
    let mut feature = unit;
    while feature < features {
        let at = run * features + feature;
        let raw = gradient[at];
        let (now, then) = (images[at], originals[at]);
        let mut value = raw;
        let mut moves = now != 1.0f32 && (now == then || now != 0.0f32);
        if comptime!(!increase) {
            value = -raw;
            moves = now != 0.0f32 && (now == then || now != 1.0f32);
        }
        if raw == 0.0f32 {
            zeros += 1u32;
        }
        if value > 0.0f32 {
            admissible += 1u32;
        }
        if moves {
            movable += 1u32;
            if raw != 0.0f32 {
                alive += 1u32;
            }
            // Features come in ascending order, so an equal entry is not better.
            if value > first {
                second = first;
                second_at = first_at;
                first = value;
                first_at = feature as u32;
            } else if value > second {
                second = value;
                second_at = feature as u32;
            }
        }
        feature += UNITS;
    }
    values[2 * unit] = first;
    values[2 * unit + 1] = second;
    places[2 * unit] = first_at;
    places[2 * unit + 1] = second_at;
    counts[COUNTS * unit] = movable;
    counts[COUNTS * unit + 1] = alive;
    counts[COUNTS * unit + 2] = zeros;
    counts[COUNTS * unit + 3] = admissible;
    sync_cube();

    let mut half = usize::new(comptime!((UNITS / 2) as i64));
    while half > 0 {
        if unit < half {
            let other = unit + half;
            #[unroll]
            for i in 0..COUNTS {
                counts[COUNTS * unit + i] = counts[COUNTS * unit + i] + counts[COUNTS * other + i];
            }
            let (a1, a2) = (values[2 * unit], values[2 * unit + 1]);
            let (b1, b2) = (values[2 * other], values[2 * other + 1]);
            let (p1, p2) = (places[2 * unit], places[2 * unit + 1]);
            let (q1, q2) = (places[2 * other], places[2 * other + 1]);
            if is_better(b1, q1, a1, p1) {
                values[2 * unit] = b1;
                places[2 * unit] = q1;
                if is_better(b2, q2, a1, p1) {
                    values[2 * unit + 1] = b2;
                    places[2 * unit + 1] = q2;
                } else {
                    values[2 * unit + 1] = a1;
                    places[2 * unit + 1] = p1;
                }
            } else if is_better(b1, q1, a2, p2) {
                values[2 * unit + 1] = b1;
                places[2 * unit + 1] = q1;
            }
        }
        sync_cube();
        half /= 2;
    }

    if unit == 0 {
        let (first, second) = (values[0], values[1]);
        let (p, q) = (places[0], places[1]);
        let mut finding = f32::new(PAIR);
        if counts[0] < 2u32 {
            finding = f32::new(NO_PAIR);
        } else if counts[1] == 0u32 {
            finding = f32::new(VANISHED);
        } else if !(first > -second) {
            finding = f32::new(NO_PAIR);
        } else if second.abs() < first * TOO_SMALL {
            finding = f32::new(UNSURE);
        }
        let out = run * NUMBERS;
        chosen[out] = finding;
        if finding == PAIR {
            chosen[out + 1] = f32::cast_from(if p < q { p } else { q });
            chosen[out + 2] = f32::cast_from(if p < q { q } else { p });
        } else {
            chosen[out + 1] = -1.0f32;
            chosen[out + 2] = -1.0f32;
        }
        chosen[out + 3] = f32::cast_from(counts[2]);
        chosen[out + 4] = f32::cast_from(counts[3]);
    }
}

#[cube]
fn is_better(value: f32, place: u32, than: f32, at: u32) -> bool {
    value > than || (value == than && place < at)
}

#[cube(launch)]
fn shift_kernel(
    images: &Tensor<f32>,
    chosen: &Tensor<f32>,
    moved: &mut Tensor<f32>,
    step: f32,
    #[comptime] features: usize,
) {
    let run = CUBE_POS_X as usize;
    let feature = CUBE_POS_Y as usize * UNITS + UNIT_POS as usize;
    if feature < features {
        let at = run * features + feature;
        let mut value = images[at];
        let this = f32::cast_from(feature as u32);
        if this == chosen[run * NUMBERS + 1] || this == chosen[run * NUMBERS + 2] {
            value = (value + step).clamp(0.0f32, 1.0f32);
        }
        moved[at] = value;
    }
}

/// Compares the kernels with the CPU. The machine needs a GPU for this.
#[cfg(all(test, feature = "vulkan"))]
mod tests {
    use burn::backend::Flex;
    use burn::backend::flex::FlexTensor;
    use burn::backend::ops::FloatTensorOps;
    use burn::tensor::TensorData;

    use super::*;

    const SHAPE: [usize; 4] = [64, 3, 9, 11];

    /// Gradients that reach every branch: all zero, a single entry, many equal entries, and magnitudes
    /// far apart.
    fn gradients() -> FlexTensor {
        let [runs, a, b, c] = SHAPE;
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 8
        };
        let numbers = (0..runs).flat_map(|run| {
            let features = a * b * c;
            let alone = next() as usize % features;
            let row: Vec<f32> = (0..features)
                .map(|feature| match run % 8 {
                    0 => 0.0,
                    1 => f32::from(feature == alone),
                    2 => -f32::from(feature == alone),
                    3 => (next() % 5) as f32 - 2.0,
                    4 => -((next() % 3) as f32),
                    5 => f32::powi(10.0, -((next() % 30) as i32)),
                    _ => next() as f32 / (1 << 24) as f32 - 0.5,
                })
                .collect();
            row
        });
        FlexTensor::from_data(TensorData::new(numbers.collect::<Vec<_>>(), SHAPE))
    }

    /// Pixels of 0, ½ and 1.
    fn pixels(seed: u32) -> FlexTensor {
        let mut state = seed;
        let numbers = (0..SHAPE.iter().product()).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) % 3) as f32 / 2.0
        });
        FlexTensor::from_data(TensorData::new(numbers.collect::<Vec<_>>(), SHAPE))
    }

    fn upload(tensor: &FlexTensor) -> CubeTensor {
        CubeBackend::float_from_data(tensor.clone().into_data(), &Default::default())
    }

    fn numbers(tensor: CubeTensor) -> Vec<f32> {
        let data = pollster::block_on(CubeBackend::float_into_data(tensor));
        data.expect("the device answers").iter::<f32>().collect()
    }

    #[test]
    fn the_gpu_chooses_like_the_cpu_unless_it_is_unsure() {
        let (gradient, images, originals) = (gradients(), pixels(2), pixels(3));
        let mut findings = [0; 4];
        for sign in [1.0, -1.0] {
            let chosen = CubeBackend::choose_pairs(
                upload(&gradient),
                upload(&images),
                upload(&originals),
                sign,
            );
            let moved = CubeBackend::shift_pairs(upload(&images), chosen.clone(), 0.7 * sign);
            let found = numbers(chosen);
            let chosen =
                Flex::choose_pairs(gradient.clone(), images.clone(), originals.clone(), sign);
            let expected: Vec<f32> = chosen.clone().into_data().iter::<f32>().collect();
            let shifted = Flex::shift_pairs(images.clone(), chosen, 0.7 * sign);
            let shifted: Vec<f32> = shifted.into_data().iter::<f32>().collect();
            let size = shifted.len() / SHAPE[0];
            let moved = numbers(moved);
            let rows = found.as_chunks::<NUMBERS>().0.iter().zip(expected.as_chunks::<NUMBERS>().0);
            for (run, (found, expected)) in rows.enumerate() {
                findings[found[0] as usize] += 1;
                let range = run * size..(run + 1) * size;
                if found[0] == UNSURE {
                    assert_eq!(expected[0], PAIR, "run {run}: the CPU finds no pair");
                    assert_eq!(found[3..], expected[3..], "run {run}");
                } else {
                    assert_eq!(found, expected, "run {run}");
                    assert_eq!(moved[range.clone()], shifted[range], "run {run}");
                }
            }
        }
        assert!(findings.iter().all(|&times| times > 0), "{findings:?}");
    }
}
