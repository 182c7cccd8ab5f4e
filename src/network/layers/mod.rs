//! The layers of the networks, and their backward passes.
//!
//! Both networks spend nearly all of their time in 3×3 convolutions. burn's general convolution
//! copies every patch of its input, and converts the layout before and after. With channels last,
//! the inputs of a row of output already lie side by side in memory, so that the row is a matrix
//! product without copies. So these layers keep images as `[batch, height, width, channels]`. They
//! extend burn's backends: `cpu` for flex, `gpu` with kernels of its own for cube. Both are tested
//! against burn's own operations (`reference`).
//!
//! A convolution or a dense layer and the ReLU after it are one layer here, because the backward pass
//! of both needs the ReLU's output alone.

#[cfg(feature = "train")]
mod autodiff;
#[cfg(feature = "flex")]
mod cpu;
#[cfg(any(feature = "vulkan", feature = "webgpu"))]
mod gpu;
#[cfg(feature = "flex")]
pub mod matmul;
mod reference;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::nn::Linear;
use burn::nn::conv::Conv2d;
use burn::tensor::Tensor;

/// The layers that a backend implements. Images are `[batch, height, width, channels]`, the weights
/// of a convolution `[out, in, 3, 3]`, those of a dense layer `[in, out]`, biases `[out]`.
///
/// Where there may be several gradients for each image, they are `[rows × batch, …]`: the first row of
/// every image, then the second, and so on.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    Cube: cfg(any(feature = "vulkan", feature = "webgpu")),
    Autodiff: cfg(feature = "train"),
)]
pub trait Layers: Backend {
    /// relu(x ∗ weight + bias), a cross-correlation with *valid* padding and stride 1.
    fn conv_relu(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        reference::conv_relu::<Self>(x, weight, bias)
    }

    /// The gradient with respect to x, given [`Layers::conv_relu`]'s output y and the gradient with
    /// respect to y. There may be several gradients for each image.
    fn conv_relu_input_gradient(
        y: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        reference::conv_relu_input_gradient::<Self>(y, weight, gradient)
    }

    /// The maximum of each 2×2 block. Height and width are even.
    fn max_pool(x: FloatTensor<Self>) -> FloatTensor<Self> {
        reference::max_pool::<Self>(x)
    }

    /// The gradient with respect to x, given x and the gradient with respect to the output. It goes to
    /// the first of several equal maxima, as in PyTorch. There may be several gradients for each image.
    fn max_pool_gradient(x: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        reference::max_pool_gradient::<Self>(x, gradient)
    }

    /// x · weight + bias, and its ReLU if `relu` is set: from `[batch, in]` to `[batch, out]`.
    fn dense(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        relu: bool,
    ) -> FloatTensor<Self> {
        reference::dense::<Self>(x, weight, bias, relu)
    }

    /// The gradient with respect to x, given the gradient with respect to [`Layers::dense`]'s output
    /// without a ReLU.
    fn dense_input_gradient(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        reference::dense_input_gradient::<Self>(weight, gradient)
    }

    /// The gradient with respect to x, given [`Layers::dense`]'s output y with a ReLU and the gradient
    /// with respect to y. There may be several gradients for each image.
    fn dense_relu_input_gradient(
        y: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        reference::dense_relu_input_gradient::<Self>(y, weight, gradient)
    }
}

/// The gradients that training needs besides, for [`autodiff`].
#[cfg(feature = "train")]
trait WeightGradients: Layers {
    /// The gradients with respect to weight and bias, given x, the output y and the gradient with
    /// respect to y.
    fn conv_relu_weight_gradients(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        reference::conv_relu_weight_gradients::<Self>(x, y, weight, gradient)
    }
}

#[cfg(all(feature = "train", any(feature = "vulkan", feature = "webgpu")))]
impl WeightGradients for burn::backend::Cube {}

/// A convolution and its ReLU: from `[batch, h, w, in]` to `[batch, h − 2, w − 2, out]`.
///
/// # Panics
/// If the layer has no bias; the networks' layers have one.
pub fn conv_relu(layer: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    let bias = layer.bias.as_ref().expect("every convolution of the networks has a bias");
    let (weight, bias) = (layer.weight.val().into_dispatch(), bias.val().into_dispatch());
    Tensor::from_dispatch(<Dispatch as Layers>::conv_relu(x.into_dispatch(), weight, bias))
}

