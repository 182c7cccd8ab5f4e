//! The engine: it holds networks, and classifies images.

use std::cell::RefCell;
use std::collections::HashMap;

use burn::tensor::{Tensor, TensorData};
use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::backend::Backend;
use super::error::{attack_error, error};
use super::values::{from_js, to_js};
use crate::attack::check_pixels;
use crate::dataset::CLASSES;
use crate::experiment::Subject;
use crate::messages::{self, Classification, EngineInfo};
use crate::network::Network;
use crate::network::manifest::Entry;
use crate::network::softmax::{argmax, softmax_row};

/// Holds networks, and runs attacks on them.
///
/// Its methods take `&self`, so that several promises can be pending at the same time.
#[wasm_bindgen]
pub struct Engine {
    pub(super) backend: Backend,
    networks: RefCell<HashMap<String, (Entry, Network)>>,
}

#[wasm_bindgen]
impl Engine {
    /// Opens an engine without networks, on the device that this module was built for.
    ///
    /// # Errors
    /// `EngineError` if there is no such device.
    pub async fn open() -> Result<Self, JsValue> {
        let backend = Backend::open().await.map_err(|e| error("EngineError", e))?;
        Ok(Self { backend, networks: RefCell::default() })
    }

    /// The engine and its version.
    #[wasm_bindgen(unchecked_return_type = "messages.EngineInfo")]
    pub fn info(&self) -> Result<JsValue, JsValue> {
        to_js(&EngineInfo {
            engine: Backend::NAME,
            implementation: Backend::IMPLEMENTATION,
            version: env!("CARGO_PKG_VERSION"),
        })
    }

    /// Resolves when the device is lost, with the reason; on the CPU it never does.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn lost(&self) -> Promise {
        let lost = self.backend.lost();
        wasm_bindgen_futures::future_to_promise(async { Ok(lost.await.into()) })
    }

    /// The first error that the device has reported since the engine was opened, a shader that does not
    /// compile for instance. After an error no result can be trusted.
    pub fn fault(&self) -> Option<String> {
        self.backend.fault()
    }

    /// Verifies a model file against its manifest entry, and keeps the network under its id.
    ///
    /// # Errors
    /// `ModelError` if the entry is damaged or the file is another one.
    pub fn load(
        &self,
        #[wasm_bindgen(unchecked_param_type = "messages.ManifestEntry")] entry: JsValue,
        bytes: &[u8],
    ) -> Result<(), JsValue> {
        let entry: Entry = from_js(entry, "ModelError", "manifest entry")?;
        let network = entry
            .load(bytes, self.backend.device())
            .map_err(|e| error("ModelError", e.to_string()))?;
        self.networks.borrow_mut().insert(entry.id.clone(), (entry, network));
        Ok(())
    }

    /// Classifies one image, with the network's logits multiplied by `scale` if there is one.
    ///
    /// # Errors
    /// `RequestError` if the network is not loaded, `ImageError` for an image of another size or with
    /// pixels outside [0, 1], `EngineError` if the device fails.
    #[wasm_bindgen(unchecked_return_type = "messages.Classification")]
    pub async fn classify(
        &self,
        model: String,
        image: Vec<f32>,
        scale: Option<f32>,
    ) -> Result<JsValue, JsValue> {
        let network = self.network(&messages::Subject { model, scale })?;
        let spec = network.dataset().spec();
        if image.len() != spec.features() {
            let (expected, found) = (spec.features(), image.len());
            let message = format!("The image should have {expected} pixels, but has {found}.");
            return Err(error("ImageError", message));
        }
        check_pixels(&image).map_err(attack_error)?;
        let [channels, height, width] = spec.shape;
        let image = TensorData::new(image, [1, channels, height, width]);
        let logits = network.forward(Tensor::from_data(image, self.backend.device()));
        let logits = logits.into_data_async().await;
        let logits = logits.map_err(|e| error("EngineError", format!("{e:?}")))?;
        let logits: Vec<f32> = logits.iter::<f32>().collect();
        let Some(logits) = logits.first_chunk::<CLASSES>() else {
            return Err(error("EngineError", "The network answered with too few logits.".into()));
        };
        to_js(&Classification {
            logits: *logits,
            probabilities: softmax_row(logits, 1.0),
            label: argmax(logits),
        })
    }

    pub(super) fn network(&self, subject: &messages::Subject) -> Result<Network, JsValue> {
        Ok(self.subject(subject)?.network)
    }

    pub(super) fn subject(
        &self,
        messages::Subject { model, scale }: &messages::Subject,
    ) -> Result<Subject, JsValue> {
        let networks = self.networks.borrow();
        let (entry, network) = networks.get(model).ok_or_else(|| {
            error("RequestError", format!("The model \"{model}\" is not loaded. Load it first."))
        })?;
        let scale = scale.unwrap_or(1.0);
        if !(scale > 0.0 && scale <= MAX_SCALE) {
            let message =
                format!("The scale must be above 0 and at most {MAX_SCALE}, but is {scale}.");
            return Err(error("RequestError", message));
        }
        Ok(Subject::new(entry.clone(), network, scale))
    }
}

/// Far above any temperature; logits multiplied by it still fit 32 bits.
const MAX_SCALE: f32 = 1e6;
