//! `distill evaluate`: the paper's measurements on published networks, written into `results/`.
//!
//! Without a name it makes all of them. What is there already, of the very files that are published,
//! is not measured again; what was interrupted goes on with the attempt it had come to.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Parser};
use defensive_distillation::attack::Budget;
use defensive_distillation::dataset::Dataset;
use defensive_distillation::dataset::files::Split;
use defensive_distillation::experiment::{
    Chunk, Experiment, Found, Kind, Record, Source, Subject, Task,
};
use defensive_distillation::network::file::sha256;
use defensive_distillation::network::manifest::Role;
use defensive_distillation::train::atomic;
use rand::SeedableRng;
use serde_json::{Value, json};

use crate::options::AttackArguments;
use crate::publish::{find, manifest, network};
use crate::{Common, Result, progress};

/// Everything that `distill evaluate` makes, a command line each.
const ALL: &[&str] = &[
    "success --attack jsma-f",
    "success --attack jsma-t",
    "success --attack jsma-z",
    "success --attack not-robust --direction increase",
    "success --attack not-robust --direction decrease",
    "success --attack not-robust --direction either",
    "success --attack random-pairs",
    "success --attack random-pairs --direction decrease",
    "success --attack cw-l2 --images 20",
    "success --attack cw-l0 --images 10",
    "amplitude",
    "robustness --attack jsma-f",
    "robustness --attack jsma-t",
    "fgsm --attack fgsm --attack-temperature 1 --epsilon 0.1",
    "fgsm --attack fgsm --attack-temperature 1 --epsilon 0.2",
    "fgsm --attack fgsm --attack-temperature 1 --epsilon 0.3",
    "fgsm --attack fgsm --epsilon 0.1",
    "fgsm --attack fgsm --epsilon 0.2",
    "fgsm --attack fgsm --epsilon 0.3",
    "pairs --attack jsma-f",
    "pairs --attack jsma-t",
    "pairs --attack jsma-z",
    "pairs --attack not-robust --direction either",
    "transfer --attack jsma-f",
    "transfer --attack jsma-t",
];

#[derive(Args)]
pub struct Arguments {
    /// What to measure [default: every measurement of `results/`, on the data set].
    experiment: Option<Kind>,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    attack: AttackArguments,
    /// How many test images, drawn at random [default: 100; 2000 for amplitude and fgsm, 200 for
    /// robustness].
    #[arg(long)]
    images: Option<usize>,
    /// Seed of the draw.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Take the page's own test images instead of drawing any.
    #[arg(long, conflicts_with = "images")]
    samples: bool,
    /// Which networks, by the manifest's ids [default: all of the data set].
    #[arg(long, value_delimiter = ',')]
    models: Vec<String>,
    /// What the logits of undefended networks are multiplied by, for the control that nobody trained.
    #[arg(long, value_delimiter = ',', default_value = "1,2,5,10,20,30,40,50,100")]
    scales: Vec<f32>,
    /// Measure again what is there already.
    #[arg(long)]
    again: bool,
    /// Where the model files and their manifest are.
    #[arg(long, value_name = "DIR", default_value = "www/models")]
    published: PathBuf,
    /// Where to write the rows.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// Where to keep what an interruption leaves.
    #[arg(long, value_name = "DIR", default_value = "runs/records")]
    records: PathBuf,
}

/// A line of [`ALL`], read as the terminal's would be; what is typed comes after it and counts.
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
        for line in ALL {
            let words: Vec<_> =
                line.split(' ').map(str::to_owned).chain(typed.iter().cloned()).collect();
            let line = std::iter::once("evaluate".to_owned()).chain(words.iter().cloned());
            let Line { arguments } = Line::try_parse_from(line)?;
            lines.push((arguments, words));
        }
        // What one of them cannot take is said before hours have gone into the others.
        for (arguments, words) in lines {
            let kind = arguments.experiment.ok_or("a line of the table names no experiment")?;
            measure_all(kind, &arguments, &words)?;
        }
        return Ok(());
    };
    measure_all(kind, &arguments, &typed)
}

