//! The layers on the CPU: every number of every layer is one [sum](sums) in a stated order, and products
//! with zero are [skipped](nonzeros).
//!
//! The images of a batch are computed one by one, so that a result does not depend on the other images.
//! With the feature `parallel` they are spread over all cores.

pub(crate) mod conv;
pub(crate) mod dense;
pub(crate) mod nonzeros;
pub(crate) mod pool;
pub(crate) mod sums;
pub(crate) mod thin;

use burn::backend::Flex;
use burn::backend::TensorMetadata;
use burn::backend::flex::FlexTensor;
use burn::tensor::TensorData;

use super::Layers;
use conv::{Conv, Marks};
use nonzeros::Nonzeros;
use thin::Planes;

impl Layers for Flex {
    fn conv_kernel(weight: FlexTensor) -> FlexTensor {
        let [outputs, inputs, _, _] = dims(&weight);
        let kernel = conv::kernel(numbers(&weight.to_contiguous()), inputs, outputs);
        tensor(kernel, [3, 3, inputs, outputs])
    }

    fn conv_backward_kernel(weight: FlexTensor) -> FlexTensor {
        let [outputs, inputs, _, _] = dims(&weight);
        let flipped = conv::flipped_kernel(numbers(&weight.to_contiguous()), inputs, outputs);
        tensor(flipped, [3, 3, outputs, inputs])
    }

    fn dense_backward_weight(weight: FlexTensor) -> FlexTensor {
        let [inputs, outputs] = dims(&weight);
        tensor(dense::transposed(numbers(&weight.to_contiguous()), outputs), [outputs, inputs])
    }

    fn conv_relu(x: FlexTensor, kernel: FlexTensor, bias: FlexTensor) -> FlexTensor {
        let [images, height, width, inputs] = dims(&x);
        let [_, _, _, outputs] = dims(&kernel);
        let conv = Conv { height, width, inputs, outputs };
        let x = x.to_contiguous();
        let mut y = vec![0.0; images * conv.output()];
        for_each_chunk(&mut y, conv.output(), |image, y, nonzeros: &mut Nonzeros| {
            nonzeros.collect(part(&x, image, conv.input()), width, inputs);
            conv::forward(conv, nonzeros, numbers(&kernel), numbers(&bias), y);
        });
        tensor(y, [images, height - 2, width - 2, outputs])
    }

    fn conv_relu_after(
        x: FlexTensor,
        kernel: FlexTensor,
        bias: FlexTensor,
        x_before: FlexTensor,
        y_before: FlexTensor,
    ) -> FlexTensor {
        let [images, height, width, inputs] = dims(&x);
        let [_, _, _, outputs] = dims(&kernel);
        let conv = Conv { height, width, inputs, outputs };
        let (x, x_before, y_before) =
            (x.to_contiguous(), x_before.to_contiguous(), y_before.to_contiguous());
        let mut y = numbers(&y_before).to_vec();
        for_each_chunk(
            &mut y,
            conv.output(),
            |image, y, (marks, nonzeros): &mut (Marks, Nonzeros)| {
                let [x, before] = [&x, &x_before].map(|of| part(of, image, conv.input()));
                let rows = marks.mark(conv, x, before);
                if rows.is_empty() {
                    return;
                }
                let line = width * inputs;
                nonzeros.collect(&x[rows.start * line..rows.end * line], width, inputs);
                let (kernel, bias) = (numbers(&kernel), numbers(&bias));
                conv::forward_where(conv, nonzeros, rows.start, marks.output(), kernel, bias, y);
            },
        );
        tensor(y, [images, height - 2, width - 2, outputs])
    }

