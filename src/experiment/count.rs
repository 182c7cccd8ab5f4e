//! From records to rows.

use std::collections::BTreeMap;

use serde::Serialize;

use super::amplitude::AmplitudeFigures;
use super::fgsm::FgsmFigures;
use super::kind::Kind;
use super::pairs::PairsFigures;
use super::plan::{Experiment, ExperimentError, Subject, Task};
use super::record::{AttemptResult, Record, TaskResults};
use super::robustness::RobustnessFigures;
use super::row::{Figures, Head, Origin, Row, RowNetwork, RowRole, TargetModel};
use super::success::SuccessFigures;
use super::transfer::TransferFigures;
use crate::network::manifest::{Entry, Role};

/// The rows of an experiment, by its kind. As JSON they are an array of rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Rows {
    /// Of [`Kind::Success`].
    Success(Vec<Row<SuccessFigures>>),
    /// Of [`Kind::Amplitude`].
    Amplitude(Vec<Row<AmplitudeFigures>>),
    /// Of [`Kind::Robustness`].
    Robustness(Vec<Row<RobustnessFigures>>),
    /// Of [`Kind::Fgsm`].
    Fgsm(Vec<Row<FgsmFigures>>),
    /// Of [`Kind::Pairs`].
    Pairs(Vec<Row<PairsFigures>>),
    /// Of [`Kind::Transfer`].
    Transfer(Vec<Row<TransferFigures>>),
}

impl Experiment {
    /// The rows of this experiment's table, counted from the records so far: one a task, or for transfer
    /// one a task and target model.
    ///
    /// The order of the records makes no difference, nor does one that is there twice.
    ///
    /// # Errors
    /// A record belongs to another experiment.
    pub fn rows(&self, records: &[Record]) -> Result<Rows, ExperimentError> {
        Ok(match self.kind {
            Kind::Success => Rows::Success(self.rows_of(records)?),
            Kind::Amplitude => Rows::Amplitude(self.rows_of(records)?),
            Kind::Robustness => Rows::Robustness(self.rows_of(records)?),
            Kind::Fgsm => Rows::Fgsm(self.rows_of(records)?),
            Kind::Pairs => Rows::Pairs(self.rows_of(records)?),
            Kind::Transfer => Rows::Transfer(self.rows_of(records)?),
        })
    }

    /// As [`rows`](Self::rows), with the figures that `F` counts: those of this experiment's kind.
    ///
    /// # Errors
    /// A record belongs to another experiment.
    pub fn rows_of<F: Figures>(&self, records: &[Record]) -> Result<Vec<Row<F>>, ExperimentError> {
        let mut by_task: Vec<BTreeMap<usize, &AttemptResult>> =
            vec![BTreeMap::new(); self.tasks.len()];
        for Record { task, attempt, result } in records {
            let foreign = ExperimentError::Foreign { task: *task, attempt: *attempt };
            let of_task = by_task.get_mut(*task).ok_or(foreign.clone())?;
            let fits = match result {
                AttemptResult::Attack(result) => {
                    self.kind.facts().attacks
                        && result.predictions.len() == self.target_models.len()
                }
                AttemptResult::Amplitude(_) => !self.kind.facts().attacks,
            };
            if !fits || *attempt >= self.attempts.len() {
                return Err(foreign);
            }
            of_task.insert(*attempt, result);
        }
        let mut rows = Vec::new();
        for (task, results) in self.tasks.iter().zip(&by_task) {
            let results = self.results(task, results);
            if self.kind == Kind::Transfer {
                for (place, target_model) in self.target_models.iter().enumerate() {
                    rows.push(self.row(task, Some(target_model), F::count(&results, place)));
                }
            } else {
                rows.push(self.row(task, None, F::count(&results, 0)));
            }
        }
        Ok(rows)
    }

    fn results<'a>(
        &'a self,
        task: &Task,
        results: &BTreeMap<usize, &'a AttemptResult>,
    ) -> TaskResults<'a> {
        let (mut attacks, mut amplitudes) = (Vec::new(), Vec::new());
        for (&number, result) in results {
            match result {
                AttemptResult::Attack(result) => attacks.push((self.attempts[number], result)),
                AttemptResult::Amplitude(amplitude) => amplitudes.push(amplitude),
            }
        }
        TaskResults {
            attack: task.attack,
            attacks,
            amplitudes,
            labels: &self.labels,
            features: task.subject.entry.dataset.spec().features(),
        }
    }

    fn row<F>(&self, task: &Task, target_model: Option<&Subject>, figures: F) -> Row<F> {
        let source = self.source.clone();
        Row {
            head: Head {
                network: network(&task.subject),
                attack: task.attack,
                to: target_model.map(|of| TargetModel { network: network(of), model_sha256: None }),
                images: self.labels.len(),
                drawn: Some(source.drawn),
                planned: self.attempts.len(),
            },
            figures,
            origin: Origin {
                engine: source.engine,
                seed: source.seed,
                model_sha256: task.subject.entry.sha256.clone(),
                command: source.command,
                date: source.date,
            },
        }
    }
}

/// What rows contain of a network.
fn network(Subject { entry, scale, .. }: &Subject) -> RowNetwork {
    let role = match (entry.role, *scale == 1.0) {
        (_, false) => RowRole::Scaled,
        (Role::Undefended, _) => RowRole::Undefended,
        (Role::Distilled, _) => RowRole::Distilled,
        (Role::Teacher, _) => RowRole::Teacher,
    };
    let Entry { dataset, id, temperature, .. } = entry;
    RowNetwork {
        dataset: *dataset,
        model: id.clone(),
        role,
        temperature: *temperature,
        scale: *scale,
    }
}