/// One measurement on every network, and the controls beside them.
fn measure_all(kind: Kind, arguments: &Arguments, typed: &[String]) -> Result {
    let subjects = subjects(arguments)?;
    let (images, labels, drawn) = images(kind, arguments)?;
    let source = Source {
        drawn,
        seed: (!arguments.samples).then_some(arguments.seed),
        engine: arguments.common.engine().into(),
        command: format!("distill evaluate {}", typed.join(" ")),
        date: jiff::Zoned::now().date().to_string(),
    };
    let file = arguments.results.join(format!("{}.json", kind.name()));
    if let Some(seed) = source.seed {
        note_draw(&arguments.results, arguments.common.dataset, seed, &source.drawn)?;
    }
    for subject in &subjects {
        let attack = match kind {
            Kind::Amplitude => None,
            // Hardness is about budgets up to 38.3 % of the features.
            Kind::Pairs => {
                let pairs = (subject.entry.dataset.spec().features() as f64 * 0.383 / 2.0) as usize;
                Some(arguments.attack.attack("jsma-f", subject.temperature(), 2 * pairs)?)
            }
            _ => {
                let usual = if kind == Kind::Fgsm { "fgsm" } else { "jsma-f" };
                let budget = Budget::PAPER.features;
                Some(arguments.attack.attack(usual, subject.temperature(), budget)?)
            }
        };
        let readers = if kind == Kind::Transfer { subjects.clone() } else { Vec::new() };
        let task = Task { subject: subject.clone(), attack };
        let experiment = Experiment::new(
            kind,
            vec![task],
            readers,
            images.clone(),
            labels.clone(),
            source.clone(),
        )?;
        let asked = values(&experiment, &[], &subjects)?;
        let table = Table::read(&file)?;
        if !arguments.again && asked.iter().all(|row| table.has(row)) {
            continue;
        }
        let journal = journal(&asked, arguments)?;
        let records = measure(&experiment, &journal, kind, subject, arguments)?;
        // Somebody else may have written to it since.
        let mut table = Table::read(&file)?;
        for row in values(&experiment, &records, &subjects)? {
            arguments.common.print(words(&row), &row)?;
            table.replace(row);
        }
        table.write(&file)?;
        // Only what is in the table can be done without.
        remove(&journal)?;
    }
    Ok(())
}

/// Where the records of a measurement are kept until it is done.
fn journal(asked: &[Value], arguments: &Arguments) -> Result<PathBuf> {
    let mut asked = asked.to_vec();
    for row in &mut asked {
        // A new day is no other measurement.
        row["date"] = Value::Null;
    }
    let name = sha256(serde_json::to_string(&asked)?.as_bytes());
    Ok(arguments.records.join(format!("{}.jsonl", &name[..16])))
}