    fn conv_relu_input_gradient(
        y: FlexTensor,
        kernel: FlexTensor,
        gradient: FlexTensor,
    ) -> FlexTensor {
        let ([images, above, beside, outputs], [_, _, _, inputs]) = (dims(&y), dims(&kernel));
        let conv = Conv { height: above + 2, width: beside + 2, inputs, outputs };
        let rows = dims::<4>(&gradient)[0];
        let (y, gradient) = (y.to_contiguous(), gradient.to_contiguous());
        let of = |row| (part(&gradient, row, conv.output()), part(&y, row % images, conv.output()));
        let mut back = vec![0.0; rows * conv.input()];
        if conv.is_thin() {
            for_each_chunk(&mut back, conv.input(), |row, back, planes: &mut Planes| {
                let (gradient, y) = of(row);
                planes.collect_masked(conv, gradient, y);
                thin::input_gradient(conv, planes, numbers(&kernel), back);
            });
        } else {
            for_each_chunk(&mut back, conv.input(), |row, back, nonzeros: &mut Nonzeros| {
                let (gradient, y) = of(row);
                nonzeros.collect_masked(gradient, y, beside, outputs);
                conv::input_gradient(conv, nonzeros, numbers(&kernel), back);
            });
        }
        tensor(back, [rows, conv.height, conv.width, inputs])
    }

    fn conv_relu_pool_input_gradient(
        y: FlexTensor,
        kernel: FlexTensor,
        gradient: FlexTensor,
    ) -> FlexTensor {
        let ([images, above, beside, outputs], [_, _, _, inputs]) = (dims(&y), dims(&kernel));
        let conv = Conv { height: above + 2, width: beside + 2, inputs, outputs };
        let rows = dims::<4>(&gradient)[0];
        let (y, gradient) = (y.to_contiguous(), gradient.to_contiguous());
        let mut back = vec![0.0; rows * conv.input()];
        for_each_chunk(&mut back, conv.input(), |row, back, nonzeros: &mut Nonzeros| {
            let y = part(&y, row % images, conv.output());
            let gradient = part(&gradient, row, conv.output() / 4);
            nonzeros.collect_pooled(gradient, y, beside / 2, outputs);
            conv::input_gradient(conv, nonzeros, numbers(&kernel), back);
        });
        tensor(back, [rows, conv.height, conv.width, inputs])
    }

    fn max_pool(x: FlexTensor) -> FlexTensor {
        let [images, height, width, channels] = dims(&x);
        let x = x.to_contiguous();
        let (height, width) = (height / 2, width / 2);
        let size = height * width * channels;
        let mut out = vec![0.0; images * size];
        for_each_chunk(&mut out, size, |image, out, (): &mut ()| {
            pool::forward(part(&x, image, 4 * size), out, width, channels);
        });
        tensor(out, [images, height, width, channels])
    }

    fn dense(x: FlexTensor, weight: FlexTensor, bias: FlexTensor, relu: bool) -> FlexTensor {
        let ([images, inputs], [_, outputs]) = (dims(&x), dims(&weight));
        let x = x.to_contiguous();
        let mut out = vec![0.0; images * outputs];
        for_each_chunk(&mut out, outputs, |image, out, nonzeros: &mut Nonzeros| {
            nonzeros.collect(part(&x, image, inputs), 1, inputs);
            out.copy_from_slice(numbers(&bias));
            dense::product(nonzeros, numbers(&weight), relu, out);
        });
        tensor(out, [images, outputs])
    }

    fn dense_input_gradient(weight: FlexTensor, gradient: FlexTensor) -> FlexTensor {
        let ([rows, outputs], [_, inputs]) = (dims(&gradient), dims(&weight));
        let gradient = gradient.to_contiguous();
        let mut back = vec![0.0; rows * inputs];
        for_each_chunk(&mut back, inputs, |row, back, nonzeros: &mut Nonzeros| {
            nonzeros.collect(part(&gradient, row, outputs), 1, outputs);
            dense::product(nonzeros, numbers(&weight), false, back);
        });
        tensor(back, [rows, inputs])
    }

    fn dense_relu_input_gradient(
        y: FlexTensor,
        weight: FlexTensor,
        gradient: FlexTensor,
    ) -> FlexTensor {
        let ([images, outputs], [_, inputs]) = (dims(&y), dims(&weight));
        let rows = dims::<2>(&gradient)[0];
        let (y, gradient) = (y.to_contiguous(), gradient.to_contiguous());
        let mut back = vec![0.0; rows * inputs];
        for_each_chunk(&mut back, inputs, |row, back, nonzeros: &mut Nonzeros| {
            let y = part(&y, row % images, outputs);
            nonzeros.collect_masked(part(&gradient, row, outputs), y, 1, outputs);
            dense::product(nonzeros, numbers(&weight), false, back);
        });
        tensor(back, [rows, inputs])
    }
}

