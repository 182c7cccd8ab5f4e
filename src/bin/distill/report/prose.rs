//! The text above the tables: how these figures compare with the papers', and why they differ.

use std::path::Path;

use defensive_distillation::dataset::Dataset;
use defensive_distillation::experiment::{RobustnessFigures, RowRole, SuccessFigures};
use defensive_distillation::network::manifest::{Entry, Role};
use defensive_distillation::train::Recipe;
use serde::{Deserialize, Serialize};

use super::cells::papers_attacks;
use super::measured::{Measured, find, read};
use super::network::{ShownNetwork, shown};
use super::robustness;
use crate::measurements::{PAPERS, PAPERS_EPSILON, listed};
use crate::{Result, paper};

/// A row of `results/notes.json`: the figures of a network that was measured and not published. They were
/// entered by hand, and cannot be measured again without its file. `distill report` quotes them.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    dataset: Dataset,
    role: Role,
    temperature: f32,
    /// Passes over the training set.
    epochs: usize,
    /// The command that trains it.
    command: Option<String>,
    /// Share of the test images that it classifies correctly.
    test_accuracy: Option<f64>,
    /// Mean over the test set of Σ|z|.
    logit_norm: f64,
    /// The share of JSMA-F's attacks that succeed, by the paper's protocol.
    jsma_f: f64,
    /// How many of these ended because the gradient vanished.
    gradient_vanished: Option<usize>,
    /// The share of images that are misclassified after FGSM's step of 0.3.
    fgsm: Option<f64>,
}

/// The text above the tables.
pub fn head(results: &Path, published: &[Entry]) -> Result<String> {
    let [mnist, cifar10] = Dataset::ALL.map(|dataset| shown(published, dataset));
    let success = |dataset| read::<SuccessFigures>(results, published, dataset);
    let on_mnist = Comparison::of(Dataset::Mnist, &mnist, &success(Dataset::Mnist)?);
    let on_cifar10 = Comparison::of(Dataset::Cifar10, &cifar10, &success(Dataset::Cifar10)?);
    let robustness = read::<RobustnessFigures>(results, published, Dataset::Mnist)?;
    Ok(format!(
        "<!-- Written by `distill report` from the JSON files beside it. -->

Every figure here is measured on the published files, except those of other networks in the list below. Accuracy and
logits are measured by `distill publish`, PyTorch's figures by `tests/python`, and everything else by
`distill evaluate`. The JSON files state the command, the seed, the engine and the images of each row.
Brackets are 95 % intervals, Wilson's for shares. They treat attacks as independent, although nine attacks share an
image. Each network was trained once, so the intervals do not show how much another training would differ.
*Paper* columns are from Papernot et al., *Distillation as a Defense* (2015), unless a table says otherwise. Figures that
were read off a plot are marked ~. *× k* is the undefended network with its logits multiplied by k, without training.
**Vanished** counts attacks that stopped because the 32-bit gradient was exactly zero at every feature that could still
change. It is not known what they would have found, so they are not defeats of the attack.

# Differences from the papers
- Most networks were trained for fewer epochs than the papers' {epochs}, on two processor cores; the table *Networks*
  says how many. MNIST's networks at T = 2 and T = 5 were trained again for {epochs} epochs. They were chosen after the
  first measurement, because their rows differed most from the paper's. The rows of MNIST are therefore not of one
  protocol, and the difference between T = 5 and T = 10 is partly one of epochs.
{unpublished}- The attacks do not explain the differences, as far as that was checked: PyTorch, on the same files and images, gives
  the same outcomes, except those counted in *The same, computed by PyTorch*.
- `jsma-z` succeeds less often than in the attack's own paper, which used a LeNet and other images.
{on_mnist}{takes}{on_cifar10}- The number of epochs and the learning rate of CIFAR-10's students at T = 1, 2, 5 and 10 were chosen by their accuracy
  on the test images: with fewer epochs it was 2 to 3 points below the paper's.
",
        epochs = Recipe::PAPER_EPOCHS,
        unpublished = unpublished(&notes(results)?)?,
        on_mnist = on_mnist.words("MNIST"),
        takes = takes_more_features(&mnist, &robustness),
        on_cifar10 = on_cifar10.words("CIFAR-10"),
    ))
}

fn notes(results: &Path) -> Result<Vec<Note>> {
    let file = results.join("notes.json");
    let json = std::fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    Ok(serde_json::from_slice(&json).map_err(|e| format!("{}: {e}", file.display()))?)
}

