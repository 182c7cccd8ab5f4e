//! Experiments: splitting the work, counting the records, and the figures of each kind.

use burn::tensor::Device;
use defensive_distillation::attack::{Attack, Budget, Fgsm, Jsma, Outcome, Output};
use defensive_distillation::experiment::{
    AttackResult, AttemptResult, Chunk, Experiment, ExperimentError, Kind, Record, Source, Subject,
    Task,
};
use defensive_distillation::network::manifest::Entry;
use serde_json::Value;

use crate::reference::network::argmax;
use crate::{digits, published};

fn subject(id: &str, scale: f32) -> Subject {
    let manifest = std::fs::read("www/models/manifest.json").expect("the manifest is committed");
    let entries: Vec<Entry> = serde_json::from_slice(&manifest).expect("the manifest is JSON");
    let entry = entries.into_iter().find(|entry| entry.id == id).expect("the network is published");
    Subject::new(entry, &published(id).0, scale)
}

fn task(id: &str, scale: f32, attack: Attack) -> Task {
    Task { subject: subject(id, scale), attack: Some(attack) }
}

/// Four digits: a 0, a 2, a 5 and a 7.
fn four() -> (Vec<f32>, Vec<u8>) {
    let digits = digits().into_iter().step_by(25);
    let (images, labels): (Vec<_>, Vec<_>) = digits.unzip();
    (images.concat(), labels.into_iter().map(|label| label as u8).collect())
}

fn plan(kind: Kind, tasks: Vec<Task>, target_models: Vec<Subject>) -> Experiment {
    let (images, labels) = four();
    Experiment::new(kind, tasks, target_models, images, labels, Source::default())
        .expect("it is sound")
}

fn records(experiment: &Experiment, chunks: Vec<Chunk>) -> Vec<Record> {
    let mut records = Vec::new();
    for chunk in chunks {
        let mut worker = experiment.start(chunk, &[]).expect("it is its own chunk");
        while let Some(found) = pollster::block_on(worker.step(&Device::flex())).expect("it steps")
        {
            records.extend(found);
        }
        assert_eq!(worker.left(), 0);
    }
    records
}

fn rows(experiment: &Experiment, records: &[Record]) -> Vec<Value> {
    let rows = experiment.rows(records).expect("the records are its own");
    match serde_json::to_value(rows) {
        Ok(Value::Array(rows)) => rows,
        other => panic!("rows are an array, not {other:?}"),
    }
}

fn end(record: &Record) -> &AttackResult {
    match &record.result {
        AttemptResult::Attack(result) => result,
        AttemptResult::Amplitude(_) => panic!("nothing was attacked"),
    }
}

/// Chunks of another size, in another order, one of them twice, and records that went through JSON give the same
/// rows to the last bit.
#[test]
fn the_rows_do_not_depend_on_how_the_work_is_split() {
    let jsma = Attack::Jsma(Jsma { budget: Budget { features: 20 }, ..Jsma::PAPER });
    let tasks = vec![task("mnist-undefended", 1.0, jsma), task("mnist-undefended", 40.0, jsma)];
    let experiment = plan(Kind::Success, tasks, Vec::new());
    let at_once = records(&experiment, experiment.chunks(1000));
    let expected = rows(&experiment, &at_once);
    let mut chunks = experiment.chunks(7);
    assert_eq!(chunks.len(), 12);
    chunks.reverse();
    chunks.push(chunks[3]);
    let json = serde_json::to_string(&records(&experiment, chunks)).expect("it is plain data");
    let from_chunks: Vec<Record> = serde_json::from_str(&json).expect("it was a record");
    assert_eq!(rows(&experiment, &from_chunks), expected);

    let [plain, scaled] = &expected[..] else { panic!("a row a task") };
    assert_eq!(plain["planned"], 36);
    assert_eq!(scaled["role"], "scaled");
    assert_eq!(scaled["outcomes"]["gradient_vanished"], 36, "{scaled}");
    let fooled =
        at_once.iter().filter(|r| r.task == 0 && end(r).outcome == Outcome::Fooled).count();
    assert!(fooled > 0 && plain["successes"] == fooled && plain["attempts"] == 36);
    let half = rows(&experiment, &at_once[..10]);
    assert_eq!(
        half[0]["attempts"].as_u64().zip(half[1]["attempts"].as_u64()).map(|(a, b)| a + b),
        Some(10)
    );
}

/// Multiplying the logits by 4 has the same effect on JSMA as dividing its temperature by 4.
#[test]
fn a_scaled_network_is_the_network_at_another_temperature() {
    let settings = Jsma { budget: Budget { features: 30 }, ..Jsma::PAPER };
    let scaled = Attack::Jsma(settings);
    let tempered = Attack::Jsma(Jsma { output: Output::Tempered, temperature: 0.25, ..settings });
    // A power of two, so that both are the same numbers.
    let tasks =
        vec![task("mnist-undefended", 4.0, scaled), task("mnist-undefended", 1.0, tempered)];
    let experiment = plan(Kind::Success, tasks, Vec::new());
    let found = rows(&experiment, &records(&experiment, experiment.chunks(100)));
    for figure in ["outcomes", "distortion_all", "distance_successes", "steps"] {
        assert_eq!(found[0][figure], found[1][figure], "{figure}");
    }
}

