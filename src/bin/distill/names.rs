//! Options whose value is one of a list of names, such as a data set.
//!
//! The library's types do not know the command line. A type that implements [`Named`] here can be
//! the value of an option, with its names and their meaning in `--help`.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use defensive_distillation::dataset::Dataset;
use defensive_distillation::experiment::Kind;
use defensive_distillation::network::manifest::Role;

/// A type with an id for each of its values.
pub trait Named: Copy + Send + Sync + 'static {
    /// Every value, in the order of `--help`.
    const ALL: &'static [Self];

    /// The name on the command line.
    fn id(self) -> &'static str;

    /// The text in `--help`.
    fn help(self) -> &'static str;
}

/// Parses one of the names of a type, and lists them in `--help`:
/// `#[arg(value_parser = named::<Dataset>())]`.
pub fn named<T: Named>() -> impl TypedValueParser<Value = T> {
    let names = T::ALL.iter().map(|value| PossibleValue::new(value.id()).help(value.help()));
    PossibleValuesParser::new(names).try_map(|name| {
        let value = T::ALL.iter().copied().find(|value| value.id() == name);
        value.ok_or_else(|| format!("unknown name {name}"))
    })
}

impl Named for Dataset {
    const ALL: &'static [Self] = &Self::ALL;

    fn id(self) -> &'static str {
        self.spec().id
    }

    fn help(self) -> &'static str {
        match self {
            Self::Mnist => "Handwritten digits, 28×28 grey",
            Self::Cifar10 => "Small photographs of ten kinds of thing, 32×32 in colour",
        }
    }
}

impl Named for Role {
    const ALL: &'static [Self] = &Self::ALL;

    fn id(self) -> &'static str {
        Self::name(self)
    }

    fn help(self) -> &'static str {
        match self {
            Self::Undefended => "Trained on the true labels at T = 1",
            Self::Distilled => "Trained on a teacher's soft labels at the teacher's temperature",
            Self::Teacher => "Trained on the true labels at a temperature, to make soft labels",
        }
    }
}

impl Named for Kind {
    const ALL: &'static [Self] = &Self::ALL;

    fn id(self) -> &'static str {
        Self::name(self)
    }

    fn help(self) -> &'static str {
        match self {
            Self::Success => "How often a targeted attack succeeds, nine targets an image",
            Self::Amplitude => "How large the gradients of the outputs are, without an attack",
            Self::Robustness => "ρ_adv: the least share of features to change, over nine targets",
            Self::Fgsm => "How many images are misclassified after FGSM, one attempt an image",
            Self::Pairs => {
                "Success, distortion, hardness and adversarial distance by source and target class"
            }
            Self::Transfer => "How often the networks' adversarial examples fool other networks",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_names_are_parsed<T: Named + PartialEq + std::fmt::Debug>() {
        let command =
            clap::Command::new("test").arg(clap::Arg::new("it").value_parser(named::<T>()));
        for &value in T::ALL {
            let parsed = command.clone().try_get_matches_from(["test", value.id()]);
            let parsed = parsed.expect("the name is listed").get_one::<T>("it").copied();
            assert_eq!(parsed, Some(value));
        }
        assert!(command.try_get_matches_from(["test", "no such name"]).is_err());
    }

    #[test]
    fn every_name_is_parsed() {
        assert_names_are_parsed::<Dataset>();
        assert_names_are_parsed::<Role>();
        assert_names_are_parsed::<Kind>();
    }
}
