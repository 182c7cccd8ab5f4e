//! The JavaScript interface, the only part that knows JavaScript.
//!
//! Everything from outside is parsed before it is used. Every error becomes a JavaScript `Error` whose
//! `name` says what caused it (`ModelError`, `RequestError`, `ImageError`, `EngineError`) and whose
//! message can be shown to a visitor.

mod attack;
mod engine;
mod experiment;

#[cfg(not(feature = "webgpu"))]
#[path = "cpu.rs"]
mod backend;
#[cfg(feature = "webgpu")]
#[path = "webgpu.rs"]
mod backend;

use js_sys::{Float32Array, Uint8Array};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_wasm_bindgen::preserve;
use wasm_bindgen::prelude::*;

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
    let strokes: Vec<_> = strokes.iter().map(Uint8Array::to_vec).collect();
    let image = crate::digit::rasterize(&strokes);
    let image = image.map_err(|e| error("ImageError", e.to_string()))?;
    Ok(image.map(|pixels| pixels.to_vec()))
}

/// Reads plain data, and the arrays within; `error_name` and `what` are for the error if it is not
/// understood.
fn from_js<Message: DeserializeOwned>(
    value: JsValue,
    error_name: &str,
    what: &str,
) -> Result<Message, JsValue> {
    serde_wasm_bindgen::from_value(value)
        .map_err(|e| error(error_name, format!("The {what} was not understood: {e}.")))
}

/// Plain data as a plain JavaScript object, `None` as null.
fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(|e| error("EngineError", e.to_string()))
}

/// The numbers of a `Float32Array`, which is copied as a whole.
struct Floats(Vec<f32>);

impl<'de> Deserialize<'de> for Floats {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        array(deserializer, "Float32Array").map(|array: Float32Array| Self(array.to_vec()))
    }
}

impl Serialize for Floats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        preserve::serialize(&Float32Array::from(self.0.as_slice()), serializer)
    }
}

/// The numbers of a `Uint8Array`, which is copied as a whole.
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        array(deserializer, "Uint8Array").map(|array: Uint8Array| Self(array.to_vec()))
    }
}

/// Reads an array as the object that it is: number by number it would take long.
fn array<'de, Class: JsCast, D: Deserializer<'de>>(
    deserializer: D,
    class: &str,
) -> Result<Class, D::Error> {
    let value: JsValue = preserve::deserialize(deserializer)?;
    value.dyn_into().map_err(|_| D::Error::custom(format_args!("expected a {class}")))
}

fn error(name: &str, message: String) -> JsValue {
    let error = js_sys::Error::new(&message);
    error.set_name(name);
    error.into()
}