#[test]
fn transfer_counts_the_predictions_of_the_reference_network() {
    let (images, mut labels) = four();
    // With a wrong label, both networks seem to misclassify the last digit, so it must not be counted.
    labels[3] = (labels[3] + 1) % 10;
    let jsma = task("mnist-undefended", 1.0, Attack::Jsma(Jsma::PAPER));
    let target_models = vec![subject("mnist-distilled-t40", 1.0), subject("mnist-undefended", 1.0)];
    let experiment = Experiment::new(
        Kind::Transfer,
        vec![jsma],
        target_models,
        images,
        labels,
        Source::default(),
    );
    let experiment = experiment.expect("it is sound");
    let records = records(&experiment, experiment.chunks(100));
    let rows = rows(&experiment, &records);
    let (_, float64) = published("mnist-distilled-t40");
    let digits: Vec<_> = digits().into_iter().step_by(25).collect();
    for record in &records {
        let end = end(record);
        let before = argmax(float64.forward(&digits[end.image].0).logits());
        assert_eq!(end.predictions[0].before, before);
        let reached = matches!(end.outcome, Outcome::Fooled | Outcome::AlreadyTarget);
        assert_eq!(end.predictions[1].after == end.class, reached);
    }
    let is_counted = |r: &&Record| end(r).outcome == Outcome::Fooled && end(r).image < 3;
    let fooled = records.iter().filter(is_counted).count();
    let reached =
        records.iter().filter(is_counted).filter(|r| end(r).predictions[0].after == end(r).class);
    assert_eq!(rows[0]["shown"], fooled);
    assert_eq!(rows[0]["reached"], reached.count());
    assert!(rows[0]["misread"].as_u64() > rows[0]["reached"].as_u64());
    // The network that the examples were made on is a target model, too: all of them fool it.
    assert_eq!(rows[1]["shown"], fooled);
    assert_eq!((&rows[1]["reached"], &rows[1]["misread"]), (&rows[1]["shown"], &rows[1]["shown"]));
    assert_eq!(rows[1]["to"]["model"], "mnist-undefended");
}

/// The mean over all ten rows of the Jacobian, in float64. The logits are scaled down, because 1 − F has few
/// digits in 32 bits if the probability F is close to 1.
#[test]
fn amplitudes_are_those_of_the_reference() {
    for (id, scale) in [("mnist-undefended", 0.25), ("mnist-distilled-t40", 0.0078125)] {
        let (_, float64) = published(id);
        let tasks = vec![Task { subject: subject(id, scale), attack: None }];
        let experiment = plan(Kind::Amplitude, tasks, Vec::new());
        let found = records(&experiment, experiment.chunks(3));
        let digits: Vec<_> = digits().into_iter().step_by(25).collect();
        for (record, (image, _)) in found.iter().zip(&digits) {
            let AttemptResult::Amplitude(found) = record.result else {
                panic!("nothing is attacked")
            };
            let trace = float64.forward(image);
            let scaled: Vec<_> = trace.logits().iter().map(|z| z * f64::from(scale)).collect();
            let f = crate::reference::softmax(&scaled);
            let row = |j: usize| {
                let cotangent =
                    |k: usize| f64::from(scale) * f[j] * (f64::from(u8::from(j == k)) - f[k]);
                float64.backward(&trace, &(0..10).map(cotangent).collect::<Vec<_>>())
            };
            let sum: f64 = (0..10).flat_map(row).map(f64::abs).sum();
            let expected = sum / 7840.0;
            let error = (found.amplitude - expected).abs() / expected;
            assert!(error < 1e-3, "{id} × {scale}: {} against {expected}", found.amplitude);
        }
        let row = &rows(&experiment, &found)[0];
        assert_eq!(row["measured"], 4);
        let counts = row["counts"].as_array().expect("bins").iter().filter_map(Value::as_u64);
        assert_eq!(counts.sum::<u64>(), 4);
    }
}

fn ended(attempt: usize, outcome: Outcome, features_changed: usize) -> Record {
    let (image, class) = (attempt / 9, 0);
    let (changes, distance, predictions) = (1, 1.0, Vec::new());
    let (zeros, admissible) = (Some(392), Some(78));
    let result = AttackResult {
        image,
        class,
        outcome,
        changes,
        features_changed,
        distance,
        zeros,
        admissible,
        predictions,
    };
    Record { task: 0, attempt, result: AttemptResult::Attack(result) }
}

