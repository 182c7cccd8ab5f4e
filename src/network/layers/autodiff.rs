//! The layers on burn's autodiff backend, for training. Each keeps what its backward pass needs.

use burn::backend::Backend;
use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;

use super::{Layers, WeightGradients};

impl<B: Backend + WeightGradients, C: CheckpointStrategy> Layers for Autodiff<B, C> {
    fn conv_relu(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node(), bias.node()];
        match ConvRelu.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let (x, weight) = (x.into_primitive(), weight.into_primitive());
                let y = B::conv_relu(x.clone(), weight.clone(), bias.into_primitive());
                prep.finish((x, weight, y.clone()), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::conv_relu(
                x.into_primitive(),
                weight.into_primitive(),
                bias.into_primitive(),
            )),
        }
    }

    fn max_pool(x: FloatTensor<Self>) -> FloatTensor<Self> {
        match MaxPool.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let x = x.into_primitive();
                prep.finish(x.clone(), B::max_pool(x))
            }
            OpsKind::UnTracked(prep) => prep.finish(B::max_pool(x.into_primitive())),
        }
    }
}

#[derive(Debug)]
struct ConvRelu;

impl<B: Backend + WeightGradients> Backward<B, 3> for ConvRelu {
    /// The input, the weight and the output.
    type State = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [node_x, node_weight, node_bias] = ops.parents;
        let (x, weight, y) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        if let Some(node) = node_x {
            let back = B::conv_relu_input_gradient(y.clone(), weight.clone(), gradient.clone());
            grads.register::<B>(node.id, back);
        }
        if node_weight.is_none() && node_bias.is_none() {
            return;
        }
        let (by_weight, by_bias) = B::conv_relu_weight_gradients(x, y, weight, gradient);
        for (node, back) in [(node_weight, by_weight), (node_bias, by_bias)] {
            if let Some(node) = node {
                grads.register::<B>(node.id, back);
            }
        }
    }
}

#[derive(Debug)]
struct MaxPool;

impl<B: Backend + Layers> Backward<B, 1> for MaxPool {
    /// The input.
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        if let Some(node) = node {
            grads.register::<B>(node.id, B::max_pool_gradient(ops.state, gradient));
        }
    }
}
