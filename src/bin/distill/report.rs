//! `distill report`: `results/` as one page of tables and plots, with the papers' figures beside.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use defensive_distillation::dataset::Dataset;
use defensive_distillation::train::checkpoint;
use defensive_distillation::weights::{Entry, Role};
use serde_json::Value;

use crate::plot::{Series, heat, lines};
use crate::publish::manifest;
use crate::{Result, paper};

#[derive(Args)]
pub struct Arguments {
    /// Where the rows are, and the page goes.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// Where the model files and their manifest are.
    #[arg(long, value_name = "DIR", default_value = "www/models")]
    published: PathBuf,
}

pub fn run(Arguments { results, published }: Arguments) -> Result {
    let published = manifest(&published)?;
    let mut page = Page { text: HEAD.into(), results: &results };
    for dataset in Dataset::ALL {
        let networks = networks(&published, dataset);
        if networks.is_empty() {
            continue;
        }
        let name = match dataset {
            Dataset::Mnist => "MNIST",
            Dataset::Cifar10 => "CIFAR-10",
        };
        let _ = write!(page.text, "\n# {name}\n");
        let rows = |kind: &str| read(&results, kind, &published, dataset);
        success(&mut page, dataset, &published, &networks, &rows("success")?)?;
        amplitude(&mut page, dataset, &networks, &rows("amplitude")?);
        robustness(&mut page, dataset, &networks, &rows("robustness")?);
        fgsm(&mut page, dataset, &networks, &rows("fgsm")?);
        pairs(&mut page, dataset, &networks, &rows("pairs")?)?;
        transfer(&mut page, dataset, &networks, &rows("transfer")?)?;
    }
    checkpoint::replace(&results.join("README.md"), page.text.as_bytes())?;
    println!("{}", results.join("README.md").display());
    Ok(())
}

const HEAD: &str = "<!-- Written by `distill report` from the JSON files beside it. -->

Every figure here is measured on the published files by `distill evaluate`; the JSON files say with
which command, seed and engine, and on which images. Brackets hold 95 % intervals, Wilson's for shares.
*Paper* columns are Papernot et al., *Distillation as a Defense* (2015), unless a table says otherwise;
figures that could only be read off a plot are marked ~. *× k* is the undefended network with its logits
multiplied by k and nothing trained. **Vanished** counts attacks that stopped because every entry of the
32-bit gradient was exactly zero: nothing is known of what they would have found, and they are no defeat.
";

struct Page<'a> {
    text: String,
    results: &'a Path,
}

impl Page<'_> {
    fn table(&mut self, title: &str, words: &str, head: &[&str], rows: Vec<Vec<String>>) {
        let _ = write!(self.text, "\n## {title}\n{words}\n\n| {} |\n", head.join(" | "));
        let _ = writeln!(self.text, "|{}", "---|".repeat(head.len()));
        for row in rows {
            let _ = writeln!(self.text, "| {} |", row.join(" | "));
        }
    }

    fn plot(&mut self, name: &str, says: &str, svg: &str) -> Result {
        checkpoint::replace(&self.results.join(name), svg.as_bytes())?;
        let _ = write!(self.text, "\n![{says}]({name})\n");
        Ok(())
    }
}

/// A network that rows are about, in the order of the tables.
#[derive(Clone, PartialEq)]
struct Name {
    id: String,
    role: &'static str,
    temperature: f64,
    scale: f64,
}

impl Name {
    fn words(&self) -> String {
        match self.role {
            "scaled" => format!("undefended × {}", self.scale),
            "undefended" => "undefended".into(),
            role => format!("{role} T = {}", self.temperature),
        }
    }

    fn is(&self, row: &Value) -> bool {
        row["model"] == self.id.as_str() && row["scale"].as_f64() == Some(self.scale)
    }

    /// What its temperature or scale is, for plots.
    fn x(&self) -> f64 {
        self.temperature.max(self.scale)
    }
}

fn networks(published: &[Entry], dataset: Dataset) -> Vec<Name> {
    let mut names = Vec::new();
    for entry in published.iter().filter(|entry| entry.dataset == dataset) {
        let (id, temperature) = (entry.id.clone(), f64::from(entry.temperature));
        let name = |role, scale| Name { id: id.clone(), role, temperature, scale };
        match entry.role {
            Role::Undefended => {
                names.push(name("undefended", 1.0));
                names.extend([5.0, 10.0, 20.0, 40.0, 100.0].map(|k| name("scaled", k)));
            }
            Role::Distilled => names.push(name("distilled", 1.0)),
            Role::Teacher => names.push(name("teacher", 1.0)),
        }
    }
    let order = |name: &Name| {
        ["undefended", "distilled", "teacher", "scaled"].iter().position(|&r| r == name.role)
    };
    names.sort_by(|a, b| order(a).cmp(&order(b)).then(a.x().total_cmp(&b.x())));
    names
}

