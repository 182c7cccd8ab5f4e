//! The measurements in `results/`: the attacks and directions that `distill evaluate` runs and
//! `distill report` shows.

use defensive_distillation::attack::Movement;
use defensive_distillation::experiment::Kind;

/// An attack as the tables show it.
pub struct Listed {
    /// Its id.
    pub attack: &'static str,
    /// Which way features may move; `None` for an attack without that setting.
    pub direction: Option<Movement>,
    /// How many images `evaluate` attacks; `None` for the default of the experiment.
    pub images: Option<usize>,
    /// Its name in tables.
    pub words: &'static str,
    /// The head of its column in the table of attacks on every network; `None` if it has no column.
    pub column: Option<&'static str>,
}

const fn entry(attack: &'static str, direction: Option<Movement>, words: &'static str) -> Listed {
    Listed { attack, direction, images: None, words, column: None }
}

use Movement::{Decrease, Either, Increase};

/// The attacks whose success is measured.
pub static ATTACKS: [Listed; 10] = [
    entry("jsma-f", Some(Increase), "jsma-f, the paper's"),
    entry("jsma-z", Some(Increase), "jsma-z"),
    entry("jsma-t", Some(Increase), "jsma-t"),
    Listed {
        column: Some("not-robust +"),
        ..entry("not-robust", Some(Increase), "not-robust, increasing")
    },
    Listed {
        column: Some("not-robust −"),
        ..entry("not-robust", Some(Decrease), "not-robust, decreasing")
    },
    Listed {
        column: Some("not-robust ±"),
        ..entry("not-robust", Some(Either), "not-robust, either")
    },
    Listed { images: Some(20), column: Some("cw-l2"), ..entry("cw-l2", None, "cw-l2") },
    Listed { images: Some(10), column: Some("cw-l0"), ..entry("cw-l0", None, "cw-l0") },
    Listed {
        column: Some("random +"),
        ..entry("random-pairs", Some(Increase), "random-pairs, increasing")
    },
    Listed {
        column: Some("random −"),
        ..entry("random-pairs", Some(Decrease), "random-pairs, decreasing")
    },
];

/// The attack of the paper on distillation, and the same attack at the temperature of the training.
/// Robustness and transfer are measured with these two.
pub const PAPERS: [&str; 2] = ["jsma-f", "jsma-t"];

/// The attacks whose pairs of classes are measured.
const PAIRS: [(&str, Option<Movement>); 4] =
    [("jsma-f", None), ("jsma-t", None), ("jsma-z", None), ("not-robust", Some(Either))];

/// FGSM's steps, in pixel units of [0, 1].
pub const EPSILONS: [f32; 3] = [0.1, 0.2, PAPERS_EPSILON];

/// The step of the paper's figures.
pub const PAPERS_EPSILON: f32 = 0.3;

/// Everything that `distill evaluate` measures: an experiment and its options on the command line.
pub fn measurements() -> Vec<Vec<String>> {
    let mut lines = Vec::new();
    let mut add = |kind: Kind, options: &str| {
        let line = format!("{} {options}", kind.name());
        lines.push(line.split_whitespace().map(str::to_owned).collect());
    };
    let direction = |movement: Option<Movement>| match movement {
        Some(Decrease) => " --direction decrease",
        Some(Either) => " --direction either",
        Some(Increase) | None => "",
    };
    for Listed { attack, direction: movement, images, .. } in &ATTACKS {
        let images = images.map_or(String::new(), |images| format!(" --images {images}"));
        add(Kind::Success, &format!("--attack {attack}{}{images}", direction(*movement)));
    }
    add(Kind::Amplitude, "");
    for attack in PAPERS {
        add(Kind::Robustness, &format!("--attack {attack}"));
    }
    for temperature in ["--attack-temperature 1", ""] {
        for epsilon in EPSILONS {
            add(Kind::Fgsm, &format!("--attack fgsm {temperature} --epsilon {epsilon}"));
        }
    }
    for (attack, movement) in PAIRS {
        add(Kind::Pairs, &format!("--attack {attack}{}", direction(movement)));
    }
    for attack in PAPERS {
        add(Kind::Transfer, &format!("--attack {attack}"));
    }
    lines
}

/// The first entry of an attack in [`ATTACKS`].
pub fn listed(attack: &str) -> Option<&'static Listed> {
    ATTACKS.iter().find(|listed| listed.attack == attack)
}
