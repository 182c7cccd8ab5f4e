//! The settings of attacks as data: name, unit, range and default. Everything that offers, reads or checks
//! settings uses them.

use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::error::AttackError;

/// One setting of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Setting {
    /// The name in requests and links.
    pub name: &'static str,
    /// The name in result rows; with `-` for `_`, that of the command line's option.
    #[serde(skip)]
    pub key: &'static str,
    /// The name in error messages.
    #[serde(skip)]
    pub title: &'static str,
    /// The sentence about it in `--help` and in the TypeScript types.
    #[serde(skip)]
    pub help: &'static str,
    /// Whether a request has to state it. If not, [`Setting::left_out`] says what a request without it
    /// means.
    #[serde(skip)]
    pub required: bool,
    /// The values that it may have.
    #[serde(flatten)]
    pub values: Values,
}

/// The values that a setting may have.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Values {
    /// One of several names.
    Choice(Choices),
    /// A 32-bit number.
    Number(Range),
    /// A whole number.
    Integer(Range),
}

/// The names of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Choices {
    /// All names.
    pub choices: &'static [&'static str],
    /// The default of the page and of the command line, for new runs.
    pub default: &'static str,
    /// The value that links without it mean, which never changes; `None` if links never have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<&'static str>,
}

/// The range of a number, and its defaults.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Range {
    /// The unit, such as `features`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<&'static str>,
    /// The least and the largest value that the engine accepts.
    #[serde(rename = "range")]
    pub bounds: Bounds,
    /// Whether the least value itself is refused.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub exclusive_min: bool,
    /// The values of the page's controls and links; `None` if the page does not have the setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<Page>,
    /// The default of the engine and of the page.
    #[serde(serialize_with = "plain")]
    pub default: f64,
    /// The value that links without it mean, which never changes; `None` if links never have it.
    #[serde(serialize_with = "plain_or_none", skip_serializing_if = "Option::is_none")]
    pub link: Option<f64>,
    /// The default of the command line, if it differs.
    #[serde(skip)]
    pub terminal: Option<f64>,
}

/// The least and the largest value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds(pub f64, pub Most);

/// The largest value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Most {
    /// This number.
    Number(f64),
    /// The number of features of an image.
    Features,
}

/// What a control of the page offers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Page {
    /// The least value.
    #[serde(serialize_with = "plain")]
    pub min: f64,
    /// The largest value.
    pub max: Most,
    /// The distance between two values.
    #[serde(serialize_with = "plain")]
    pub step: f64,
}

impl Setting {
    /// A number that requests have to state, without a unit and not on the page.
    pub const fn number(name: &'static str, least: f64, most: f64, default: f64) -> Self {
        let bounds = Bounds(least, Most::Number(most));
        Self::new(name, Values::Number(Range::new(bounds, default)))
    }

    /// A whole number that requests have to state, without a unit and not on the page.
    pub const fn integer(name: &'static str, least: f64, most: Most, default: f64) -> Self {
        Self::new(name, Values::Integer(Range::new(Bounds(least, most), default)))
    }

