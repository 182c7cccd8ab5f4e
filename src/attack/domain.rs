//! Which features can still move, and moving them: shared by the attacks that choose features.

use super::runs::Run;
use super::saliency::Direction;
use super::{AttackError, Budget};

/// Refuses a step or a budget out of range, for images of so many features.
pub(super) fn check(theta: f32, budget: Budget, features: usize) -> Result<(), AttackError> {
    if !(theta > 0.0 && theta <= 1.0) {
        return Err(AttackError::Theta(theta));
    }
    if budget.features > features {
        return Err(AttackError::Budget { budget: budget.features, features });
    }
    Ok(())
}

impl Run {
    /// The search domain Γ in ascending order: every feature that can move in this direction.
    ///
    /// That is every feature below 1 to increase, above 0 to decrease. One that starts at its bound
    /// never enters, since changing it would change nothing, and one that the attack has brought to
    /// a bound leaves for good: an attack that moves both ways does not take it back.
    pub fn domain(&self, direction: Direction) -> Vec<usize> {
        let can_move = |&feature: &usize| {
            let (now, then) = (self.image[feature], self.original[feature]);
            let saturated = now != then && (now == 0.0 || now == 1.0);
            let bound = match direction {
                Direction::Increase => 1.0,
                Direction::Decrease => 0.0,
            };
            now != bound && !saturated
        };
        (0..self.image.len()).filter(can_move).collect()
    }

    /// Moves features by θ, and holds them to [0, 1].
    pub fn shift(&mut self, features: &[usize], direction: Direction, theta: f32) {
        for &feature in features {
            let moved = self.image[feature] + direction.sign() * theta;
            self.image[feature] = moved.clamp(0.0, 1.0);
        }
    }
}
