//! The attacks side by side: what the defence comes to once they know of it.

use defensive_distillation::dataset::Dataset;
use serde_json::Value;

use super::cells::{NONE, cell, find, percent, with_interval};
use super::{Name, Page};
use crate::paper;

/// Attacks in the order in which they came to be known, with their direction.
const ATTACKS: [(&str, Option<&str>, &str); 11] = [
    ("jsma-f", Some("increase"), "jsma-f, the paper's"),
    ("jsma-z", Some("increase"), "jsma-z"),
    ("jsma-t", Some("increase"), "jsma-t"),
    ("not-robust", Some("increase"), "not-robust, increasing"),
    ("not-robust", Some("decrease"), "not-robust, decreasing"),
    ("not-robust", Some("either"), "not-robust, either"),
    ("cw-l2", None, "cw-l2"),
    ("cw-l0", None, "cw-l0"),
    ("transfer", None, "transfer of undefended jsma-f"),
    ("random-pairs", Some("increase"), "random-pairs, increasing"),
    ("random-pairs", Some("decrease"), "random-pairs, decreasing"),
];

/// Every attack on the network distilled at the highest temperature, beside its controls.
pub fn beside_each_other(
    page: &mut Page,
    dataset: Dataset,
    networks: &[Name],
    rows: &[Value],
    transfers: &[Value],
) {
    let warmest = |role: &str| {
        networks.iter().filter(|name| name.role == role).max_by(|a, b| a.x().total_cmp(&b.x()))
    };
    let Some(undefended) = warmest("undefended") else { return };
    let [distilled, teacher, scaled] = ["distilled", "teacher", "scaled"].map(warmest);
    let columns: Vec<_> =
        [Some(undefended), distilled, teacher, scaled].into_iter().flatten().collect();
    let reported = |attack: &str, direction: Option<&str>, name: &Name| {
        let attack = match (attack, direction) {
            ("not-robust", Some(direction)) => format!("{attack} {direction}"),
            _ => attack.to_owned(),
        };
        let rate = paper::success(dataset, &attack, &name.reported())?;
        let size = match (&*attack, paper::size(dataset, &attack, &name.reported())) {
            (_, None) => String::new(),
            ("cw-l2", Some(length)) => format!(", L2 {length}"),
            (_, Some(share)) => format!(", {:.1} % of features", 100.0 * share),
        };
        Some(format!("{}{size}", percent(Some(rate))))
    };
    let transfer = |name: &Name| {
        let row = transfers
            .iter()
            .find(|row| row["attack"] == "jsma-f" && undefended.is(row) && name.is(&row["to"]))?;
        let share = with_interval(row, "misread_rate", "misread_interval");
        (name != undefended).then(|| format!("{share} of {} misread", row["shown"]))
    };
    let table = ATTACKS.iter().map(|&(attack, direction, words)| {
        let mut cells = vec![words.to_owned()];
        for name in &columns {
            if name.role == "undefended" || name.role == "distilled" {
                cells.push(reported(attack, direction, name).unwrap_or(NONE.into()));
            }
            cells.push(match attack {
                "transfer" => transfer(name).unwrap_or(NONE.into()),
                _ => cell(find(rows, name, attack, direction)),
            });
        }
        cells
    });
    let mut head = vec!["attack".to_owned()];
    for name in &columns {
        if name.role == "undefended" || name.role == "distilled" {
            head.push(format!("paper, {}", name.words()));
        }
        head.push(name.words());
    }
    let head: Vec<_> = head.iter().map(String::as_str).collect();
    let papers = match dataset {
        Dataset::Mnist => {
            "jsma-z is reported of a LeNet, CW's distilled networks are taken to be at T = 100, and \
             not-robust's direction is that of its authors' program."
        }
        Dataset::Cifar10 => "CW's distilled networks are taken to be at T = 100.",
    };
    let words = format!(
        "What becomes of the defence, attack by attack: the network distilled at the highest \
         temperature beside the undefended one and two controls, the teacher that was never \
         distilled and the undefended network with its logits multiplied. The attacks of JSMA's \
         kind may change 112 features. The papers' figures are from the papers of each attack: {papers} \
         Transfer counts what the other network misreads, with no gradient of it used."
    );
    page.table("Every attack beside the others", &words, &head, table.collect());
}

/// The attacks that ended the defence, on every network.
pub fn on_every_network(page: &mut Page, networks: &[Name], rows: &[Value]) {
    let others = networks.iter().map(|name| {
        let mut cells = vec![name.words()];
        cells.extend(
            ["increase", "decrease", "either"]
                .map(|way| cell(find(rows, name, "not-robust", Some(way)))),
        );
        cells.extend(["cw-l2", "cw-l0"].map(|attack| cell(find(rows, name, attack, None))));
        cells.extend(
            ["increase", "decrease"].map(|way| cell(find(rows, name, "random-pairs", Some(way)))),
        );
        cells
    });
    let words = "The attacks that ended the defence, and a control: + adds, − takes away, ± whichever is \
                 better at each step. Where fewer than 900 attacks were made, their number follows the \
                 interval; cw-l2 and cw-l0 make fewer iterations than their paper's, and have no limit of \
                 features.";
    page.table(
        "Attacks that know the defence, and random pixels",
        words,
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
}
