//! The goal of an attack.

/// The class that the network should predict in the end. Classes are numbers from 0 to 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Goal {
    /// This class.
    Target(usize),
    /// Any class but this one, which is the image's own.
    Untargeted(usize),
}

impl Goal {
    /// The target class, or the image's own class for an untargeted attack.
    pub fn class(self) -> usize {
        match self {
            Self::Target(class) | Self::Untargeted(class) => class,
        }
    }

    /// Whether the goal is reached if the network predicts `label`.
    pub fn is_reached(self, label: usize) -> bool {
        match self {
            Self::Target(target) => label == target,
            Self::Untargeted(shown) => label != shown,
        }
    }
}