#[test]
fn robustness_counts_failures_at_the_cap_and_without_them() {
    let experiment = plan(
        Kind::Robustness,
        vec![task("mnist-undefended", 1.0, Attack::Jsma(Jsma::PAPER))],
        Vec::new(),
    );
    // Four images: one fooled by 4 features at best, one whose gradient vanished for every target, one that is
    // misclassified before any change, and one with an attempt missing.
    let mut found: Vec<_> = (0..9).map(|i| ended(i, Outcome::Fooled, 20 - 2 * i)).collect();
    found.extend((9..18).map(|i| ended(i, Outcome::GradientVanished, 0)));
    found.extend((18..27).map(|i| ended(i, Outcome::Fooled, 2)));
    found[20].result = ended(20, Outcome::AlreadyTarget, 0).result;
    found.extend((27..35).map(|i| ended(i, Outcome::BudgetSpent, 112)));
    let row = &rows(&experiment, &found)[0];
    let counts =
        ["measured", "misread", "failures", "gradient_vanished"].map(|of| row[of].as_u64());
    assert_eq!(counts, [2, 1, 1, 1].map(Some));
    assert_eq!(row["robustness"], (4.0 / 784.0 + 112.0 / 784.0) / 2.0);
    assert_eq!(row["robustness_of_successes"], 4.0 / 784.0);
}

#[test]
fn fgsm_counts_errors_and_pairs_count_cells() {
    let fgsm = Attack::Fgsm(Fgsm { temperature: 1.0, epsilon: 0.3 });
    let experiment = plan(Kind::Fgsm, vec![task("mnist-undefended", 1.0, fgsm)], Vec::new());
    let outcomes =
        [Outcome::Fooled, Outcome::AlreadyTarget, Outcome::GradientVanished, Outcome::BudgetSpent];
    let found: Vec<_> = (0..4).zip(outcomes).map(|(i, outcome)| ended(i, outcome, 784)).collect();
    let row = &rows(&experiment, &found)[0];
    assert_eq!(
        (&row["errors"], &row["misread"], &row["rate"]),
        (&2.into(), &1.into(), &0.5.into())
    );
    assert_eq!(row["zero_gradients"], 0.5);

    let jsma = task("mnist-undefended", 1.0, Attack::Jsma(Jsma::PAPER));
    let experiment = plan(Kind::Pairs, vec![jsma], Vec::new());
    let found = records(&experiment, experiment.chunks(100));
    let row = &rows(&experiment, &found)[0];
    let cells = row["cells"].as_array().expect("cells");
    assert_eq!(cells.len(), 36);
    for cell in cells {
        assert_ne!(cell["source"], cell["target"]);
        assert_eq!(cell["attempts"], 1);
    }
    let (source, target) = (&cells[0]["source"], &cells[0]["target"]);
    assert_eq!((source, target), (&0.into(), &1.into()));
    let first = end(found.iter().find(|record| record.attempt == 0).expect("it ended"));
    let admissible = first.admissible.expect("JSMA has a map") as f64;
    assert_eq!(cells[0]["distance"], 1.0 - admissible / 784.0);
    assert_eq!(cells[0]["successes"], u8::from(first.outcome == Outcome::Fooled));
}

#[test]
fn invalid_experiments_chunks_and_records_are_refused() {
    let jsma = || task("mnist-undefended", 1.0, Attack::Jsma(Jsma::PAPER));
    let (images, labels) = four();
    let new = |kind, tasks, images: &[f32], labels: &[u8]| {
        let made = Experiment::new(
            kind,
            tasks,
            vec![],
            images.to_vec(),
            labels.to_vec(),
            Source::default(),
        );
        made.err().expect("it should be refused")
    };
    assert_eq!(new(Kind::Success, vec![], &images, &labels), ExperimentError::Empty);
    assert_eq!(new(Kind::Success, vec![jsma()], &[], &[]), ExperimentError::Empty);
    assert_eq!(
        new(Kind::Transfer, vec![jsma()], &images, &labels),
        ExperimentError::NoTargetModels
    );
    assert_eq!(
        new(Kind::Success, vec![jsma()], &images, &[1, 2, 3, 10]),
        ExperimentError::Label(10)
    );
    let wrong = new(Kind::Success, vec![jsma()], &images[1..], &labels);
    assert!(matches!(wrong, ExperimentError::Images { .. }));
    let no_attack = Task { attack: None, ..jsma() };
    assert_eq!(
        new(Kind::Pairs, vec![no_attack], &images, &labels),
        ExperimentError::NoAttack("pairs")
    );

    let experiment = plan(Kind::Success, vec![jsma()], Vec::new());
    for chunk in [
        Chunk { task: 1, from: 0, to: 1 },
        Chunk { task: 0, from: 0, to: 37 },
        Chunk { task: 0, from: 3, to: 2 },
    ] {
        assert!(matches!(
            experiment.start(chunk, &[]).err(),
            Some(ExperimentError::Foreign { .. })
        ));
    }
    for record in
        [ended(36, Outcome::Fooled, 1), Record { task: 1, ..ended(0, Outcome::Fooled, 1) }]
    {
        assert!(matches!(experiment.rows(&[record]), Err(ExperimentError::Foreign { .. })));
    }
}
