//! `cargo bench --features cli` measures the speed of a step natively, and of matrix products, which
//! set its lower bound. It prints a table and writes results/bench-native.json, from which
//! `npm run bench` writes docs/speed.md. `distill bench training` measures the speed of training.
//!
//! Steps, their parts and matrix products are timed on one core, as on the page. Their times are the
//! processor time of the thread, which other programs on the machine affect less than wall-clock time. The
//! paper's 900 attacks are timed on all cores if the feature `parallel` is on.
//!
//! A step's time is the mean over the second to the ninth step of attacks on at least eight images. The
//! first step is timed with the start of the attack.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use defensive_distillation::attack::{Attack, Goal, Jsma, Output, Runs};
use defensive_distillation::dataset::{CLASSES, Dataset, Samples};
use defensive_distillation::network::Network;
use defensive_distillation::network::manifest::{Entry, Role, id};
use defensive_distillation::network::parameters::Parameters;
use pieces::{Pieces, Product, STEPS, multiply_adds};
use serde_json::{Value, json};

#[path = "../bench/engine/src/pieces.rs"]
mod pieces;

const BATCHES: [usize; 4] = [1, 8, 32, 100];
const OUTPUTS: [Output; 2] = [Output::Probabilities, Output::Logits];
/// The fewest images whose steps are timed, in batches of one or more.
const LEAST_IMAGES: usize = 8;
/// All works are timed in turn this many times, and the median is taken.
const ROUNDS: usize = 5;
/// The minimum duration of a turn.
const TURN: Duration = Duration::from_millis(150);

struct Work {
    about: Value,
    /// Does the work once. Returns how long it took and how many times it was done, for instance the number
    /// of steps.
    run: Box<dyn FnMut() -> (Duration, usize) + Send>,
    milliseconds: Vec<f64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    // `cargo test --benches` runs this too, without the flag.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let subjects = Dataset::ALL.map(|dataset| Subject::load(root, dataset));
    let [mnist, cifar10] = subjects;
    let (mnist, cifar10) = (mnist?, cifar10?);
    let mut works = products();
    for subject in [&mnist, &cifar10] {
        works.extend(subject.works()?);
    }
    on_one_core(|| {
        for _ in 0..ROUNDS {
            works.iter_mut().for_each(Work::take_turn);
        }
    })?;

    let best_rate = works
        .iter()
        .filter_map(|work| Some(work.about.get("multiply_adds")?.as_f64()? / work.median()))
        .fold(0.0, f64::max);
    println!("{:>10.1} thousand million multiply-adds a second, the best product", best_rate / 1e6);
    for work in &works {
        println!("{:>10.3} ms  {}", work.median(), work.about);
    }
    let experiment = nine_hundred(&mnist)?;
    println!("{experiment}");
    let timings = works.iter().filter(|work| work.about.get("piece").is_some()).map(|work| {
        let mut timing = work.about.clone();
        timing["ms"] = work.median().into();
        timing
    });
    let floors = |subject: &Subject| -> Result<Value, Box<dyn Error>> {
        let [one, two] = OUTPUTS.map(|output| subject.pieces(output, 32));
        let floor = |pieces: Pieces, rows| {
            let mut counts = pieces.counts();
            counts["dense"] = multiply_adds(subject.dataset, rows).into();
            counts
        };
        Ok(json!({ "one": floor(one?, 1), "two": floor(two?, 2) }))
    };
    let threads = std::thread::available_parallelism()?.get();
    let result = json!({
        "note": "steps on one core, in processor time; the 900 on all, in wall-clock time.",
        "threads": if cfg!(feature = "parallel") { threads } else { 1 },
        "load": fs::read_to_string("/proc/loadavg").ok().map(|load| load.trim().to_owned()),
        "best_rate": best_rate,
        "multiply_adds": { "mnist": floors(&mnist)?, "cifar10": floors(&cifar10)? },
        "timings": timings.collect::<Vec<_>>(),
        "experiment": experiment,
    });
    let path = root.join("results/bench-native.json");
    fs::write(path, serde_json::to_string_pretty(&result)? + "\n")?;
    Ok(())
}

