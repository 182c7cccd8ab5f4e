//! What stands in the cells of the tables.

use serde_json::Value;

use super::Name;

/// What stands where nothing was measured or reported.
pub const NONE: &str = "–";

pub fn percent(share: Option<f64>) -> String {
    share.map_or(NONE.into(), |share| format!("{:.2} %", 100.0 * share))
}

/// A figure of a paper, marked where it could only be read off a plot.
pub fn reported(share: Option<f64>, is_stated: bool) -> String {
    match share {
        Some(share) if !is_stated => format!("~{:.1} %", 100.0 * share),
        _ => percent(share),
    }
}

/// A share and its interval. That of a mean of few images may reach beyond what a share can be.
pub fn with_interval(row: &Value, value: &str, interval: &str) -> String {
    let end = |place: usize| row[interval][place].as_f64().map(|end| end.clamp(0.0, 1.0));
    let ends = (end(0), end(1));
    match (row[value].as_f64(), ends) {
        (Some(share), (Some(low), Some(high))) => {
            format!("{:.1} % [{:.1}, {:.1}]", 100.0 * share, 100.0 * low, 100.0 * high)
        }
        _ => NONE.into(),
    }
}

/// A rate, its interval, and how many attacks vanished, if any.
pub fn cell(row: Option<&Value>) -> String {
    let Some(row) = row else { return NONE.into() };
    let planned = row["planned"].as_u64().unwrap_or(0);
    let of = if planned == 900 { String::new() } else { format!(" of {planned}") };
    let vanished = row["outcomes"]["gradient_vanished"].as_u64().unwrap_or(0);
    let note = if vanished > 0 { format!(", **vanished {vanished}**") } else { String::new() };
    let distance = match (row["attack"].as_str(), row["distance_successes"].as_f64()) {
        (Some("cw-l2"), Some(distance)) => format!(", L2 {distance:.2}"),
        _ => String::new(),
    };
    let features = match (row["distortion_successes"].as_f64(), distance.is_empty()) {
        (Some(share), true) => format!(", {:.1} % of features", 100.0 * share),
        _ => String::new(),
    };
    format!("{}{of}{distance}{features}{note}", with_interval(row, "rate", "interval"))
}

/// The success of an attack on a network, of the row that counts most.
pub fn find<'a>(
    rows: &'a [Value],
    name: &Name,
    attack: &str,
    direction: Option<&str>,
) -> Option<&'a Value> {
    let fits = |row: &&Value| {
        name.is(row)
            && row["attack"] == attack
            && direction.is_none_or(|way| row["direction"] == way)
    };
    rows.iter().filter(fits).max_by_key(|row| row["planned"].as_u64())
}

/// The images of the row that has most of them: what a table says it is about.
pub fn most_images(rows: &[Value]) -> u64 {
    rows.iter().filter_map(|row| row["images"].as_u64()).max().unwrap_or(0)
}

/// The number of a row's images, where its table says that it is about more.
pub fn of_fewer(row: &Value, most: u64) -> String {
    match row["images"].as_u64() {
        Some(images) if images < most => format!(", of {images}"),
        _ => String::new(),
    }
}
