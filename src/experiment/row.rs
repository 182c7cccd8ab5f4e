//! Rows of the tables: what was measured, the figures, and how they were obtained.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::kind::Kind;
use super::record::TaskResults;
use crate::attack::Attack;
use crate::dataset::Dataset;

/// The figures of one kind of experiment.
pub trait Figures: Clone + PartialEq + Serialize + DeserializeOwned {
    /// The kind.
    const KIND: Kind;

    /// Counts them. `target_model` is the place of the target model that a row of transfer is about,
    /// and 0 for all other kinds.
    fn count(results: &TaskResults<'_>, target_model: usize) -> Self;
}

/// A row of `results/<kind>.json`. As JSON it is one flat object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Row<F> {
    /// What was measured.
    #[serde(flatten)]
    pub head: Head,
    /// The figures.
    #[serde(flatten)]
    pub figures: F,
    /// How they were obtained.
    #[serde(flatten)]
    pub origin: Origin,
}

/// What a row measures: an attack on a network, with some images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Head {
    /// The network.
    #[serde(flatten)]
    pub network: RowNetwork,
    /// The attack; `None` for amplitude, which makes none.
    #[serde(flatten, deserialize_with = "attack_if_named")]
    // The registry of attacks has its type.
    #[cfg_attr(feature = "types", ts(skip))]
    pub attack: Option<Attack>,
    /// The target model, for transfer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "types", ts(optional))]
    pub to: Option<TargetModel>,
    /// How many images.
    pub images: usize,
    /// The images' places in the test set; `None` where the seed determines them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "types", ts(optional))]
    pub drawn: Option<Vec<usize>>,
    /// Attempts of the whole experiment, on this network.
    pub planned: usize,
}

/// The network of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct RowNetwork {
    /// What it classifies.
    pub dataset: Dataset,
    /// The published network's id.
    pub model: String,
    /// The published network's role, or `scaled` if its logits are multiplied.
    pub role: RowRole,
    /// T of its training.
    pub temperature: f32,
    /// The factor by which its logits are multiplied; 1 for the published network itself.
    pub scale: f32,
}

/// The role of a row's network, in the order of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub enum RowRole {
    /// Trained on the true labels at T = 1.
    Undefended,
    /// Trained on a teacher's soft labels.
    Distilled,
    /// Trained on the true labels at a temperature.
    Teacher,
    /// A published network with its logits multiplied.
    Scaled,
}

impl RowRole {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Undefended => "undefended",
            Self::Distilled => "distilled",
            Self::Teacher => "teacher",
            Self::Scaled => "scaled",
        }
    }
}

/// The network that classifies adversarial examples made on another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct TargetModel {
    /// The network.
    #[serde(flatten)]
    pub network: RowNetwork,
    /// SHA-256 of its file in hexadecimal; files have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "types", ts(optional))]
    pub model_sha256: Option<String>,
}

/// How a row's figures were obtained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Origin {
    /// What computed them, as text for people.
    pub engine: String,
    /// The seed that the images were drawn with; `None` if they were chosen.
    pub seed: Option<u64>,
    /// SHA-256 of the network's file in hexadecimal.
    pub model_sha256: String,
    /// The command that measures this.
    pub command: String,
    /// The day, as YYYY-MM-DD.
    pub date: String,
}

impl<F> Row<F> {
    /// Whether both rows measure the same: the same attack, networks and images. The figures, the date and
    /// the hashes of the network files may differ.
    pub fn measures_the_same(&self, other: &Self) -> bool {
        let network = |of: &RowNetwork| (of.dataset, of.model.clone(), of.scale);
        let measured = |row: &Self| {
            let to = row.head.to.as_ref().map(|to| network(&to.network));
            (network(&row.head.network), to, row.head.attack, row.head.images, row.origin.seed)
        };
        measured(self) == measured(other) && self.head.drawn == other.head.drawn
    }

    /// Whether both rows were measured on the same network files.
    pub fn has_the_files_of(&self, other: &Self) -> bool {
        let to = |row: &Self| row.head.to.as_ref().map(|to| to.model_sha256.clone());
        self.origin.model_sha256 == other.origin.model_sha256 && to(self) == to(other)
    }
}

/// The attack, where the field `attack` names one. A plain flattened `Option` would turn an attack that
/// cannot be read into `None`.
fn attack_if_named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Attack>, D::Error> {
    let mut fields = Map::<String, Value>::deserialize(deserializer)?;
    // In requests these are names of an attack's settings. In rows they are the network's temperature and the
    // seed of the images.
    fields.remove("temperature");
    fields.remove("seed");
    match fields.contains_key("attack") {
        false => Ok(None),
        true => Attack::among(&fields).map(Some).map_err(D::Error::custom),
    }
}
