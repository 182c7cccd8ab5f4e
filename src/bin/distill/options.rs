//! The settings of an attack, as options of the command line.

use clap::{Args, ValueEnum};
use defensive_distillation::attack::saliency::Direction;
use defensive_distillation::attack::{
    Attack, Budget, CwL0, CwL2, Fgsm, Jsma, Movement, NotRobust, Output, RandomPairs,
};

use crate::Result;

/// The settings of an attack, the paper's unless told otherwise.
#[derive(Args)]
pub struct AttackArguments {
    /// Which attack [default: jsma-f, or fgsm to measure that].
    #[arg(long)]
    attack: Option<Name>,
    /// T of the softmax that the attack differentiates, where it knows one [default: that of the
    /// network's training]. 1/k is the control that multiplies the logits by k.
    #[arg(long)]
    attack_temperature: Option<f32>,
    /// Which way features move.
    #[arg(long, default_value = "increase")]
    direction: Movement,
    /// By how much a feature changes at a time, in (0, 1].
    #[arg(long, default_value_t = 1.0)]
    theta: f32,
    /// How many features may change [default: 112; for pairs 38.3 % of them].
    #[arg(long)]
    budget: Option<usize>,
    /// How far FGSM moves every feature, in [0, 1].
    #[arg(long, default_value_t = 0.3)]
    epsilon: f32,
    /// What the draws of random-pairs depend on.
    #[arg(long, default_value_t = 1)]
    attack_seed: u64,
    /// κ of cw-l2 and cw-l0: by how much the target's logit should lead.
    #[arg(long, default_value_t = 0.0)]
    confidence: f32,
    /// Iterations, searches, rate and c of cw-l2 and cw-l0 as in their paper: much slower.
    #[arg(long)]
    thorough: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Name {
    /// JSMA through the softmax output at T = 1, as in the paper on distillation.
    JsmaF,
    /// JSMA through softmax(z / T).
    JsmaT,
    /// JSMA on the logits, as in the paper on the attack.
    JsmaZ,
    /// Carlini and Wagner's JSMA: softmax(z / T), one feature at a time.
    NotRobust,
    /// The control: JSMA's loop with features drawn at random.
    RandomPairs,
    /// The fast gradient sign method on the cross-entropy of softmax(z / T).
    Fgsm,
    /// Carlini and Wagner's attack of least Euclidean length.
    CwL2,
    /// Carlini and Wagner's attack on the fewest features.
    CwL0,
}

impl AttackArguments {
    /// The attack, `usual` unless told otherwise, on a network whose logits grew with a temperature,
    /// which it knows unless told otherwise.
    pub fn attack(&self, usual: Name, temperature: f32, budget: usize) -> Result<Attack> {
        let temperature = self.attack_temperature.unwrap_or(temperature);
        let (theta, budget) = (self.theta, Budget { features: self.budget.unwrap_or(budget) });
        let confidence = self.confidence;
        let jsma = |output, temperature| {
            let direction = self.one_way()?;
            Ok(Attack::Jsma(Jsma { output, temperature, direction, theta, budget }))
        };
        match self.attack.unwrap_or(usual) {
            // These two have no temperature; 1 keeps their rows alike.
            Name::JsmaF => jsma(Output::Probabilities, 1.0),
            Name::JsmaZ => jsma(Output::Logits, 1.0),
            Name::JsmaT => jsma(Output::Tempered, temperature),
            Name::NotRobust => {
                let movement = self.direction;
                Ok(Attack::NotRobust(NotRobust { temperature, movement, theta, budget }))
            }
            Name::RandomPairs => {
                let (direction, seed) = (self.one_way()?, self.attack_seed);
                Ok(Attack::RandomPairs(RandomPairs { direction, theta, budget, seed }))
            }
            Name::Fgsm => Ok(Attack::Fgsm(Fgsm { temperature, epsilon: self.epsilon })),
            Name::CwL2 => {
                let settings = if self.thorough { CwL2::PAPER } else { CwL2::default() };
                Ok(Attack::CwL2(CwL2 { confidence, ..settings }))
            }
            Name::CwL0 => {
                let settings = if self.thorough { CwL0::PAPER } else { CwL0::default() };
                Ok(Attack::CwL0(CwL0 { confidence, ..settings }))
            }
        }
    }

    fn one_way(&self) -> Result<Direction> {
        match self.direction {
            Movement::Increase => Ok(Direction::Increase),
            Movement::Decrease => Ok(Direction::Decrease),
            Movement::Either => Err("--direction either is for not-robust alone.".into()),
        }
    }
}
