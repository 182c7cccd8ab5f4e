//! `cargo bench --features cli` measures the speed of a step natively, and of matrix products, which
//! set its lower bound. It prints a table and writes results/bench-native.json, from which
//! `npm run bench` writes docs/speed.md. `distill bench training` measures the speed of training.
//!
//! Steps, their pieces and matrix products are timed on one core, as on the page. The paper's 900
//! attacks are timed on all cores if the feature `parallel` is on.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use defensive_distillation::attack::{Attack, Goal, Jsma, Output};
use defensive_distillation::dataset::{CLASSES, Dataset, Samples};
use defensive_distillation::network::Network;
use defensive_distillation::network::manifest::{Entry, Role, id};
use pieces::{Pieces, Product, multiply_adds};
use serde_json::{Value, json};

#[path = "../bench/engine/src/pieces.rs"]
mod pieces;

const BATCHES: [usize; 4] = [1, 8, 32, 100];
const OUTPUTS: [Output; 3] = [Output::Probabilities, Output::Tempered, Output::Logits];
/// All works are timed in turn this many times, and the median is taken.
const ROUNDS: usize = 3;
/// The minimum duration of a turn.
const TURN: Duration = Duration::from_millis(150);

struct Work {
    about: Value,
    /// Images of a batch, which the time is divided by.
    images: usize,
    run: Box<dyn FnMut() + Send>,
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
    let floor =
        |dataset| json!({ "one": multiply_adds(dataset, 1), "two": multiply_adds(dataset, 2) });
    let threads = std::thread::available_parallelism()?.get();
    let result = json!({
        "note": "steps on one core; the 900 on all.",
        "threads": if cfg!(feature = "parallel") { threads } else { 1 },
        "load": fs::read_to_string("/proc/loadavg").ok().map(|load| load.trim().to_owned()),
        "best_rate": best_rate,
        "multiply_adds": { "mnist": floor(Dataset::Mnist), "cifar10": floor(Dataset::Cifar10) },
        "timings": timings.collect::<Vec<_>>(),
        "experiment": experiment,
    });
    let path = root.join("results/bench-native.json");
    fs::write(path, serde_json::to_string_pretty(&result)? + "\n")?;
    Ok(())
}

fn products() -> Vec<Work> {
    let work = |side| {
        // Natively the engine uses gemm.
        let mut product = Product::new(side, false);
        let about = json!({ "side": side, "multiply_adds": product.multiply_adds() });
        Work::new(about, 1, move || product.run())
    };
    Product::SIDES.map(work).into()
}

/// A published network, and the test images that come with the page.
struct Subject {
    dataset: Dataset,
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
        let network = entry.load(&fs::read(models.join(&entry.file))?, &Device::flex())?;

        let samples = Samples::read_sheet(dataset, &root.join("www/samples"))?;
        let images = (0..samples.len()).map(|place| samples.images(&[place])).collect();
        let labels = samples.labels.iter().map(|&label| usize::from(label)).collect();
        Ok(Self { dataset, network, images, labels })
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

    fn works(&self) -> Result<Vec<Work>, Box<dyn Error>> {
        let mut works = Vec::new();
        for output in OUTPUTS {
            let attack = Attack::Jsma(Jsma { output, ..Jsma::PAPER });
            for batch in BATCHES {
                let (images, goals) = self.batch(batch);
                let network = self.network.clone();
                let pieces = std::sync::Arc::new(Pieces::new(network, attack, images, goals)?);
                let has_pieces = batch == 32 || batch == 1;
                for name in &Pieces::NAMES[..if has_pieces { Pieces::NAMES.len() } else { 1 }] {
                    let about = json!({
                        "dataset": self.dataset.to_string(),
                        "attack": attack.name(),
                        "batch": batch,
                        "piece": name,
                    });
                    let pieces = pieces.clone();
                    works.push(Work::new(about, batch, move || pieces.run(name)));
                }
            }
        }
        Ok(works)
    }
}

impl Work {
    fn new(about: Value, images: usize, run: impl FnMut() + Send + 'static) -> Self {
        Self { about, images, run: Box::new(run), milliseconds: Vec::new() }
    }

    fn take_turn(&mut self) {
        let (started, mut times) = (Instant::now(), 0);
        while started.elapsed() < TURN {
            (self.run)();
            times += 1;
        }
        let milliseconds = 1000.0 * started.elapsed().as_secs_f64();
        self.milliseconds.push(milliseconds / f64::from(times) / self.images as f64);
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
    let started = Instant::now();
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
    Ok(json!({ "attacks": attacks, "seconds": started.elapsed().as_secs_f64() }))
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
