//! `distill`: trains the networks, publishes them, attacks them, and reproduces the paper's tables.

mod attack;
mod bench;
mod data;
mod evaluate;
mod options;
mod paper;
mod plot;
mod publish;
mod registry;
mod report;
mod train;

use std::path::PathBuf;
use std::process::ExitCode;

use burn::tensor::Device;
use clap::{Args, Parser, Subcommand, ValueEnum};
use defensive_distillation::dataset::Dataset;
use defensive_distillation::dataset::files::{DataError, Samples, Split};
use indicatif::{ProgressBar, ProgressStyle};

/// What a command fails with: a sentence for the person at the terminal.
type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Defensive distillation, and the attack that it was meant to stop.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check the data sets, or make the sample pictures of the page from them.
    Data(data::Arguments),
    /// Train an undefended network (T = 1), a teacher (higher T), or a student (with --labels).
    Train(train::TrainArguments),
    /// Write a teacher's soft labels of the training set to a file.
    Label(train::LabelArguments),
    /// Train a teacher, take its soft labels, and train a student on them.
    Distill(train::DistillArguments),
    /// Train and publish the whole family: undefended, and teacher and student at each temperature.
    Sweep(train::SweepArguments),
    /// Measure how many images a second training takes in.
    Bench(bench::Arguments),
    /// Turn a trained network into a model file of the page, with its entry in the manifest.
    Publish(publish::Arguments),
    /// Make the paper's measurements on published networks.
    Evaluate(evaluate::Arguments),
    /// Turn the measurements into a page of tables and plots.
    Report(report::Arguments),
    /// Attack one test image and print every step.
    Attack(attack::Arguments),
    /// Write what the page takes from the registries of attacks, data sets and experiments.
    Registry(registry::Arguments),
}

fn main() -> ExitCode {
    keep_freed_memory();
    let done = match Arguments::parse().command {
        Command::Data(arguments) => data::run(arguments),
        Command::Train(arguments) => train::train(arguments),
        Command::Label(arguments) => train::label(arguments),
        Command::Distill(arguments) => train::distill(arguments),
        Command::Sweep(arguments) => train::sweep(arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Publish(arguments) => publish::run(arguments),
        Command::Evaluate(arguments) => evaluate::run(arguments),
        Command::Report(arguments) => report::run(arguments),
        Command::Attack(arguments) => attack::run(arguments),
        Command::Registry(arguments) => registry::run(arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Has freed memory kept for the next tensor. Each update of a network takes and frees hundreds of
/// megabytes, and to have the system clear these pages anew took as long as the arithmetic.
fn keep_freed_memory() {
    // SAFETY: `mallopt` only sets options of the allocator, and no other thread runs yet.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    unsafe {
        libc::mallopt(libc::M_MMAP_MAX, 0);
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
        libc::mallopt(libc::M_TOP_PAD, 256 << 20);
    }
}

/// Where the data set lies and what computes: the same for every command.
#[derive(Args)]
struct Common {
    /// The data set, and with it the architecture.
    #[arg(long, default_value = "mnist")]
    dataset: Dataset,
    /// The folder with the data set's original files, gzipped or not; its own under data/ unless given.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// What computes.
    #[arg(long, default_value = "cpu")]
    device: Processor,
    /// Print results as JSON, one object a line.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Processor {
    /// All cores, through burn-flex.
    Cpu,
    /// The first GPU that Vulkan offers.
    #[cfg(feature = "vulkan")]
    Vulkan,
}

impl Common {
    fn samples(&self, half: Split) -> std::result::Result<Samples, DataError> {
        let default = || PathBuf::from("data").join(self.dataset.spec().id);
        let folder = self.data.clone().unwrap_or_else(default);
        Samples::read(self.dataset, half, &folder)
    }

    fn device(&self) -> Device {
        match self.device {
            Processor::Cpu => Device::flex(),
            #[cfg(feature = "vulkan")]
            Processor::Vulkan => Device::vulkan(burn::tensor::DeviceKind::DefaultDevice),
        }
    }

    /// What computes, for tables.
    fn engine(&self) -> &'static str {
        match self.device {
            Processor::Cpu => "burn-flex, CPU",
            #[cfg(feature = "vulkan")]
            Processor::Vulkan => "burn-wgpu, Vulkan",
        }
    }

    /// A line for each result: words for people, or JSON.
    fn print(&self, words: impl std::fmt::Display, json: &impl serde::Serialize) -> Result {
        if self.json {
            println!("{}", serde_json::to_string(json)?);
        } else {
            println!("{words}");
        }
        Ok(())
    }
}

/// A bar on the terminal, with the time left; nothing where the output is not a terminal.
fn progress(length: usize, what: &str) -> Result<ProgressBar> {
    let style = "{prefix} {bar:30} {human_pos}/{human_len} {per_sec:>10} {eta:>4} left  {msg}";
    let bar = ProgressBar::new(length as u64).with_style(ProgressStyle::with_template(style)?);
    bar.set_prefix(what.to_owned());
    Ok(bar)
}
