//! `results/drawn.json`: the images that each seed draws, for programs with another random generator.

use std::path::Path;

use defensive_distillation::dataset::Dataset;
use defensive_distillation::train::atomic;
use serde::{Deserialize, Serialize};

use crate::Result;

/// The images that a seed draws from a test set.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Draw {
    dataset: Dataset,
    /// Their places in the test set, counted from 0.
    drawn: Vec<usize>,
    /// How many.
    images: usize,
    seed: u64,
}

/// Adds a draw to the file, unless it is there already.
pub fn note(results: &Path, dataset: Dataset, seed: u64, drawn: &[usize]) -> Result {
    let file = results.join("drawn.json");
    let mut draws: Vec<Draw> = match std::fs::read(&file) {
        Ok(json) => {
            serde_json::from_slice(&json).map_err(|e| format!("{}: {e}", file.display()))?
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(format!("{}: {e}", file.display()).into()),
    };
    let draw = Draw { dataset, drawn: drawn.into(), images: drawn.len(), seed };
    if !draws.contains(&draw) {
        draws.push(draw);
        atomic::write(&file, text(&draws)?.as_bytes())?;
    }
    Ok(())
}

/// The text of the file, a draw a line.
fn text(draws: &[Draw]) -> Result<String> {
    let lines: Vec<_> =
        draws.iter().map(serde_json::to_string).collect::<serde_json::Result<_>>()?;
    Ok(format!("[\n{}\n]\n", lines.join(",\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_file_is_written_as_it_was_read() {
        let committed = std::fs::read_to_string("results/drawn.json").expect("it is committed");
        let draws: Vec<Draw> = serde_json::from_str(&committed).expect("every draw is understood");
        assert_eq!(text(&draws).expect("draws are plain data"), committed);
    }
}
