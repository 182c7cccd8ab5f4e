//! The settings of an attack as options of the command line, which are made from the registry of attacks.

use std::collections::BTreeMap;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use defensive_distillation::attack::{Attack, Facts, Range, Setting, Values, attacks};
use serde_json::{Map, Value};

use crate::Result;

/// The attack and the settings of the command line.
pub struct AttackArguments {
    attack: Option<String>,
    thorough: bool,
    /// The settings that were given, by key.
    given: BTreeMap<&'static str, Value>,
}

impl Args for AttackArguments {
    fn augment_args(command: Command) -> Command {
        let attacks = attacks().map(|facts| PossibleValue::new(facts.id).help(facts.summary));
        let attack = Arg::new("attack")
            .long("attack")
            .value_name("ATTACK")
            .value_parser(PossibleValuesParser::new(attacks))
            .help("Which attack [default: jsma-f, or fgsm to measure that]");
        let thorough = Arg::new("thorough").long("thorough").action(ArgAction::SetTrue).help(
            "The settings of the authors' code, where the defaults are faster (cw-l2, cw-l0)",
        );
        command.arg(attack).args(settings().into_values().map(option)).arg(thorough)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for AttackArguments {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        let value = |setting: &Setting| match setting.values {
            Values::Choice(_) => matches.get_one::<String>(setting.key).map(|v| Value::from(&**v)),
            Values::Number(_) => matches.get_one::<f32>(setting.key).map(|&v| Value::from(v)),
            Values::Integer(_) => matches.get_one::<u64>(setting.key).map(|&v| Value::from(v)),
        };
        let given = settings().into_iter().filter_map(|(key, of)| Some((key, value(of[0].1)?)));
        Ok(Self {
            attack: matches.get_one::<String>("attack").cloned(),
            thorough: matches.get_flag("thorough"),
            given: given.collect(),
        })
    }

    fn update_from_arg_matches(
        &mut self,
        matches: &ArgMatches,
    ) -> std::result::Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Every attack that has a setting, and its version of the setting.
type Uses = Vec<(&'static Facts, &'static Setting)>;

/// Every setting of any attack by its key.
fn settings() -> BTreeMap<&'static str, Uses> {
    let mut settings: BTreeMap<_, Uses> = BTreeMap::new();
    for facts in attacks() {
        for setting in facts.settings {
            settings.entry(setting.key).or_default().push((facts, setting));
        }
    }
    settings
}

/// The option of a setting.
fn option(uses: Uses) -> Arg {
    let (_, setting) = uses[0];
    let of: Vec<_> = uses.iter().map(|(facts, _)| facts.id).collect();
    let mut helps: Vec<_> = uses.iter().map(|(_, of)| of.help.trim_end_matches('.')).collect();
    helps.dedup();
    let mut help = helps.join("; ");
    if let Some(range) = setting.range() {
        help += &format!(", {}", range.in_words("the number of"));
    }
    help += &format!(" ({}) [default: {}]", of.join(", "), default_in_words(setting));
    let option = Arg::new(setting.key)
        .long(setting.key.replace('_', "-"))
        .value_name(setting.key.to_uppercase())
        .help(help);
    match setting.values {
        Values::Choice(_) => {
            let choices = uses.iter().flat_map(|(_, setting)| match setting.values {
                Values::Choice(choices) => choices.choices,
                Values::Number(_) | Values::Integer(_) => &[],
            });
            let mut choices: Vec<_> = choices.copied().collect();
            choices.sort_unstable();
            choices.dedup();
            option.value_parser(PossibleValuesParser::new(choices))
        }
        Values::Number(_) => {
            option.value_parser(clap::value_parser!(f32)).allow_negative_numbers(true)
        }
        Values::Integer(range) => option.value_parser(whole(range)).allow_negative_numbers(true),
    }
}

/// Parses a whole number. The largest value is checked when the attack starts, since it may be the number of
/// features of an image.
fn whole(range: Range) -> impl Fn(&str) -> std::result::Result<u64, String> + Clone {
    move |text| {
        let number = text.parse::<u64>().ok().filter(|&number| number as f64 >= range.bounds.0);
        number
            .ok_or_else(|| format!("it must be a whole number {}", range.in_words("the number of")))
    }
}

/// The default as `--help` shows it.
fn default_in_words(setting: &Setting) -> String {
    match setting.name {
        "temperature" => "that of the network's training".into(),
        "budget" => format!("{}; for pairs 38.3 % of the features", setting.default_value()),
        _ => default(setting).to_string().replace('"', ""),
    }
}

/// The default on the command line.
fn default(setting: &Setting) -> Value {
    let terminal = setting.range().and_then(|range| range.terminal);
    match (terminal, setting.values) {
        (Some(number), Values::Number(_)) => number.into(),
        (Some(number), _) => (number as u64).into(),
        (None, _) => setting.default_value(),
    }
}

impl AttackArguments {
    /// The attack. `usual`, `temperature` and `budget` are the defaults of its id and of these settings.
    ///
    /// # Errors
    /// A choice that the attack does not have. Ranges are checked when the attack starts.
    pub fn attack(&self, usual: &str, temperature: f32, budget: usize) -> Result<Attack> {
        let id = self.attack.as_deref().unwrap_or(usual);
        let facts = attacks().find(|facts| facts.id == id).ok_or("there is no such attack")?;
        let thorough = if self.thorough { Attack::thorough(id) } else { None };
        let mut request: Map<_, _> = match serde_json::to_value(thorough)? {
            Value::Object(settings) => settings,
            _ => Map::new(),
        };
        request.insert("attack".into(), id.into());
        for setting in facts.settings {
            let value = match (self.given.get(setting.key), setting.name) {
                (Some(value), _) => value.clone(),
                (None, _) if request.contains_key(setting.key) => continue,
                (None, "temperature") => temperature.into(),
                (None, "budget") => budget.into(),
                (None, _) => default(setting),
            };
            if let Values::Choice(choices) = setting.values
                && !choices.choices.iter().any(|&choice| value == choice)
            {
                let (key, choices) = (setting.key, choices.choices.join(" or "));
                return Err(format!("--{key} of {id} must be {choices}, but is {value}.").into());
            }
            request.insert(setting.key.into(), value);
        }
        Ok(serde_json::from_value(request.into())?)
    }
}
