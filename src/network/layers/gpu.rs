//! The layers on a GPU: one kernel a layer, written in CubeCL for these two networks.
//!
//! burn's general operations take several dispatches for a convolution and its ReLU: the layout, the
//! patches, the product, the bias, the ReLU. A step of an attack spends more time on dispatches than
//! on arithmetic, so here each layer is one dispatch. A convolution is the product of a matrix of
//! patches, which is never stored, and the weights: each workgroup computes a tile of the product from
//! slices of both in shared memory. The shapes are compiled into the kernels, so that indices are
//! divided by constants alone. The number of images is not, so that a batch of any size runs on the
//! same kernels.
//!
//! The kernels keep to the limits of every WebGPU device: 256 units in a workgroup, under 9 KiB of
//! shared memory, four buffers, no subgroups, no 64-bit numbers.

use burn::backend::TensorMetadata;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use burn_cubecl::{CubeBackend, cubecl};

use super::Layers;

/// Units along each side of a workgroup that computes a tile.
const SIDE: usize = 16;
/// Rows of a tile that one unit computes.
const ROWS: usize = 4;
/// Terms of the sum in a slice in shared memory.
const DEPTH: usize = 16;
/// Distance between successive terms in the slice of patches. It is one more than the slice's rows, so
/// that neighbouring units write to different banks.
const PITCH: usize = SIDE * ROWS + 1;
/// Images that one workgroup of a dense layer computes, so that it reads each weight once for them.
const IMAGES: usize = 4;
/// Units that compute one sum of a dense layer together.
const SHARES: usize = 16;
/// Units of a workgroup that computes no tile.
const UNITS: u32 = 256;

impl Layers for CubeBackend {
    fn conv_relu(x: CubeTensor, weight: CubeTensor, bias: CubeTensor) -> CubeTensor {
        let [images, height, width, in_channels] = x.shape().dims();
        let out_channels = weight.shape()[0];
        let conv = Conv { height, width, in_channels, out_channels };
        let y = empty(&x, [images, height - 2, width - 2, out_channels]);
        let rows = images * (height - 2) * (width - 2);
        conv_relu_kernel::launch(
            &y.client,
            tiles(rows, out_channels),
            CubeDim::new_2d(SIDE as u32, SIDE as u32),
            argument(x),
            argument(weight),
            argument(bias),
            y.clone().into_tensor_arg(),
            rows as u32,
            conv,
            columns(out_channels),
        );
        y
    }

    fn conv_relu_input_gradient(
        y: CubeTensor,
        weight: CubeTensor,
        gradient: CubeTensor,
    ) -> CubeTensor {
        let [images, above, beside, out_channels] = y.shape().dims();
        let (height, width, in_channels) = (above + 2, beside + 2, weight.shape()[1]);
        let conv = Conv { height, width, in_channels, out_channels };
        let rows = gradient.shape()[0] * height * width;
        let input_gradient = empty(&gradient, [gradient.shape()[0], height, width, in_channels]);
        conv_gradient_kernel::launch(
            &input_gradient.client,
            tiles(rows, in_channels),
            CubeDim::new_2d(SIDE as u32, SIDE as u32),
            argument(gradient),
            argument(y),
            argument(weight),
            input_gradient.clone().into_tensor_arg(),
            rows as u32,
            images as u32,
            conv,
            columns(in_channels),
        );
        input_gradient
    }

    fn conv_relu_pool_input_gradient(
        y: CubeTensor,
        weight: CubeTensor,
        gradient: CubeTensor,
    ) -> CubeTensor {
        let gradient = max_pool_gradient(y.clone(), gradient);
        Self::conv_relu_input_gradient(y, weight, gradient)
    }

    fn max_pool(x: CubeTensor) -> CubeTensor {
        let [images, height, width, channels] = x.shape().dims();
        let y = empty(&x, [images, height / 2, width / 2, channels]);
        let count = images * height * width * channels / 4;
        max_pool_kernel::launch(
            &y.client,
            elements(count),
            CubeDim::new_1d(UNITS),
            argument(x),
            y.clone().into_tensor_arg(),
            count as u32,
            width / 2,
            channels,
        );
        y
    }