/// Calls `work` for each chunk of `size` numbers of `out`, with the chunk's index and a buffer for
/// intermediate results. With the feature `parallel` the chunks run on all cores.
fn for_each_chunk<Buffer: Default>(
    out: &mut [f32],
    size: usize,
    work: impl Fn(usize, &mut [f32], &mut Buffer) + Sync,
) {
    #[cfg(feature = "parallel")]
    {
        use rayon::prelude::*;
        let images = out.par_chunks_exact_mut(size).enumerate();
        images.for_each_init(Buffer::default, |buffer, (index, out)| work(index, out, buffer));
    }
    #[cfg(not(feature = "parallel"))]
    {
        let mut buffer = Buffer::default();
        for (index, out) in out.chunks_exact_mut(size).enumerate() {
            work(index, out, &mut buffer);
        }
    }
}

fn tensor<const D: usize>(data: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(data, shape))
}

/// # Panics
/// If the tensor has another rank.
fn dims<const D: usize>(tensor: &FlexTensor) -> [usize; D] {
    tensor.shape().dims()
}

/// The numbers of a contiguous tensor.
fn numbers(tensor: &FlexTensor) -> &[f32] {
    tensor.storage()
}

/// The numbers of one image, `size` of them, of a contiguous tensor.
fn part(tensor: &FlexTensor, index: usize, size: usize) -> &[f32] {
    &numbers(tensor)[index * size..][..size]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPES: [Conv; 6] = [
        Conv { height: 4, width: 4, inputs: 8, outputs: 4 },
        Conv { height: 6, width: 9, inputs: 9, outputs: 16 },
        Conv { height: 8, width: 6, inputs: 16, outputs: 29 },
        Conv { height: 5, width: 8, inputs: 40, outputs: 200 },
        Conv { height: 7, width: 9, inputs: 1, outputs: 32 },
        Conv { height: 6, width: 35, inputs: 3, outputs: 5 },
    ];

    /// Random numbers from −0.5 to 0.5, of which half are zero as after a ReLU.
    fn random(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let unit = (state >> 8) as f32 / (1 << 24) as f32;
            if unit < 0.5 { 0.0 } else { 2.0 * (unit - 0.5) - 0.5 }
        };
        std::iter::repeat_with(next).take(count).collect()
    }

    fn bits(numbers: &[f32]) -> Vec<u32> {
        numbers.iter().map(|number| number.to_bits()).collect()
    }

    /// Output numbers of one image, as plain loops.
    fn convolution(conv: Conv, x: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
        let Conv { height, width, inputs, outputs } = conv;
        let mut y = Vec::new();
        for pixel in 0..(height - 2) * (width - 2) {
            let (row, column) = (pixel / (width - 2), pixel % (width - 2));
            for output in 0..outputs {
                let mut sum = bias[output];
                for place in 0..9 {
                    let pixel = (row + place / 3) * width + column + place % 3;
                    for input in 0..inputs {
                        let weight = weight[(output * inputs + input) * 9 + place];
                        sum += x[pixel * inputs + input] * weight;
                    }
                }
                y.push(if sum <= 0.0 { 0.0 } else { sum });
            }
        }
        y
    }

    /// The gradient by the input of one image, as plain loops.
    fn gradient(conv: Conv, y: &[f32], weight: &[f32], gradient: &[f32]) -> Vec<f32> {
        let Conv { height, width, inputs, outputs } = conv;
        let mut back = Vec::new();
        for pixel in 0..height * width {
            let (row, column) = (pixel / width, pixel % width);
            for input in 0..inputs {
                let mut sum = 0.0f32;
                for place in 0..9 {
                    let above = row.checked_sub(place / 3).filter(|&above| above < height - 2);
                    let left = (column + place % 3).checked_sub(2).filter(|&left| left < width - 2);
                    let (Some(above), Some(left)) = (above, left) else { continue };
                    let window = 3 * (place / 3) + 2 - place % 3;
                    for output in 0..outputs {
                        let at = (above * (width - 2) + left) * outputs + output;
                        let masked = if y[at] > 0.0 { gradient[at] } else { 0.0 };
                        sum += masked * weight[(output * inputs + input) * 9 + window];
                    }
                }
                back.push(sum);
            }
        }
        back
    }

    /// A batch of two, and two rows of gradients for each image.
    #[test]
    fn convolutions_have_the_bits_of_plain_loops() {
        for conv @ Conv { height, width, inputs, outputs } in SHAPES {
            let (x, weight) = (random(2 * conv.input(), 1), random(9 * inputs * outputs, 2));
            let (bias, back) = (random(outputs, 3), random(4 * conv.output(), 4));
            let weights = tensor(weight.clone(), [outputs, inputs, 3, 3]);
            let y = Flex::conv_relu(
                tensor(x.clone(), [2, height, width, inputs]),
                Flex::conv_kernel(weights.clone()),
                tensor(bias.clone(), [outputs]),
            );
            let images = x.chunks_exact(conv.input());
            let expected: Vec<_> =
                images.flat_map(|x| convolution(conv, x, &weight, &bias)).collect();
            assert_eq!(bits(numbers(&y)), bits(&expected), "{conv:?}");

            let kernel = Flex::conv_backward_kernel(weights);
            let rows = tensor(back.clone(), [4, height - 2, width - 2, outputs]);
            let found = Flex::conv_relu_input_gradient(y.clone(), kernel, rows);
            let rows = back.chunks_exact(conv.output()).enumerate();
            let expected: Vec<_> = rows
                .flat_map(|(row, back)| {
                    gradient(conv, part(&y, row % 2, conv.output()), &weight, back)
                })
                .collect();
            assert_eq!(bits(numbers(&found)), bits(&expected), "{conv:?}");
        }
    }

    /// Images in which no pixel, one, two and all have changed, at the edges too.
    #[test]
    fn only_what_has_changed_is_computed_with_the_bits_of_the_whole() {
        let conv = Conv { height: 9, width: 11, inputs: 5, outputs: 12 };
        let Conv { height, width, inputs, outputs } = conv;
        let kernel = Flex::conv_kernel(tensor(random(9 * 60, 2), [outputs, inputs, 3, 3]));
        let bias = tensor(random(outputs, 3), [outputs]);
        let shape = [5, height, width, inputs];
        let before = random(5 * conv.input(), 1);
        let mut after = before.clone();
        let pixels: [&[usize]; 4] = [&[], &[0], &[48, 98], &[10, 50]];
        for (image, pixels) in pixels.into_iter().enumerate() {
            for pixel in pixels {
                after[image * conv.input() + pixel * inputs + 3] += 0.5;
            }
        }
        after[4 * conv.input()..].iter_mut().for_each(|number| *number += 0.25);
        let (before, after) = (tensor(before, shape), tensor(after, shape));
        let y_before = Flex::conv_relu(before.clone(), kernel.clone(), bias.clone());
        let expected = Flex::conv_relu(after.clone(), kernel.clone(), bias.clone());
        let found = Flex::conv_relu_after(after, kernel, bias, before, y_before);
        assert_eq!(bits(numbers(&found)), bits(numbers(&expected)));
    }

    /// Vectors of one column, of sixteen and of odd lengths.
    #[test]
    fn dense_layers_have_the_bits_of_plain_loops() {
        for (inputs, outputs) in [(1, 1), (40, 10), (33, 203), (300, 64)] {
            let (x, weight) = (random(3 * inputs, 1), random(inputs * outputs, 2));
            let (bias, back) = (random(outputs, 3), random(6 * outputs, 4));
            let weights = tensor(weight.clone(), [inputs, outputs]);
            for relu in [false, true] {
                let y = Flex::dense(
                    tensor(x.clone(), [3, inputs]),
                    weights.clone(),
                    tensor(bias.clone(), [outputs]),
                    relu,
                );
                let product = |x: &[f32], output: usize| {
                    let sum = (0..inputs)
                        .fold(bias[output], |sum, i| sum + x[i] * weight[i * outputs + output]);
                    if relu && sum <= 0.0 { 0.0 } else { sum }
                };
                let expected: Vec<_> = x
                    .chunks_exact(inputs)
                    .flat_map(|x| (0..outputs).map(move |output| product(x, output)))
                    .collect();
                assert_eq!(bits(numbers(&y)), bits(&expected), "{inputs} to {outputs}");

                let (transposed, rows) = (
                    Flex::dense_backward_weight(weights.clone()),
                    tensor(back.clone(), [6, outputs]),
                );
                let found = match relu {
                    true => Flex::dense_relu_input_gradient(y.clone(), transposed, rows),
                    false => Flex::dense_input_gradient(transposed, rows),
                };
                let product = |row: usize, input: usize| {
                    let y = part(&y, row % 3, outputs);
                    (0..outputs).fold(0.0f32, |sum, o| {
                        let g = back[row * outputs + o];
                        let masked = if relu && y[o] <= 0.0 { 0.0 } else { g };
                        sum + masked * weight[input * outputs + o]
                    })
                };
                let expected: Vec<_> = (0..6)
                    .flat_map(|row| (0..inputs).map(move |input| product(row, input)))
                    .collect();
                assert_eq!(bits(numbers(&found)), bits(&expected), "{inputs} to {outputs}");
            }
        }
    }

    /// With blocks of four zeros, whose gradient goes nowhere, and of equal maxima.
    #[test]
    fn a_gradient_from_behind_a_pool_is_that_of_the_pool_and_the_convolution() {
        let conv = Conv { height: 8, width: 12, inputs: 9, outputs: 13 };
        let Conv { height, width, inputs, outputs } = conv;
        let mut y: Vec<f32> = random(2 * conv.output(), 5);
        y.iter_mut().for_each(|y| *y = (*y * 4.0).round().max(0.0) / 4.0);
        let (weight, behind) = (random(9 * inputs * outputs, 6), random(conv.output(), 7));
        let (rows, columns) = ((height - 2) / 2, (width - 2) / 2);
        let mut before = vec![0.0; 4 * conv.output()];
        for (at, &gradient) in behind.iter().enumerate() {
            let (pixel, channel) = (at / outputs, at % outputs);
            let (row, column) = (pixel / columns % rows, pixel % columns);
            let image = pixel / columns / rows;
            let places = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(down, right)| {
                ((2 * row + down) * (width - 2) + 2 * column + right) * outputs + channel
            });
            let y = places.map(|place| y[image % 2 * conv.output() + place]);
            let largest = y.iter().fold(0.0f32, |most, &y| most.max(y));
            if let Some(first) = y.iter().position(|&y| y == largest && y > 0.0) {
                before[image * conv.output() + places[first]] = gradient;
            }
        }
        let shape = [2, height - 2, width - 2, outputs];
        let kernel = Flex::conv_backward_kernel(tensor(weight, [outputs, inputs, 3, 3]));
        let y = tensor(y, shape);
        let expected = Flex::conv_relu_input_gradient(
            y.clone(),
            kernel.clone(),
            tensor(before, [4, height - 2, width - 2, outputs]),
        );
        let behind = tensor(behind, [4, rows, columns, outputs]);
        let found = Flex::conv_relu_pool_input_gradient(y, kernel, behind);
        assert_eq!(bits(numbers(&found)), bits(numbers(&expected)));
    }

    /// Each width of vectors that this processor has.
    #[test]
    fn wider_vectors_change_no_bit() {
        let conv = Conv { height: 6, width: 7, inputs: 24, outputs: 203 };
        let (x, kernel) = (random(conv.input(), 1), random(9 * 24 * 203, 2));
        let bias = random(203, 3);
        let mut nonzeros = Nonzeros::default();
        nonzeros.collect(&x, conv.width, conv.inputs);
        let mut all = [(); 4].map(|()| vec![0.0; conv.output()]);
        let [widest, of_128, of_64, of_32] = &mut all;
        conv::forward(conv, &nonzeros, &kernel, &bias, widest);
        conv::forward_body::<128>(conv, &nonzeros, &kernel, &bias, of_128);
        conv::forward_body::<64>(conv, &nonzeros, &kernel, &bias, of_64);
        conv::forward_body::<32>(conv, &nonzeros, &kernel, &bias, of_32);
        for other in &all[1..] {
            assert_eq!(bits(&all[0]), bits(other));
        }
    }
}
