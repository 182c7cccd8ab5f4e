//! What an attack aims at.

/// What the network should be brought to read. Classes are numbers from 0 to 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Goal {
    /// This class.
    Target(usize),
    /// Any class but this one, which the image shows.
    Untargeted(usize),
}

impl Goal {
    /// The target class, or the class to get away from.
    pub fn class(self) -> usize {
        match self {
            Self::Target(class) | Self::Untargeted(class) => class,
        }
    }

    /// Whether the goal is reached when the network reads `label`.
    pub fn is_reached(self, label: usize) -> bool {
        match self {
            Self::Target(target) => label == target,
            Self::Untargeted(shown) => label != shown,
        }
    }
}