    fn dense(x: CubeTensor, weight: CubeTensor, bias: CubeTensor, relu: bool) -> CubeTensor {
        let ([images, inputs], outputs) = (x.shape().dims(), weight.shape()[1]);
        let y = empty(&x, [images, outputs]);
        dense_kernel::launch(
            &y.client,
            dense_workgroups(images, outputs),
            CubeDim::new_2d(SIDE as u32, SHARES as u32),
            argument(x),
            argument(weight),
            argument(bias),
            y.clone().into_tensor_arg(),
            images as u32,
            inputs,
            outputs,
            relu,
        );
        y
    }

    fn dense_input_gradient(weight: CubeTensor, gradient: CubeTensor) -> CubeTensor {
        dense_backward(None, weight, gradient)
    }

    fn dense_relu_input_gradient(
        y: CubeTensor,
        weight: CubeTensor,
        gradient: CubeTensor,
    ) -> CubeTensor {
        dense_backward(Some(y), weight, gradient)
    }
}

/// The gradient before the pool, which goes to the first maximum of each block.
fn max_pool_gradient(x: CubeTensor, gradient: CubeTensor) -> CubeTensor {
    let [images, height, width, channels] = x.shape().dims();
    let rows = gradient.shape()[0];
    let input_gradient = empty(&gradient, [rows, height, width, channels]);
    let count = rows * height * width * channels;
    max_pool_gradient_kernel::launch(
        &input_gradient.client,
        elements(count / 4),
        CubeDim::new_1d(UNITS),
        argument(x),
        argument(gradient),
        input_gradient.clone().into_tensor_arg(),
        (count / 4) as u32,
        (images * height * width * channels / 4) as u32,
        width / 2,
        channels,
    );
    input_gradient
}

fn dense_backward(y: Option<CubeTensor>, weight: CubeTensor, gradient: CubeTensor) -> CubeTensor {
    let ([rows, outputs], inputs) = (gradient.shape().dims(), weight.shape()[0]);
    let input_gradient = empty(&gradient, [rows, inputs]);
    let relu = y.is_some();
    // A kernel takes all its buffers, even those that it does not read.
    let y = y.unwrap_or_else(|| gradient.clone());
    let images = y.shape()[0];
    dense_gradient_kernel::launch(
        &input_gradient.client,
        dense_workgroups(rows, inputs),
        CubeDim::new_2d(SHARES as u32, SIDE as u32),
        argument(gradient),
        argument(y),
        argument(weight),
        input_gradient.clone().into_tensor_arg(),
        rows as u32,
        images as u32,
        inputs,
        outputs,
        relu,
    );
    input_gradient
}

fn argument(tensor: CubeTensor) -> TensorArg {
    into_contiguous(tensor).into_tensor_arg()
}

fn empty<const D: usize>(like: &CubeTensor, shape: [usize; D]) -> CubeTensor {
    let (client, device) = (like.client.clone(), like.device.clone());
    empty_device_contiguous_dtype(client, device, shape.into(), like.dtype)
}

/// The shape of a convolution: input `[height, width, in_channels]`, output
/// `[height − 2, width − 2, out_channels]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Conv {
    height: usize,
    width: usize,
    in_channels: usize,
    out_channels: usize,
}

/// Columns of a tile that one unit computes.
fn columns(width: usize) -> usize {
    width.div_ceil(SIDE).clamp(1, 4)
}

/// One workgroup for each tile of a product with so many rows and columns.
fn tiles(rows: usize, width: usize) -> CubeCount {
    grid(rows.div_ceil(SIDE * ROWS), width.div_ceil(SIDE * columns(width)))
}

/// One workgroup for [`IMAGES`] images and [`SIDE`] outputs of a dense layer.
fn dense_workgroups(images: usize, width: usize) -> CubeCount {
    grid(images.div_ceil(IMAGES), width.div_ceil(SIDE))
}

/// One unit for each element.
fn elements(count: usize) -> CubeCount {
    grid(count.div_ceil(UNITS as usize), 1)
}

/// A grid of workgroups. WebGPU allows at most 65,535 along an axis, so the first axis is folded into
/// the third.
fn grid(first: usize, second: usize) -> CubeCount {
    const MAX: usize = 65_535;
    let folds = first.div_ceil(MAX);
    CubeCount::Static(first.div_ceil(folds) as u32, second as u32, folds as u32)
}