/// The rows of a file that are about the files that are published.
fn read(results: &Path, kind: &str, published: &[Entry], dataset: Dataset) -> Result<Vec<Value>> {
    let file = results.join(format!("{kind}.json"));
    let json = match std::fs::read(&file) {
        Ok(json) => json,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(format!("{}: {e}", file.display()).into()),
    };
    let rows: Vec<Value> =
        serde_json::from_slice(&json).map_err(|e| format!("{}: {e}", file.display()))?;
    let is_current = |row: &Value| {
        published.iter().any(|entry| {
            entry.dataset == dataset
                && row["model"] == entry.id.as_str()
                && row["model_sha256"] == entry.sha256.as_str()
                // The draw from the test set; the page's own samples are for comparing with the page.
                && !row["seed"].is_null()
        })
    };
    Ok(rows.into_iter().filter(is_current).collect())
}

fn percent(value: &Value) -> String {
    value.as_f64().map_or("–".into(), |share| format!("{:.2} %", 100.0 * share))
}

fn with_interval(row: &Value, value: &str, interval: &str) -> String {
    let ends = (row[interval][0].as_f64(), row[interval][1].as_f64());
    match (row[value].as_f64(), ends) {
        (Some(share), (Some(low), Some(high))) => {
            format!("{:.1} % [{:.1}, {:.1}]", 100.0 * share, 100.0 * low, 100.0 * high)
        }
        _ => "–".into(),
    }
}

/// A rate, its interval, and how many attacks vanished, if any.
fn cell(row: Option<&Value>) -> String {
    let Some(row) = row else { return "–".into() };
    let vanished = row["outcomes"]["gradient_vanished"].as_u64().unwrap_or(0);
    let note = if vanished > 0 { format!(", **vanished {vanished}**") } else { String::new() };
    let distance = match (row["attack"].as_str(), row["distance_successes"].as_f64()) {
        (Some("cw-l2"), Some(distance)) => format!(", L2 {distance:.2}"),
        _ => String::new(),
    };
    let features = match (row["distortion_successes"].as_f64(), distance.is_empty()) {
        (Some(share), true) => format!(", {:.1} % of features", 100.0 * share),
        _ => String::new(),
    };
    format!("{}{distance}{features}{note}", with_interval(row, "rate", "interval"))
}

