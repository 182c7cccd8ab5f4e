//! Training runs that survive a kill: a [`Run`] keeps its state in a folder, in one file,
//! `checkpoint`, which is replaced after each epoch.
//!
//! A kill at any moment leaves the old file or the new one ([`atomic`]). The file begins with the
//! SHA-256 of the rest, and a file that does not match its hash is refused.
//!
//! Layout: 32 bytes of hash; then three parts, each with its length before it as eight
//! little-endian bytes: recipe and history as JSON, and the weights and their last changes as 32-bit
//! little-endian floats in the order of the model file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::atomic::{self, WriteError};
use super::{Diverged, Epoch, Recipe, Trainer, TrainerRecord, TrainingSet};
use crate::dataset::{Dataset, Samples};
use crate::network::parameters::{Layer, Parameters, Size};

/// The results of an epoch and the time that it took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimedEpoch {
    /// The results.
    #[serde(flatten)]
    pub results: Epoch,
    /// Wall-clock time in seconds, with the test.
    pub seconds: f64,
}

/// A training run that is saved in a folder after each epoch.
pub struct Run {
    folder: PathBuf,
    trainer: Trainer,
    history: Vec<TimedEpoch>,
}

impl Run {
    /// Resumes from the checkpoint in `folder`, or starts a new run if there is none. The folder is
    /// made when the first epoch is saved.
    ///
    /// # Errors
    /// The checkpoint cannot be read, is damaged, or is that of another recipe.
    pub fn resume_or_start(recipe: Recipe, folder: &Path) -> Result<Self, CheckpointError> {
        let folder = folder.to_path_buf();
        let Some(saved) = load(&folder)? else {
            let trainer = Trainer::new(recipe);
            return Ok(Self { folder, trainer, history: Vec::new() });
        };
        let Checkpoint { header: Header { recipe: saved_recipe, history }, record } = saved;
        if saved_recipe != recipe {
            let (saved, asked) = (Box::new(saved_recipe), Box::new(recipe));
            return Err(CheckpointError::OtherRecipe { folder, saved, asked });
        }
        let trainer = Trainer::resume(recipe, &record, history.len());
        Ok(Self { folder, trainer, history })
    }

    /// The epochs so far.
    pub fn history(&self) -> &[TimedEpoch] {
        &self.history
    }

    /// The weights as they are now.
    pub fn parameters(&self) -> Parameters {
        self.trainer.parameters()
    }

    /// Trains for one epoch ([`Trainer::epoch`]) and saves the checkpoint.
    ///
    /// # Errors
    /// The run diverged, in which case the last checkpoint is kept, or the checkpoint cannot be
    /// written.
    pub fn epoch(
        &mut self,
        training: &TrainingSet<'_>,
        test: &Samples,
        on_batch: impl FnMut(usize, f64),
    ) -> Result<&TimedEpoch, CheckpointError> {
        let started = Instant::now();
        let results =
            self.trainer.epoch(training, test, on_batch).map_err(|Diverged { epoch }| {
                CheckpointError::Diverged { folder: self.folder.clone(), epoch }
            })?;
        self.history.push(TimedEpoch { results, seconds: started.elapsed().as_secs_f64() });
        let recipe = self.trainer.recipe().clone();
        let header = Header { recipe, history: self.history.clone() };
        save(&self.folder, &header, self.trainer.record())?;
        Ok(&self.history[self.history.len() - 1])
    }
}

/// Reads the recipe, the epochs and the weights of the run in `folder`.
///
/// # Errors
/// There is no checkpoint, or it cannot be read, or it is damaged.
pub fn finished(folder: &Path) -> Result<(Recipe, Vec<TimedEpoch>, Parameters), CheckpointError> {
    let saved = load(folder)?.ok_or_else(|| CheckpointError::Missing(folder.into()))?;
    let Checkpoint { header: Header { recipe, history }, record } = saved;
    Ok((recipe, history, record.parameters))
}