    /// A choice that requests have to state. Its first name is the default, and also the meaning of links
    /// without it, which never changes.
    pub const fn choice(name: &'static str, choices: &'static [&'static str]) -> Self {
        let default = choices[0];
        Self::new(name, Values::Choice(Choices { choices, default, link: Some(default) }))
    }

    const fn new(name: &'static str, values: Values) -> Self {
        Self { name, key: name, title: name, help: "", required: true, values }
    }

    /// With another name in result rows.
    pub const fn key(self, key: &'static str) -> Self {
        Self { key, ..self }
    }

    /// With a name for error messages, and a sentence for `--help`.
    pub const fn words(self, title: &'static str, help: &'static str) -> Self {
        Self { title, help, ..self }
    }

    /// Required in requests.
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// Not required in requests.
    pub const fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    /// With another default than its first name, which links without it still mean.
    ///
    /// # Panics
    /// If this is a number.
    pub const fn default_choice(self, default: &'static str) -> Self {
        match self.values {
            Values::Choice(choices) => {
                Self { values: Values::Choice(Choices { default, ..choices }), ..self }
            }
            Values::Number(_) | Values::Integer(_) => panic!("a number has no choices"),
        }
    }

    /// With a unit.
    ///
    /// # Panics
    /// If this is a choice.
    pub const fn unit(self, unit: &'static str) -> Self {
        let range = self.range_or_panic();
        self.with(Range { unit: Some(unit), ..range })
    }

    /// With a range that excludes its least value.
    ///
    /// # Panics
    /// If this is a choice.
    pub const fn above_min(self) -> Self {
        let range = self.range_or_panic();
        self.with(Range { exclusive_min: true, ..range })
    }

    /// With a control on the page, from `min` to `max` in steps of `step`. A link without this setting
    /// always means `link`, even if the default changes later.
    ///
    /// # Panics
    /// If this is a choice.
    pub const fn page(self, min: f64, max: Most, step: f64, link: f64) -> Self {
        let range = self.range_or_panic();
        self.with(Range { page: Some(Page { min, max, step }), link: Some(link), ..range })
    }

    /// With another default on the command line.
    ///
    /// # Panics
    /// If this is a choice.
    pub const fn terminal(self, default: f64) -> Self {
        let range = self.range_or_panic();
        self.with(Range { terminal: Some(default), ..range })
    }

    const fn range_or_panic(&self) -> Range {
        match self.values {
            Values::Number(range) | Values::Integer(range) => range,
            Values::Choice(_) => panic!("a choice has no range"),
        }
    }

    const fn with(self, range: Range) -> Self {
        let values = match self.values {
            Values::Number(_) => Values::Number(range),
            Values::Integer(_) => Values::Integer(range),
            Values::Choice(choices) => Values::Choice(choices),
        };
        Self { values, ..self }
    }

    /// The range, if this is a number.
    pub fn range(&self) -> Option<&Range> {
        match &self.values {
            Values::Number(range) | Values::Integer(range) => Some(range),
            Values::Choice(_) => None,
        }
    }

    /// The default of new runs, as JSON.
    pub fn default_value(&self) -> Value {
        match &self.values {
            Values::Choice(choices) => choices.default.into(),
            Values::Number(range) | Values::Integer(range) => number_value(range.default),
        }
    }

    /// What a request or a result row without it means, as JSON: the same as a link without it, or the
    /// default if links never have it.
    pub fn left_out(&self) -> Value {
        match &self.values {
            Values::Choice(choices) => choices.link.unwrap_or(choices.default).into(),
            Values::Number(range) | Values::Integer(range) => {
                number_value(range.link.unwrap_or(range.default))
            }
        }
    }

    /// Checks a value against the range, for images of so many features.
    ///
    /// # Errors
    /// [`AttackError::Setting`] for what is not a number in the range.
    pub(super) fn check(&self, value: &Value, features: usize) -> Result<(), AttackError> {
        let Some(range) = self.range() else { return Ok(()) };
        let number = value.as_f64().unwrap_or(f64::NAN);
        // 32-bit numbers are compared as such: 1e-6 of 32 bits is less than 1e-6 of 64.
        let same_bits = |number: f64| match self.values {
            Values::Number(_) => f64::from(number as f32),
            _ => number,
        };
        let (least, most) = (same_bits(range.bounds.0), same_bits(range.bounds.1.of(features)));
        let is_above = if range.exclusive_min { number > least } else { number >= least };
        if is_above && number <= most {
            return Ok(());
        }
        let value = match self.values {
            Values::Number(_) => (number as f32).to_string(),
            _ => number.to_string(),
        };
        let range = range.in_words(&features.to_string());
        Err(AttackError::Setting { name: self.name, title: self.title, range, value })
    }
}

impl Range {
    const fn new(bounds: Bounds, default: f64) -> Self {
        let (unit, page, link, terminal) = (None, None, None, None);
        Self { unit, bounds, exclusive_min: false, page, default, link, terminal }
    }

    /// The range that the engine accepts, with these words for the number of features.
    pub fn in_words(&self, features: &str) -> String {
        let Bounds(least, most) = self.bounds;
        let most = match most {
            Most::Number(most) => {
                number_value(most).as_u64().map_or(most.to_string(), |n| n.to_string())
            }
            Most::Features => format!("{features} features"),
        };
        match self.exclusive_min {
            true => format!("above {least} and at most {most}"),
            false => format!("from {least} to {most}"),
        }
    }
}

impl Most {
    /// The largest value for images of so many features.
    pub fn of(self, features: usize) -> f64 {
        match self {
            Self::Number(number) => number,
            Self::Features => features as f64,
        }
    }
}

impl Serialize for Most {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => plain(number, serializer),
            Self::Features => serializer.serialize_str("features"),
        }
    }
}

impl Serialize for Bounds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pair = serializer.serialize_tuple(2)?;
        pair.serialize_element(&number_value(self.0))?;
        pair.serialize_element(&self.1)?;
        pair.end()
    }
}

/// A number as JSON, without `.0` where it is whole.
fn number_value(number: f64) -> Value {
    match number.fract() == 0.0 && number >= 0.0 {
        true => (number as u64).into(),
        false => number.into(),
    }
}

fn plain<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    number_value(*number).serialize(serializer)
}

fn plain_or_none<S: Serializer>(number: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    number.map(number_value).serialize(serializer)
}

/// Reads a number, or NaN where there is none: JSON has only null for NaN, and the range check then
/// names the setting.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f32::NAN))
}
