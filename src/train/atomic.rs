//! Files that are replaced in one step: a kill at any moment leaves the old file or the new one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The reason why a file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {error}")]
pub struct WriteError {
    /// The file.
    file: PathBuf,
    /// The system's error.
    error: io::Error,
}

/// Replaces the content of `file` with `bytes`, and makes its folder if it is missing.
///
/// The bytes are written to a file beside it with the extension `new`, flushed to the disk, and
/// renamed over it.
///
/// # Errors
/// The system's error, with the file's name.
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