/// Rows as the files have them: a seed stands for the images that it draws, and who else is shown
/// them is named with its file.
fn values(experiment: &Experiment, records: &[Record], subjects: &[Subject]) -> Result<Vec<Value>> {
    let mut rows = Vec::new();
    for row in experiment.rows(records)? {
        let mut row = serde_json::to_value(row)?;
        let is_drawn = !row["seed"].is_null();
        if is_drawn && let Some(fields) = row.as_object_mut() {
            fields.remove("drawn");
        }
        if let Some(reader) = subjects.iter().find(|of| row["to"]["model"] == of.entry.id.as_str())
        {
            row["to"]["model_sha256"] = reader.entry.sha256.clone().into();
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Writes down once which images a seed draws, for who does not draw like this program.
fn note_draw(results: &Path, dataset: Dataset, seed: u64, drawn: &[usize]) -> Result {
    let file = results.join("drawn.json");
    let mut table = Table::read(&file)?;
    let row = json!({ "dataset": dataset, "seed": seed, "images": drawn.len(), "drawn": drawn });
    if !table.0.contains(&row) {
        table.0.push(row);
        table.write(&file)?;
    }
    Ok(())
}

/// The networks asked for, and the undefended ones with their logits multiplied as well.
fn subjects(arguments: &Arguments) -> Result<Vec<Subject>> {
    let published = manifest(&arguments.published)?;
    let of_dataset = published.iter().filter(|entry| entry.dataset == arguments.common.dataset);
    let wanted: Vec<_> = match arguments.models.as_slice() {
        [] => of_dataset.collect(),
        ids => ids.iter().map(|id| find(&published, id)).collect::<Result<_>>()?,
    };
    if let Some(scale) = arguments.scales.iter().find(|&&k| !(k > 0.0 && k.is_finite())) {
        return Err(format!("--scales must be numbers above 0, but one is {scale}.").into());
    }
    let mut subjects = Vec::new();
    for entry in wanted {
        if entry.dataset != arguments.common.dataset {
            let (id, dataset) = (&entry.id, entry.dataset);
            return Err(format!("{id} reads {dataset}: say --dataset {dataset}.").into());
        }
        let network = network(&arguments.published, entry, &arguments.common.device())?;
        let scales = match entry.role {
            Role::Undefended => arguments.scales.as_slice(),
            Role::Distilled | Role::Teacher => &[1.0],
        };
        subjects.extend(scales.iter().map(|&k| Subject::new(entry.clone(), &network, k)));
    }
    Ok(subjects)
}

/// Test images, their labels, and their numbers in the test set.
fn images(kind: Kind, arguments: &Arguments) -> Result<(Vec<f32>, Vec<u8>, Vec<usize>)> {
    let samples = arguments.common.samples(Split::Test)?;
    let most = arguments.images.unwrap_or(match kind {
        Kind::Amplitude | Kind::Fgsm => 2000,
        Kind::Robustness => 200,
        Kind::Success | Kind::Pairs | Kind::Transfer => 100,
    });
    if most > samples.len() {
        return Err(format!("--images can be {} at most.", samples.len()).into());
    }
    let drawn = if arguments.samples {
        samples_of_the_page(arguments.common.dataset)?
    } else {
        let mut generator = rand_chacha::ChaCha8Rng::seed_from_u64(arguments.seed);
        rand::seq::index::sample(&mut generator, samples.len(), most).into_vec()
    };
    let labels = drawn.iter().map(|&index| samples.labels.get(index).copied());
    let labels = labels.collect::<Option<_>>().ok_or("a sample's number is beyond the test set")?;
    Ok((samples.images(&drawn), labels, drawn))
}

/// The numbers of the images that come with the page.
fn samples_of_the_page(dataset: Dataset) -> Result<Vec<usize>> {
    #[derive(serde::Deserialize)]
    struct Sample {
        index: usize,
    }
    let file = format!("www/samples/{dataset}.json");
    let json = std::fs::read(&file).map_err(|e| format!("{file}: {e}"))?;
    let samples: Vec<Sample> = serde_json::from_slice(&json).map_err(|e| format!("{file}: {e}"))?;
    Ok(samples.into_iter().map(|sample| sample.index).collect())
}

/// Every record of an experiment of one task, those of an interrupted try among them.
fn measure(
    experiment: &Experiment,
    journal: &Path,
    kind: Kind,
    subject: &Subject,
    arguments: &Arguments,
) -> Result<Vec<Record>> {
    if arguments.again {
        remove(journal)?;
    }
    let mut records = read_journal(journal);
    let done: Vec<_> = records.iter().map(|record| record.attempt).collect();
    let records_in = arguments.records.display();
    std::fs::create_dir_all(&arguments.records).map_err(|e| format!("{records_in}: {e}"))?;
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(journal)
        .map_err(|e| format!("{}: {e}", journal.display()))?;
    let attempts = experiment.attempts().len();
    let mut campaign = experiment.start(Chunk { task: 0, from: 0, to: attempts }, &done)?;
    let bar =
        progress(attempts, &format!("{} {}×{}", kind.name(), subject.entry.id, subject.scale))?;
    let device = arguments.common.device();
    while let Some(found) = pollster::block_on(campaign.step(&device))? {
        for record in found {
            writeln!(file, "{}", serde_json::to_string(&record)?)?;
            records.push(record);
        }
        bar.set_position(records.len() as u64);
        bar.set_message(format!("{:.1} % fooled", 100.0 * fooled(&records)));
    }
    bar.finish_and_clear();
    Ok(records)
}

fn remove(file: &Path) -> Result {
    match std::fs::remove_file(file) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{}: {e}", file.display()).into())
        }
        _ => Ok(()),
    }
}

/// The records of an interrupted try; a line that was being written when it ended is none.
fn read_journal(file: &Path) -> Vec<Record> {
    let lines = std::fs::read_to_string(file).unwrap_or_default();
    lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn fooled(records: &[Record]) -> f64 {
    let is_fooled = |record: &&Record| {
        use defensive_distillation::attack::Outcome::Fooled;
        matches!(&record.found, Found::Attack(end) if end.outcome == Fooled)
    };
    records.iter().filter(is_fooled).count() as f64 / records.len().max(1) as f64
}

/// A file of rows.
struct Table(Vec<Value>);

impl Table {
    fn read(file: &Path) -> Result<Self> {
        match std::fs::read(file) {
            Ok(json) => {
                let rows = serde_json::from_slice(&json);
                Ok(Self(rows.map_err(|e| format!("{}: {e}", file.display()))?))
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Self(Vec::new())),
            Err(e) => Err(format!("{}: {e}", file.display()).into()),
        }
    }

    /// Whether there is a row that measured the same, on the same files.
    fn has(&self, asked: &Value) -> bool {
        let file = |of: &Value| of["model_sha256"].clone();
        let files = |row: &Value| (file(row), file(&row["to"]));
        self.0.iter().any(|row| is_same(row, asked) && files(row) == files(asked))
    }

    /// Puts a row in the place of the one that measured the same on an earlier day.
    fn replace(&mut self, row: Value) {
        self.0.retain(|other| !is_same(other, &row));
        self.0.push(row);
        self.0.sort_by_cached_key(|row| {
            let number = |of: &Value| format!("{:012.4}", of.as_f64().unwrap_or(0.0));
            let text = |of: &Value| of.as_str().unwrap_or_default().to_owned();
            let network = |of: &Value| {
                let role = ["undefended", "distilled", "teacher", "scaled"];
                let role = role.iter().position(|&role| of["role"] == role);
                (role, number(&of["temperature"]), number(&of["scale"]))
            };
            let attack = (text(&row["attack"]), text(&row["direction"]), number(&row["epsilon"]));
            (
                text(&row["dataset"]),
                attack,
                network(row),
                network(&row["to"]),
                number(&row["attack_temperature"]),
            )
        });
    }

    /// A row a line, so that what changed can be seen.
    fn write(&self, file: &Path) -> Result {
        let rows =
            self.0.iter().map(serde_json::to_string).collect::<std::result::Result<Vec<_>, _>>()?;
        let json = format!("[\n{}\n]\n", rows.join(",\n"));
        Ok(atomic::write(file, json.as_bytes())?)
    }
}

/// Whether two rows answer the same question: all that they say but for the figures, and for the
/// versions of the files and of the program.
fn is_same(one: &Value, other: &Value) -> bool {
    const QUESTION: [&str; 20] = [
        "dataset",
        "model",
        "scale",
        "attack",
        "attack_temperature",
        "direction",
        "theta",
        "budget",
        "epsilon",
        "attack_seed",
        "confidence",
        "iterations",
        "searches",
        "learning_rate",
        "c",
        "largest_c",
        "images",
        "seed",
        "drawn",
        "limit",
    ];
    let network = |row: &Value| (row["to"]["model"].clone(), row["to"]["scale"].clone());
    QUESTION.iter().all(|&field| one[field] == other[field]) && network(one) == network(other)
}

/// A row in a line or two.
fn words(row: &Value) -> String {
    let percent = |of: &Value| of.as_f64().map_or("none".into(), |x| format!("{:.2} %", 100.0 * x));
    let name = |of: &Value| match of["scale"].as_f64() {
        Some(k) if k != 1.0 => format!("{} × {k}", of["model"].as_str().unwrap_or_default()),
        _ => of["model"].as_str().unwrap_or_default().to_owned(),
    };
    let mut line = name(row);
    if let Some(attack) = row["attack"].as_str() {
        line += &format!(", {attack}");
    }
    if row["to"].is_object() {
        line += &format!(" shown to {}", name(&row["to"]));
    }
    for (field, says) in [
        ("rate", "rate"),
        ("robustness", "robustness"),
        ("robustness_of_successes", "of successes"),
        ("below_1e_40", "below 1e-40"),
        ("above_1e_3", "above 1e-3"),
        ("distortion_successes", "features changed by successes"),
        ("zero_gradients", "gradient entries exactly zero"),
    ] {
        if row.get(field).is_some() {
            line += &format!(", {says} {}", percent(&row[field]));
        }
    }
    if let Some(interval) = row["interval"].as_array() {
        let ends: Vec<_> = interval.iter().map(percent).collect();
        line += &format!(" (95 % interval {})", ends.join(" to "));
    }
    if row["outcomes"].is_object() {
        line += &format!("\n  {}", row["outcomes"]);
    }
    line
}