fn success(
    page: &mut Page,
    dataset: Dataset,
    published: &[Entry],
    networks: &[Name],
    rows: &[Value],
) -> Result {
    if rows.is_empty() {
        return Ok(());
    }
    let paper_of = |name: &Name| match name.role {
        "undefended" => Some((paper::undefended(dataset).0, paper::undefended(dataset).1)),
        "distilled" => {
            let at = paper::distilled(dataset).iter().find(|at| at.0 == name.temperature);
            at.map(|&(_, success, accuracy)| (success, accuracy))
        }
        _ => None,
    };
    let find = |name: &Name, attack: &str, direction: Option<&str>| {
        rows.iter().find(|row| {
            name.is(row)
                && row["attack"] == attack
                && direction.is_none_or(|way| row["direction"] == way)
        })
    };
    let attempts = rows.iter().find(|row| row["attack"] == "jsma-f");
    let attempts = attempts.and_then(|row| row["planned"].as_u64()).unwrap_or(0);
    let words = format!(
        "Share of targeted attacks that succeed within 112 features, of {attempts} (9 targets an \
         image). `jsma-f` is the paper's attack; `jsma-t` is the same on softmax(z / T), with T the \
         temperature of the training (k for × k); `jsma-z` is on the logits."
    );
    let table = networks.iter().map(|name| {
        let paper = paper_of(name).map_or("–".into(), |of| format!("{:.2} %", of.0));
        let mut cells = vec![name.words(), paper];
        cells.extend(["jsma-f", "jsma-t", "jsma-z"].map(|a| cell(find(name, a, Some("increase")))));
        cells
    });
    page.table(
        "Success of the attack",
        &words,
        &["network", "paper", "jsma-f", "jsma-t", "jsma-z"],
        table.collect(),
    );
    let line = |label: &str, colour, role: &str, attack: &str| Series {
        name: label.into(),
        colour,
        dashed: false,
        points: networks
            .iter()
            .filter(|name| name.role == role || (role == "scaled" && name.role == "undefended"))
            .filter_map(|name| {
                let row = find(name, attack, Some("increase"))?;
                let at = |of: &Value| of.as_f64().map(|share| 100.0 * share);
                let interval = at(&row["interval"][0]).zip(at(&row["interval"][1]));
                Some((name.x(), at(&row["rate"])?, interval))
            })
            .collect(),
    };
    let reported = paper::distilled(dataset).iter().map(|&(t, success, _)| (t, success, None));
    let series = [
        Series {
            name: "paper, distilled".into(),
            colour: "#888",
            dashed: true,
            points: reported.collect(),
        },
        line("distilled, jsma-f", "#1f77b4", "distilled", "jsma-f"),
        line("teacher, jsma-f", "#2ca02c", "teacher", "jsma-f"),
        line("undefended × k, jsma-f", "#ff7f0e", "scaled", "jsma-f"),
        line("distilled, jsma-t", "#d62728", "distilled", "jsma-t"),
        line("teacher, jsma-t", "#9467bd", "teacher", "jsma-t"),
    ];
    page.plot(
        &format!("success-{dataset}.svg"),
        "Success against temperature",
        &lines("Success against temperature", "T, or k", &series),
    )?;

    let others = networks.iter().map(|name| {
        let mut cells = vec![name.words()];
        cells.extend(
            ["increase", "decrease", "either"].map(|way| cell(find(name, "not-robust", Some(way)))),
        );
        cells.extend(["cw-l2", "cw-l0"].map(|attack| cell(find(name, attack, None))));
        cells.extend(
            ["increase", "decrease"].map(|way| cell(find(name, "random-pairs", Some(way)))),
        );
        cells
    });
    let images = |attack: &str| {
        let row = rows.iter().find(|row| row["attack"] == attack);
        row.and_then(|row| row["planned"].as_u64()).map_or("none".into(), |n| n.to_string())
    };
    let words = format!(
        "The attacks that ended the defence, and a control. Carlini and Wagner's variant of JSMA is \
         reported with 96.4 % and 36.4 pixels (4.7 %) at T = 100, 86 % undefended; their L2 attack with \
         100 % everywhere, L2 1.76 undefended and 2.2 distilled on MNIST, their L0 attack with 16 and 19 \
         pixels (2.0 and 2.4 %). Attacks counted: cw-l2 {}, cw-l0 {}, with fewer iterations than theirs.",
        images("cw-l2"),
        images("cw-l0")
    );
    page.table(
        "Attacks that know the defence, and random pixels",
        &words,
        &[
            "network",
            "not-robust +",
            "not-robust −",
            "not-robust ±",
            "cw-l2",
            "cw-l0",
            "random +",
            "random −",
        ],
        others.collect(),
    );
    let accuracy = networks.iter().filter(|name| name.scale == 1.0).filter_map(|name| {
        let entry = published.iter().find(|entry| entry.id == name.id)?;
        let paper = paper_of(name).map_or("–".into(), |of| format!("~{:.2} %", of.1));
        let (accuracy, norm) =
            (format!("{:.2} %", 100.0 * entry.test_accuracy), format!("{:.0}", entry.logit_norm));
        Some(vec![name.words(), paper, accuracy, norm])
    });
    page.table(
        "Accuracy",
        "On all 10,000 test images. Multiplying the logits changes no reading.",
        &["network", "paper", "here", "mean Σ\\|logit\\|"],
        accuracy.collect(),
    );
    Ok(())
}

