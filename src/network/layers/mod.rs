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

#[cfg(feature = "flex")]
pub(crate) mod cpu;
#[cfg(any(feature = "vulkan", feature = "webgpu"))]
mod gpu;
#[cfg(test)]
mod reference;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::{Device, Tensor, TensorData};

use super::parameters::{Layer, Size};

/// The layers that a backend implements. Images are `[batch, height, width, channels]`, biases `[out]`.
/// Weights are in the backend's own layout, which the first three functions make once for a network.
///
/// Where there may be several gradients for each image, they are `[rows × batch, …]`: the first row of
/// every image, then the second, and so on.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    Cube: cfg(any(feature = "vulkan", feature = "webgpu")),
)]
pub trait Layers: Backend {
    /// The weights of a convolution for [`Layers::conv_relu`], from `[out, in, 3, 3]`.
    fn conv_kernel(weight: FloatTensor<Self>) -> FloatTensor<Self> {
        weight
    }

    /// The weights of a convolution for its input gradient, from `[out, in, 3, 3]`.
    fn conv_backward_kernel(weight: FloatTensor<Self>) -> FloatTensor<Self> {
        weight
    }

    /// The weights of a dense layer for its input gradient, from `[in, out]`.
    fn dense_backward_weight(weight: FloatTensor<Self>) -> FloatTensor<Self> {
        weight
    }

