//! A row in a line or two, for the terminal.

use defensive_distillation::attack::Outcome;
use defensive_distillation::experiment::{
    AmplitudeFigures, AttemptResult, FgsmFigures, Figures, Outcomes, PairsFigures, Record,
    RobustnessFigures, Row, RowNetwork, SuccessFigures, TransferFigures,
};

/// The figures that the terminal shows.
pub trait Summary: Figures {
    /// Shares of one, by name.
    fn shares(&self) -> Vec<(&'static str, Option<f64>)>;
    /// The interval of the first share.
    fn interval(&self) -> Option<[f64; 2]>;
    /// Attempts by outcome.
    fn outcomes(&self) -> Option<Outcomes>;
}

impl Summary for SuccessFigures {
    fn shares(&self) -> Vec<(&'static str, Option<f64>)> {
        vec![
            ("rate", Some(self.rate)),
            ("features changed by successes", self.distortion_successes),
        ]
    }

    fn interval(&self) -> Option<[f64; 2]> {
        Some(self.interval)
    }

    fn outcomes(&self) -> Option<Outcomes> {
        Some(self.outcomes)
    }
}

impl Summary for AmplitudeFigures {
    fn shares(&self) -> Vec<(&'static str, Option<f64>)> {
        vec![("below 1e-40", Some(self.below_1e_40)), ("above 1e-3", Some(self.above_1e_3))]
    }

    fn interval(&self) -> Option<[f64; 2]> {
        Some(self.below_interval)
    }

    fn outcomes(&self) -> Option<Outcomes> {
        None
    }
}

impl Summary for RobustnessFigures {
    fn shares(&self) -> Vec<(&'static str, Option<f64>)> {
        vec![("robustness", self.robustness), ("of successes", self.robustness_of_successes)]
    }

    fn interval(&self) -> Option<[f64; 2]> {
        self.interval
    }

    fn outcomes(&self) -> Option<Outcomes> {
        None
    }
}

impl Summary for FgsmFigures {
    fn shares(&self) -> Vec<(&'static str, Option<f64>)> {
        vec![("rate", Some(self.rate)), ("gradient entries exactly zero", self.zero_gradients)]
    }

    fn interval(&self) -> Option<[f64; 2]> {
        Some(self.interval)
    }

    fn outcomes(&self) -> Option<Outcomes> {
        Some(self.outcomes)
    }
}

impl Summary for PairsFigures {
    fn shares(&self) -> Vec<(&'static str, Option<f64>)> {
        vec![("rate", Some(self.rate))]
    }

    fn interval(&self) -> Option<[f64; 2]> {
        Some(self.interval)
    }

    fn outcomes(&self) -> Option<Outcomes> {
        Some(self.outcomes)
    }
}

impl Summary for TransferFigures {
    fn shares(&self) -> Vec<(&'static str, Option<f64>)> {
        vec![("rate", Some(self.rate)), ("misclassified", Some(self.misread_rate))]
    }

    fn interval(&self) -> Option<[f64; 2]> {
        Some(self.interval)
    }

    fn outcomes(&self) -> Option<Outcomes> {
        Some(self.outcomes)
    }
}

/// A row in a line or two.
pub fn words<F: Summary>(row: &Row<F>) -> String {
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let name = |network: &RowNetwork| match network.scale {
        1.0 => network.model.clone(),
        scale => format!("{} × {scale}", network.model),
    };
    let mut line = name(&row.head.network);
    if let Some(attack) = row.head.attack {
        line += &format!(", {}", attack.name());
    }
    if let Some(to) = &row.head.to {
        line += &format!(" shown to {}", name(&to.network));
    }
    let mut interval = row.figures.interval();
    for (says, share) in row.figures.shares() {
        line += &format!(", {says} {}", share.map_or("none".into(), percent));
        if let Some([low, high]) = interval.take() {
            line += &format!(" (95 % interval {} to {})", percent(low), percent(high));
        }
    }
    if let Some(outcomes) = row.figures.outcomes() {
        let Outcomes { fooled, budget_spent, no_admissible_pair, gradient_vanished } = outcomes;
        line += &format!(
            "\n  fooled {fooled}, budget spent {budget_spent}, no admissible pair \
             {no_admissible_pair}, gradient vanished {gradient_vanished}"
        );
    }
    line
}

/// The share of records whose attack fooled the network.
pub fn fooled(records: &[Record]) -> f64 {
    let is_fooled = |record: &&Record| matches!(&record.result, AttemptResult::Attack(of) if of.outcome == Outcome::Fooled);
    records.iter().filter(is_fooled).count() as f64 / records.len().max(1) as f64
}