fn amplitude(page: &mut Page, dataset: Dataset, networks: &[Name], rows: &[Value]) {
    let Some(first) = rows.first() else { return };
    let table = networks.iter().filter_map(|name| {
        let row = rows.iter().find(|row| name.is(row))?;
        let reported = match (dataset, name.role) {
            (Dataset::Cifar10, "distilled") => {
                paper::AMPLITUDE.iter().find(|at| at.0 == name.temperature)
            }
            _ => None,
        };
        let [below, above] = reported.map_or(["–".into(), "–".into()], |&(_, below, above)| {
            [format!("~{below} %"), format!("~{above} %")]
        });
        let counts = row["counts"].as_array()?.iter().map(Value::to_string);
        let mut cells = vec![
            name.words(),
            below,
            with_interval(row, "below_1e_40", "below_interval"),
            above,
            with_interval(row, "above_1e_3", "above_interval"),
            row["zero"].to_string(),
        ];
        cells.extend(counts);
        Some(cells)
    });
    let words = format!(
        "Mean of |∂F_j/∂x_i| over all outputs and features at T = 1, on {} test images, in the paper's \
         bins: the last ten columns count images from each edge up to the next.",
        first["images"]
    );
    let head = [
        "network",
        "paper < 1e-40",
        "< 1e-40",
        "paper > 1e-3",
        "> 1e-3",
        "exactly 0",
        "0",
        "1e-40",
        "1e-35",
        "1e-30",
        "1e-25",
        "1e-20",
        "1e-15",
        "1e-10",
        "1e-5",
        "1e-3",
    ];
    page.table("Gradient amplitude", &words, &head, table.collect());
}

fn robustness(page: &mut Page, dataset: Dataset, networks: &[Name], rows: &[Value]) {
    let Some(first) = rows.first() else { return };
    let table = networks.iter().filter_map(|name| {
        let paper = match (dataset, name.role) {
            (Dataset::Mnist, "undefended") => "1.55 %".into(),
            (Dataset::Mnist, "distilled") => {
                let at = paper::ROBUSTNESS.iter().find(|at| at.0 == name.temperature);
                at.map_or("–".into(), |at| format!("~{} %", at.1))
            }
            _ => "–".into(),
        };
        let mut cells = vec![name.words(), paper];
        for attack in ["jsma-f", "jsma-t"] {
            let row = rows.iter().find(|row| name.is(row) && row["attack"] == attack);
            let Some(row) = row else {
                cells.extend(["–".into(), "–".into(), "–".into()]);
                continue;
            };
            let (failures, vanished) = (&row["failures"], &row["gradient_vanished"]);
            cells.extend([
                with_interval(row, "robustness", "interval"),
                with_interval(row, "robustness_of_successes", "interval_of_successes"),
                format!("{failures} of {}, **vanished {vanished}**", row["measured"]),
            ]);
        }
        (cells[2] != "–" || cells[5] != "–").then_some(cells)
    });
    let words = format!(
        "The least share of features, over nine targets, that has to change, on {} test images. Where no \
         attack succeeds an image counts with the cap of 112 features (first figure) or not at all \
         (second); where the gradient vanished for all nine targets that says nothing of the network.",
        first["images"]
    );
    let head = [
        "network",
        "paper",
        "jsma-f, failures at the cap",
        "dropped",
        "failures",
        "jsma-t, failures at the cap",
        "dropped",
        "failures",
    ];
    page.table("Robustness ρ_adv", &words, &head, table.collect());
}

fn fgsm(page: &mut Page, dataset: Dataset, networks: &[Name], rows: &[Value]) {
    let Some(first) = rows.first() else { return };
    let find = |name: &Name, epsilon: f64, knows: bool| {
        rows.iter().find(|row| {
            let temperature = row["attack_temperature"].as_f64().unwrap_or(1.0);
            let fits = if knows {
                (temperature - name.temperature * name.scale).abs() < 1e-3
            } else {
                temperature == 1.0
            };
            name.is(row)
                && row["epsilon"].as_f64().is_some_and(|e| (e - epsilon).abs() < 1e-6)
                && fits
        })
    };
    let error = |row: Option<&Value>| {
        let Some(row) = row else { return "–".into() };
        let vanished = row["outcomes"]["gradient_vanished"].as_u64().unwrap_or(0);
        let note = if vanished > 0 { format!(", **vanished {vanished}**") } else { String::new() };
        format!("{}{note}", with_interval(row, "rate", "interval"))
    };
    let table = networks.iter().map(|name| {
        let paper = match (dataset, name.role, name.temperature) {
            (Dataset::Mnist, "undefended", _) => "88.03 %".into(),
            (Dataset::Mnist, "distilled", 100.0) => "< 1.5 %".into(),
            (Dataset::Mnist, "distilled", t) => {
                let at = paper::FGSM.iter().find(|at| at.0 == t);
                at.map_or("–".into(), |at| format!("~{} %", at.1))
            }
            _ => "–".into(),
        };
        let mut cells = vec![name.words(), paper];
        cells.extend([0.1, 0.2, 0.3].map(|e| error(find(name, e, false))));
        cells.extend([0.1, 0.2, 0.3].map(|e| error(find(name, e, true))));
        cells
            .push(find(name, 0.3, false).map_or("–".into(), |row| percent(&row["zero_gradients"])));
        cells
    });
    let words = format!(
        "Share of {} test images that are misread after one untargeted step of ε, those misread before \
         it among them. *Paper*: Papernot and McDaniel, *On the Effectiveness of Defensive Distillation* \
         (2016), at ε = 0.3. The last column is the mean share of gradient entries that are exactly zero \
         at T = 1.",
        first["images"]
    );
    let head = [
        "network",
        "paper, ε = 0.3",
        "ε = 0.1",
        "0.2",
        "0.3",
        "softmax(z/T), ε = 0.1",
        "0.2",
        "0.3",
        "zero entries",
    ];
    page.table("FGSM", &words, &head, table.collect());
}

