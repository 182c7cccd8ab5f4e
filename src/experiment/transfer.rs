//! The black-box check: what an attack made on one network is shown to another one, whose gradient
//! nobody asked for. The rows of `transfer.json`.

use serde::Serialize;

use super::statistics::{mean, wilson};
use super::{Attempt, End, Outcomes};
use crate::attack::{Goal, Outcome};

#[derive(Clone, Debug, Serialize)]
pub(super) struct Figures {
    /// How the attacks ended on the network that they were made on.
    attempts: usize,
    outcomes: Outcomes,
    already_target: usize,
    /// Attacks that fooled the network they were made on, with images that the other network reads
    /// correctly as long as they are untouched.
    shown: usize,
    /// Of these, those in which the other network reads the target as well.
    reached: usize,
    rate: f64,
    interval: [f64; 2],
    /// Of these, those in which it reads anything but what the image shows.
    misread: usize,
    misread_rate: f64,
    misread_interval: [f64; 2],
}

pub(super) fn figures(ends: &[(Attempt, &End)], reader: usize, labels: &[u8]) -> Figures {
    let (outcomes, already_target) = Outcomes::count(ends);
    let (mut shown, mut reached, mut misread) = (0, 0, 0);
    for (attempt, end) in ends {
        let (shows, reading) = (usize::from(labels[attempt.image]), end.read[reader]);
        if end.outcome == Outcome::Fooled && reading.before == shows {
            shown += 1;
            reached += usize::from(attempt.goal.is_reached(reading.after));
            misread += usize::from(Goal::Untargeted(shows).is_reached(reading.after));
        }
    }
    Figures {
        attempts: outcomes.total(),
        outcomes,
        already_target,
        shown,
        reached,
        rate: mean(reached as f64, shown),
        interval: wilson(reached, shown),
        misread,
        misread_rate: mean(misread as f64, shown),
        misread_interval: wilson(misread, shown),
    }
}
