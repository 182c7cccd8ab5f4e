//! The same measurements by somebody else's program, beside this one's.

use serde_json::Value;

use super::cells::{NONE, percent};
use super::{Name, Page};

/// What `tests/python/check_published.py` has found on the same files and images.
pub fn write(page: &mut Page, networks: &[Name], rows: &[Value]) {
    let outcomes = |of: &Value| {
        let counts = [
            ("fooled", "fooled"),
            ("budget_spent", "spent"),
            ("no_admissible_pair", "no pair"),
            ("gradient_vanished", "vanished"),
            ("already_target", "there before"),
        ];
        let counts = counts.into_iter().filter_map(|(field, says)| match of[field].as_u64()? {
            0 => None,
            count => Some(format!("{count} {says}")),
        });
        match counts.collect::<Vec<_>>().as_slice() {
            [] => NONE.into(),
            all => all.join(", "),
        }
    };
    let mut table = Vec::new();
    for name in networks.iter().filter(|name| name.scale == 1.0) {
        for row in rows.iter().filter(|row| row["model"] == name.id.as_str()) {
            let attack = row["attack"].as_str().unwrap_or_default();
            table.push(vec![
                name.words(),
                percent(row["accuracy"].as_f64()),
                match row["attack_temperature"].as_f64() {
                    Some(at) if at != 1.0 => format!("{attack}, T = {at}"),
                    _ => attack.to_owned(),
                },
                row["images"].to_string(),
                outcomes(&row["outcomes"]),
                outcomes(&row["outcomes_here"]),
            ]);
        }
    }
    page.table(
        "The same, computed by PyTorch",
        "Accuracy on all 10,000 test images, and outcomes of an attack written a second time, in Python, on \
         the published files (`tests/python/check_published.py`); here: this project's on the same images. \
         Two programs round differently, so a few of the attacks that are nearly equal may part ways.",
        &["network", "accuracy by PyTorch", "attack", "images", "outcomes by PyTorch", "outcomes here"],
        table,
    );
}
