//! The same measurements by somebody else's program, beside this one's.

use serde_json::Value;

use super::cells::{NONE, percent};
use super::{Name, Page};

/// What `tests/python/check_published.py` has found on the same files and images.
pub fn write(page: &mut Page, networks: &[Name], rows: &[Value]) {
    let mut table = Vec::new();
    let (mut attempts, mut otherwise) = (0, 0);
    for name in networks {
        for row in rows.iter().filter(|row| name.is(row)) {
            let (found, here) = (&row["found"], &row["found_here"]);
            table.push(vec![
                name.words(),
                percent(row["accuracy"].as_f64()),
                what(row),
                row["images"].to_string(),
                words(found),
                words(here),
            ]);
            if row["figure"] == "success" && here.is_object() {
                let of = |counts: &Value, end: &str| counts[end].as_u64().unwrap_or(0);
                attempts += ENDS.iter().map(|(end, _)| of(found, end)).sum::<u64>();
                // Each attempt that ended otherwise is missing in one count and too many in another.
                otherwise +=
                    ENDS.iter().map(|(end, _)| of(found, end).abs_diff(of(here, end))).sum::<u64>()
                        / 2;
            }
        }
    }
    let sum = match attempts {
        0 => String::new(),
        _ => format!(
            " By these counts {} of {attempts} attempts ended otherwise.",
            if otherwise == 0 { "none".into() } else { otherwise.to_string() }
        ),
    };
    let bins = match rows.iter().any(|row| row["figure"] == "amplitude") {
        true => {
            " An amplitude is given as the images in each of the ten bins, from the smallest gradients to the \
             largest."
        }
        false => "",
    };
    page.table(
        "The same, computed by PyTorch",
        &format!(
            "Accuracy on all 10,000 test images, and figures of attacks and gradients written a second time, \
             in Python, on the published files (`tests/python/check_published.py`); here: this project's on \
             the same images. Two programs round differently, so a few of the attacks that are nearly equal \
             may part ways.{sum}{bins}"
        ),
        &["network", "accuracy by PyTorch", "figure", "images", "by PyTorch", "here"],
        table,
    );
}

/// How an attempt can end.
const ENDS: [(&str, &str); 5] = [
    ("fooled", "fooled"),
    ("budget_spent", "spent"),
    ("no_admissible_pair", "no pair"),
    ("gradient_vanished", "vanished"),
    ("already_target", "there before"),
];

/// What else is counted.
const COUNTS: [(&str, &str); 6] = [
    ("measured", "measured"),
    ("failures", "never fooled"),
    ("shown", "shown"),
    ("reached", "reach the target"),
    ("misread", "misread"),
    ("zero", "exactly zero"),
];

/// Which figure a row is about.
fn what(row: &Value) -> String {
    let attack = || {
        let mut says = row["attack"].as_str().unwrap_or_default().to_owned();
        match row["direction"].as_str() {
            Some("decrease") => says += " −",
            Some("either") => says += " ±",
            _ => {}
        }
        if let Some(temperature) = row["attack_temperature"].as_f64().filter(|&at| at != 1.0) {
            says += &format!(", T = {temperature}");
        }
        if let Some(epsilon) = row["epsilon"].as_f64() {
            says += &format!(", ε = {epsilon}");
        }
        says
    };
    match row["figure"].as_str() {
        Some("amplitude") => "amplitude".into(),
        Some("robustness") => format!("robustness, {}", attack()),
        Some("transfer") => {
            format!("{}, shown to {}", attack(), row["to"].as_str().unwrap_or(NONE))
        }
        _ => attack(),
    }
}

/// What was counted, without the zeros.
fn words(found: &Value) -> String {
    let counted =
        ENDS.iter().chain(&COUNTS).filter_map(|(field, says)| match found[field].as_u64()? {
            0 => None,
            count => Some(format!("{count} {says}")),
        });
    let bins = found["counts"]
        .as_array()
        .map(|bins| bins.iter().map(Value::to_string).collect::<Vec<_>>().join(" · "));
    let features = found["features"].as_f64().map(|of| format!("{of:.1} features"));
    let distance = found["distance"].as_f64().map(|of| format!("L2 {of:.2}"));
    let robustness = found["robustness"].as_f64().map(|of| format!("ρ {:.3} %", 100.0 * of));
    let all: Vec<_> =
        bins.into_iter().chain(counted).chain(features).chain(distance).chain(robustness).collect();
    if all.is_empty() { NONE.into() } else { all.join(", ") }
}
