//! The paper's measurements for JavaScript: a plain object is the request, workers share the chunks, and
//! any of them turns the records into rows.

use burn::tensor::Device;
use wasm_bindgen::prelude::*;

use super::engine::Engine;
use super::error::{attack_error, experiment_error};
use super::values::{Bytes, Floats, from_js, to_js};
use crate::attack::Goal;
use crate::experiment::{self, Chunk, Record, Task};
use crate::messages::{self, Attempt, ExperimentRequest};

#[wasm_bindgen]
impl Engine {
    /// Plans an experiment on networks that are loaded; nothing is computed yet.
    ///
    /// # Errors
    /// `RequestError` for a request that is not understood, networks that are not loaded or do not belong
    /// together, or labels that are no classes; `ImageError` for pixels that are too few, too many or not
    /// in [0, 1].
    pub fn experiment(
        &self,
        #[wasm_bindgen(unchecked_param_type = "messages.ExperimentRequest")] request: JsValue,
    ) -> Result<Experiment, JsValue> {
        let request: ExperimentRequest<Floats, Bytes> =
            from_js(request, "RequestError", "experiment")?;
        let task = |asked: messages::Task| -> Result<Task, JsValue> {
            Ok(Task { subject: self.subject(&asked.subject)?, attack: asked.attack })
        };
        let tasks = request.tasks.into_iter().map(task).collect::<Result<_, _>>()?;
        let readers = request.readers.iter().map(|reader| self.subject(reader));
        let readers = readers.collect::<Result<_, _>>()?;
        let experiment = experiment::Experiment::new(
            request.experiment,
            tasks,
            readers,
            request.images.0,
            request.labels.0,
            request.source,
        );
        let experiment = experiment.map_err(experiment_error)?;
        Ok(Experiment { experiment, device: self.backend.device().clone() })
    }
}

/// A planned experiment. Every worker makes its own of the same request.
#[wasm_bindgen]
pub struct Experiment {
    experiment: experiment::Experiment,
    device: Device,
}

#[wasm_bindgen]
impl Experiment {
    /// The attempts of each task, by number.
    #[wasm_bindgen(unchecked_return_type = "messages.Attempt[]")]
    pub fn attempts(&self) -> Result<JsValue, JsValue> {
        let attempts = self.experiment.attempts().iter().map(|attempt| Attempt {
            image: attempt.image,
            class: attempt.goal.class(),
            untargeted: matches!(attempt.goal, Goal::Untargeted(_)),
        });
        to_js(&attempts.collect::<Vec<_>>())
    }

    /// All chunks, of at most `size` attempts, the tasks in turn.
    #[wasm_bindgen(unchecked_return_type = "messages.Chunk[]")]
    pub fn chunks(&self, size: usize) -> Result<JsValue, JsValue> {
        to_js(&self.experiment.chunks(size))
    }

    /// Starts a chunk; nothing is computed yet.
    ///
    /// # Errors
    /// `RequestError` for a chunk of another experiment.
    pub fn start(
        &self,
        #[wasm_bindgen(unchecked_param_type = "messages.Chunk")] chunk: JsValue,
    ) -> Result<ChunkRun, JsValue> {
        let chunk: Chunk = from_js(chunk, "RequestError", "chunk")?;
        let worker = self.experiment.start(chunk, &[]).map_err(experiment_error)?;
        Ok(ChunkRun { worker, device: self.device.clone() })
    }

    /// The rows of the records so far, in any order.
    ///
    /// # Errors
    /// `RequestError` for records that are not understood or belong to another experiment.
    #[wasm_bindgen(unchecked_return_type = "messages.ExperimentRow[]")]
    pub fn rows(
        &self,
        #[wasm_bindgen(unchecked_param_type = "messages.ExperimentRecord[]")] records: JsValue,
    ) -> Result<JsValue, JsValue> {
        let records: Vec<Record> = from_js(records, "RequestError", "list of records")?;
        to_js(&self.experiment.rows(&records).map_err(experiment_error)?)
    }
}

/// A started chunk. Freeing it cancels the active attacks.
#[wasm_bindgen]
pub struct ChunkRun {
    worker: experiment::Worker,
    device: Device,
}

#[wasm_bindgen]
impl ChunkRun {
    /// The number of attempts that have not ended.
    #[wasm_bindgen(getter)]
    pub fn left(&self) -> usize {
        self.worker.left()
    }

    /// Evaluates every active attack once, and returns the records of those that ended; `undefined` once
    /// all have ended.
    ///
    /// Wait for the promise before the next call.
    ///
    /// # Errors
    /// `EngineError` if the device fails.
    #[wasm_bindgen(unchecked_return_type = "messages.ExperimentRecord[] | undefined")]
    pub async fn step(&mut self) -> Result<JsValue, JsValue> {
        match self.worker.step(&self.device).await.map_err(attack_error)? {
            Some(records) => to_js(&records),
            None => Ok(JsValue::UNDEFINED),
        }
    }
}
