//! The attacks side by side: how well the defence does once they take it into account.

use defensive_distillation::attack::{Budget, Movement};
use defensive_distillation::dataset::Dataset;
use defensive_distillation::experiment::{RowRole, SuccessFigures, TransferFigures};

use super::cells::{self, NONE, papers_attacks, percent, with_interval};
use super::measured::{Measured, find};
use super::network::ShownNetwork;
use super::page::Page;
use crate::measurements::{ATTACKS, Listed, PAPERS};
use crate::paper;

/// The name of transfer among the attacks.
const TRANSFER: &str = "transfer of undefended jsma-f";
/// The attack after whose row transfer has its own.
const BEFORE_TRANSFER: &str = "cw-l0";

/// Every attack on the network distilled at the highest temperature, beside its controls.
pub fn beside_each_other(
    page: &mut Page,
    dataset: Dataset,
    networks: &[ShownNetwork],
    rows: &[Measured<SuccessFigures>],
    transfers: &[Measured<TransferFigures>],
) {
    let warmest = |role: RowRole| {
        let of_role = networks.iter().filter(|network| network.role == role);
        of_role.max_by(|a, b| a.x().total_cmp(&b.x()))
    };
    let Some(undefended) = warmest(RowRole::Undefended) else { return };
    let others = [RowRole::Distilled, RowRole::Teacher, RowRole::Scaled].map(warmest);
    let columns: Vec<_> = std::iter::once(undefended).chain(others.into_iter().flatten()).collect();
    let is_reported =
        |network: &ShownNetwork| matches!(network.role, RowRole::Undefended | RowRole::Distilled);
    let row = |words: &str, cells: [&dyn Fn(&ShownNetwork) -> String; 2]| {
        let mut row = vec![words.to_owned()];
        for network in &columns {
            if is_reported(network) {
                row.push(cells[0](network));
            }
            row.push(cells[1](network));
        }
        row
    };
    let mut table = Vec::new();
    for listed in &ATTACKS {
        let paper = |network: &ShownNetwork| reported(dataset, listed, network);
        let here = |network: &ShownNetwork| cells::success(find(rows, network, listed));
        table.push(row(listed.words, [&paper, &here]));
        if listed.attack == BEFORE_TRANSFER {
            let paper = |_: &ShownNetwork| NONE.to_owned();
            let here = |network: &ShownNetwork| transfer(transfers, undefended, network);
            table.push(row(TRANSFER, [&paper, &here]));
        }
    }
    let mut head = vec!["attack".to_owned()];
    for network in &columns {
        if is_reported(network) {
            head.push(format!("paper, {}", network.words()));
        }
        head.push(network.words());
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
         kind may change {} features. The papers' figures are from the papers of each attack: {papers} \
         Transfer counts what the other network misreads, with no gradient of it used.",
        Budget::PAPER.features
    );
    page.table("Every attack beside the others", &words, &head, table);
}

/// The success of an attack in its paper, and the size of its changes.
fn reported(dataset: Dataset, listed: &Listed, network: &ShownNetwork) -> String {
    let attack = match (listed.attack, listed.direction) {
        ("not-robust", Some(Movement::Increase)) => "not-robust increase",
        ("not-robust", Some(Movement::Decrease)) => "not-robust decrease",
        ("not-robust", Some(Movement::Either)) => "not-robust either",
        (attack, _) => attack,
    };
    let network = network.reported();
    let Some(rate) = paper::success(dataset, attack, &network) else { return NONE.into() };
    let size = match (attack, paper::size(dataset, attack, &network)) {
        (_, None) => String::new(),
        ("cw-l2", Some(length)) => format!(", L2 {length}"),
        (_, Some(share)) => format!(", {:.1} % of features", 100.0 * share),
    };
    format!("{}{size}", percent(Some(rate)))
}

/// How many of the paper's attacks on the undefended network fool another one.
fn transfer(
    rows: &[Measured<TransferFigures>],
    undefended: &ShownNetwork,
    network: &ShownNetwork,
) -> String {
    let row = rows.iter().find(|row| {
        row.attack() == PAPERS[0]
            && undefended.is(&row.head.network)
            && row.head.to.as_ref().is_some_and(|to| network.is(&to.network))
    });
    let Some(Measured { figures, .. }) = row.filter(|_| network != undefended) else {
        return NONE.into();
    };
    let share = with_interval(figures.misread_rate, figures.misread_interval);
    format!("{share} of {} misread", figures.shown)
}

/// The attacks that take the defence into account, on every network.
pub fn on_every_network(
    page: &mut Page,
    networks: &[ShownNetwork],
    rows: &[Measured<SuccessFigures>],
) {
    let columns = || ATTACKS.iter().filter_map(|listed| Some((listed, listed.column?)));
    let table = networks.iter().map(|network| {
        let cells = columns().map(|(listed, _)| cells::success(find(rows, network, listed)));
        std::iter::once(network.words()).chain(cells).collect()
    });
    let words = format!(
        "The attacks that ended the defence, and a control: + adds, − takes away, ± whichever is \
         better at each step. Where fewer than {} attacks were made, their number follows the \
         interval; cw-l2 and cw-l0 make fewer iterations than their paper's, and have no limit of \
         features.",
        papers_attacks()
    );
    let head: Vec<_> = std::iter::once("network").chain(columns().map(|of| of.1)).collect();
    page.table("Attacks that know the defence, and random pixels", &words, &head, table.collect());
}