/// The reason why a run could not be resumed, continued or saved.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The folder has no checkpoint.
    #[error("{0} holds no checkpoint. Train the network first.")]
    Missing(PathBuf),
    /// The file cannot be read.
    #[error("{file}: {error}")]
    Io {
        /// The file.
        file: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The file's content has changed since it was written.
    #[error("{file} is damaged ({what}). Remove it to train from the start.")]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The weights are no longer finite numbers.
    #[error(
        "{folder}: the loss of epoch {epoch} is not a number. The last checkpoint is kept. Train with a smaller --learning-rate."
    )]
    Diverged {
        /// The run's folder.
        folder: PathBuf,
        /// The epoch, counted from 1.
        epoch: usize,
    },
    /// The folder has a run of another recipe.
    #[error(
        "{folder} holds a run with other settings.\n  saved: {saved:?}\n  asked: {asked:?}\nName another folder with --runs, or remove this one."
    )]
    OtherRecipe {
        /// The run's folder.
        folder: PathBuf,
        /// The recipe of the checkpoint.
        saved: Box<Recipe>,
        /// The recipe that was asked for.
        asked: Box<Recipe>,
    },
}

/// The content of a checkpoint.
struct Checkpoint {
    header: Header,
    record: TrainerRecord,
}

#[derive(Serialize, Deserialize)]
struct Header {
    recipe: Recipe,
    history: Vec<TimedEpoch>,
}

/// Writes the checkpoint, and `log.jsonl` with one line for each epoch.
fn save(folder: &Path, header: &Header, record: TrainerRecord) -> Result<(), CheckpointError> {
    let file = folder.join("checkpoint");
    let damaged = |what: String| CheckpointError::Damaged { file: file.clone(), what };
    let json = serde_json::to_vec(header).map_err(|error| damaged(error.to_string()))?;
    let (weights, velocity) = (to_bytes(&record.parameters), to_bytes(&record.velocity));
    let mut body = Vec::new();
    for part in [json.as_slice(), &weights, &velocity] {
        body.extend((part.len() as u64).to_le_bytes());
        body.extend(part);
    }
    let mut bytes = Sha256::digest(&body).to_vec();
    bytes.append(&mut body);
    atomic::write(&file, &bytes)?;

    let lines: Vec<_> =
        header.history.iter().filter_map(|epoch| serde_json::to_string(epoch).ok()).collect();
    Ok(atomic::write(&folder.join("log.jsonl"), (lines.join("\n") + "\n").as_bytes())?)
}

/// Reads the checkpoint of the run in `folder`; `None` if it has none.
fn load(folder: &Path) -> Result<Option<Checkpoint>, CheckpointError> {
    let file = folder.join("checkpoint");
    let bytes = match fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(CheckpointError::Io { file, error }),
    };
    let damaged = |what: &str| CheckpointError::Damaged { file: file.clone(), what: what.into() };
    let Some((hash, mut body)) = bytes.split_at_checked(32) else {
        return Err(damaged("it is shorter than its hash"));
    };
    if Sha256::digest(body).as_slice() != hash {
        return Err(damaged("its hash does not match"));
    }
    let mut part = || {
        let (length, rest) = body.split_first_chunk::<8>()?;
        let (part, rest) = rest.split_at_checked(u64::from_le_bytes(*length) as usize)?;
        body = rest;
        Some(part.to_vec())
    };
    let (Some(header), Some(weights), Some(velocity)) = (part(), part(), part()) else {
        return Err(damaged("a part is missing"));
    };
    let header: Header =
        serde_json::from_slice(&header).map_err(|error| damaged(&error.to_string()))?;
    let dataset = header.recipe.dataset;
    let numbers = |bytes| {
        from_bytes(dataset, bytes).ok_or_else(|| damaged("it has another number of weights"))
    };
    let record = TrainerRecord { parameters: numbers(&weights)?, velocity: numbers(&velocity)? };
    Ok(Some(Checkpoint { header, record }))
}

fn to_bytes(parameters: &Parameters) -> Vec<u8> {
    let numbers = parameters.layers.iter().flat_map(|layer| [&layer.weight, &layer.bias]);
    numbers.flatten().flat_map(|number| number.to_le_bytes()).collect()
}

/// `None` if there are not as many numbers as the network has.
fn from_bytes(dataset: Dataset, bytes: &[u8]) -> Option<Parameters> {
    let (words, rest) = bytes.as_chunks::<4>();
    let mut numbers = words.iter().map(|&word| f32::from_le_bytes(word));
    let mut take = |count| numbers.by_ref().take(count).collect::<Vec<_>>();
    let layers = Size::of(dataset).map(|size| {
        let (weight, bias) = (take(size.weights()), take(size.outputs));
        Layer { size, weight, bias }
    });
    let expected: usize =
        layers.iter().map(|Layer { size, .. }| size.weights() + size.outputs).sum();
    (rest.is_empty() && words.len() == expected).then_some(Parameters { dataset, layers })
}
