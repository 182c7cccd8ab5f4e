//! `distill registry`: writes what the page and its types take from the registries of attacks, data sets
//! and experiments, and from the structs that JavaScript sees.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use defensive_distillation::attack::{Facts, Values, attacks};
use defensive_distillation::dataset::{Dataset, First};
use defensive_distillation::experiment::Kind;
use serde::{Serialize, Serializer};

use crate::Result;
use crate::typescript::{GENERATED, capitalised, messages};

#[derive(Args)]
pub struct Arguments {
    /// Compare the files instead of writing them.
    #[arg(long)]
    check: bool,
    /// Where the files are.
    #[arg(long, value_name = "DIR", default_value = "pkg")]
    out: PathBuf,
}

pub fn run(arguments: Arguments) -> Result {
    for (name, text) in files()? {
        let path = arguments.out.join(name);
        if !arguments.check {
            std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
        } else if !is_current(&path, &text) {
            let path = path.display();
            return Err(format!("{path} is out of date. Run `npm run registry`.").into());
        }
    }
    Ok(())
}

/// Whether a file holds this text.
fn is_current(path: &Path, text: &str) -> bool {
    std::fs::read_to_string(path).is_ok_and(|found| found == text)
}

/// The name and the text of every file.
fn files() -> Result<[(&'static str, String); 6]> {
    let attacks: Vec<_> = attacks().collect();
    let datasets = Dataset::ALL.map(DatasetFacts::of);
    let experiments = Kind::ALL.map(Kind::facts);
    let by_id = [
        ("ATTACKS", "attack", pretty(&ById(&attacks, |facts| facts.id))?),
        ("DATASETS", "data set", pretty(&ById(&datasets, |facts| facts.id))?),
        ("EXPERIMENTS", "experiment", pretty(&ById(&experiments, |facts| facts.id))?),
    ];
    let mut script = GENERATED.to_owned();
    let mut types = GENERATED.to_owned();
    for (name, what, json) in by_id {
        writeln!(script, "\n/** Every {what} by its id. */")?;
        writeln!(script, "export const {name} = /** @type {{const}} */ ({json});")?;
        // JSON is a type of TypeScript, too.
        let json = json.replace(": [", ": readonly [");
        writeln!(types, "\n/** Every {what} by its id. */\nexport declare const {name}: {json};")?;
    }
    write_requests(&mut types, &attacks)?;
    Ok([
        ("attacks.json", pretty(&attacks)? + "\n"),
        ("datasets.json", pretty(&datasets)? + "\n"),
        ("experiments.json", pretty(&experiments)? + "\n"),
        ("registry.js", script),
        ("registry.d.ts", types),
        ("messages.d.ts", messages(&attacks)?),
    ])
}

fn pretty(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value)
}

/// Serializes rows as an object with each row under its id, in the order of the rows.
struct ById<'a, T>(&'a [T], fn(&T) -> &'static str);

impl<T: Serialize> Serialize for ById<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|row| (self.1(row), row)))
    }
}

/// The TypeScript types of an attack request.
fn write_requests(types: &mut String, attacks: &[&Facts]) -> Result {
    let mut names = Vec::new();
    for facts in attacks {
        let name: String = facts.id.split('-').map(capitalised).collect();
        writeln!(types, "\n/** {}. */\nexport interface {name} {{", facts.summary)?;
        writeln!(types, "  attack: \"{}\";", facts.id)?;
        for setting in facts.settings {
            let (mark, default) = match setting.required {
                true => ("", String::new()),
                false => ("?", format!(" Default: {}.", setting.left_out())),
            };
            let (range, of) = match &setting.values {
                Values::Choice(choices) => {
                    let names = choices.choices.iter().map(|name| format!("\"{name}\""));
                    (String::new(), names.collect::<Vec<_>>().join(" | "))
                }
                Values::Number(range) | Values::Integer(range) => {
                    (format!(", {}", range.in_words("the number of")), "number".into())
                }
            };
            let (name, help) = (setting.name, setting.help.trim_end_matches('.'));
            writeln!(types, "  /** {help}{range}.{default} */\n  {name}{mark}: {of};")?;
        }
        writeln!(types, "}}")?;
        names.push(name);
    }
    writeln!(types, "\n/** An attack by its id, with its settings. */")?;
    writeln!(types, "export type Attack = {};", names.join(" | "))?;
    Ok(())
}

/// The facts of a data set that the page needs.
#[derive(Serialize)]
struct DatasetFacts {
    id: &'static str,
    name: &'static str,
    /// Channels, height, width.
    shape: [usize; 3],
    features: usize,
    classes: &'static [&'static str],
    budget: usize,
    drawn: bool,
    first: First,
}

impl DatasetFacts {
    fn of(dataset: Dataset) -> Self {
        let spec = dataset.spec();
        Self {
            id: spec.id,
            name: spec.name,
            shape: spec.shape,
            features: spec.features(),
            classes: &spec.classes,
            budget: spec.budget,
            drawn: spec.drawn,
            first: spec.first,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_in_pkg_are_what_the_registry_gives() {
        for (name, text) in files().expect("the registry is plain data") {
            assert!(
                is_current(&Path::new("pkg").join(name), &text),
                "run `npm run registry`: {name}"
            );
        }
    }
}
