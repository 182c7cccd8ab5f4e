//! The files of rows in `results/`.

use defensive_distillation::experiment::{
    AmplitudeFigures, FgsmFigures, Figures, PairsFigures, RobustnessFigures, Settings,
    SuccessFigures, TransferFigures, read_rows, write_rows,
};
use serde_json::Value;

fn text<F: Figures>() -> String {
    let file = format!("results/{}.json", F::KIND.name());
    std::fs::read_to_string(&file).expect("the results are committed")
}

fn is_written_as_it_was_read<F: Figures>() {
    let text = text::<F>();
    let rows = read_rows::<F>(text.as_bytes()).expect("every row is understood");
    assert!(!rows.is_empty());
    // Not `assert_eq`, which would print megabytes.
    assert!(write_rows(&rows).expect("rows are plain data") == text, "{}", F::KIND.name());
}

#[test]
fn committed_files_are_written_as_they_were_read() {
    is_written_as_it_was_read::<SuccessFigures>();
    is_written_as_it_was_read::<AmplitudeFigures>();
    is_written_as_it_was_read::<RobustnessFigures>();
    is_written_as_it_was_read::<FgsmFigures>();
    is_written_as_it_was_read::<PairsFigures>();
    is_written_as_it_was_read::<TransferFigures>();
}

/// The error of a file whose second row is the committed one with a field changed.
fn refused<F: Figures>(field: &str, value: Option<Value>) -> String {
    let mut rows: Vec<Value> = serde_json::from_str(&text::<F>()).expect("it is JSON");
    rows.truncate(2);
    let fields = rows[1].as_object_mut().expect("a row is an object");
    match value {
        Some(value) => fields.insert(field.to_owned(), value),
        None => fields.remove(field),
    };
    let json = serde_json::to_vec(&rows).expect("it was JSON");
    read_rows::<F>(&json).err().expect("it should be refused").to_string()
}

#[test]
fn a_row_that_is_not_understood_is_refused() {
    for (error, says) in [
        (refused::<SuccessFigures>("attack", Some("jsma".into())), "no attack \"jsma\""),
        (refused::<SuccessFigures>("attack", Some(Value::Null)), "no attack null"),
        (refused::<SuccessFigures>("attack", None), "a row of success needs an attack"),
        (refused::<FgsmFigures>("epsilon", None), "epsilon"),
        (refused::<AmplitudeFigures>("attack", Some("jsma-f".into())), "missing field"),
        (refused::<SuccessFigures>("rate", None), "missing field `rate`"),
        (refused::<SuccessFigures>("role", Some("defended".into())), "unknown variant `defended`"),
        (refused::<TransferFigures>("seconds", Some(1.into())), "the field seconds is unknown"),
    ] {
        assert!(error.starts_with("Row 2 ") && error.contains(says), "{error}");
    }
    let error = read_rows::<SuccessFigures>(b"{}").expect_err("it is no array").to_string();
    assert!(error.starts_with("It is no JSON array"), "{error}");
}

/// The settings that tables sort and select by have the same names in every attack.
#[test]
fn settings_are_found_in_every_attack_that_has_them() {
    let rows = read_rows::<SuccessFigures>(text::<SuccessFigures>().as_bytes());
    for row in rows.expect("every row is understood") {
        let attack = row.head.attack.expect("success has attacks");
        let settings = Settings::of(attack).expect("its settings have their types");
        assert_eq!(settings.budget, attack.budget(), "{attack:?}");
        assert_eq!(settings.direction.is_some(), settings.budget.is_some(), "{attack:?}");
        assert_eq!(settings.theta.is_some(), settings.budget.is_some(), "{attack:?}");
        assert_eq!(settings.confidence.is_some(), attack.name().starts_with("cw"), "{attack:?}");
    }
}
