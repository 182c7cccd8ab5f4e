//! The files of rows in `results/`: a JSON array, one row a line, keys in alphabetical order.

use serde_json::Value;

use super::row::{Figures, Row};

/// The reason why a file of rows cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// It is no JSON array.
    #[error("It is no JSON array: {0}.")]
    Json(#[from] serde_json::Error),
    /// A row cannot be understood.
    #[error("Row {number} cannot be read: {reason}.")]
    Row {
        /// Its place in the file, counted from 1.
        number: usize,
        /// What is wrong with it.
        reason: String,
    },
}

/// Reads the rows of a file.
///
/// # Errors
/// The text is no JSON array, or a row lacks a field, has one that is unknown, or has one of another type
/// than expected; a row has no attack, though its kind needs one.
pub fn read_rows<F: Figures>(json: &[u8]) -> Result<Vec<Row<F>>, RowsError> {
    let rows: Vec<Value> = serde_json::from_slice(json)?;
    let read = |(number, row)| read_row(row).map_err(|reason| RowsError::Row { number, reason });
    (1..).zip(rows).map(read).collect()
}

fn read_row<F: Figures>(fields: Value) -> Result<Row<F>, String> {
    let row: Row<F> = serde_json::from_value(fields.clone()).map_err(|e| e.to_string())?;
    if row.head.attack.is_some() != F::KIND.facts().attacks {
        let needs = if F::KIND.facts().attacks { "needs an" } else { "has no" };
        return Err(format!("a row of {} {needs} attack", F::KIND.name()));
    }
    // A field that no struct has would be lost when the file is written again.
    let known = serde_json::to_value(&row).map_err(|e| e.to_string())?;
    match first_unknown(&fields, &known) {
        Some(field) => Err(format!("the field {field} is unknown")),
        None => Ok(row),
    }
}

/// The first field that `known` lacks, at any depth.
fn first_unknown(fields: &Value, known: &Value) -> Option<String> {
    match (fields, known) {
        (Value::Object(fields), Value::Object(known)) => fields.iter().find_map(|(name, value)| {
            known.get(name).map_or(Some(name.clone()), |known| first_unknown(value, known))
        }),
        (Value::Array(fields), Value::Array(known)) => {
            fields.iter().zip(known).find_map(|(value, known)| first_unknown(value, known))
        }
        _ => None,
    }
}

/// The text of a file of rows.
///
/// # Errors
/// A row cannot be written as JSON.
pub fn write_rows<F: Figures>(rows: &[Row<F>]) -> Result<String, serde_json::Error> {
    // A `Value` sorts its keys, and turns 32-bit numbers into 64-bit ones.
    let line = |row| Ok(serde_json::to_value(row)?.to_string());
    let lines = rows.iter().map(line).collect::<Result<Vec<_>, serde_json::Error>>()?;
    Ok(format!("[\n{}\n]\n", lines.join(",\n")))
}
