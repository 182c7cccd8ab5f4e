//! The layers of the networks, and their backward passes.
//!
//! Both networks spend nearly all of their time in 3×3 convolutions. burn's general convolution
//! copies every patch of its input and turns the layout around on the way in and out; with channels
//! last, an output row is a matrix product of rows that already lie side by side in memory, and
//! nothing has to be copied. So these layers keep images as `[batch, height, width, channels]` and
//! are an extension of burn's backends: `flex` does them on the CPU, `cube` in kernels of our own on a
//! GPU, and burn's own operations (`reference`) are what both are tested against.
//!
//! A convolution or a dense layer and the ReLU after it are one layer, since both directions need
//! only the ReLU's output.

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

/// What a backend has to offer. Images are `[batch, height, width, channels]`, the weights of a
/// convolution `[out, in, 3, 3]`, those of a dense layer `[in, out]`, biases `[out]`.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    Cube: cfg(any(feature = "vulkan", feature = "webgpu")),
    Autodiff: cfg(feature = "train"),
)]
pub trait Layers: Backend {
    /// relu(x ∗ weight + bias), *valid* padding, stride 1.
    fn conv_relu(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        reference::conv_relu::<Self>(x, weight, bias)
    }

    /// The gradient by x, given [`Layers::conv_relu`]'s output y and the gradient by y. There may be
    /// several gradients for each image: the first of every image, then the second, and so on.
    fn conv_relu_input_gradient(
        y: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        reference::conv_relu_input_gradient::<Self>(y, weight, gradient)
    }

    /// The largest of each 2×2 block. Height and width are even.
    fn max_pool(x: FloatTensor<Self>) -> FloatTensor<Self> {
        reference::max_pool::<Self>(x)
    }

    /// The gradient by x, given the gradient by the output: it goes to the first of several equal
    /// maxima, as in PyTorch. There may be several gradients for each image, as above.
    fn max_pool_gradient(x: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        reference::max_pool_gradient::<Self>(x, gradient)
    }

    /// x · weight + bias, and the ReLU of it if asked for: `[batch, in]` to `[batch, out]`.
    fn dense(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        relu: bool,
    ) -> FloatTensor<Self> {
        reference::dense::<Self>(x, weight, bias, relu)
    }

    /// The gradient by x, given that by [`Layers::dense`]'s output without a ReLU.
    fn dense_input_gradient(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        reference::dense_input_gradient::<Self>(weight, gradient)
    }

    /// The gradient by x, given [`Layers::dense`]'s output y with its ReLU and the gradient by y.
    /// There may be several gradients for each image, as above.
    fn dense_relu_input_gradient(
        y: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        reference::dense_relu_input_gradient::<Self>(y, weight, gradient)
    }
}

/// What training needs besides. It is called from [`autodiff`] alone.
#[cfg(feature = "train")]
trait WeightGradients: Layers {
    /// The gradients by weight and bias, given x, the output y and the gradient by y.
    fn conv_relu_weight_gradients(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        reference::conv_relu_weight_gradients::<Self>(x, y, weight, gradient)
    }
}

#[cfg(feature = "vulkan")]
impl WeightGradients for burn::backend::Cube {}

/// A convolution and its ReLU: `[batch, h, w, in]` to `[batch, h − 2, w − 2, out]`.
pub fn conv_relu(layer: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    let bias = layer.bias.as_ref().expect("every convolution of the networks has a bias");
    let (weight, bias) = (layer.weight.val().into_dispatch(), bias.val().into_dispatch());
    Tensor::from_dispatch(<Dispatch as Layers>::conv_relu(x.into_dispatch(), weight, bias))
}

/// Back through [`conv_relu`], whose output was y: `[rows × batch, h − 2, w − 2, out]` to
/// `[rows × batch, h, w, in]`.
pub fn conv_relu_backward(layer: &Conv2d, y: &Tensor<4>, gradient: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as Layers>::conv_relu_input_gradient(
        y.clone().into_dispatch(),
        layer.weight.val().into_dispatch(),
        gradient.into_dispatch(),
    ))
}

/// The largest of each 2×2 block: `[batch, h, w, c]` to `[batch, h / 2, w / 2, c]`.
pub fn max_pool(x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as Layers>::max_pool(x.into_dispatch()))
}

/// Back through [`max_pool`], whose input was x: `[rows × batch, h / 2, w / 2, c]` to
/// `[rows × batch, h, w, c]`.
pub fn max_pool_backward(x: &Tensor<4>, gradient: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as Layers>::max_pool_gradient(
        x.clone().into_dispatch(),
        gradient.into_dispatch(),
    ))
}

