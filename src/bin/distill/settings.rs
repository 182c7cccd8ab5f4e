//! The settings of an attack, as options of the command line.

use clap::{Args, ValueEnum};
use defensive_distillation::attack::saliency::Direction;
use defensive_distillation::attack::{Attack, Budget, Jsma, Output};
use defensive_distillation::weights::Entry;

/// The settings of an attack, the paper's unless told otherwise.
#[derive(Args)]
pub struct AttackArguments {
    /// Which attack.
    #[arg(long, default_value = "jsma-f")]
    attack: Name,
    /// T of the softmax that the attack differentiates, where it knows one [default: that of the
    /// network's training]. 1/k is the control that multiplies the logits by k.
    #[arg(long)]
    attack_temperature: Option<f32>,
    /// Whether features grow or shrink.
    #[arg(long, default_value = "increase")]
    direction: Direction,
    /// By how much a feature changes at a time, in (0, 1].
    #[arg(long, default_value_t = 1.0)]
    theta: f32,
    /// How many features may change.
    #[arg(long, default_value_t = Budget::PAPER.features)]
    budget: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    /// JSMA through the softmax output at T = 1, as in the paper on distillation.
    JsmaF,
    /// JSMA through softmax(z / T).
    JsmaT,
    /// JSMA on the logits, as in the paper on the attack.
    JsmaZ,
}

impl AttackArguments {
    /// The attack on a network; unless told otherwise it knows the temperature of the training.
    pub fn attack(&self, on: &Entry) -> Attack {
        let temperature = self.attack_temperature.unwrap_or(on.temperature);
        let jsma = |output, temperature| {
            Attack::Jsma(Jsma {
                output,
                temperature,
                direction: self.direction,
                theta: self.theta,
                budget: Budget { features: self.budget },
            })
        };
        match self.attack {
            // These two have no temperature; 1 keeps their rows alike.
            Name::JsmaF => jsma(Output::Probabilities, 1.0),
            Name::JsmaZ => jsma(Output::Logits, 1.0),
            Name::JsmaT => jsma(Output::Tempered, temperature),
        }
    }
}