fn products() -> Vec<Work> {
    let work = |(side, is_own)| {
        let product = Product::new(side, is_own);
        let by = if is_own { "engine" } else { "burn" };
        let about = json!({ "side": side, "by": by, "multiply_adds": product.multiply_adds() });
        Work::new(about, 1, move || product.run())
    };
    let sides = Product::SIDES.into_iter();
    sides.flat_map(|side| [(side, true), (side, false)]).map(work).collect()
}

/// A published network, and the test images that come with the page.
struct Subject {
    dataset: Dataset,
    parameters: Parameters,
    network: Network,
    images: Vec<Vec<f32>>,
    labels: Vec<usize>,
}

impl Subject {
    fn load(root: &Path, dataset: Dataset) -> Result<Self, Box<dyn Error>> {
        let models = root.join("www/models");
        let manifest: Vec<Entry> =
            serde_json::from_slice(&fs::read(models.join("manifest.json"))?)?;
        let wanted = id(dataset, Role::Undefended, 1.0);
        let entry = manifest
            .iter()
            .find(|entry| entry.id == wanted)
            .ok_or("the network is not published")?;
        let parameters = entry.parameters(&fs::read(models.join(&entry.file))?)?;
        let network = Network::new(&parameters, &Device::flex());

        let samples = Samples::read_sheet(dataset, &root.join("www/samples"))?;
        let images = (0..samples.len()).map(|place| samples.images(&[place])).collect();
        let labels = samples.labels.iter().map(|&label| usize::from(label)).collect();
        Ok(Self { dataset, parameters, network, images, labels })
    }

    /// `size` images, of all classes in turn, and a target class for each.
    fn batch(&self, size: usize) -> (Vec<f32>, Vec<Goal>) {
        let each = self.images.len() / CLASSES;
        let chosen = (0..size).map(|place| place % CLASSES * each + place / CLASSES);
        let goal = |(place, sample): (usize, usize)| {
            Goal::Target((self.labels[sample] + 1 + place % (CLASSES - 1)) % CLASSES)
        };
        let goals = chosen.clone().enumerate().map(goal).collect();
        (chosen.flat_map(|sample| self.images[sample].iter().copied()).collect(), goals)
    }

    fn pieces(&self, output: Output, batch: usize) -> Result<Pieces, Box<dyn Error>> {
        let (images, goals) = self.batch(batch.max(LEAST_IMAGES));
        let attack = Attack::Jsma(Jsma { output, ..Jsma::PAPER });
        Ok(Pieces::new(&self.parameters, attack, &images, goals, batch)?)
    }

    fn works(&self) -> Result<Vec<Work>, Box<dyn Error>> {
        let mut works = Vec::new();
        for output in OUTPUTS {
            let attack = Attack::Jsma(Jsma { output, ..Jsma::PAPER });
            for batch in BATCHES {
                let about = |piece: &str| {
                    json!({
                        "dataset": self.dataset.to_string(),
                        "attack": attack.name(),
                        "batch": batch,
                        "piece": piece,
                    })
                };
                let images = batch.max(LEAST_IMAGES);
                let batches = Arc::new(Batches::new(self, attack, batch));
                let of = batches.clone();
                works.push(Work::new(about("first"), images, move || drop(of.start())));
                let run = Box::new(move || batches.steps());
                works.push(Work { about: about("step"), run, milliseconds: Vec::new() });
                if batch == 32 || batch == 1 {
                    let pieces = Arc::new(self.pieces(output, batch)?);
                    let count = pieces.images();
                    for name in Pieces::NAMES {
                        let pieces = pieces.clone();
                        let run = move || pieces.run(name);
                        works.push(Work::new(about(name), count, run));
                    }
                }
            }
        }
        Ok(works)
    }
}

/// Attacks on at least [`LEAST_IMAGES`] images, in batches.
struct Batches {
    network: Network,
    attack: Attack,
    images: Vec<f32>,
    goals: Vec<Goal>,
    size: usize,
}

