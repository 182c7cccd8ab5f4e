//! The networks of the tables: the published ones, and the undefended ones with their logits multiplied.

use defensive_distillation::dataset::Dataset;
use defensive_distillation::experiment::{RowNetwork, RowRole};
use defensive_distillation::network::manifest::{Entry, Role};

/// A network of the tables.
#[derive(Clone, PartialEq)]
pub struct ShownNetwork {
    /// The published network's id.
    pub id: String,
    pub role: RowRole,
    /// T of its training.
    pub temperature: f32,
    /// The factor by which its logits are multiplied.
    pub scale: f32,
}

/// The factors k of the control in the tables.
const SCALES: [f32; 8] = [2.0, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 100.0];

/// The networks of a data set, in the order of the tables: by role, then by temperature or factor.
pub fn shown(published: &[Entry], dataset: Dataset) -> Vec<ShownNetwork> {
    let mut networks = Vec::new();
    for entry in published.iter().filter(|entry| entry.dataset == dataset) {
        let Entry { id, temperature, .. } = entry;
        let network =
            |role, scale| ShownNetwork { id: id.clone(), role, temperature: *temperature, scale };
        match entry.role {
            Role::Undefended => {
                networks.push(network(RowRole::Undefended, 1.0));
                networks.extend(SCALES.map(|k| network(RowRole::Scaled, k)));
            }
            Role::Distilled => networks.push(network(RowRole::Distilled, 1.0)),
            Role::Teacher => networks.push(network(RowRole::Teacher, 1.0)),
        }
    }
    networks.sort_by(|a, b| a.role.cmp(&b.role).then(a.x().total_cmp(&b.x())));
    networks
}

impl ShownNetwork {
    /// Its name in tables.
    pub fn words(&self) -> String {
        match self.role {
            RowRole::Scaled => format!("undefended × {}", self.scale),
            RowRole::Undefended => "undefended".into(),
            role => format!("{} T = {}", role.name(), self.temperature),
        }
    }

    /// Whether a row is about it.
    pub fn is(&self, network: &RowNetwork) -> bool {
        network.model == self.id && network.scale == self.scale
    }

    /// Its name among the papers' figures, which have none of controls.
    pub fn reported(&self) -> String {
        format!("{} {}", self.role.name(), self.temperature)
    }

    /// Its temperature or factor, for plots.
    pub fn x(&self) -> f64 {
        f64::from(self.temperature.max(self.scale))
    }

    /// The temperature that its logits grew with.
    pub fn own_temperature(&self) -> f32 {
        self.temperature * self.scale
    }
}
