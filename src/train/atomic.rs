//! Files that are replaced in one step: a kill at any moment leaves the old one or the new one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {error}")]
pub struct WriteError {
    /// The file.
    file: PathBuf,
    /// What the system said.
    error: io::Error,
}

/// Puts `bytes` in place of `file`, in a folder that is made where it is missing.
///
/// They are written beside it, flushed to the disk and then renamed over it.
pub fn write(file: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let new = file.with_extension("new");
    let replace = || {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut out = File::create(&new)?;
        out.write_all(bytes)?;
        out.sync_all()?;
        fs::rename(&new, file)
    };
    replace().map_err(|error| WriteError { file: file.into(), error })
}