/// A dense layer without a ReLU: `[batch, in]` to `[batch, out]`.
pub fn dense(layer: &Linear, x: Tensor<2>) -> Tensor<2> {
    dense_with(layer, x, false)
}

/// A dense layer and its ReLU: `[batch, in]` to `[batch, out]`.
pub fn dense_relu(layer: &Linear, x: Tensor<2>) -> Tensor<2> {
    dense_with(layer, x, true)
}

fn dense_with(layer: &Linear, x: Tensor<2>, relu: bool) -> Tensor<2> {
    let bias = layer.bias.as_ref().expect("every dense layer of the networks has a bias");
    let (weight, bias) = (layer.weight.val().into_dispatch(), bias.val().into_dispatch());
    Tensor::from_dispatch(<Dispatch as Layers>::dense(x.into_dispatch(), weight, bias, relu))
}

/// Back through [`dense`]: `[rows × batch, out]` to `[rows × batch, in]`.
pub fn dense_backward(layer: &Linear, gradient: Tensor<2>) -> Tensor<2> {
    let weight = layer.weight.val().into_dispatch();
    let gradient = gradient.into_dispatch();
    Tensor::from_dispatch(<Dispatch as Layers>::dense_input_gradient(weight, gradient))
}

/// Back through [`dense_relu`], whose output was y: `[rows × batch, out]` to `[rows × batch, in]`.
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

    /// Numbers from −0.5 to 0.5, the same every time, a fifth of them zero as after a ReLU.
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
            assert!(error <= 2e-6 * largest, "{about}: {found} against {expected}");
        }
    }

    /// Images, height, width, and channels before and after: few channels and many, images that are
    /// not square, and not as many images as make a group.
    pub const SHAPES: [[usize; 5]; 5] =
        [[1, 3, 4, 1, 4], [11, 7, 5, 1, 6], [3, 6, 9, 3, 16], [9, 8, 6, 8, 5], [2, 5, 8, 40, 33]];

    #[test]
    fn they_are_burns_own_convolution_and_its_gradients() {
        for [images, height, width, from, to] in SHAPES {
            let about = format!("{images} × {height} × {width}, {from} to {to} channels");
            let x = random([images, height, width, from], 1);
            let weight = random([to, from, 3, 3], 2);
            let bias = random([to], 3);
            let y = Flex::conv_relu(x.clone(), weight.clone(), bias.clone());
            let expected = reference::conv_relu::<Flex>(x.clone(), weight.clone(), bias);
            assert_near(y.clone(), expected, &about);

            for rows in [1, 2] {
                let gradient = random([rows * images, height - 2, width - 2, to], 4);
                let (y, weight) = (y.clone(), weight.clone());
                let found =
                    Flex::conv_relu_input_gradient(y.clone(), weight.clone(), gradient.clone());
                let expected = reference::conv_relu_input_gradient::<Flex>(y, weight, gradient);
                assert_near(found, expected, &about);
            }

            let gradient = random([images, height - 2, width - 2, to], 5);
            let (kernel, bias) = Flex::conv_relu_weight_gradients(
                x.clone(),
                y.clone(),
                weight.clone(),
                gradient.clone(),
            );
            let (by_weight, by_bias) =
                reference::conv_relu_weight_gradients::<Flex>(x, y, weight, gradient);
            assert_near(kernel, by_weight, &about);
            assert_near(bias, by_bias, &about);
        }
    }

    /// With blocks that are all zero, where the first of four has to win.
    #[test]
    fn it_is_burns_own_pool_and_its_gradient() {
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

    /// What training uses, against burn's own layers under automatic differentiation.
    #[cfg(feature = "train")]
    #[test]
    fn their_gradients_reach_the_parameters() {
        use burn::nn::conv::Conv2dConfig;
        use burn::tensor::activation::relu;
        use burn::tensor::module::max_pool2d;
        use burn::tensor::ops::MaxPoolOptions;
        use burn::tensor::{Device, Distribution};

        let device = Device::flex().autodiff();
        let conv = Conv2dConfig::new([3, 9], [3, 3]).init(&device);
        let x = Tensor::<4>::random([4, 3, 8, 10], Distribution::Default, &device).require_grad();
        let weighing = Tensor::<4>::random([4, 9, 3, 4], Distribution::Default, &device);

        let ours = max_pool(conv_relu(&conv, x.clone().permute([0, 2, 3, 1])));
        let ours = (ours.permute([0, 3, 1, 2]) * weighing.clone()).sum().backward();
        let burns = max_pool2d(relu(conv.forward(x.clone())), MaxPoolOptions::new([2, 2]));
        let burns = (burns * weighing).sum().backward();

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
