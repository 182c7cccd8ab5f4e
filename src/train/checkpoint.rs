//! One file that holds all a training run needs to go on: `checkpoint` in the run's folder.
//!
//! A kill at any moment leaves the old one or the new one ([`atomic`]). It begins with the SHA-256 of
//! all that follows: what is torn or altered all the same is refused, never loaded.
//!
//! Layout: 32 bytes of hash; then three parts, each with its length before it as eight
//! little-endian bytes: the recipe and history as JSON, the network and the optimiser as burnpack.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use burn::optim::record::OptimizerRecord;
use burn::store::ModuleRecord;
use burn::tensor::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::atomic::{self, WriteError};
use super::{Epoch, Recipe};

/// The state of a run after a whole epoch.
pub struct Checkpoint {
    pub(super) recipe: Recipe,
    pub(super) history: Vec<Epoch>,
    pub(super) network: ModuleRecord,
    pub(super) optimizer: OptimizerRecord,
}

/// Why a checkpoint could not be used or written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// There is none.
    #[error("{0} holds no checkpoint. Train the network first.")]
    Missing(PathBuf),
    /// The system refused to read it.
    #[error("{file}: {error}")]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The file is not what was written.
    #[error("{file} is damaged ({what}). Remove it to train from the start.")]
    Damaged {
        /// The file.
        file: PathBuf,
        /// How that is known.
        what: String,
    },
    /// The weights have left the range of numbers, and nothing can be learned from there.
    #[error(
        "{folder}: the loss of epoch {epoch} is not a number. What was saved before it is kept; train with a smaller --learning-rate."
    )]
    Diverged {
        /// The run's folder.
        folder: PathBuf,
        /// The epoch, from 1.
        epoch: usize,
    },
    /// The folder holds a run of another recipe.
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

#[derive(Serialize, Deserialize)]
struct Header {
    recipe: Recipe,
    history: Vec<Epoch>,
}

/// Writes the checkpoint and, for people, `log.jsonl` with one line for each epoch.
pub(super) fn save(
    folder: &Path,
    recipe: &Recipe,
    history: &[Epoch],
    network: ModuleRecord,
    optimizer: OptimizerRecord,
) -> Result<(), CheckpointError> {
    let file = folder.join("checkpoint");
    let damaged = |what: String| CheckpointError::Damaged { file: file.clone(), what };
    let header = Header { recipe: recipe.clone(), history: history.to_vec() };
    let header = serde_json::to_vec(&header).map_err(|error| damaged(error.to_string()))?;
    let network = network.into_bytes().map_err(|error| damaged(error.to_string()))?;
    let optimizer = optimizer.into_bytes().map_err(|error| damaged(error.to_string()))?;
    let mut body = Vec::new();
    for part in [header.as_slice(), &network, &optimizer] {
        body.extend((part.len() as u64).to_le_bytes());
        body.extend(part);
    }
    let mut bytes = Sha256::digest(&body).to_vec();
    bytes.append(&mut body);
    atomic::write(&file, &bytes)?;

    let lines: Vec<_> =
        history.iter().filter_map(|epoch| serde_json::to_string(epoch).ok()).collect();
    Ok(atomic::write(&folder.join("log.jsonl"), (lines.join("\n") + "\n").as_bytes())?)
}

/// Reads the checkpoint of a run, if it has one.
pub(super) fn load(folder: &Path) -> Result<Option<Checkpoint>, CheckpointError> {
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
    let (Some(header), Some(network), Some(optimizer)) = (part(), part(), part()) else {
        return Err(damaged("a part is missing"));
    };
    let header: Header =
        serde_json::from_slice(&header).map_err(|error| damaged(&error.to_string()))?;
    let network = ModuleRecord::from_bytes(Bytes::from_bytes_vec(network))
        .map_err(|error| damaged(&error.to_string()))?;
    let optimizer = OptimizerRecord::from_bytes(Bytes::from_bytes_vec(optimizer))
        .map_err(|error| damaged(&error.to_string()))?;
    let Header { recipe, history } = header;
    Ok(Some(Checkpoint { recipe, history, network, optimizer }))
}
