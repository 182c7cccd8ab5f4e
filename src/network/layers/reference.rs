//! The layers by burn's own operations, for any backend. The others are tested against them.

use burn::backend::ops::{ConvOptions, ConvTransposeOptions};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata, get_or_init_device_settings};

const ONE: [usize; 2] = [1, 1];
const TWO: [usize; 2] = [2, 2];
const NONE: [usize; 2] = [0, 0];

pub fn conv_relu<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
) -> FloatTensor<B> {
    let y = B::conv2d(channels_first::<B>(x), weight, Some(bias), options());
    channels_last::<B>(B::relu(y))
}

pub fn conv_relu_input_gradient<B: Backend>(
    y: FloatTensor<B>,
    weight: FloatTensor<B>,
    gradient: FloatTensor<B>,
) -> FloatTensor<B> {
    let y = repeat_for_rows::<B>(y, &gradient);
    let gradient = channels_first::<B>(B::relu_backward(y, gradient));
    let options = ConvTransposeOptions::new(ONE, NONE, NONE, ONE, 1);
    channels_last::<B>(B::conv_transpose2d(gradient, weight, None, options))
}

pub fn max_pool<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    channels_last::<B>(B::max_pool2d(channels_first::<B>(x), TWO, TWO, NONE, ONE, false))
}

pub fn max_pool_gradient<B: Backend>(
    x: FloatTensor<B>,
    gradient: FloatTensor<B>,
) -> FloatTensor<B> {
    let x = channels_first::<B>(repeat_for_rows::<B>(x, &gradient));
    let integers = get_or_init_device_settings::<B>(&x.device()).int_dtype;
    let pool = B::max_pool2d_with_indices(x.clone(), TWO, TWO, NONE, ONE, false, integers);
    let gradient = channels_first::<B>(gradient);
    let back =
        B::max_pool2d_with_indices_backward(x, TWO, TWO, NONE, ONE, false, gradient, pool.indices);
    channels_last::<B>(back.x_grad)
}

pub fn dense<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    relu: bool,
) -> FloatTensor<B> {
    let across = [1, bias.shape()[0]].into();
    let y = B::float_add(B::float_matmul(x, weight), B::float_reshape(bias, across));
    if relu { B::relu(y) } else { y }
}

pub fn dense_input_gradient<B: Backend>(
    weight: FloatTensor<B>,
    gradient: FloatTensor<B>,
) -> FloatTensor<B> {
    B::float_matmul(gradient, B::float_swap_dims(weight, 0, 1))
}

pub fn dense_relu_input_gradient<B: Backend>(
    y: FloatTensor<B>,
    weight: FloatTensor<B>,
    gradient: FloatTensor<B>,
) -> FloatTensor<B> {
    let gradient = B::relu_backward(repeat_for_rows::<B>(y, &gradient), gradient);
    dense_input_gradient::<B>(weight, gradient)
}

fn options() -> ConvOptions<2> {
    ConvOptions::new(ONE, NONE, ONE, 1)
}

/// From `[n, height, width, channels]` to `[n, channels, height, width]`.
fn channels_first<B: Backend>(tensor: FloatTensor<B>) -> FloatTensor<B> {
    B::float_permute(tensor, &[0, 3, 1, 2])
}

/// From `[n, channels, height, width]` to `[n, height, width, channels]`.
fn channels_last<B: Backend>(tensor: FloatTensor<B>) -> FloatTensor<B> {
    B::float_permute(tensor, &[0, 2, 3, 1])
}

/// Repeats a tensor of the forward pass, `[batch, …]`, for gradients `[rows × batch, …]`.
fn repeat_for_rows<B: Backend>(
    forward: FloatTensor<B>,
    gradients: &FloatTensor<B>,
) -> FloatTensor<B> {
    let times = gradients.shape()[0] / forward.shape()[0];
    if times == 1 { forward } else { B::float_repeat_dim(forward, 0, times) }
}