/// The backward pass of [`conv_relu`], whose output was y: from `[rows × batch, h − 2, w − 2, out]` to
/// `[rows × batch, h, w, in]`.
pub fn conv_relu_backward(layer: &Conv2d, y: &Tensor<4>, gradient: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as Layers>::conv_relu_input_gradient(
        y.clone().into_dispatch(),
        layer.weight.val().into_dispatch(),
        gradient.into_dispatch(),
    ))
}

/// The maximum of each 2×2 block: from `[batch, h, w, c]` to `[batch, h / 2, w / 2, c]`.
pub fn max_pool(x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as Layers>::max_pool(x.into_dispatch()))
}

/// The backward pass of [`max_pool`], whose input was x: from `[rows × batch, h / 2, w / 2, c]` to
/// `[rows × batch, h, w, c]`.
pub fn max_pool_backward(x: &Tensor<4>, gradient: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as Layers>::max_pool_gradient(
        x.clone().into_dispatch(),
        gradient.into_dispatch(),
    ))
}

/// A dense layer without a ReLU: from `[batch, in]` to `[batch, out]`.
///
/// # Panics
/// If the layer has no bias; the networks' layers have one.
pub fn dense(layer: &Linear, x: Tensor<2>) -> Tensor<2> {
    dense_with(layer, x, false)
}

/// A dense layer and its ReLU: from `[batch, in]` to `[batch, out]`.
///
/// # Panics
/// If the layer has no bias; the networks' layers have one.
pub fn dense_relu(layer: &Linear, x: Tensor<2>) -> Tensor<2> {
    dense_with(layer, x, true)
}

fn dense_with(layer: &Linear, x: Tensor<2>, relu: bool) -> Tensor<2> {
    let bias = layer.bias.as_ref().expect("every dense layer of the networks has a bias");
    let (weight, bias) = (layer.weight.val().into_dispatch(), bias.val().into_dispatch());
    Tensor::from_dispatch(<Dispatch as Layers>::dense(x.into_dispatch(), weight, bias, relu))
}

/// The backward pass of [`dense`]: from `[rows × batch, out]` to `[rows × batch, in]`.
pub fn dense_backward(layer: &Linear, gradient: Tensor<2>) -> Tensor<2> {
    let weight = layer.weight.val().into_dispatch();
    let gradient = gradient.into_dispatch();
    Tensor::from_dispatch(<Dispatch as Layers>::dense_input_gradient(weight, gradient))
}

/// The backward pass of [`dense_relu`], whose output was y: from `[rows × batch, out]` to
/// `[rows × batch, in]`.
pub fn dense_relu_backward(layer: &Linear, y: &Tensor<2>, gradient: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as Layers>::dense_relu_input_gradient(
        y.clone().into_dispatch(),
        layer.weight.val().into_dispatch(),
        gradient.into_dispatch(),
    ))
}

#[cfg(test)]
pub(crate) mod tests {
    use burn::backend::Flex;
    use burn::backend::flex::FlexTensor;
    use burn::tensor::TensorData;

    use super::*;

