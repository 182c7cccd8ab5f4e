//! Which features can still move, and moving them: shared by the attacks that choose features.

use super::runner::Run;
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

/// Whether a feature that is at `now` and was at `then` can move in this direction.
///
/// That is every feature below 1 to increase, above 0 to decrease. One that starts at its bound never
/// can, since changing it would change nothing, and one that the attack has brought to a bound is done
/// with for good: an attack that moves both ways does not take it back.
pub(super) fn can_move(now: f32, then: f32, direction: Direction) -> bool {
    let saturated = now != then && (now == 0.0 || now == 1.0);
    let bound = match direction {
        Direction::Increase => 1.0,
        Direction::Decrease => 0.0,
    };
    now != bound && !saturated
}

impl Run {
    /// The search domain Γ in ascending order: every feature that [can move](can_move).
    pub fn domain(&self, direction: Direction) -> Vec<usize> {
        let pixels = self.image.iter().zip(&self.original).enumerate();
        let movable = pixels.filter(|&(_, (&now, &then))| can_move(now, then, direction));
        movable.map(|(feature, _)| feature).collect()
    }

    /// Moves features by θ, and holds them to [0, 1].
    pub fn shift(&mut self, features: &[usize], direction: Direction, theta: f32) {
        for &feature in features {
            let moved = self.image[feature] + direction.sign() * theta;
            self.image[feature] = moved.clamp(0.0, 1.0);
        }
    }
}