/// What was measured on networks that are not published.
fn unpublished(notes: &[Note]) -> Result<String> {
    let of = |role| notes.iter().filter(move |note| note.role == role);
    let each = |role, of_note: &dyn Fn(&Note) -> String| {
        of(role).map(of_note).collect::<Vec<_>>().join(" and ")
    };
    let epochs = of(Role::Distilled).next().map(|note| note.epochs);
    let epochs = epochs.ok_or("results/notes.json has no distilled network")?;
    let another =
        of(Role::Undefended).next().ok_or("results/notes.json has no undefended network")?;
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let logits = |note: &Note| note.logit_norm.to_string();
    let jsma = |note: &Note| percent(note.jsma_f);
    let fgsm = |note: &Note| note.fgsm.map_or(String::new(), percent);
    Ok(format!(
        "- With {epochs} epochs, the logits of these two were about half as large: Σ|logit| {}, and {} for the teachers. Of
  {} JSMA-F attacks {} succeeded, and on the teachers {}. FGSM at ε = {PAPERS_EPSILON} had an error rate of {} on
  the students. The paper's figures for JSMA-F lie between those and the present ones. The rows of *× k* also suggest
  that the size of the logits is the reason. Each figure is of one training.
- FGSM fools the undefended MNIST network less often than in the literature. Another network of {} epochs
  (`{}`) was measured and not published. Its
  accuracy is {:.2} % and its Σ|logit| {}. FGSM at ε = {PAPERS_EPSILON} has an error rate of {}, and {} of the JSMA-F
  attacks succeed, which is farther from the paper than with the published network; {} vanished.
",
        each(Role::Distilled, &logits),
        each(Role::Teacher, &logits),
        papers_attacks(),
        each(Role::Distilled, &jsma),
        each(Role::Teacher, &jsma),
        each(Role::Distilled, &fgsm),
        another.epochs,
        another.command.as_deref().unwrap_or_default(),
        100.0 * another.test_accuracy.unwrap_or_default(),
        another.logit_norm,
        fgsm(another),
        jsma(another),
        another.gradient_vanished.unwrap_or_default(),
    ))
}

/// JSMA-F's success beside the paper's, network by network.
#[derive(Default)]
struct Comparison<'a> {
    /// Networks on which more attacks succeed: the paper's figure is below the interval.
    more: Vec<&'a ShownNetwork>,
    /// Networks with the paper's figure within the interval.
    within: Vec<&'a ShownNetwork>,
    /// Networks on which fewer attacks succeed.
    fewer: Vec<&'a ShownNetwork>,
    /// Successes at high temperatures.
    successes: Vec<usize>,
    /// The paper's successes at high temperatures, out of as many attacks.
    papers_successes: Vec<usize>,
}

/// The temperature from which on few attacks succeed.
const HIGH: f32 = 30.0;

impl<'a> Comparison<'a> {
    fn of(
        dataset: Dataset,
        networks: &'a [ShownNetwork],
        rows: &[Measured<SuccessFigures>],
    ) -> Self {
        let mut comparison = Self::default();
        for network in networks {
            let here = listed(PAPERS[0]).and_then(|attack| find(rows, network, attack));
            let paper = paper::success(dataset, PAPERS[0], &network.reported());
            let (Some(here), Some(paper)) = (here, paper) else { continue };
            let [low, high] = here.figures.interval;
            if paper < low {
                comparison.more.push(network);
            } else if paper > high {
                comparison.fewer.push(network);
            } else {
                comparison.within.push(network);
            }
            if network.temperature >= HIGH {
                comparison.successes.push(here.figures.successes);
                let papers = (paper * papers_attacks() as f64).round() as usize;
                comparison.papers_successes.push(papers);
            }
        }
        comparison
    }

    fn words(&self, name: &str) -> String {
        let mut text = String::new();
        for (says, networks) in [
            ("More attacks succeed", &self.more),
            ("As many succeed, within the interval,", &self.within),
            ("Fewer succeed", &self.fewer),
        ] {
            if !networks.is_empty() {
                text += &format!("\n  {says} {}.", places(networks));
            }
        }
        let papers = self.papers_successes.iter();
        if let (Some(most), Some(low), Some(high)) =
            (self.successes.iter().max(), papers.clone().min(), papers.max())
        {
            text += &format!(
                "\n  From T = {HIGH} on {most} of {} succeed at most; in the paper {low} to {high}.",
                papers_attacks()
            );
        }
        if text.is_empty() {
            return text;
        }
        format!(
            "- JSMA-F on {name}, compared with the paper; each network was trained once.{text}\n"
        )
    }
}

/// "on the undefended network and at T = 1, 2 and 5".
fn places(networks: &[&ShownNetwork]) -> String {
    let is_undefended = |network: &&ShownNetwork| network.role == RowRole::Undefended;
    let (undefended, others): (Vec<&ShownNetwork>, Vec<_>) =
        networks.iter().copied().partition(is_undefended);
    let temperatures: Vec<_> =
        others.iter().map(|network| network.temperature.to_string()).collect();
    let mut places = Vec::new();
    if !undefended.is_empty() {
        places.push("on the undefended network".to_owned());
    }
    match temperatures.as_slice() {
        [] => {}
        [one] => places.push(format!("at T = {one}")),
        [others @ .., last] => places.push(format!("at T = {} and {last}", others.join(", "))),
    }
    places.join(" and ")
}

/// How many features the undefended network takes, beside the paper's.
fn takes_more_features(networks: &[ShownNetwork], rows: &[Measured<RobustnessFigures>]) -> String {
    let undefended = networks.iter().find(|network| network.role == RowRole::Undefended);
    let ratio = undefended.and_then(|network| {
        let here = robustness::find(rows, network, PAPERS[0])?.figures.robustness?;
        Some(here / paper::robustness(Dataset::Mnist, &network.reported())?.value)
    });
    ratio.map_or(String::new(), |ratio| {
        format!(
            "- The undefended MNIST network takes {ratio:.1} times as many features to be fooled as the paper's \
             (*Robustness*).\n"
        )
    })
}