    /// Random numbers from −0.5 to 0.5, of which a fifth is zero as after a ReLU.
    pub fn random<const D: usize>(shape: [usize; D], seed: u32) -> FlexTensor {
        let mut state = seed;
        let numbers = (0..shape.iter().product()).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let unit = (state >> 8) as f32 / (1 << 24) as f32;
            if unit < 0.2 { 0.0 } else { unit - 0.5 }
        });
        FlexTensor::from_data(TensorData::new(numbers.collect::<Vec<f32>>(), shape))
    }

    pub fn assert_near(found: FlexTensor, expected: FlexTensor, about: &str) {
        let (found, expected) = (found.into_data(), expected.into_data());
        assert_eq!(found.shape(), expected.shape(), "{about}");
        let expected: Vec<f32> = expected.iter::<f32>().collect();
        let largest = expected.iter().fold(0.0f32, |most, x| most.max(x.abs()));
        assert!(largest > 0.0, "{about}: nothing to compare");
        for (found, expected) in found.iter::<f32>().zip(expected) {
            let error = (found - expected).abs();
            assert!(error <= 2e-6 * largest, "{about}: {found} instead of {expected}");
        }
    }

    /// Images, height, width, in channels and out channels. Some have few channels and some many,
    /// images are not square, and the numbers of images are not multiples of a group.
    pub const SHAPES: [[usize; 5]; 5] =
        [[1, 3, 4, 1, 4], [11, 7, 5, 1, 6], [3, 6, 9, 3, 16], [9, 8, 6, 8, 5], [2, 5, 8, 40, 33]];

    #[test]
    fn convolutions_are_those_of_burn() {
        for [images, height, width, in_channels, out_channels] in SHAPES {
            let about =
                format!("{images} × {height} × {width}, {in_channels} to {out_channels} channels");
            let x = random([images, height, width, in_channels], 1);
            let weight = random([out_channels, in_channels, 3, 3], 2);
            let bias = random([out_channels], 3);
            let y = Flex::conv_relu(x.clone(), weight.clone(), bias.clone());
            let expected = reference::conv_relu::<Flex>(x.clone(), weight.clone(), bias);
            assert_near(y.clone(), expected, &about);

            for rows in [1, 2] {
                let gradient = random([rows * images, height - 2, width - 2, out_channels], 4);
                let (y, weight) = (y.clone(), weight.clone());
                let found =
                    Flex::conv_relu_input_gradient(y.clone(), weight.clone(), gradient.clone());
                let expected = reference::conv_relu_input_gradient::<Flex>(y, weight, gradient);
                assert_near(found, expected, &about);
            }

            let gradient = random([images, height - 2, width - 2, out_channels], 5);
            let (by_weight, by_bias) = Flex::conv_relu_weight_gradients(
                x.clone(),
                y.clone(),
                weight.clone(),
                gradient.clone(),
            );
            let (expected_by_weight, expected_by_bias) =
                reference::conv_relu_weight_gradients::<Flex>(x, y, weight, gradient);
            assert_near(by_weight, expected_by_weight, &about);
            assert_near(by_bias, expected_by_bias, &about);
        }
    }

    /// With blocks of four zeros, whose gradient goes to the first.
    #[test]
    fn pools_are_those_of_burn() {
        let x = random([3, 8, 6, 5], 6);
        let x = Flex::conv_relu(x, random([5, 5, 3, 3], 7), random([5], 8));
        let pooled = Flex::max_pool(x.clone());
        let zeros =
            pooled.clone().into_data().iter::<f32>().filter(|&largest| largest == 0.0).count();
        assert!(zeros > 0);
        assert_near(pooled, reference::max_pool::<Flex>(x.clone()), "the pool");
        for rows in [1, 3] {
            let gradient = random([rows * 3, 3, 2, 5], 9);
            let found = Flex::max_pool_gradient(x.clone(), gradient.clone());
            let expected = reference::max_pool_gradient::<Flex>(x.clone(), gradient);
            assert_near(found, expected, "its gradient");
        }
    }

    /// The gradients of training, against those of burn's own layers by autodiff.
    #[cfg(feature = "train")]
    #[test]
    fn gradients_of_the_parameters_are_those_of_burn() {
        use burn::nn::conv::Conv2dConfig;
        use burn::tensor::activation::relu;
        use burn::tensor::module::max_pool2d;
        use burn::tensor::ops::MaxPoolOptions;
        use burn::tensor::{Device, Distribution};

        let device = Device::flex().autodiff();
        let conv = Conv2dConfig::new([3, 9], [3, 3]).init(&device);
        let x = Tensor::<4>::random([4, 3, 8, 10], Distribution::Default, &device).require_grad();
        let cotangent = Tensor::<4>::random([4, 9, 3, 4], Distribution::Default, &device);

        let ours = max_pool(conv_relu(&conv, x.clone().permute([0, 2, 3, 1])));
        let ours = (ours.permute([0, 3, 1, 2]) * cotangent.clone()).sum().backward();
        let burns = max_pool2d(relu(conv.forward(x.clone())), MaxPoolOptions::new([2, 2]));
        let burns = (burns * cotangent).sum().backward();

        let weight = conv.weight.val();
        let bias = conv.bias.as_ref().expect("it has a bias").val();
        for (found, expected) in [
            (x.grad(&ours).map(|g| g.into_data()), x.grad(&burns).map(|g| g.into_data())),
            (weight.grad(&ours).map(|g| g.into_data()), weight.grad(&burns).map(|g| g.into_data())),
            (bias.grad(&ours).map(|g| g.into_data()), bias.grad(&burns).map(|g| g.into_data())),
        ] {
            let tensor = |data: Option<TensorData>| FlexTensor::from_data(data.expect("tracked"));
            assert_near(tensor(found), tensor(expected), "by autodiff");
        }
    }
}