/// The position along the first axis of [`grid`].
#[cube]
fn position() -> usize {
    (CUBE_POS_Z * CUBE_COUNT_X + CUBE_POS_X) as usize
}

#[cube(launch)]
fn conv_relu_kernel(
    x: &Tensor<f32>,
    weight: &Tensor<f32>,
    bias: &Tensor<f32>,
    y: &mut Tensor<f32>,
    rows: u32,
    #[comptime] conv: Conv,
    #[comptime] columns: usize,
) {
    let first = position() * (SIDE * ROWS);
    let across = CUBE_POS_Y as usize * comptime!(SIDE * columns);
    let rows = rows as usize;
    let unit = UNIT_POS as usize;
    let mut patches = Shared::<[f32]>::new_slice(DEPTH * PITCH);
    let mut kernel = Shared::<[f32]>::new_slice(comptime!(DEPTH * SIDE * columns));
    let mut sums = zeros(comptime!(ROWS * columns));
    let depth = comptime!(9 * conv.in_channels);
    let (above, beside) = comptime!((conv.height - 2, conv.width - 2));

    let mut begin = 0usize;
    while begin < depth {
        // Neighbouring units read neighbouring channels of a patch.
        let k = begin + unit % DEPTH;
        let (tap, channel) = (k / conv.in_channels, k % conv.in_channels);
        #[unroll]
        for i in 0..ROWS {
            let row = unit / DEPTH + i * SIDE;
            let pixel = first + row;
            let mut value = 0.0f32;
            if pixel < rows && k < depth {
                let line = pixel / beside;
                let top = line / above * conv.height + line % above + tap / 3;
                let left = pixel % beside + tap % 3;
                value = x[(top * conv.width + left) * conv.in_channels + channel];
            }
            patches[unit % DEPTH * PITCH + row] = value;
        }
        #[unroll]
        for i in 0..columns {
            let at = unit + i * (SIDE * SIDE);
            let k = begin + at / comptime!(SIDE * columns);
            let column = across + at % comptime!(SIDE * columns);
            let mut value = 0.0f32;
            if k < depth && column < conv.out_channels {
                value = weight
                    [(column * conv.in_channels + k % conv.in_channels) * 9 + k / conv.in_channels];
            }
            kernel[at] = value;
        }
        sync_cube();
        add_product(&patches, &kernel, &mut sums, columns);
        sync_cube();
        begin += DEPTH;
    }

    #[unroll]
    for i in 0..ROWS {
        let row = first + UNIT_POS_Y as usize * ROWS + i;
        #[unroll]
        for j in 0..columns {
            let column = across + UNIT_POS_X as usize + j * SIDE;
            if row < rows && column < conv.out_channels {
                let sum = sums[i * columns + j] + bias[column];
                y[row * conv.out_channels + column] = sum.max(0.0f32);
            }
        }
    }
}

