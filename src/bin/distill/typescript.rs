//! The TypeScript types of what JavaScript and the engine send each other, derived from the structs.

use std::collections::BTreeMap;
use std::fmt::Write;

use defensive_distillation::attack::{Facts, Values};
use defensive_distillation::experiment::{
    Amplitude, AmplitudeFigures, AttackResult, Chunk, FgsmFigures, Figures, PairsFigures, Record,
    RobustnessFigures, Row, SuccessFigures, TargetModel, TransferFigures,
};
use defensive_distillation::messages::{
    Attempt, BatchRequest, Classification, EngineInfo, ExperimentRequest, Float32Array, Step,
    Uint8Array,
};
use defensive_distillation::network::manifest::Entry;
use ts_rs::{Config, TS, TypeVisitor};

use crate::Result;

/// The first line of every script and of every file of types.
pub const GENERATED: &str = "// Generated from the Rust sources by `npm run registry`.\n";

/// A word with its first letter in upper case.
pub fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

/// The text of `messages.d.ts`.
pub fn messages(attacks: &[&Facts]) -> Result<String> {
    // JavaScript has one type of number, and only intervals and pairs have a fixed length.
    let config = Config::new().with_large_int("number").with_array_tuple_limit(2);
    let mut types = Declarations { config: &config, found: BTreeMap::new() };
    types.visit::<EngineInfo>();
    types.visit::<Entry>();
    types.visit::<Classification>();
    types.visit::<BatchRequest<Float32Array, Uint8Array>>();
    types.visit::<Step<'static, Float32Array>>();
    types.visit::<ExperimentRequest<Float32Array, Uint8Array>>();
    types.visit::<Attempt>();
    types.visit::<Chunk>();
    types.visit::<Record>();
    let rows = [
        types.row::<SuccessFigures>(),
        types.row::<AmplitudeFigures>(),
        types.row::<RobustnessFigures>(),
        types.row::<FgsmFigures>(),
        types.row::<PairsFigures>(),
        types.row::<TransferFigures>(),
    ];

    let mut text = GENERATED.to_owned();
    text += "\nimport type { Attack } from \"./registry.js\";\nexport type { Attack };\n";
    for declaration in types.found.values() {
        write!(text, "\n{declaration}")?;
    }
    let record = Record::name(&config);
    for (name, result) in
        [("Attack", AttackResult::name(&config)), ("Amplitude", Amplitude::name(&config))]
    {
        writeln!(text, "\nexport type {name}Record = Extract<{record}, {result}>;")?;
    }
    write_settings(&mut text, attacks)?;
    let mut names = Vec::new();
    for (name, row) in rows {
        writeln!(text, "\nexport type {name} = {row};")?;
        names.push(name);
    }
    writeln!(text, "\nexport type ExperimentRow = {};", names.join(" | "))?;
    Ok(text)
}

/// The settings of all attacks, as rows have them.
fn write_settings(text: &mut String, attacks: &[&Facts]) -> Result {
    writeln!(text, "\n/** The attack of a row, with its settings. */")?;
    writeln!(text, "export type RowAttack = {{\n  attack: Attack[\"attack\"];")?;
    let mut written = Vec::new();
    for setting in attacks.iter().flat_map(|facts| facts.settings) {
        if !written.contains(&setting.key) {
            let of = match setting.values {
                Values::Choice(_) => "string",
                Values::Number(_) | Values::Integer(_) => "number",
            };
            let help = setting.help.trim_end_matches('.');
            writeln!(text, "  /** {help}. */\n  {}?: {of};", setting.key)?;
            written.push(setting.key);
        }
    }
    writeln!(text, "}};")?;
    Ok(())
}

/// Declares every type that it visits, and those that this one names. They are sorted by name, because
/// ts-rs visits the types that a type names in another order each time it is compiled.
struct Declarations<'a> {
    config: &'a Config,
    found: BTreeMap<String, String>,
}

impl Declarations<'_> {
    /// The name and the type of the rows with some figures.
    fn row<F: Figures + TS + 'static>(&mut self) -> (String, String) {
        self.visit::<Row<F>>();
        let facts = F::KIND.facts();
        let mut row = Row::<F>::name(self.config);
        if facts.attacks {
            row += " & RowAttack";
        }
        if facts.shown_to {
            // `Row` is of all kinds, and only these always have it.
            write!(row, " & {{ to: {} }}", TargetModel::name(self.config)).expect("memory");
        }
        (capitalised(facts.id) + "Row", row)
    }
}

impl TypeVisitor for Declarations<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        T::visit_generics(self);
        T::visit_dependencies(self);
        // Only types with a declaration of their own have a path.
        if T::output_path().is_some() {
            let docs = T::docs().unwrap_or_default();
            let declaration = format!("{docs}export {}", T::decl(self.config));
            self.found.insert(T::ident(self.config), pretty(&in_javascript(&declaration)));
        }
    }
}

/// With comments that name what JavaScript has, and without links to the documentation of the Rust.
fn in_javascript(declaration: &str) -> String {
    let mut parts = declaration.split("](");
    let first = parts.next().into_iter();
    let text: String =
        first.chain(parts.filter_map(|part| Some(part.split_once(')')?.1))).collect();
    text.replace("[`", "`").replace("`None`", "`null`")
}

/// Lays out a declaration, in which each field is a line of its own after its comment.
fn pretty(declaration: &str) -> String {
    let mut text = String::new();
    let mut indent = "";
    let mut lines = declaration.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        if line == "/**" {
            let comment: Vec<_> = lines.by_ref().take_while(|&line| line != "*/").collect();
            text += &match comment[..] {
                [only] => format!("{indent}/** {} */\n", only.trim_start_matches("* ")),
                _ => format!(
                    "{indent}/**\n{indent} {}\n{indent} */\n",
                    comment.join(&format!("\n{indent} "))
                ),
            };
        } else if let Some((field, end)) = line.rsplit_once(", }") {
            text += &format!("{indent}{field};\n}}{end}\n");
            indent = if end.ends_with('{') { "  " } else { "" };
        } else if let Some(field) = line.strip_suffix(',') {
            text += &format!("{indent}{field};\n");
        } else {
            text += &format!("{indent}{line}\n");
            indent = if line.ends_with('{') { "  " } else { indent };
        }
    }
    text
}
