//! Plain data and arrays, to and from JavaScript.

use js_sys::{Float32Array, Uint8Array};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_wasm_bindgen::preserve;
use wasm_bindgen::prelude::*;

use super::error::error;

/// Reads plain data, and the arrays within; `error_name` and `what` are for the error if it is not
/// understood.
pub fn from_js<Message: DeserializeOwned>(
    value: JsValue,
    error_name: &str,
    what: &str,
) -> Result<Message, JsValue> {
    serde_wasm_bindgen::from_value(value)
        .map_err(|e| error(error_name, format!("The {what} was not understood: {e}.")))
}

/// Plain data as a plain JavaScript object, `None` as null.
pub fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(|e| error("EngineError", e.to_string()))
}

/// The most numbers of an array in a request: those of 10,000 images of CIFAR-10, 123 MB. A module can have
/// 4 GiB in all, and ends if it has no more.
const MOST_NUMBERS: u32 = 10_000 * 3072;

/// The numbers of a `Float32Array`, which is copied as a whole.
pub struct Floats(pub Vec<f32>);

impl<'de> Deserialize<'de> for Floats {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let array: Float32Array = array(deserializer, "Float32Array")?;
        checked(array.length()).map_err(D::Error::custom)?;
        Ok(Self(array.to_vec()))
    }
}

/// Refuses an array that is too long, before it is copied.
fn checked(length: u32) -> Result<(), String> {
    match length <= MOST_NUMBERS {
        true => Ok(()),
        false => Err(format!("an array may have {MOST_NUMBERS} numbers, but one has {length}")),
    }
}

impl Serialize for Floats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        preserve::serialize(&Float32Array::from(self.0.as_slice()), serializer)
    }
}

/// The numbers of a `Uint8Array`, which is copied as a whole.
pub struct Bytes(pub Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let array: Uint8Array = array(deserializer, "Uint8Array")?;
        checked(array.length()).map_err(D::Error::custom)?;
        Ok(Self(array.to_vec()))
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
