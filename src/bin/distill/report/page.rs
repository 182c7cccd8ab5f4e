//! The page: Markdown, and plots beside it.

use std::fmt::Write;
use std::path::Path;

use defensive_distillation::train::atomic;

use super::cells::NONE;
use crate::Result;

pub struct Page<'a> {
    pub text: String,
    results: &'a Path,
}

impl<'a> Page<'a> {
    /// A page for the folder `results` that begins with `text`.
    pub fn new(results: &'a Path, text: String) -> Self {
        Self { text, results }
    }

    /// The title of a part.
    pub fn title(&mut self, title: &str) {
        let _ = write!(self.text, "\n# {title}\n");
    }

    /// A table without the rows in which nothing was measured; no table if no row is left.
    pub fn table(&mut self, title: &str, words: &str, head: &[&str], mut rows: Vec<Vec<String>>) {
        rows.retain(|row| row[1..].iter().any(|cell| cell != NONE));
        if rows.is_empty() {
            return;
        }
        let _ = write!(self.text, "\n## {title}\n{words}\n\n| {} |\n", head.join(" | "));
        let _ = writeln!(self.text, "|{}", "---|".repeat(head.len()));
        for row in rows {
            let _ = writeln!(self.text, "| {} |", row.join(" | "));
        }
    }

    /// A plot in a file of its own.
    pub fn plot(&mut self, name: &str, says: &str, svg: &str) -> Result {
        atomic::write(&self.results.join(name), svg.as_bytes())?;
        let _ = write!(self.text, "\n![{says}]({name})\n");
        Ok(())
    }
}
