//! Defensive distillation, and the attack that it was meant to stop.
//!
//! This crate has the networks of Papernot et al., *Distillation as a Defense to Adversarial
//! Perturbations against Deep Neural Networks* (2015), their training, the Jacobian-based Saliency Map
//! Attack (JSMA) and other attacks, and the paper's measurements, on [burn]. The same code runs
//! natively and, compiled to WebAssembly, on a page that attacks two networks side by side. On the CPU it
//! gives the same bits on every machine, natively and in wasm, whatever else is in a batch.
//!
//! ```
//! use burn::tensor::Device;
//! use defensive_distillation::attack::{Attack, Goal, Jsma};
//! use defensive_distillation::digit::rasterize;
//! use defensive_distillation::network::manifest::Entry;
//!
//! let device = Device::flex();
//! let manifest = std::fs::read("www/models/manifest.json")?;
//! let manifest: Vec<Entry> = serde_json::from_slice(&manifest)?;
//! let entry = manifest.iter().find(|entry| entry.id == "mnist-undefended").ok_or("not published")?;
//! let network = entry.load(&std::fs::read("www/models/mnist-undefended.safetensors")?, &device)?;
//!
//! // A seven in one stroke, attacked so that it is classified as a three.
//! let seven = rasterize(&[[60, 50, 180, 50, 110, 220]])?.ok_or("nothing was drawn")?;
//! let mut runs = Attack::Jsma(Jsma::PAPER).start(&network, &seven, &[Goal::Target(3)])?;
//! while !runs.is_empty() {
//!     for step in pollster::block_on(runs.step(&network, &device))? {
//!         println!("{:>3} features changed: {:?}", step.features_changed, step.outcome);
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Modules
//! - [`dataset`]: the data sets, their images in memory, and readers for their files (feature `cli`)
//! - [`digit`]: converts strokes to a 28×28 image in the style of MNIST
//! - [`network`]: the two networks, their parameters, layers and backward pass, softmax at a temperature,
//!   model files and the manifest
//! - [`attack`]: JSMA, the attacks that broke the defence, a control, and what they share
//! - [`experiment`]: the paper's measurements, which count the outcomes of many attacks
//! - [`messages`]: what JavaScript and the engine send each other
//! - `train` (feature `train`): the training loop, on the CPU, and checkpoints (feature `cli`)
//!
//! # Features
//! - `flex` (default): the CPU engine
//! - `webgpu`: the browser's GPU engine
//! - `parallel`: the CPU engine on all cores
//! - `train`: the training loop
//! - `types`: the TypeScript types of [`messages`]
//! - `cli`: the command line `distill`; implies `parallel`, `train` and `types`
//! - `vulkan`: evaluation on a GPU by the command line; implies `cli`
//!
//! [burn]: https://burn.dev

pub mod attack;
pub mod dataset;
pub mod digit;
pub mod experiment;
pub mod messages;
pub mod network;
#[cfg(feature = "train")]
pub mod train;
#[cfg(target_arch = "wasm32")]
mod web;
