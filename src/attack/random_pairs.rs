//! The random baseline: JSMA's loop with the same domain, steps and budget, but with two features drawn
//! at random and no gradient. It shows how often changing as many features at random succeeds. The success
//! rates of the other attacks have to be compared with that.
//!
//! # The draw
//! Each run has a key: its seed, the bits of its image's pixels and its goal's class, each mixed in
//! turn by the finaliser of SplitMix64 (Steele, Lea and Flood 2014). Draw n of the run is output n
//! of SplitMix64 from that key, so it depends on the key and n only; change k takes draws 2k and 2k + 1.
//! The arithmetic is that of integers, the same natively and in wasm. A draw picks one of m features as
//! ⌊draw · m / 2⁶⁴⌋; the probabilities of the features differ by less than m / 2⁶⁴.
//!
//! The first draw picks p from Γ, the second q from the rest of Γ. With fewer than two features in Γ
//! the run ends: [`NoAdmissiblePair`](Outcome::NoAdmissiblePair). An untargeted run ends as soon as
//! the network predicts another class than the image's own.

use serde::{Deserialize, Serialize};

use super::facts::{Changes, Facts, Norm};
use super::features::{BUDGET, Budget, DIRECTION, THETA};
use super::goal::Goal;
use super::method::{Method, Settings};
use super::outcome::Outcome;
use super::run::{Choice, Cotangent, Gradient, Logits, Run};
use super::saliency::Direction;
use super::setting::{Most, Setting, number};

/// The settings of the random baseline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "attack", rename = "random-pairs")]
pub struct RandomPairs {
    /// Whether features grow or shrink.
    pub direction: Direction,
    /// By how much a feature changes at a time, in (0, 1].
    #[serde(deserialize_with = "number")]
    pub theta: f32,
    /// How many features may change.
    pub budget: Budget,
    /// The seed of all draws.
    #[serde(rename = "attack_seed", alias = "seed", default)]
    pub seed: u64,
}

const SEED: Setting = Setting::integer("seed", 0.0, Most::Number(u64::MAX as f64), 0.0)
    .key("attack_seed")
    .optional()
    .page(0.0, Most::Number(999_999.0), 1.0, 0.0)
    .terminal(1.0)
    .words("seed", "The seed of all draws.");

const FACTS: Facts = Facts {
    id: "random-pairs",
    summary: "The random baseline: JSMA's loop with features drawn at random",
    paper: None,
    output: None,
    temperature: None,
    changes: Changes::Pair,
    norm: Norm::L0,
    backward_rows: 0,
    untargeted: true,
    resumable: true,
    step_cost: 25,
    settings: &[DIRECTION, THETA, BUDGET, SEED],
};

impl Settings for RandomPairs {
    const FACTS: &'static [Facts] = &[FACTS];
}

impl Method for RandomPairs {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn max_steps(&self) -> usize {
        self.budget.pairs()
    }

    fn cotangents(&self, _: &Logits, _: Goal) -> Vec<Cotangent> {
        Vec::new()
    }

    fn step(&self, run: &mut Run, _: &Logits, _: &Gradient) -> Result<Option<Choice>, Outcome> {
        let mut domain = run.domain(self.direction);
        if domain.len() < 2 {
            return Err(Outcome::NoAdmissiblePair);
        }
        let key = key(self.seed, &run.original, run.goal.class());
        let mut pick = |draw: usize| {
            let random = u128::from(output(key, draw as u64));
            domain.remove(((random * domain.len() as u128) >> 64) as usize)
        };
        let mut features = vec![pick(2 * run.iteration), pick(2 * run.iteration + 1)];
        features.sort_unstable();
        run.shift(&features, self.direction, self.theta);
        Ok(Some(Choice { features, saliency: None }))
    }
}

fn key(seed: u64, image: &[f32], class: usize) -> u64 {
    let words = image.iter().map(|pixel| u64::from(pixel.to_bits())).chain([class as u64]);
    words.fold(mix(seed), |key, word| mix(key ^ word))
}

/// Output n of SplitMix64 that starts from `key`, counted from 0.
fn output(key: u64, n: u64) -> u64 {
    mix(key.wrapping_add((n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_splitmix64() {
        // The outputs for the seed 1234567 that other implementations are tested with.
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973];
        assert_eq!([0, 1].map(|n| output(1_234_567, n)), expected);
    }

    #[test]
    fn seed_image_and_class_all_matter() {
        let keys = [
            key(1, &[0.0, 0.5], 3),
            key(2, &[0.0, 0.5], 3),
            key(1, &[0.5, 0.0], 3),
            key(1, &[0.0, 0.5], 4),
        ];
        for (i, key) in keys.iter().enumerate() {
            assert!(!keys[..i].contains(key));
        }
    }
}
