//! The errors of attacks.

use super::runner::MOST_RUNS;

/// The reason why an attack cannot be run.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AttackError {
    /// A setting is not a number in its range.
    #[error("The {title} must be {range}, but is {value}.")]
    Setting {
        /// The setting's name in requests.
        name: &'static str,
        /// The setting in words.
        title: &'static str,
        /// The range in words, such as `from 0 to 1`.
        range: String,
        /// The value that was given.
        value: String,
    },
    /// There is no such class.
    #[error("The target must be a class from 0 to 9, but is {0}.")]
    Target(usize),
    /// The attack cannot be untargeted.
    #[error("The attack {0} needs a target class.")]
    Untargeted(&'static str),
    /// The number of pixels is not that of one image for each goal.
    #[error("Expected {expected} pixels ({targets} images of {features}), but got {found}.")]
    Pixels {
        /// Goals given.
        targets: usize,
        /// Features of one image.
        features: usize,
        /// Pixels that as many images have.
        expected: usize,
        /// Pixels given.
        found: usize,
    },
    /// There are too many images.
    #[error("At most {MOST_RUNS} images can be attacked at a time, but there are {0}.")]
    Runs(usize),
    /// The attack cannot be resumed.
    #[error("The attack {0} keeps more than its image from step to step. Start it again.")]
    NotResumable(&'static str),
    /// The number of iterations is not that of the images.
    #[error("Expected the number of iterations of each of {expected} images, but got {found}.")]
    Iterations {
        /// Images.
        expected: usize,
        /// Numbers given.
        found: usize,
    },
    /// A pixel is not a number in [0, 1].
    #[error("Pixels must be numbers from 0 to 1, but pixel {index} is {value}.")]
    Pixel {
        /// Its index in the whole batch, from 0.
        index: usize,
        /// Its value.
        value: f32,
    },
    /// The device that holds the network did not answer.
    #[error("The device that runs the network failed: {0}. Start the attack again.")]
    Device(String),
}

/// Checks that every pixel is a number in [0, 1].
///
/// # Errors
/// [`AttackError::Pixel`], with the first pixel that is not.
pub fn check_pixels(pixels: &[f32]) -> Result<(), AttackError> {
    match pixels.iter().position(|pixel| !(0.0..=1.0).contains(pixel)) {
        Some(index) => Err(AttackError::Pixel { index, value: pixels[index] }),
        None => Ok(()),
    }
}
