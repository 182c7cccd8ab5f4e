//! The JavaScript interface, the only part that knows JavaScript.
//!
//! Everything from outside is parsed before it is used. Every error becomes a JavaScript `Error` whose
//! `name` says what caused it (`ModelError`, `RequestError`, `ImageError`, `EngineError`) and whose
//! message can be shown to a visitor.

mod attack;
mod engine;
mod error;
mod experiment;
mod values;

#[cfg(not(feature = "webgpu"))]
#[path = "cpu.rs"]
mod backend;
#[cfg(feature = "webgpu")]
#[path = "webgpu.rs"]
mod backend;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use error::error;

// `distill registry` derives the types from the structs.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
import type * as messages from "../messages.js";
export type * from "../messages.js";
"#;

#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}

/// A drawing as the network reads it: 28×28 pixels in [0, 1]; `undefined` for an empty drawing.
///
/// Each stroke is x, y, x, y, … from 0 to 255 over the square that is drawn on.
///
/// # Errors
/// `ImageError` for too many strokes or points, or an odd number of coordinates.
#[wasm_bindgen]
pub fn rasterize(strokes: Vec<Uint8Array>) -> Result<Option<Vec<f32>>, JsValue> {
    let lengths = strokes.iter().map(|stroke| stroke.length() as usize);
    crate::digit::check(lengths).map_err(|e| error("ImageError", e.to_string()))?;
    let strokes: Vec<_> = strokes.iter().map(Uint8Array::to_vec).collect();
    let image = crate::digit::rasterize(&strokes);
    let image = image.map_err(|e| error("ImageError", e.to_string()))?;
    Ok(image.map(|pixels| pixels.to_vec()))
}