/// The same product backward: patches of the gradient, padded with zeros and with the ReLU mask
/// applied, and the flipped kernel.
#[cube(launch)]
fn conv_gradient_kernel(
    gradient: &Tensor<f32>,
    y: &Tensor<f32>,
    weight: &Tensor<f32>,
    input_gradient: &mut Tensor<f32>,
    rows: u32,
    images: u32,
    #[comptime] conv: Conv,
    #[comptime] columns: usize,
) {
    let first = position() * (SIDE * ROWS);
    let across = CUBE_POS_Y as usize * comptime!(SIDE * columns);
    let (rows, images) = (rows as usize, images as usize);
    let unit = UNIT_POS as usize;
    let mut patches = Shared::<[f32]>::new_slice(DEPTH * PITCH);
    let mut kernel = Shared::<[f32]>::new_slice(comptime!(DEPTH * SIDE * columns));
    let mut sums = zeros(comptime!(ROWS * columns));
    let depth = comptime!(9 * conv.out_channels);
    let (above, beside) = comptime!((conv.height - 2, conv.width - 2));

    let mut begin = 0usize;
    while begin < depth {
        let k = begin + unit % DEPTH;
        let (tap, channel) = (k / conv.out_channels, k % conv.out_channels);
        #[unroll]
        for i in 0..ROWS {
            let row = unit / DEPTH + i * SIDE;
            let pixel = first + row;
            let mut value = 0.0f32;
            if pixel < rows && k < depth {
                let line = pixel / conv.width;
                let image = line / conv.height;
                // A negative coordinate wraps around to a large one, which is outside as well.
                let top = line % conv.height - tap / 3;
                let left = pixel % conv.width - tap % 3;
                if top < above && left < beside {
                    let inside = (top * beside + left) * conv.out_channels + channel;
                    let size = comptime!((conv.height - 2) * (conv.width - 2) * conv.out_channels);
                    if y[image % images * size + inside] > 0.0f32 {
                        value = gradient[image * size + inside];
                    }
                }
            }
            patches[unit % DEPTH * PITCH + row] = value;
        }
        #[unroll]
        for i in 0..columns {
            let at = unit + i * (SIDE * SIDE);
            let k = begin + at / comptime!(SIDE * columns);
            let column = across + at % comptime!(SIDE * columns);
            let mut value = 0.0f32;
            if k < depth && column < conv.in_channels {
                value = weight[(k % conv.out_channels * conv.in_channels + column) * 9
                    + k / conv.out_channels];
            }
            kernel[at] = value;
        }
        sync_cube();
        add_product(&patches, &kernel, &mut sums, columns);
        sync_cube();
        begin += DEPTH;
    }

    #[unroll]
    for i in 0..ROWS {
        let row = first + UNIT_POS_Y as usize * ROWS + i;
        #[unroll]
        for j in 0..columns {
            let column = across + UNIT_POS_X as usize + j * SIDE;
            if row < rows && column < conv.in_channels {
                input_gradient[row * conv.in_channels + column] = sums[i * columns + j];
            }
        }
    }
}

#[cube]
fn zeros(#[comptime] count: usize) -> Array<f32> {
    let mut sums = Array::<f32>::new(count);
    #[unroll]
    for i in 0..count {
        sums[i] = 0.0f32;
    }
    sums
}

/// Adds the product of two slices in shared memory to a unit's part of the tile.
#[cube]
fn add_product(
    patches: &Shared<[f32]>,
    kernel: &Shared<[f32]>,
    sums: &mut Array<f32>,
    #[comptime] columns: usize,
) {
    for k in 0..DEPTH {
        #[unroll]
        for j in 0..columns {
            let weight = kernel[k * comptime!(SIDE * columns) + UNIT_POS_X as usize + j * SIDE];
            #[unroll]
            for i in 0..ROWS {
                let value = patches[k * PITCH + UNIT_POS_Y as usize * ROWS + i];
                sums[i * columns + j] += value * weight;
            }
        }
    }
}

#[cube(launch)]
fn max_pool_kernel(
    x: &Tensor<f32>,
    y: &mut Tensor<f32>,
    count: u32,
    #[comptime] width: usize,
    #[comptime] channels: usize,
) {
    let at = position() * UNITS as usize + UNIT_POS as usize;
    if at < count as usize {
        let corner = corner(at, width, channels);
        let below = corner + comptime!(2 * width * channels);
        let mut largest = x[corner];
        largest = largest.max(x[corner + channels]);
        largest = largest.max(x[below]);
        y[at] = largest.max(x[below + channels]);
    }
}

/// Each unit writes one 2×2 block: the gradient to the first maximum, zero to the others.
#[cube(launch)]
fn max_pool_gradient_kernel(
    x: &Tensor<f32>,
    gradient: &Tensor<f32>,
    input_gradient: &mut Tensor<f32>,
    count: u32,
    batch: u32,
    #[comptime] width: usize,
    #[comptime] channels: usize,
) {
    let at = position() * UNITS as usize + UNIT_POS as usize;
    if at < count as usize {
        let x_corner = corner(at % batch as usize, width, channels);
        let gradient_corner = corner(at, width, channels);
        let mut largest = x[x_corner];
        let mut winner = 0usize;
        #[unroll]
        for i in 1..4usize {
            let value = x[x_corner + comptime!((i / 2 * 2 * width + i % 2) * channels)];
            if value > largest {
                largest = value;
                winner = i;
            }
        }
        #[unroll]
        for i in 0..4usize {
            let mut share = 0.0f32;
            if winner == i {
                share = gradient[at];
            }
            input_gradient[gradient_corner + comptime!((i / 2 * 2 * width + i % 2) * channels)] =
                share;
        }
    }
}

