//! The layers on a GPU: one kernel a layer, written in CubeCL for these two networks.
//!
//! burn's general operations take several dispatches for a convolution and its ReLU: a layout, the
//! patches, the product, the bias, the ReLU. On a GPU a step of an attack is made of dispatches more
//! than of arithmetic, and here every layer is one. A convolution is a product of a matrix of
//! patches, which is never written down, and the weights: each workgroup computes a tile of it from
//! slices of both in shared memory. The shapes are compiled into the kernels, so that no index is
//! divided by a number that is known only at run time; the number of images is not, and a batch of
//! any size runs on the same kernels.
//!
//! Only what WebGPU has everywhere is used: 256 units in a workgroup, under 9 KiB of shared memory,
//! four buffers, no subgroups, no 64-bit numbers.

use burn::backend::TensorMetadata;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use burn_cubecl::{CubeBackend, cubecl};

use super::Layers;

/// Units along either side of a workgroup that computes a tile.
const SIDE: usize = 16;
/// Rows of a tile that one unit computes.
const ROWS: usize = 4;
/// How far the slices in shared memory reach along the sum.
const DEPTH: usize = 16;
/// From one place along the sum to the next in the slice of patches: one more than its rows, so that
/// neighbouring units write to different banks.
const PITCH: usize = SIDE * ROWS + 1;
/// Images that one workgroup of a dense layer computes, to read each weight once for all of them.
const TOGETHER: usize = 4;
/// Units that share one sum of a dense layer.
const SHARES: usize = 16;
/// Units of a workgroup that has no tile.
const UNITS: u32 = 256;

impl Layers for CubeBackend {
    fn conv_relu(x: CubeTensor, weight: CubeTensor, bias: CubeTensor) -> CubeTensor {
        let [images, height, width, from] = x.shape().dims();
        let to = weight.shape()[0];
        let conv = Conv { height, width, from, to };
        let y = empty(&x, [images, height - 2, width - 2, to]);
        let rows = images * (height - 2) * (width - 2);
        conv_relu_kernel::launch(
            &y.client,
            tiles(rows, to),
            CubeDim::new_2d(SIDE as u32, SIDE as u32),
            argument(x),
            argument(weight),
            argument(bias),
            y.clone().into_tensor_arg(),
            rows as u32,
            conv,
            columns(to),
        );
        y
    }

