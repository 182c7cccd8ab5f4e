//! The records of a measurement, kept in a file until its rows are written.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use defensive_distillation::experiment::{Figures, Record, Row};
use defensive_distillation::network::file::sha256;

use crate::Result;

/// A file of records, one a line.
pub struct Journal(PathBuf);

impl Journal {
    /// The journal of a measurement. Its name is a hash of the planned rows without the date.
    pub fn of<F: Figures>(mut planned: Vec<Row<F>>, folder: &Path) -> Result<Self> {
        for row in &mut planned {
            row.origin.date.clear();
        }
        let name = sha256(serde_json::to_string(&planned)?.as_bytes());
        Ok(Self(folder.join(format!("{}.jsonl", &name[..16]))))
    }

    /// The records so far. If an interruption cut the last line short, it is left out.
    pub fn records(&self) -> Vec<Record> {
        let lines = std::fs::read_to_string(&self.0).unwrap_or_default();
        lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Opens the file to add records.
    pub fn append(&self) -> Result<Appender> {
        let error = |e| format!("{}: {e}", self.0.display());
        if let Some(folder) = self.0.parent() {
            std::fs::create_dir_all(folder).map_err(error)?;
        }
        Ok(Appender(OpenOptions::new().create(true).append(true).open(&self.0).map_err(error)?))
    }

    /// Deletes the file, if there is one.
    pub fn remove(&self) -> Result {
        match std::fs::remove_file(&self.0) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                Err(format!("{}: {e}", self.0.display()).into())
            }
            _ => Ok(()),
        }
    }
}

/// A journal that is open.
pub struct Appender(File);

impl Appender {
    /// Adds a record.
    pub fn add(&mut self, record: &Record) -> Result {
        Ok(writeln!(self.0, "{}", serde_json::to_string(record)?)?)
    }
}