/// The first element of the 2×2 block of an element of the output, which is `width` wide.
#[cube]
fn corner(at: usize, #[comptime] width: usize, #[comptime] channels: usize) -> usize {
    let pixel = at / channels;
    let line = pixel / width;
    (line * comptime!(4 * width) + pixel % width * 2) * channels + at % channels
}

/// Neighbouring units compute neighbouring outputs, whose weights are neighbours in memory.
#[cube(launch)]
fn dense_kernel(
    x: &Tensor<f32>,
    weight: &Tensor<f32>,
    bias: &Tensor<f32>,
    y: &mut Tensor<f32>,
    images: u32,
    #[comptime] inputs: usize,
    #[comptime] outputs: usize,
    #[comptime] relu: bool,
) {
    let first = position() * IMAGES;
    let column = CUBE_POS_Y as usize * SIDE + UNIT_POS_X as usize;
    let images = images as usize;
    let mut sums = zeros(IMAGES);
    if column < outputs {
        let mut k = UNIT_POS_Y as usize;
        while k < inputs {
            let weight = weight[k * outputs + column];
            #[unroll]
            for i in 0..IMAGES {
                if first + i < images {
                    sums[i] += x[(first + i) * inputs + k] * weight;
                }
            }
            k += SHARES;
        }
    }
    let shares = shared(&sums, UNIT_POS_X as usize, UNIT_POS_Y as usize);
    // The first rows of units add up the partial sums of all.
    if UNIT_POS_Y < comptime!(IMAGES as u32) && column < outputs {
        let image = first + UNIT_POS_Y as usize;
        if image < images {
            let sum = total(&shares, UNIT_POS_X as usize, UNIT_POS_Y as usize) + bias[column];
            if comptime!(relu) {
                y[image * outputs + column] = sum.max(0.0f32);
            } else {
                y[image * outputs + column] = sum;
            }
        }
    }
}

/// Neighbouring units compute neighbouring terms of a sum, whose weights are neighbours in memory.
#[cube(launch)]
fn dense_gradient_kernel(
    gradient: &Tensor<f32>,
    y: &Tensor<f32>,
    weight: &Tensor<f32>,
    input_gradient: &mut Tensor<f32>,
    rows: u32,
    images: u32,
    #[comptime] inputs: usize,
    #[comptime] outputs: usize,
    #[comptime] relu: bool,
) {
    let first = position() * IMAGES;
    let column = CUBE_POS_Y as usize * SIDE + UNIT_POS_Y as usize;
    let (rows, images) = (rows as usize, images as usize);
    let mut sums = zeros(IMAGES);
    if column < inputs {
        let mut k = UNIT_POS_X as usize;
        while k < outputs {
            let weight = weight[column * outputs + k];
            #[unroll]
            for i in 0..IMAGES {
                let row = first + i;
                if row < rows {
                    if comptime!(relu) {
                        if y[row % images * outputs + k] > 0.0f32 {
                            sums[i] += gradient[row * outputs + k] * weight;
                        }
                    } else {
                        sums[i] += gradient[row * outputs + k] * weight;
                    }
                }
            }
            k += SHARES;
        }
    }
    let shares = shared(&sums, UNIT_POS_Y as usize, UNIT_POS_X as usize);
    if UNIT_POS_X < comptime!(IMAGES as u32) && column < inputs {
        let row = first + UNIT_POS_X as usize;
        if row < rows {
            input_gradient[row * inputs + column] =
                total(&shares, UNIT_POS_Y as usize, UNIT_POS_X as usize);
        }
    }
}

/// Writes every unit's partial sums to shared memory: `[share, image, column]`.
#[cube]
fn shared(sums: &Array<f32>, column: usize, share: usize) -> Shared<[f32]> {
    let mut shares = Shared::<[f32]>::new_slice(SHARES * IMAGES * SIDE);
    #[unroll]
    for i in 0..IMAGES {
        shares[(share * IMAGES + i) * SIDE + column] = sums[i];
    }
    sync_cube();
    shares
}

/// Adds up the partial sums of an image and a column.
#[cube]
fn total(shares: &Shared<[f32]>, column: usize, image: usize) -> f32 {
    let mut sum = 0.0f32;
    for share in 0..SHARES {
        sum += shares[(share * IMAGES + image) * SIDE + column];
    }
    sum
}

