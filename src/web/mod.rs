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

use js_sys::{Object, Reflect, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

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

/// Reads the fields of a request without its arrays: looking for settings among a million pixels would
/// take long.
fn settings<Settings: DeserializeOwned>(
    request: &JsValue,
    arrays: &[&str],
    what: &str,
) -> Result<Settings, JsValue> {
    let settings = Object::assign(&Object::new(), request.unchecked_ref());
    for &array in arrays {
        Reflect::delete_property(&settings, &array.into())?;
    }
    serde_wasm_bindgen::from_value(settings.into())
        .map_err(|e| error("RequestError", format!("The {what} was not understood: {e}.")))
}

/// Reads a field that has to be an object of a certain class.
fn field<Class: JsCast>(object: &JsValue, name: &str, class: &str) -> Result<Class, JsValue> {
    let value = Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED);
    value
        .dyn_into()
        .map_err(|_| error("RequestError", format!("The field {name} should be {class}.")))
}

/// Plain data as a plain JavaScript object, `None` as null.
fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(|e| error("EngineError", e.to_string()))
}

fn error(name: &str, message: String) -> JsValue {
    let error = js_sys::Error::new(&message);
    error.set_name(name);
    error.into()
}
