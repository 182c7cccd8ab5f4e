//! What JavaScript and the engine send each other, as plain data. `web` reads and writes it in the
//! browser; with the feature `types`, `distill registry` writes its TypeScript types.
//!
//! What the other modules have as plain data already is sent as it is: chunks, records, rows and the
//! manifest's entries.
//!
//! JavaScript has arrays of numbers with classes of their own, which exist only in the browser. So the
//! structs leave their types open: `Floats` is a `Float32Array`, `Bytes` a `Uint8Array`.

use serde::{Deserialize, Serialize};

use crate::attack::{Attack, Outcome};
use crate::dataset::CLASSES;
use crate::experiment::{Kind, Source};

/// The name of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub enum EngineName {
    /// burn's CPU engine.
    Cpu,
    /// burn on the browser's GPU.
    WebGpu,
}

/// An engine and its version.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct EngineInfo {
    /// The name.
    pub engine: EngineName,
    /// What computes, as text for people.
    pub implementation: &'static str,
    /// The version of this crate.
    pub version: &'static str,
}

/// The output of a network for one image.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Classification {
    /// The logits, one for each class.
    #[cfg_attr(feature = "types", ts(as = "Vec<f32>"))]
    pub logits: [f32; CLASSES],
    /// The softmax of the logits at T = 1.
    #[cfg_attr(feature = "types", ts(as = "Vec<f32>"))]
    pub probabilities: [f32; CLASSES],
    /// The most probable class.
    pub label: usize,
}

/// A loaded network.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Subject {
    /// Its id in the manifest.
    pub model: String,
    /// The factor by which its logits are multiplied, above 0. Default: 1.
    #[serde(default)]
    #[cfg_attr(feature = "types", ts(optional))]
    pub scale: Option<f32>,
}

/// A batch of attacks with the same settings, on one network.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
#[cfg_attr(feature = "types", ts(concrete(Floats = Float32Array, Bytes = Uint8Array)))]
pub struct BatchRequest<Floats, Bytes> {
    /// The network.
    #[serde(flatten)]
    pub subject: Subject,
    /// The images one after another, pixels in [0, 1].
    pub images: Floats,
    /// The target class of each image.
    pub targets: Bytes,
    /// The targets are the classes shown, and any other class is the goal, for attacks that can be
    /// untargeted.
    #[serde(default)]
    #[cfg_attr(feature = "types", ts(as = "Option<bool>", optional))]
    pub untargeted: bool,
    /// For runs that were started elsewhere.
    #[serde(default)]
    #[cfg_attr(feature = "types", ts(optional))]
    pub resumed: Option<Resumed>,
    /// The attack and its settings.
    #[serde(flatten)]
    pub attack: Attack,
}

/// Where runs that were started elsewhere stand.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Resumed {
    /// The images before any change, one after another.
    #[cfg_attr(feature = "types", ts(as = "Float32Array"))]
    pub originals: Vec<f32>,
    /// The changes made since, for each image.
    pub iterations: Vec<usize>,
}

/// One image of one run, evaluated.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
#[cfg_attr(feature = "types", ts(concrete(Floats = Float32Array)))]
pub struct Step<'a, Floats> {
    /// The run's number in the batch.
    pub run: usize,
    /// Changes made so far.
    pub iteration: usize,
    /// The image, pixels in [0, 1].
    pub image: Floats,
    /// The logits of the network, one for each class.
    #[cfg_attr(feature = "types", ts(as = "Vec<f32>"))]
    pub logits: [f32; CLASSES],
    /// The softmax of the logits at T = 1.
    #[cfg_attr(feature = "types", ts(as = "Vec<f32>"))]
    pub probabilities: [f32; CLASSES],
    /// The most probable class.
    pub label: usize,
    /// Features that differ from the original.
    pub features_changed: usize,
    /// The features chosen at this image, changed in the next step's image.
    pub chosen: Option<&'a [usize]>,
    /// The same where there are two.
    pub pair: Option<[usize; 2]>,
    /// α, the sum over the chosen features of the derivatives of the target's output.
    pub alpha: Option<f64>,
    /// β, that of the derivatives of all other outputs.
    pub beta: Option<f64>,
    /// The attack's score of the choice, the largest of all.
    pub score: Option<f64>,
    /// Features whose whole gradient is exactly zero.
    pub zero_gradients: Option<usize>,
    /// The number of features that have a gradient.
    pub gradient_entries: Option<usize>,
    /// The derivative of the target's output by each feature.
    pub gradient: Option<Floats>,
    /// The adversarial saliency map, one entry a feature.
    pub saliency: Option<Floats>,
    /// How the run ended, in its last step.
    pub outcome: Option<Outcome>,
}

/// An experiment: attacks on networks, each with all images.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
#[cfg_attr(feature = "types", ts(concrete(Floats = Float32Array, Bytes = Uint8Array)))]
pub struct ExperimentRequest<Floats, Bytes> {
    /// What is measured.
    pub experiment: Kind,
    /// The networks, each with its attack.
    pub tasks: Vec<Task>,
    /// The target models, for `transfer`.
    #[serde(default)]
    #[cfg_attr(feature = "types", ts(as = "Option<Vec<Subject>>", optional))]
    pub readers: Vec<Subject>,
    /// The images one after another, pixels in [0, 1].
    pub images: Floats,
    /// The class of each image.
    pub labels: Bytes,
    /// What the rows contain beside figures.
    #[serde(default)]
    #[cfg_attr(feature = "types", ts(as = "Option<Partial<Source>>", optional))]
    pub source: Source,
}

/// One attack on one network.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Task {
    /// The network.
    #[serde(flatten)]
    pub subject: Subject,
    /// The attack. Only `amplitude` does without one.
    #[serde(default)]
    #[cfg_attr(feature = "types", ts(optional))]
    pub attack: Option<Attack>,
}

/// One image to attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Attempt {
    /// Which image of the experiment, counted from 0.
    pub image: usize,
    /// The target class; of an untargeted attack, the image's own.
    pub class: usize,
    /// Whether any class other than `class` is the goal.
    pub untargeted: bool,
}

/// The types that TypeScript has already, or that the registry of attacks writes.
#[cfg(feature = "types")]
mod known {
    use std::marker::PhantomData;

    use ts_rs::{Config, TS, TypeVisitor};

    use crate::attack::Attack;

    /// JavaScript's class.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Float32Array;

    /// JavaScript's class.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Uint8Array;

    /// TypeScript's type of an object whose fields may all be left out.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Partial<T>(PhantomData<T>);

    macro_rules! named {
        ($($Type:ident),*) => {$(
            impl TS for $Type {
                type WithoutGenerics = Self;
                type OptionInnerType = Self;

                fn name(_: &Config) -> String {
                    stringify!($Type).into()
                }

                fn inline(config: &Config) -> String {
                    <Self as TS>::name(config)
                }

                fn inline_flattened(config: &Config) -> String {
                    <Self as TS>::name(config)
                }
            }
        )*};
    }
    named!(Attack, Float32Array, Uint8Array);

    impl<T: TS> TS for Partial<T> {
        type WithoutGenerics = Self;
        type OptionInnerType = Self;

        fn name(config: &Config) -> String {
            format!("Partial<{}>", T::name(config))
        }

        fn inline(config: &Config) -> String {
            Self::name(config)
        }

        fn visit_generics(visitor: &mut impl TypeVisitor)
        where
            Self: 'static,
        {
            visitor.visit::<T>();
        }
    }
}
#[cfg(feature = "types")]
pub use known::{Float32Array, Partial, Uint8Array};
