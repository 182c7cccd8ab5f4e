//! Defensive distillation, and the attack that it was meant to stop.
//!
//! The networks of Papernot et al., *Distillation as a Defense to Adversarial Perturbations against
//! Deep Neural Networks* (2015), their training, the Jacobian-based Saliency Map Attack (JSMA) and
//! the paper's measurements, on [burn]. The same code runs natively and, compiled to WebAssembly,
//! on a page where the two networks are attacked side by side.
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
//! // A seven in one stroke, to be mistaken for a three.
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
//! # Map
//! - [`dataset`]: what the data sets are, and readers for their files (native)
//! - [`digit`]: strokes to 28×28, as MNIST was made
//! - [`network`]: the two networks, their layers and backward pass, softmax at a temperature, model
//!   files and their manifest
//! - [`attack`]: goals, budgets, steps, outcomes; JSMA, the attacks that broke the defence, a control
//! - [`experiment`]: many attacks, counted
//! - `train` (feature `train`): the training loop and its checkpoints
//!
//! [burn]: https://burn.dev

pub mod attack;
pub mod dataset;
pub mod digit;
pub mod experiment;
pub mod network;
#[cfg(feature = "train")]
pub mod train;
#[cfg(target_arch = "wasm32")]
mod web;
