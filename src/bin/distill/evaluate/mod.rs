//! `distill evaluate`: the papers' measurements on published networks, written into `results/`.
//!
//! Without a name it runs all of them. A row that is already there, of the network files that are
//! published, is not measured again; an interrupted measurement resumes from its last record.

mod drawn;
mod inputs;
mod journal;
mod summary;

use std::path::{Path, PathBuf};

use clap::{Args, Parser};
use defensive_distillation::attack::{Attack, Budget};
use defensive_distillation::experiment::{
    AmplitudeFigures, Chunk, Ends, Experiment, FgsmFigures, Figures, Kind, LARGEST_CAP,
    PairsFigures, Record, RobustnessFigures, Row, Source, Subject, SuccessFigures, Task,
    TransferFigures,
};

use self::inputs::{Images, images, subjects};
use self::journal::Journal;
use self::summary::{Summary, fooled, words};
use crate::measurements::measurements;
use crate::names::named;
use crate::options::AttackArguments;
use crate::table::Table;
use crate::{Common, Result, progress};

/// The folder of the results with the end of each attempt.
const ENDS: &str = "ends";

#[derive(Args)]
pub struct Arguments {
    /// What to measure [default: everything in `results/`, for the data set].
    #[arg(value_parser = named::<Kind>())]
    experiment: Option<Kind>,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    attack: AttackArguments,
    #[arg(long, help = images_help())]
    images: Option<usize>,
    /// Seed with which test images are drawn.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Use the sample images of the page instead of drawing any.
    #[arg(long, conflicts_with = "images")]
    samples: bool,
    /// Which networks, by their ids in the manifest [default: all of the data set].
    #[arg(long, value_delimiter = ',')]
    models: Vec<String>,
    /// Factors by which the logits of undefended networks are multiplied: the control without training.
    #[arg(long, value_delimiter = ',', default_value = "1,2,5,10,20,30,40,50,100")]
    scales: Vec<f32>,
    /// Measure again what is already in the results.
    #[arg(long)]
    again: bool,
    /// Where the model files and their manifest are.
    #[arg(long, value_name = "DIR", default_value = "www/models")]
    published: PathBuf,
    /// Where to write the rows.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// Where to keep the records of an interrupted measurement.
    #[arg(long, value_name = "DIR", default_value = "runs/records")]
    records: PathBuf,
}

/// The help of `--images`.
fn images_help() -> String {
    let default = |kind: Kind| format!("{} for {}", kind.facts().images, kind.name());
    let defaults = Kind::ALL.map(default).join(", ");
    format!("How many test images, drawn at random [default: {defaults}]")
}

/// One of [`measurements`], parsed like a command line. The options of the real command line follow it and
/// override it.
#[derive(Parser)]
#[command(args_override_self = true)]
struct Line {
    #[command(flatten)]
    arguments: Arguments,
}

pub fn run(arguments: Arguments) -> Result {
    let typed: Vec<String> = std::env::args().skip(2).collect();
    let Some(kind) = arguments.experiment else {
        let mut lines = Vec::new();
        for mut words in measurements() {
            words.extend(typed.iter().cloned());
            let line = std::iter::once("evaluate").chain(words.iter().map(String::as_str));
            let Line { arguments } = Line::try_parse_from(line)?;
            lines.push((arguments, words));
        }
        // All lines are parsed first, so that an error does not come after hours of measuring.
        for (arguments, words) in lines {
            let kind = arguments.experiment.ok_or("a measurement names no experiment")?;
            measure_all(kind, &arguments, &words)?;
        }
        return Ok(());
    };
    measure_all(kind, &arguments, &typed)
}

fn measure_all(kind: Kind, arguments: &Arguments, typed: &[String]) -> Result {
    match kind {
        Kind::Success => measure_networks::<SuccessFigures>(arguments, typed),
        Kind::Amplitude => measure_networks::<AmplitudeFigures>(arguments, typed),
        Kind::Robustness => measure_networks::<RobustnessFigures>(arguments, typed),
        Kind::Fgsm => measure_networks::<FgsmFigures>(arguments, typed),
        Kind::Pairs => measure_networks::<PairsFigures>(arguments, typed),
        Kind::Transfer => measure_networks::<TransferFigures>(arguments, typed),
    }
}

