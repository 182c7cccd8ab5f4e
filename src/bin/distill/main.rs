//! The command line `distill`: trains the networks, publishes them, attacks them, and reproduces the
//! paper's tables.

mod attack;
mod bench;
mod data;
mod evaluate;
mod measurements;
mod names;
mod options;
mod paper;
mod plot;
mod publish;
mod registry;
mod report;
mod table;
mod train;
mod typescript;

use std::path::PathBuf;
use std::process::ExitCode;

use burn::tensor::Device;
use clap::{Args, Parser, Subcommand, ValueEnum};
use defensive_distillation::dataset::files::{DataError, Split};
use defensive_distillation::dataset::{Dataset, Samples};
use indicatif::{ProgressBar, ProgressStyle};
use names::named;

/// Keeps freed memory for the next tensor (see also `.cargo/config.toml`). Each update of a network
/// takes and frees hundreds of megabytes, and the system's allocator returns them to the system, which
/// clears every page again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The result of a command. The error is printed as a sentence.
type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Defensive distillation, and the attack that it was meant to stop: train, publish, attack, measure.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check the data sets' files, or make the page's samples from them.
    Data(data::Arguments),
    /// Train an undefended network (T = 1), a teacher (higher T), or a student (with --labels).
    Train(train::TrainArguments),
    /// Write a teacher's soft labels of the training set to a file.
    Label(train::LabelArguments),
    /// Train a teacher, take its soft labels, and train a student on them.
    Distill(train::DistillArguments),
    /// Train and publish the whole family: undefended, and teacher and student at each temperature.
    Sweep(train::SweepArguments),
    /// Measure the speed of training or of attacks, or compare a device with the CPU engine.
    #[command(subcommand)]
    Bench(bench::Work),
    /// Write the model file of a trained network, and its entry in the manifest.
    Publish(publish::Arguments),
    /// Make the paper's measurements on published networks.
    Evaluate(evaluate::Arguments),
    /// Write the measurements as a page of tables and plots.
    Report(report::Arguments),
    /// Attack one test image and print every step.
    Attack(attack::Arguments),
    /// Write the files that the page reads from the registries of attacks, data sets and experiments.
    Registry(registry::Arguments),
}

fn main() -> ExitCode {
    say_that_it_resumes();
    let done = match Arguments::parse().command {
        Command::Data(arguments) => data::run(arguments),
        Command::Train(arguments) => train::train(arguments),
        Command::Label(arguments) => train::label(arguments),
        Command::Distill(arguments) => train::distill(arguments),
        Command::Sweep(arguments) => train::sweep(arguments),
        Command::Bench(work) => bench::run(work),
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

/// Says on Ctrl-C that nothing is lost: training and measuring keep their state on disk.
fn say_that_it_resumes() {
    let stopped = ctrlc::set_handler(|| {
        eprintln!("\nStopped. The same command goes on where this one was.");
        std::process::exit(130);
    });
    if let Err(error) = stopped {
        eprintln!("Ctrl-C will end this without a word: {error}");
    }
}

/// The data set and the processor, for every command.
#[derive(Args)]
struct Common {
    /// The data set, and with it the architecture.
    #[arg(long, default_value = "mnist", value_parser = named::<Dataset>())]
    dataset: Dataset,
    /// The folder of the data set's original files, gzipped or not [default: data/ and its name].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The processor to compute on.
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
    /// The same GPU, with kernels in WGSL as in the browser.
    #[cfg(all(feature = "webgpu", not(feature = "vulkan")))]
    Wgsl,
}

impl Processor {
    fn device(self) -> Device {
        match self {
            Self::Cpu => Device::flex(),
            #[cfg(feature = "vulkan")]
            Self::Vulkan => Device::vulkan(burn::tensor::DeviceKind::DefaultDevice),
            #[cfg(all(feature = "webgpu", not(feature = "vulkan")))]
            Self::Wgsl => Device::wgpu(burn::tensor::DeviceKind::DefaultDevice),
        }
    }

    /// The engine's name in tables.
    fn engine(self) -> &'static str {
        match self {
            Self::Cpu => "burn-flex, CPU",
            #[cfg(feature = "vulkan")]
            Self::Vulkan => "burn-wgpu, Vulkan",
            #[cfg(all(feature = "webgpu", not(feature = "vulkan")))]
            Self::Wgsl => "burn-wgpu, WGSL",
        }
    }

    /// The name of the GPU; `None` for the CPU.
    fn gpu(self) -> Option<String> {
        match self {
            Self::Cpu => None,
            #[cfg(any(feature = "vulkan", feature = "webgpu"))]
            _ => self.device().identity().map(|identity| identity.name),
        }
    }
}

impl Common {
    fn samples(&self, split: Split) -> std::result::Result<Samples, DataError> {
        let default = || PathBuf::from("data").join(self.dataset.spec().id);
        let folder = self.data.clone().unwrap_or_else(default);
        Samples::read(self.dataset, split, &folder)
    }

    fn device(&self) -> Device {
        self.device.device()
    }

    /// The engine's name in tables.
    fn engine(&self) -> &'static str {
        self.device.engine()
    }

    /// Prints a result as one line: `words`, or JSON with `--json`.
    fn print(&self, words: impl std::fmt::Display, json: &impl serde::Serialize) -> Result {
        print(self.json, words, json)
    }
}

/// Prints a result: `words`, or one line of JSON.
fn print(as_json: bool, words: impl std::fmt::Display, json: &impl serde::Serialize) -> Result {
    if as_json {
        println!("{}", serde_json::to_string(json)?);
    } else {
        println!("{words}");
    }
    Ok(())
}

/// A progress bar with the time left. It is not shown where the output is not a terminal.
fn progress(length: usize, what: &str) -> Result<ProgressBar> {
    let style = "{prefix} {bar:30} {human_pos}/{human_len} {per_sec:>10} {eta:>4} left  {msg}";
    let bar = ProgressBar::new(length as u64).with_style(ProgressStyle::with_template(style)?);
    bar.set_prefix(what.to_owned());
    Ok(bar)
}