impl Batches {
    fn new(subject: &Subject, attack: Attack, size: usize) -> Self {
        let (images, goals) = subject.batch(size.max(LEAST_IMAGES));
        Self { network: subject.network.clone(), attack, images, goals, size }
    }

    /// Starts the attacks and makes their first step.
    fn start(&self) -> Vec<Runs> {
        let features = self.images.len() / self.goals.len();
        let batches = self.images.chunks(self.size * features).zip(self.goals.chunks(self.size));
        let start = |(images, goals)| {
            let runs = self.attack.start(&self.network, images, goals);
            let mut runs = runs.expect("the published images can be attacked");
            self.step(&mut runs);
            runs
        };
        batches.map(start).collect()
    }

    /// Returns the number of steps made, one for each image.
    fn step(&self, runs: &mut Runs) -> usize {
        let steps = pollster::block_on(runs.step(&self.network, &Device::flex()));
        steps.expect("a CPU device is not lost").len()
    }

    /// Times the steps after the first.
    fn steps(&self) -> (Duration, usize) {
        let mut runs = self.start();
        let (started, mut count) = (thread_time(), 0);
        for runs in &mut runs {
            count += (0..STEPS).map(|_| self.step(runs)).sum::<usize>();
        }
        (thread_time() - started, count)
    }
}

impl Work {
    /// Work that is done `count` times at a time.
    fn new(about: Value, count: usize, mut run: impl FnMut() + Send + 'static) -> Self {
        let run = Box::new(move || {
            let started = thread_time();
            run();
            (thread_time() - started, count)
        });
        Self { about, run, milliseconds: Vec::new() }
    }

    fn take_turn(&mut self) {
        let (mut time, mut count) = (Duration::ZERO, 0);
        while time < TURN {
            let (took, times) = (self.run)();
            time += took;
            count += times;
        }
        self.milliseconds.push(1000.0 * time.as_secs_f64() / count as f64);
    }

    fn median(&self) -> f64 {
        let mut sorted = self.milliseconds.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    }
}

/// Attacks all samples with all nine targets, in batches of the samples of one class.
fn nine_hundred(subject: &Subject) -> Result<Value, Box<dyn Error>> {
    let device = Device::flex();
    let (started, processor) = (Instant::now(), processor_time(libc::CLOCK_PROCESS_CPUTIME_ID));
    let mut attacks = 0;
    for chosen in 0..subject.images.len() / CLASSES {
        let samples = chosen * CLASSES..(chosen + 1) * CLASSES;
        let pairs = samples.flat_map(|sample| (0..CLASSES).map(move |class| (sample, class)));
        let pairs: Vec<_> = pairs.filter(|&(s, class)| subject.labels[s] != class).collect();
        let images: Vec<f32> =
            pairs.iter().flat_map(|&(sample, _)| subject.images[sample].iter().copied()).collect();
        let goals: Vec<_> = pairs.iter().map(|&(_, class)| Goal::Target(class)).collect();
        attacks += goals.len();
        let mut runs = Attack::Jsma(Jsma::PAPER).start(&subject.network, &images, &goals)?;
        while !runs.is_empty() {
            pollster::block_on(runs.step(&subject.network, &device))?;
        }
    }
    let processor = processor_time(libc::CLOCK_PROCESS_CPUTIME_ID) - processor;
    Ok(json!({
        "attacks": attacks,
        "seconds": started.elapsed().as_secs_f64(),
        "processor_seconds": processor.as_secs_f64(),
    }))
}

/// The processor time of this thread.
fn thread_time() -> Duration {
    processor_time(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// The time of a clock of the system.
fn processor_time(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec.
    let failed = unsafe { libc::clock_gettime(clock, &raw mut time) };
    assert_eq!(failed, 0, "the system has no such clock");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(feature = "parallel")]
fn on_one_core(work: impl FnOnce() + Send) -> Result<(), Box<dyn Error>> {
    rayon::ThreadPoolBuilder::new().num_threads(1).build()?.install(work);
    Ok(())
}

#[cfg(not(feature = "parallel"))]
fn on_one_core(work: impl FnOnce()) -> Result<(), Box<dyn Error>> {
    work();
    Ok(())
}