    /// relu(x ∗ weight + bias), a cross-correlation with *valid* padding and stride 1.
    fn conv_relu(
        x: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// [`Layers::conv_relu`], given the input and the output of the same layer for images that differ little.
    /// The result is the same to the last bit.
    fn conv_relu_after(
        x: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        _x_before: FloatTensor<Self>,
        _y_before: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        Self::conv_relu(x, kernel, bias)
    }

    /// The gradient with respect to x, given [`Layers::conv_relu`]'s output y and the gradient with
    /// respect to y. There may be several gradients for each image.
    fn conv_relu_input_gradient(
        y: FloatTensor<Self>,
        backward_kernel: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// The same, given the gradient with respect to the output of [`Layers::max_pool`] of y. It goes to the
    /// first of several equal maxima, as in PyTorch.
    fn conv_relu_pool_input_gradient(
        y: FloatTensor<Self>,
        backward_kernel: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// The maximum of each 2×2 block. Height and width are even.
    fn max_pool(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// x · weight + bias, and its ReLU if `relu` is set: from `[batch, in]` to `[batch, out]`, by a weight
    /// `[in, out]`.
    fn dense(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        relu: bool,
    ) -> FloatTensor<Self>;

    /// The gradient with respect to x, given the gradient with respect to [`Layers::dense`]'s output
    /// without a ReLU.
    fn dense_input_gradient(
        backward_weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// The gradient with respect to x, given [`Layers::dense`]'s output y with a ReLU and the gradient
    /// with respect to y. There may be several gradients for each image.
    fn dense_relu_input_gradient(
        y: FloatTensor<Self>,
        backward_weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

/// A 3×3 convolution and its ReLU, on a device.
#[derive(Clone, Debug)]
pub struct Conv {
    kernel: Tensor<4>,
    backward_kernel: Tensor<4>,
    bias: Tensor<1>,
}

impl Conv {
    /// The layer with these parameters.
    pub fn new(layer: &Layer, device: &Device) -> Self {
        let Size { inputs, outputs, .. } = layer.size;
        let weight = TensorData::new(layer.weight.clone(), [outputs, inputs, 3, 3]);
        let weight = Tensor::<4>::from_data(weight, device).into_dispatch();
        Self {
            kernel: Tensor::from_dispatch(<Dispatch as Layers>::conv_kernel(weight.clone())),
            backward_kernel: Tensor::from_dispatch(<Dispatch as Layers>::conv_backward_kernel(
                weight,
            )),
            bias: Tensor::from_data(layer.bias.as_slice(), device),
        }
    }

    /// From `[batch, h, w, in]` to `[batch, h − 2, w − 2, out]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.forward_after(x, None)
    }

    /// [`Conv::forward`], given an input and its output that differ little from these.
    pub fn forward_after(
        &self,
        x: Tensor<4>,
        before: Option<(&Tensor<4>, &Tensor<4>)>,
    ) -> Tensor<4> {
        let x = x.into_dispatch();
        let kernel = self.kernel.clone().into_dispatch();
        let bias = self.bias.clone().into_dispatch();
        Tensor::from_dispatch(match before {
            None => <Dispatch as Layers>::conv_relu(x, kernel, bias),
            Some((x_before, y_before)) => {
                let (x_before, y_before) =
                    (x_before.clone().into_dispatch(), y_before.clone().into_dispatch());
                <Dispatch as Layers>::conv_relu_after(x, kernel, bias, x_before, y_before)
            }
        })
    }

    /// The backward pass of [`Conv::forward`], whose output was y: from `[rows × batch, h − 2, w − 2, out]`
    /// to `[rows × batch, h, w, in]`.
    pub fn backward(&self, y: &Tensor<4>, gradient: Tensor<4>) -> Tensor<4> {
        Tensor::from_dispatch(<Dispatch as Layers>::conv_relu_input_gradient(
            y.clone().into_dispatch(),
            self.backward_kernel.clone().into_dispatch(),
            gradient.into_dispatch(),
        ))
    }

    /// The backward pass of [`Conv::forward`], whose output was y, and of [`max_pool`] after it: from
    /// `[rows × batch, (h − 2) / 2, (w − 2) / 2, out]` to `[rows × batch, h, w, in]`.
    pub fn backward_from_pool(&self, y: &Tensor<4>, gradient: Tensor<4>) -> Tensor<4> {
        Tensor::from_dispatch(<Dispatch as Layers>::conv_relu_pool_input_gradient(
            y.clone().into_dispatch(),
            self.backward_kernel.clone().into_dispatch(),
            gradient.into_dispatch(),
        ))
    }
}

/// The maximum of each 2×2 block: from `[batch, h, w, c]` to `[batch, h / 2, w / 2, c]`.
pub fn max_pool(x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as Layers>::max_pool(x.into_dispatch()))
}

/// A dense layer, with or without a ReLU, on a device.
#[derive(Clone, Debug)]
pub struct Dense {
    weight: Tensor<2>,
    backward_weight: Tensor<2>,
    bias: Tensor<1>,
}

impl Dense {
    /// The layer with these parameters.
    pub fn new(layer: &Layer, device: &Device) -> Self {
        let Size { inputs, outputs, .. } = layer.size;
        // On the host, since a browser's GPU cannot be read back without waiting.
        let by_inputs = (0..inputs)
            .flat_map(|input| layer.weight.iter().skip(input).step_by(inputs))
            .copied()
            .collect();
        let weight = TensorData::new::<f32, _>(by_inputs, [inputs, outputs]);
        let weight = Tensor::<2>::from_data(weight, device);
        let backward = <Dispatch as Layers>::dense_backward_weight(weight.clone().into_dispatch());
        Self {
            weight,
            backward_weight: Tensor::from_dispatch(backward),
            bias: Tensor::from_data(layer.bias.as_slice(), device),
        }
    }

    /// The layer with all its parameters multiplied by k.
    pub(super) fn scaled(&self, k: f32) -> Self {
        Self {
            weight: self.weight.clone() * k,
            backward_weight: self.backward_weight.clone() * k,
            bias: self.bias.clone() * k,
        }
    }

    /// From `[batch, in]` to `[batch, out]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.forward_with(x, false)
    }

    /// The same with a ReLU.
    pub fn forward_relu(&self, x: Tensor<2>) -> Tensor<2> {
        self.forward_with(x, true)
    }

    fn forward_with(&self, x: Tensor<2>, relu: bool) -> Tensor<2> {
        let (weight, bias) = (self.weight.clone(), self.bias.clone());
        Tensor::from_dispatch(<Dispatch as Layers>::dense(
            x.into_dispatch(),
            weight.into_dispatch(),
            bias.into_dispatch(),
            relu,
        ))
    }

    /// The backward pass of [`Dense::forward`]: from `[rows × batch, out]` to `[rows × batch, in]`.
    pub fn backward(&self, gradient: Tensor<2>) -> Tensor<2> {
        let weight = self.backward_weight.clone().into_dispatch();
        let gradient = gradient.into_dispatch();
        Tensor::from_dispatch(<Dispatch as Layers>::dense_input_gradient(weight, gradient))
    }

    /// The backward pass of [`Dense::forward_relu`], whose output was y: from `[rows × batch, out]` to
    /// `[rows × batch, in]`.
    pub fn backward_relu(&self, y: &Tensor<2>, gradient: Tensor<2>) -> Tensor<2> {
        Tensor::from_dispatch(<Dispatch as Layers>::dense_relu_input_gradient(
            y.clone().into_dispatch(),
            self.backward_weight.clone().into_dispatch(),
            gradient.into_dispatch(),
        ))
    }
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
            let kernel = Flex::conv_kernel(weight.clone());
            let y = Flex::conv_relu(x.clone(), kernel, bias.clone());
            let expected = reference::conv_relu::<Flex>(x, weight.clone(), bias);
            assert_near(y.clone(), expected, &about);

            let backward = Flex::conv_backward_kernel(weight.clone());
            for rows in [1, 2] {
                let gradient = random([rows * images, height - 2, width - 2, out_channels], 4);
                let found =
                    Flex::conv_relu_input_gradient(y.clone(), backward.clone(), gradient.clone());
                let expected = reference::conv_relu_input_gradient::<Flex>(
                    y.clone(),
                    weight.clone(),
                    gradient,
                );
                assert_near(found, expected, &about);
            }
        }
    }

    #[test]
    fn pools_are_those_of_burn() {
        let (x, weight, bias) = (random([3, 8, 6, 8], 6), random([5, 8, 3, 3], 7), random([5], 8));
        let y = Flex::conv_relu(x, Flex::conv_kernel(weight.clone()), bias);
        assert_near(Flex::max_pool(y.clone()), reference::max_pool::<Flex>(y.clone()), "the pool");
        let backward = Flex::conv_backward_kernel(weight.clone());
        for rows in [1, 3] {
            let gradient = random([rows * 3, 3, 2, 5], 9);
            let found =
                Flex::conv_relu_pool_input_gradient(y.clone(), backward.clone(), gradient.clone());
            let expected = reference::max_pool_gradient::<Flex>(y.clone(), gradient);
            let expected =
                reference::conv_relu_input_gradient::<Flex>(y.clone(), weight.clone(), expected);
            assert_near(found, expected, "its gradient");
        }
    }

    #[test]
    fn dense_layers_are_those_of_burn() {
        for [images, inputs, outputs] in [[1, 5, 3], [3, 40, 17], [9, 200, 10]] {
            let about = format!("{images} images, {inputs} to {outputs}");
            let (x, weight, bias) =
                (random([images, inputs], 1), random([inputs, outputs], 2), random([outputs], 3));
            let backward = Flex::dense_backward_weight(weight.clone());
            for relu in [false, true] {
                let found = Flex::dense(x.clone(), weight.clone(), bias.clone(), relu);
                let (x, weight, bias) = (x.clone(), weight.clone(), bias.clone());
                assert_near(found, reference::dense::<Flex>(x, weight, bias, relu), &about);
            }
            let y = Flex::dense(x, weight.clone(), bias, true);
            let gradient = random([2 * images, outputs], 4);
            let found = Flex::dense_input_gradient(backward.clone(), gradient.clone());
            let expected =
                reference::dense_input_gradient::<Flex>(weight.clone(), gradient.clone());
            assert_near(found, expected, &about);
            let found = Flex::dense_relu_input_gradient(y.clone(), backward, gradient.clone());
            let expected = reference::dense_relu_input_gradient::<Flex>(y, weight, gradient);
            assert_near(found, expected, &about);
        }
    }
}