/// Tests on the machine's GPU, against the CPU. Software GPUs (`docs/webgpu.md`) fail these tests, as
/// they compute burn's own products wrong too.
#[cfg(all(test, feature = "vulkan"))]
mod tests {
    use burn::backend::Flex;
    use burn::backend::flex::FlexTensor;
    use burn::backend::ops::FloatTensorOps;

    use super::*;
    use crate::network::layers::tests::{SHAPES, assert_near, random};

    fn to_gpu(tensor: &FlexTensor) -> CubeTensor {
        CubeBackend::float_from_data(tensor.clone().into_data(), &Default::default())
    }

    fn to_cpu(tensor: CubeTensor) -> FlexTensor {
        let data = pollster::block_on(CubeBackend::float_into_data(tensor));
        FlexTensor::from_data(data.expect("the device answers"))
    }

    #[test]
    fn convolutions_are_those_of_the_cpu() {
        for [images, height, width, in_channels, out_channels] in SHAPES {
            let about =
                format!("{images} × {height} × {width}, {in_channels} to {out_channels} channels");
            let x = random([images, height, width, in_channels], 1);
            let (weight, bias) =
                (random([out_channels, in_channels, 3, 3], 2), random([out_channels], 3));
            let y = CubeBackend::conv_relu(to_gpu(&x), to_gpu(&weight), to_gpu(&bias));
            let expected = Flex::conv_relu(x, weight.clone(), bias);
            assert_near(to_cpu(y.clone()), expected.clone(), &about);
            for rows in [1, 2] {
                let gradient = random([rows * images, height - 2, width - 2, out_channels], 4);
                let found = CubeBackend::conv_relu_input_gradient(
                    y.clone(),
                    to_gpu(&weight),
                    to_gpu(&gradient),
                );
                let expected = expected.clone();
                let expected = Flex::conv_relu_input_gradient(expected, weight.clone(), gradient);
                assert_near(to_cpu(found), expected, &about);
            }
        }
    }

    #[test]
    fn pools_are_those_of_the_cpu() {
        let x = random([3, 8, 6, 5], 6);
        let x = Flex::conv_relu(x, random([5, 5, 3, 3], 7), random([5], 8));
        assert_near(
            to_cpu(CubeBackend::max_pool(to_gpu(&x))),
            Flex::max_pool(x.clone()),
            "the pool",
        );
        for rows in [1, 3] {
            let gradient = random([rows * 3, 3, 2, 5], 9);
            let found = CubeBackend::max_pool_gradient(to_gpu(&x), to_gpu(&gradient));
            assert_near(
                to_cpu(found),
                Flex::max_pool_gradient(x.clone(), gradient),
                "its gradient",
            );
        }
    }

    #[test]
    fn dense_layers_are_those_of_the_cpu() {
        for [images, inputs, outputs] in [[1, 5, 3], [3, 40, 17], [9, 200, 10], [6, 33, 70]] {
            let about = format!("{images} images, {inputs} to {outputs}");
            let (x, weight, bias) =
                (random([images, inputs], 1), random([inputs, outputs], 2), random([outputs], 3));
            for relu in [false, true] {
                let found = CubeBackend::dense(to_gpu(&x), to_gpu(&weight), to_gpu(&bias), relu);
                let expected = Flex::dense(x.clone(), weight.clone(), bias.clone(), relu);
                assert_near(to_cpu(found), expected, &about);
            }
            let y = Flex::dense(x, weight.clone(), bias, true);
            for rows in [1, 2] {
                let gradient = random([rows * images, outputs], 4);
                let found = CubeBackend::dense_input_gradient(to_gpu(&weight), to_gpu(&gradient));
                let expected = Flex::dense_input_gradient(weight.clone(), gradient.clone());
                assert_near(to_cpu(found), expected, &about);
                let found = CubeBackend::dense_relu_input_gradient(
                    to_gpu(&y),
                    to_gpu(&weight),
                    to_gpu(&gradient),
                );
                let expected = Flex::dense_relu_input_gradient(y.clone(), weight.clone(), gradient);
                assert_near(to_cpu(found), expected, &about);
            }
        }
    }
}