/// One measurement, on each network and each control.
fn measure_networks<F: Summary>(arguments: &Arguments, typed: &[String]) -> Result {
    let subjects = subjects(arguments)?;
    let Images { pixels, labels, drawn } = images(F::KIND, arguments)?;
    let source = Source {
        drawn,
        seed: (!arguments.samples).then_some(arguments.seed),
        engine: arguments.common.engine().into(),
        command: format!("distill evaluate {}", typed.join(" ")),
        date: jiff::Zoned::now().date().to_string(),
    };
    if let Some(seed) = source.seed {
        drawn::note(&arguments.results, arguments.common.dataset, seed, &source.drawn)?;
    }
    let target_models = if F::KIND == Kind::Transfer { subjects.clone() } else { Vec::new() };
    for subject in &subjects {
        let task = Task { subject: subject.clone(), attack: attack(F::KIND, subject, arguments)? };
        let experiment = Experiment::new(
            F::KIND,
            vec![task],
            target_models.clone(),
            pixels.clone(),
            labels.clone(),
            source.clone(),
        )?;
        let planned = rows::<F>(&experiment, &[], &subjects)?;
        let table = Table::<F>::read(&arguments.results)?;
        if !arguments.again && planned.iter().all(|row| table.has(row)) {
            continue;
        }
        let journal = Journal::of(planned, &arguments.records)?;
        let name = format!("{} {}×{}", F::KIND.name(), subject.entry.id, subject.scale);
        let records = measure(&experiment, &journal, &name, arguments)?;
        let rows = rows::<F>(&experiment, &records, &subjects)?;
        for row in &rows {
            arguments.common.print(words(row), &serde_json::to_value(row)?)?;
        }
        write(&arguments.results, rows)?;
        if F::KIND.facts().attacks {
            let ends = self::rows::<Ends<F>>(&experiment, &records, &subjects)?;
            write(&arguments.results.join(ENDS), ends)?;
        }
        // The records are needed until the table is written.
        journal.remove()?;
    }
    Ok(())
}

/// Writes rows into the table of a folder.
fn write<F: Figures>(folder: &Path, rows: Vec<Row<F>>) -> Result {
    // Another process may have written to the table since it was read.
    let mut table = Table::<F>::read(folder)?;
    table.replace(rows)?;
    table.write()
}

/// The attack of the command line on a network; `None` for a kind that makes none.
fn attack(kind: Kind, subject: &Subject, arguments: &Arguments) -> Result<Option<Attack>> {
    if !kind.facts().attacks {
        return Ok(None);
    }
    let usual = if kind == Kind::Fgsm { "fgsm" } else { "jsma-f" };
    let budget = match kind {
        // Hardness needs whole pairs up to the largest cap.
        Kind::Pairs => {
            let features = subject.entry.dataset.spec().features() as f64;
            2 * (features * LARGEST_CAP / 2.0) as usize
        }
        _ => Budget::PAPER.features,
    };
    Ok(Some(arguments.attack.attack(usual, subject.temperature(), budget)?))
}

/// Rows as they are written to files: with the seed instead of the images that it draws, and with the hash
/// of the target model's file.
fn rows<F: Figures>(
    experiment: &Experiment,
    records: &[Record],
    subjects: &[Subject],
) -> Result<Vec<Row<F>>> {
    let mut rows = experiment.rows_of::<F>(records)?;
    for row in &mut rows {
        if row.origin.seed.is_some() {
            row.head.drawn = None;
        }
        if let Some(to) = &mut row.head.to {
            let target_model = subjects.iter().find(|of| of.entry.id == to.network.model);
            to.model_sha256 = target_model.map(|of| of.entry.sha256.clone());
        }
    }
    Ok(rows)
}

/// All records of an experiment with one task, including those of an interrupted run.
fn measure(
    experiment: &Experiment,
    journal: &Journal,
    name: &str,
    arguments: &Arguments,
) -> Result<Vec<Record>> {
    if arguments.again {
        journal.remove()?;
    }
    let mut records = journal.records();
    let done: Vec<_> = records.iter().map(|record| record.attempt).collect();
    let mut journal = journal.append()?;
    let attempts = experiment.attempts().len();
    let mut worker = experiment.start(Chunk { task: 0, from: 0, to: attempts }, &done)?;
    let bar = progress(attempts, name)?;
    let device = arguments.common.device();
    while let Some(ended) = pollster::block_on(worker.step(&device))? {
        for record in ended {
            journal.add(&record)?;
            records.push(record);
        }
        bar.set_position(records.len() as u64);
        bar.set_message(format!("{:.1} % fooled", 100.0 * fooled(&records)));
    }
    bar.finish_and_clear();
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measurement_is_a_command_line() {
        let measurements = measurements();
        assert_eq!(measurements.len(), 25);
        for words in measurements {
            let line = std::iter::once("evaluate").chain(words.iter().map(String::as_str));
            let Line { arguments } = Line::try_parse_from(line).expect("it parses");
            assert_eq!(arguments.experiment.map(Kind::name), Some(words[0].as_str()));
        }
    }
}
