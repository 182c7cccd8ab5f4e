//! Errors as JavaScript's `Error`, whose `name` says what caused it.

use wasm_bindgen::prelude::*;

use crate::attack::AttackError;
use crate::experiment::ExperimentError;

/// An error with a message that can be shown to a visitor.
pub fn error(name: &str, message: String) -> JsValue {
    let error = js_sys::Error::new(&message);
    error.set_name(name);
    error.into()
}

/// Why an attack was refused or stopped.
pub fn attack_error(e: AttackError) -> JsValue {
    let name = match e {
        AttackError::Pixel { .. } | AttackError::Pixels { .. } => "ImageError",
        AttackError::Device(_) => "EngineError",
        AttackError::Setting { .. }
        | AttackError::Target(_)
        | AttackError::Untargeted(_)
        | AttackError::Runs(_)
        | AttackError::NotResumable(_)
        | AttackError::Iterations { .. } => "RequestError",
    };
    error(name, e.to_string())
}

/// Why an experiment was refused or stopped.
pub fn experiment_error(e: ExperimentError) -> JsValue {
    match e {
        ExperimentError::Attack(e) => attack_error(e),
        ExperimentError::Images { .. } => error("ImageError", e.to_string()),
        ExperimentError::Empty
        | ExperimentError::Dataset(..)
        | ExperimentError::NoAttack(_)
        | ExperimentError::NoTargetModels
        | ExperimentError::Label(_)
        | ExperimentError::Foreign { .. } => error("RequestError", e.to_string()),
    }
}
