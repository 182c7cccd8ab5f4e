//! The engine and the parts of its step, for the bench in the browser. It is compiled from the same
//! sources and with the same options as the published module, which does not contain it.

mod pieces;

use defensive_distillation::attack::{Attack, Goal};
use defensive_distillation::dataset::Dataset;
use defensive_distillation::network::manifest::Entry;
use wasm_bindgen::prelude::*;

/// Attacks, with a step whose parts can be timed.
#[wasm_bindgen]
pub struct Pieces(pieces::Pieces);

#[wasm_bindgen]
impl Pieces {
    /// `entry` and `attack` are JSON: a network's entry in the manifest, and a request's settings.
    ///
    /// # Errors
    /// The JSON or the model file is refused, or what [`pieces::Pieces::new`] refuses.
    #[wasm_bindgen(constructor)]
    pub fn new(
        entry: &str,
        bytes: &[u8],
        attack: &str,
        images: &[f32],
        targets: &[u8],
        batch: usize,
    ) -> Result<Pieces, String> {
        let entry: Entry = serde_json::from_str(entry).map_err(|error| error.to_string())?;
        let attack: Attack = serde_json::from_str(attack).map_err(|error| error.to_string())?;
        let parameters = entry.parameters(bytes).map_err(|error| error.to_string())?;
        let goals = targets.iter().map(|&class| Goal::Target(class.into())).collect();
        pieces::Pieces::new(&parameters, attack, images, goals, batch).map(Self)
    }

    /// The names of the parts.
    pub fn names() -> Vec<String> {
        pieces::Pieces::NAMES.map(String::from).into()
    }

    /// Runs a part `times` times. Returns for how many images.
    pub fn run(&self, name: &str, times: usize) -> usize {
        (0..times).for_each(|_| self.0.run(name));
        times * self.0.images()
    }

    /// Multiply-adds of a step after the first, as JSON.
    pub fn counts(&self) -> String {
        self.0.counts().to_string()
    }

    /// The steps after the first that are counted.
    pub fn steps() -> usize {
        pieces::STEPS
    }
}

/// A product of two square matrices.
#[wasm_bindgen]
pub struct Product(pieces::Product);

#[wasm_bindgen]
impl Product {
    #[wasm_bindgen(constructor)]
    pub fn new(side: usize, is_own: bool) -> Self {
        Self(pieces::Product::new(side, is_own))
    }

    /// The sides to time.
    pub fn sides() -> Vec<usize> {
        pieces::Product::SIDES.into()
    }

    /// Multiply-adds of one product.
    #[wasm_bindgen(js_name = multiplyAdds)]
    pub fn multiply_adds(&self) -> usize {
        self.0.multiply_adds()
    }

    /// Multiplies the matrices `times` times.
    pub fn run(&self, times: usize) {
        (0..times).for_each(|_| self.0.run());
    }
}

/// Multiply-adds for each image of a step with `rows` backward rows if nothing is skipped.
///
/// # Errors
/// There is no such data set.
#[wasm_bindgen(js_name = multiplyAdds)]
pub fn multiply_adds(dataset: &str, rows: usize) -> Result<usize, String> {
    let dataset: Dataset = serde_json::from_value(dataset.into())
        .map_err(|error| format!("{dataset} is no data set: {error}"))?;
    Ok(pieces::multiply_adds(dataset, rows))
}