fn pairs(page: &mut Page, dataset: Dataset, networks: &[Name], rows: &[Value]) -> Result {
    if rows.is_empty() {
        return Ok(());
    }
    let _ = write!(
        page.text,
        "\n## Which class is taken for which\nSuccess in percent within 38.3 % of the features, source \
         class by target class. The JSON has distortion, hardness and adversarial distance of each cell.\n"
    );
    let classes: Vec<_> = dataset.spec().classes.iter().map(|&name| name.to_owned()).collect();
    let mut table = Vec::new();
    for name in networks {
        for row in rows.iter().filter(|row| name.is(row)) {
            let attack = row["attack"].as_str().unwrap_or_default();
            let cells = row["cells"].as_array().map_or(&[][..], Vec::as_slice);
            let share = |source: usize, target: usize| {
                let cell = cells
                    .iter()
                    .find(|cell| cell["source"] == source && cell["target"] == target)?;
                cell["rate"].as_f64()
            };
            let mean = |field: &str| {
                let of: Vec<_> = cells.iter().filter_map(|cell| cell[field].as_f64()).collect();
                match of.len() {
                    0 => "–".into(),
                    n => format!("{:.4}", of.iter().sum::<f64>() / n as f64),
                }
            };
            let vanished = &row["outcomes"]["gradient_vanished"];
            table.push(vec![
                name.words(),
                attack.to_owned(),
                with_interval(row, "rate", "interval"),
                vanished.to_string(),
                mean("distortion_successes"),
                mean("hardness"),
                mean("distance"),
            ]);
            // A picture of nothing but vanished gradients would show none of this.
            let plotted =
                matches!((name.role, attack), ("undefended", _) | ("distilled", "jsma-t"));
            if plotted {
                let file = format!("pairs-{}-{attack}.svg", name.id);
                let title = format!("{}, {attack}: success in percent", name.words());
                page.plot(
                    &file,
                    &title,
                    &heat(&title, ["source", "target"], [&classes, &classes], share),
                )?;
            }
        }
    }
    page.table(
        "Means over all pairs of classes",
        "JSMA's paper, on logits and within 14.5 %: success 97.1 %, distortion of successes 0.0402.",
        &["network", "attack", "success", "vanished", "distortion", "hardness", "adversarial distance"],
        table,
    );
    Ok(())
}

fn transfer(page: &mut Page, dataset: Dataset, networks: &[Name], rows: &[Value]) -> Result {
    if rows.is_empty() {
        return Ok(());
    }
    let _ = write!(
        page.text,
        "\n## Transfer\nOf the adversarial examples that fool the network of the row and whose untouched \
         image the network of the column reads correctly: the share that the latter misreads, in percent. \
         No gradient of the column's network is used. A row is empty where the attack found nothing. The \
         JSON has intervals, and the share that reaches its target.\n"
    );
    let names: Vec<_> = networks.iter().map(Name::words).collect();
    for attack in ["jsma-f", "jsma-t"] {
        let share = |from: usize, to: usize| {
            let row = rows.iter().find(|row| {
                row["attack"] == attack && networks[from].is(row) && networks[to].is(&row["to"])
            })?;
            (row["shown"].as_u64() > Some(0)).then(|| row["misread_rate"].as_f64()).flatten()
        };
        let title =
            format!("Made by {attack} on the row's network, misread by the column's, in percent");
        let svg = heat(&title, ["made on", "shown to"], [&names, &names], share);
        page.plot(&format!("transfer-{dataset}-{attack}.svg"), &title, &svg)?;
    }
    Ok(())
}