    fn conv_relu_input_gradient(
        y: CubeTensor,
        weight: CubeTensor,
        gradient: CubeTensor,
    ) -> CubeTensor {
        let [images, above, beside, to] = y.shape().dims();
        let (height, width, from) = (above + 2, beside + 2, weight.shape()[1]);
        let conv = Conv { height, width, from, to };
        let rows = gradient.shape()[0] * height * width;
        let back = empty(&gradient, [gradient.shape()[0], height, width, from]);
        conv_gradient_kernel::launch(
            &back.client,
            tiles(rows, from),
            CubeDim::new_2d(SIDE as u32, SIDE as u32),
            argument(gradient),
            argument(y),
            argument(weight),
            back.clone().into_tensor_arg(),
            rows as u32,
            images as u32,
            conv,
            columns(from),
        );
        back
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

    fn max_pool_gradient(x: CubeTensor, gradient: CubeTensor) -> CubeTensor {
        let [images, height, width, channels] = x.shape().dims();
        let rows = gradient.shape()[0];
        let back = empty(&gradient, [rows, height, width, channels]);
        let count = rows * height * width * channels;
        max_pool_gradient_kernel::launch(
            &back.client,
            elements(count / 4),
            CubeDim::new_1d(UNITS),
            argument(x),
            argument(gradient),
            back.clone().into_tensor_arg(),
            (count / 4) as u32,
            (images * height * width * channels / 4) as u32,
            width / 2,
            channels,
        );
        back
    }

    fn dense(x: CubeTensor, weight: CubeTensor, bias: CubeTensor, relu: bool) -> CubeTensor {
        let ([images, from], to) = (x.shape().dims(), weight.shape()[1]);
        let y = empty(&x, [images, to]);
        dense_kernel::launch(
            &y.client,
            shares(images, to),
            CubeDim::new_2d(SIDE as u32, SHARES as u32),
            argument(x),
            argument(weight),
            argument(bias),
            y.clone().into_tensor_arg(),
            images as u32,
            from,
            to,
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

fn dense_backward(y: Option<CubeTensor>, weight: CubeTensor, gradient: CubeTensor) -> CubeTensor {
    let ([rows, to], from) = (gradient.shape().dims(), weight.shape()[0]);
    let back = empty(&gradient, [rows, from]);
    let relu = y.is_some();
    // A kernel has the same buffers whether or not it reads them all.
    let y = y.unwrap_or_else(|| gradient.clone());
    let images = y.shape()[0];
    dense_gradient_kernel::launch(
        &back.client,
        shares(rows, from),
        CubeDim::new_2d(SHARES as u32, SIDE as u32),
        argument(gradient),
        argument(y),
        argument(weight),
        back.clone().into_tensor_arg(),
        rows as u32,
        images as u32,
        from,
        to,
        relu,
    );
    back
}

fn argument(tensor: CubeTensor) -> TensorArg {
    into_contiguous(tensor).into_tensor_arg()
}

fn empty<const D: usize>(like: &CubeTensor, shape: [usize; D]) -> CubeTensor {
    let (client, device) = (like.client.clone(), like.device.clone());
    empty_device_contiguous_dtype(client, device, shape.into(), like.dtype)
}

/// The shape of a convolution: input `[height, width, from]`, output `[height − 2, width − 2, to]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Conv {
    height: usize,
    width: usize,
    from: usize,
    to: usize,
}

/// Columns of a tile that one unit computes.
fn columns(width: usize) -> usize {
    width.div_ceil(SIDE).clamp(1, 4)
}

/// One workgroup for each tile of a product of so many rows and columns.
fn tiles(rows: usize, width: usize) -> CubeCount {
    grid(rows.div_ceil(SIDE * ROWS), width.div_ceil(SIDE * columns(width)))
}

/// One workgroup for some images and some of a dense layer's outputs.
fn shares(images: usize, width: usize) -> CubeCount {
    grid(images.div_ceil(TOGETHER), width.div_ceil(SIDE))
}

/// One unit for each element.
fn elements(count: usize) -> CubeCount {
    grid(count.div_ceil(UNITS as usize), 1)
}

/// WebGPU counts at most 65,535 workgroups along one axis, so the first is folded into a third.
fn grid(first: usize, second: usize) -> CubeCount {
    const MOST: usize = 65_535;
    let folds = first.div_ceil(MOST);
    CubeCount::Static(first.div_ceil(folds) as u32, second as u32, folds as u32)
}

/// The place along the first axis of [`grid`].
#[cube]
fn place() -> usize {
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
    let first = place() * (SIDE * ROWS);
    let across = CUBE_POS_Y as usize * comptime!(SIDE * columns);
    let rows = rows as usize;
    let unit = UNIT_POS as usize;
    let mut patches = Shared::<[f32]>::new_slice(DEPTH * PITCH);
    let mut kernel = Shared::<[f32]>::new_slice(comptime!(DEPTH * SIDE * columns));
    let mut sums = zeros(comptime!(ROWS * columns));
    let depth = comptime!(9 * conv.from);
    let (above, beside) = comptime!((conv.height - 2, conv.width - 2));

    let mut begin = 0usize;
    while begin < depth {
        // Neighbouring units read neighbouring channels of a patch.
        let k = begin + unit % DEPTH;
        let (tap, channel) = (k / conv.from, k % conv.from);
        #[unroll]
        for i in 0..ROWS {
            let row = unit / DEPTH + i * SIDE;
            let pixel = first + row;
            let mut value = 0.0f32;
            if pixel < rows && k < depth {
                let line = pixel / beside;
                let top = line / above * conv.height + line % above + tap / 3;
                let left = pixel % beside + tap % 3;
                value = x[(top * conv.width + left) * conv.from + channel];
            }
            patches[unit % DEPTH * PITCH + row] = value;
        }
        #[unroll]
        for i in 0..columns {
            let at = unit + i * (SIDE * SIDE);
            let k = begin + at / comptime!(SIDE * columns);
            let column = across + at % comptime!(SIDE * columns);
            let mut value = 0.0f32;
            if k < depth && column < conv.to {
                value = weight[(column * conv.from + k % conv.from) * 9 + k / conv.from];
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
            if row < rows && column < conv.to {
                let sum = sums[i * columns + j] + bias[column];
                y[row * conv.to + column] = sum.max(0.0f32);
            }
        }
    }
}

/// The same product the other way: patches of the gradient, zero beyond its edges and where the ReLU
/// was off, with the weights turned around.
#[cube(launch)]
fn conv_gradient_kernel(
    gradient: &Tensor<f32>,
    y: &Tensor<f32>,
    weight: &Tensor<f32>,
    back: &mut Tensor<f32>,
    rows: u32,
    images: u32,
    #[comptime] conv: Conv,
    #[comptime] columns: usize,
) {
    let first = place() * (SIDE * ROWS);
    let across = CUBE_POS_Y as usize * comptime!(SIDE * columns);
    let (rows, images) = (rows as usize, images as usize);
    let unit = UNIT_POS as usize;
    let mut patches = Shared::<[f32]>::new_slice(DEPTH * PITCH);
    let mut kernel = Shared::<[f32]>::new_slice(comptime!(DEPTH * SIDE * columns));
    let mut sums = zeros(comptime!(ROWS * columns));
    let depth = comptime!(9 * conv.to);
    let (above, beside) = comptime!((conv.height - 2, conv.width - 2));

    let mut begin = 0usize;
    while begin < depth {
        let k = begin + unit % DEPTH;
        let (tap, channel) = (k / conv.to, k % conv.to);
        #[unroll]
        for i in 0..ROWS {
            let row = unit / DEPTH + i * SIDE;
            let pixel = first + row;
            let mut value = 0.0f32;
            if pixel < rows && k < depth {
                let line = pixel / conv.width;
                let image = line / conv.height;
                // One too small wraps around to one too large.
                let top = line % conv.height - tap / 3;
                let left = pixel % conv.width - tap % 3;
                if top < above && left < beside {
                    let inside = (top * beside + left) * conv.to + channel;
                    let size = comptime!((conv.height - 2) * (conv.width - 2) * conv.to);
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
            if k < depth && column < conv.from {
                value = weight[(k % conv.to * conv.from + column) * 9 + k / conv.to];
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
            if row < rows && column < conv.from {
                back[row * conv.from + column] = sums[i * columns + j];
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

/// Adds the product of two slices in shared memory to what a unit has of the tile.
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
    let at = place() * UNITS as usize + UNIT_POS as usize;
    if at < count as usize {
        let corner = corner(at, width, channels);
        let below = corner + comptime!(2 * width * channels);
        let mut largest = x[corner];
        largest = largest.max(x[corner + channels]);
        largest = largest.max(x[below]);
        y[at] = largest.max(x[below + channels]);
    }
}

/// One unit a block of four: the gradient to the first of the largest, zero to the others.
#[cube(launch)]
fn max_pool_gradient_kernel(
    x: &Tensor<f32>,
    gradient: &Tensor<f32>,
    back: &mut Tensor<f32>,
    count: u32,
    batch: u32,
    #[comptime] width: usize,
    #[comptime] channels: usize,
) {
    let at = place() * UNITS as usize + UNIT_POS as usize;
    if at < count as usize {
        let from = corner(at % batch as usize, width, channels);
        let to = corner(at, width, channels);
        let mut largest = x[from];
        let mut winner = 0usize;
        #[unroll]
        for i in 1..4usize {
            let value = x[from + comptime!((i / 2 * 2 * width + i % 2) * channels)];
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
            back[to + comptime!((i / 2 * 2 * width + i % 2) * channels)] = share;
        }
    }
}

/// Where the block of four begins that becomes an element of the pool, which is `width` wide.
#[cube]
fn corner(at: usize, #[comptime] width: usize, #[comptime] channels: usize) -> usize {
    let pixel = at / channels;
    let line = pixel / width;
    (line * comptime!(4 * width) + pixel % width * 2) * channels + at % channels
}

/// Units side by side have outputs side by side, whose weights are side by side.
#[cube(launch)]
fn dense_kernel(
    x: &Tensor<f32>,
    weight: &Tensor<f32>,
    bias: &Tensor<f32>,
    y: &mut Tensor<f32>,
    images: u32,
    #[comptime] from: usize,
    #[comptime] to: usize,
    #[comptime] relu: bool,
) {
    let first = place() * TOGETHER;
    let column = CUBE_POS_Y as usize * SIDE + UNIT_POS_X as usize;
    let images = images as usize;
    let mut sums = zeros(TOGETHER);
    if column < to {
        let mut k = UNIT_POS_Y as usize;
        while k < from {
            let weight = weight[k * to + column];
            #[unroll]
            for i in 0..TOGETHER {
                if first + i < images {
                    sums[i] += x[(first + i) * from + k] * weight;
                }
            }
            k += SHARES;
        }
    }
    let shares = shared(&sums, UNIT_POS_X as usize, UNIT_POS_Y as usize);
    // The first units of a workgroup gather the sums of all.
    if UNIT_POS_Y < comptime!(TOGETHER as u32) && column < to {
        let image = first + UNIT_POS_Y as usize;
        if image < images {
            let sum = gathered(&shares, UNIT_POS_X as usize, UNIT_POS_Y as usize) + bias[column];
            if comptime!(relu) {
                y[image * to + column] = sum.max(0.0f32);
            } else {
                y[image * to + column] = sum;
            }
        }
    }
}

/// Units side by side have places along the sum side by side, whose weights are side by side.
#[cube(launch)]
fn dense_gradient_kernel(
    gradient: &Tensor<f32>,
    y: &Tensor<f32>,
    weight: &Tensor<f32>,
    back: &mut Tensor<f32>,
    rows: u32,
    images: u32,
    #[comptime] from: usize,
    #[comptime] to: usize,
    #[comptime] relu: bool,
) {
    let first = place() * TOGETHER;
    let column = CUBE_POS_Y as usize * SIDE + UNIT_POS_Y as usize;
    let (rows, images) = (rows as usize, images as usize);
    let mut sums = zeros(TOGETHER);
    if column < from {
        let mut k = UNIT_POS_X as usize;
        while k < to {
            let weight = weight[column * to + k];
            #[unroll]
            for i in 0..TOGETHER {
                let row = first + i;
                if row < rows {
                    if comptime!(relu) {
                        if y[row % images * to + k] > 0.0f32 {
                            sums[i] += gradient[row * to + k] * weight;
                        }
                    } else {
                        sums[i] += gradient[row * to + k] * weight;
                    }
                }
            }
            k += SHARES;
        }
    }
    let shares = shared(&sums, UNIT_POS_Y as usize, UNIT_POS_X as usize);
    if UNIT_POS_X < comptime!(TOGETHER as u32) && column < from {
        let row = first + UNIT_POS_X as usize;
        if row < rows {
            back[row * from + column] = gathered(&shares, UNIT_POS_Y as usize, UNIT_POS_X as usize);
        }
    }
}

/// What every unit has of the sums, in shared memory: `[share, image, column]`.
#[cube]
fn shared(sums: &Array<f32>, column: usize, share: usize) -> Shared<[f32]> {
    let mut shares = Shared::<[f32]>::new_slice(SHARES * TOGETHER * SIDE);
    #[unroll]
    for i in 0..TOGETHER {
        shares[(share * TOGETHER + i) * SIDE + column] = sums[i];
    }
    sync_cube();
    shares
}

#[cube]
fn gathered(shares: &Shared<[f32]>, column: usize, image: usize) -> f32 {
    let mut sum = 0.0f32;
    for share in 0..SHARES {
        sum += shares[(share * TOGETHER + image) * SIDE + column];
    }
    sum
}

/// On the machine's own GPU, against the CPU. It has to be a real one: the programs that play one
/// (`docs/webgpu.md`) get burn's own products wrong as well.
#[cfg(all(test, feature = "vulkan"))]
mod tests {
    use burn::backend::Flex;
    use burn::backend::flex::FlexTensor;
    use burn::backend::ops::FloatTensorOps;

    use super::*;
    use crate::network::layers::tests::{SHAPES, assert_near, random};

    fn there(tensor: &FlexTensor) -> CubeTensor {
        CubeBackend::float_from_data(tensor.clone().into_data(), &Default::default())
    }

    fn back(tensor: CubeTensor) -> FlexTensor {
        let data = pollster::block_on(CubeBackend::float_into_data(tensor));
        FlexTensor::from_data(data.expect("the device answers"))
    }

    #[test]
    fn convolutions_are_those_of_the_processor() {
        for [images, height, width, from, to] in SHAPES {
            let about = format!("{images} × {height} × {width}, {from} to {to} channels");
            let x = random([images, height, width, from], 1);
            let (weight, bias) = (random([to, from, 3, 3], 2), random([to], 3));
            let y = CubeBackend::conv_relu(there(&x), there(&weight), there(&bias));
            let expected = Flex::conv_relu(x, weight.clone(), bias);
            assert_near(back(y.clone()), expected.clone(), &about);
            for rows in [1, 2] {
                let gradient = random([rows * images, height - 2, width - 2, to], 4);
                let found = CubeBackend::conv_relu_input_gradient(
                    y.clone(),
                    there(&weight),
                    there(&gradient),
                );
                let expected = expected.clone();
                let expected = Flex::conv_relu_input_gradient(expected, weight.clone(), gradient);
                assert_near(back(found), expected, &about);
            }
        }
    }

    #[test]
    fn pools_are_those_of_the_processor() {
        let x = random([3, 8, 6, 5], 6);
        let x = Flex::conv_relu(x, random([5, 5, 3, 3], 7), random([5], 8));
        assert_near(back(CubeBackend::max_pool(there(&x))), Flex::max_pool(x.clone()), "the pool");
        for rows in [1, 3] {
            let gradient = random([rows * 3, 3, 2, 5], 9);
            let found = CubeBackend::max_pool_gradient(there(&x), there(&gradient));
            assert_near(back(found), Flex::max_pool_gradient(x.clone(), gradient), "its gradient");
        }
    }

    #[test]
    fn dense_layers_are_those_of_the_processor() {
        for [images, from, to] in [[1, 5, 3], [3, 40, 17], [9, 200, 10], [6, 33, 70]] {
            let about = format!("{images} images, {from} to {to}");
            let (x, weight, bias) =
                (random([images, from], 1), random([from, to], 2), random([to], 3));
            for relu in [false, true] {
                let found = CubeBackend::dense(there(&x), there(&weight), there(&bias), relu);
                let expected = Flex::dense(x.clone(), weight.clone(), bias.clone(), relu);
                assert_near(back(found), expected, &about);
            }
            let y = Flex::dense(x, weight.clone(), bias, true);
            for rows in [1, 2] {
                let gradient = random([rows * images, to], 4);
                let found = CubeBackend::dense_input_gradient(there(&weight), there(&gradient));
                let expected = Flex::dense_input_gradient(weight.clone(), gradient.clone());
                assert_near(back(found), expected, &about);
                let found = CubeBackend::dense_relu_input_gradient(
                    there(&y),
                    there(&weight),
                    there(&gradient),
                );
                let expected = Flex::dense_relu_input_gradient(y.clone(), weight.clone(), gradient);
                assert_near(back(found), expected, &about);
            }
        }
    }
}
