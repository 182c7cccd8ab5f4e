//! The papers' measurements: many attacks, counted, the same from the command line and in the browser.
//!
//! An [`Experiment`] states what is measured: its tasks, each an attack on a network, and the images.
//! Its work is split into [`Chunk`]s. A [`Worker`] runs one chunk step by step, so that progress can
//! be shown and the work cancelled at any step, and returns a [`Record`] for each attempt that ends.
//! [`Experiment::rows`] turns records into the rows of a table, and [`read_rows`] and [`write_rows`]
//! are the files that keep them.
//!
//! A record depends only on its task and its attempt. So chunks may be of any size, run in any order,
//! by any number of workers, and more than once: the rows are the same. Rows can be made of any part of
//! the records; each states how many attempts are planned, and its figures how many they count.
//!
//! Each kind of experiment has one file that defines its figures: [`SuccessFigures`] in `success.rs`,
//! and so on.

mod amplitude;
mod count;
mod ends;
mod fgsm;
mod file;
mod kind;
mod pairs;
mod plan;
mod record;
mod robustness;
mod row;
mod settings;
mod statistics;
mod success;
mod transfer;
mod worker;

pub use amplitude::AmplitudeFigures;
pub use count::Rows;
pub use ends::Ends;
pub use fgsm::FgsmFigures;
pub use file::{RowsError, read_rows, write_rows};
pub use kind::{Attempts, Kind, KindFacts};
pub use pairs::{ClassPair, LARGEST_CAP, PairsFigures};
pub use plan::{Chunk, Experiment, ExperimentError, Source, Subject, Task};
pub use record::{
    Amplitude, AttackResult, Attempt, AttemptResult, Outcomes, Predictions, Record, TaskResults,
};
pub use robustness::RobustnessFigures;
pub use row::{Figures, Head, Origin, Row, RowNetwork, RowRole, TargetModel};
pub use settings::Settings;
pub use statistics::wilson;
pub use success::SuccessFigures;
pub use transfer::TransferFigures;
pub use worker::Worker;
