//! A batch of runs of any attack: everything that the attacks share.
//!
//! What an attack has of its own is a [`Method`]: which rows of the Jacobian it wants, and what it
//! changes once it has them. All else is here, for every attack alike.
//!
//! # What each step does, in this order
//! 1. The network reads the image. Is the goal reached (the first of equal logits counts), the run
//!    is over: [`Fooled`](Outcome::Fooled), or [`AlreadyTarget`](Outcome::AlreadyTarget) if nothing
//!    was changed yet.
//! 2. Have all changes been made that the method allows: [`BudgetSpent`](Outcome::BudgetSpent).
//! 3. The gradient is computed, one backward row for each of the method's seeds.
//! 4. The method changes the image, or says why it cannot.
//!
//! # Numbers
//! Seeds, gradients and pixels are 32-bit numbers, as in the papers' experiments, because this
//! decides the outcome. Seeds are computed from ten logits on the host, in the same arithmetic on
//! every engine. A run depends on the settings, its image and its goal, and on nothing else: not on
//! its place in a batch, nor on what the batch holds beside it.

use burn::tensor::{Device, Tensor, TensorData};

use super::cw::Rounds;
use super::cw::Search;
use super::{AttackError, Goal, Outcome, check_pixels};
use crate::dataset::CLASSES;
use crate::network::Network;
use crate::network::backward::Pass;
use crate::network::softmax::{argmax, softmax_row};

/// One number for each class: logits, or a row vector to pull back through the network.
pub(crate) type Row = [f32; CLASSES];

/// What one attack has of its own.
pub(super) trait Method {
    /// Refuses settings out of range, for images of so many features.
    fn check(&self, features: usize) -> Result<(), AttackError>;

    /// Whether a run can do without a class to aim at.
    fn can_be_untargeted(&self) -> bool {
        false
    }

    /// How often a run may change its image.
    fn changes(&self) -> usize;

    /// The row vectors to pull back through the network: as many for every run, none where no
    /// gradient is needed.
    fn seeds(&self, logits: &Row, goal: Goal) -> Vec<Row>;

    /// Whether a run is over as soon as it reaches its goal, rather than look for a better image.
    fn ends_at_its_goal(&self) -> bool {
        true
    }

    /// Changes the image of a run and says which features it chose, if it chooses any; or leaves it
    /// as it is and says how the run ends. The gradient is empty if there are no seeds.
    fn change(
        &self,
        run: &mut Run,
        logits: &Row,
        gradient: &Gradient,
    ) -> Result<Option<Choice>, Outcome>;
}

/// One image of one run, evaluated.
///
/// The first step of a run is about the untouched image; the last one has an outcome.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which run of the batch.
    pub run: usize,
    /// Changes made so far.
    pub iteration: usize,
    /// The image, in [0, 1], channel after channel, row after row.
    pub image: Vec<f32>,
    /// The network's logits for it.
    pub logits: [f32; CLASSES],
    /// softmax(z) at T = 1, in 32 bits.
    pub probabilities: [f32; CLASSES],
    /// Features that differ from the original.
    pub features_changed: usize,
    /// What the network was differentiated to; `None` where the run ended before that, and for an
    /// attack that needs no gradient.
    pub gradient: Option<Gradient>,
    /// The features chosen at this image, which the next step's image has changed; `None` where
    /// nothing more is changed, and for an attack that moves all features at once.
    pub choice: Option<Choice>,
    /// How the run ended, if it did here.
    pub outcome: Option<Outcome>,
}

/// What an attack follows, one entry a feature.
#[derive(Clone, Debug, Default)]
pub struct Gradient {
    /// The derivative of what should grow: for the saliency attacks ∂F_t/∂x, the target's output.
    pub target: Vec<f32>,
    /// Σ_{j≠t} ∂F_j/∂x, all other outputs, where a second row was needed for it.
    pub others: Option<Vec<f32>>,
}

impl Gradient {
    /// Σ_{j≠t} ∂F_j/∂x of the saliency attacks. Outputs that sum to one have exactly the target's
    /// row with its sign turned.
    pub fn others(&self) -> Vec<f32> {
        self.others.clone().unwrap_or_else(|| self.target.iter().map(|a| -a).collect())
    }

    /// Whether every row is exactly zero at a feature.
    pub fn is_zero(&self, feature: usize) -> bool {
        self.target[feature] == 0.0 && self.others.as_ref().is_none_or(|row| row[feature] == 0.0)
    }

    /// Features at which every row is exactly zero.
    pub fn zeros(&self) -> usize {
        (0..self.target.len()).filter(|&feature| self.is_zero(feature)).count()
    }
}

/// The features that an attack chose to change.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// One or two, in ascending order.
    pub features: Vec<usize>,
    /// What spoke for them; nothing where they were drawn at random.
    pub saliency: Option<Saliency>,
}

/// What spoke for a choice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saliency {
    /// α, the sum over the chosen features of the derivatives of the target's output.
    pub alpha: f64,
    /// β, that of all other outputs.
    pub beta: f64,
    /// What the attack made of them, and found largest here.
    pub score: f64,
}

/// The runs of a batch that are still going. Those that ended have left it.
pub struct Runs {
    method: Box<dyn Method>,
    going: Vec<Run>,
}

/// One run between two steps.
pub(super) struct Run {
    pub index: usize,
    pub goal: Goal,
    pub iteration: usize,
    pub original: Vec<f32>,
    pub image: Vec<f32>,
    /// Whether the image is the run's last word, to be read once more.
    pub is_over: bool,
    pub memory: Memory,
}

/// What a run remembers from step to step beside its image.
#[derive(Default)]
pub(super) enum Memory {
    #[default]
    Nothing,
    L2(Box<Search>),
    L0(Box<Rounds>),
}

impl Runs {
    /// See [`Attack::start`](super::Attack::start).
    pub(super) fn start(
        method: Box<dyn Method>,
        features: usize,
        images: &[f32],
        goals: &[Goal],
    ) -> Result<Self, AttackError> {
        method.check(features)?;
        for &goal in goals {
            if goal.class() >= CLASSES {
                return Err(AttackError::Target(goal.class()));
            }
            if matches!(goal, Goal::Untargeted(_)) && !method.can_be_untargeted() {
                return Err(AttackError::Untargeted);
            }
        }
        let expected = goals.len() * features;
        if images.len() != expected {
            let (targets, found) = (goals.len(), images.len());
            return Err(AttackError::Pixels { targets, features, expected, found });
        }
        check_pixels(images)?;
        let runs = images.chunks_exact(features).zip(goals).enumerate();
        let going = runs.map(|(index, (image, &goal))| Run::new(index, goal, image)).collect();
        Ok(Self { method, going })
    }

    /// Goes on with runs that were begun elsewhere, on a device that was lost for instance: their
    /// images were these at first, and so many changes have been made since.
    ///
    /// # Errors
    /// Originals or iterations that are not one for each run, pixels that are not in [0, 1].
    pub fn resumed(mut self, originals: &[f32], iterations: &[usize]) -> Result<Self, AttackError> {
        let (targets, found) = (self.going.len(), originals.len());
        let expected: usize = self.going.iter().map(|run| run.image.len()).sum();
        if found != expected || iterations.len() != targets {
            let features = expected / targets.max(1);
            return Err(AttackError::Pixels { targets, features, expected, found });
        }
        check_pixels(originals)?;
        let mut originals = originals;
        for (run, &iteration) in self.going.iter_mut().zip(iterations) {
            let (original, rest) = originals.split_at(run.image.len());
            originals = rest;
            run.original = original.to_vec();
            run.iteration = iteration;
        }
        Ok(self)
    }

    /// The runs, before they have begun.
    pub(super) fn into_runs(self) -> Vec<Run> {
        self.going
    }

    /// How many runs are still going.
    pub fn len(&self) -> usize {
        self.going.len()
    }

    /// Whether all have ended.
    pub fn is_empty(&self) -> bool {
        self.going.is_empty()
    }

    /// Evaluates every run that is still going once, on the device that holds the network, and
    /// returns one step for each, in the order of the batch.
    ///
    /// Costs one forward pass, and the attack's backward rows unless the forward pass ended all
    /// runs.
    ///
    /// # Errors
    /// The device's, if it is lost on the way. The runs are then as they were before.
    pub async fn step(
        &mut self,
        network: &Network,
        device: &Device,
    ) -> Result<Vec<Step>, AttackError> {
        if self.going.is_empty() {
            return Ok(Vec::new());
        }
        let pass = Pass::new(network, self.images(network, device));
        let logits = read(pass.logits()).await?;
        let (logits, _) = logits.as_chunks::<CLASSES>();
        let ends: Vec<_> = self.going.iter().zip(logits).map(|(run, z)| self.end(run, z)).collect();
        // Leaving out the runs that end here would cost a copy of everything remembered.
        let gradients = match ends.iter().any(Option::is_none) {
            true => self.gradients(&pass, logits, device).await?,
            false => vec![Gradient::default(); self.going.len()],
        };
        Ok(self.advance(logits, ends, gradients))
    }

    /// `[runs, channels, height, width]`
    fn images(&self, network: &Network, device: &Device) -> Tensor<4> {
        let [channels, height, width] = network.dataset().spec().shape;
        let pixels: Vec<f32> = self.going.iter().flat_map(|run| &run.image).copied().collect();
        let shape = [self.going.len(), channels, height, width];
        Tensor::from_data(TensorData::new(pixels, shape), device)
    }

    /// The outcome of a run that needs no gradient to end.
    fn end(&self, run: &Run, logits: &Row) -> Option<Outcome> {
        let is_over = run.is_over || run.iteration >= self.method.changes();
        match run.goal.is_reached(argmax(logits)) {
            true if run.iteration == 0 => Some(Outcome::AlreadyTarget),
            true if is_over || self.method.ends_at_its_goal() => Some(Outcome::Fooled),
            _ => is_over.then_some(Outcome::BudgetSpent),
        }
    }

    async fn gradients(
        &self,
        pass: &Pass<'_>,
        logits: &[Row],
        device: &Device,
    ) -> Result<Vec<Gradient>, AttackError> {
        let runs = self.going.len();
        let seeds = self.going.iter().zip(logits).map(|(run, z)| self.method.seeds(z, run.goal));
        let seeds: Vec<_> = seeds.collect();
        let rows = seeds[0].len();
        if rows == 0 {
            return Ok(vec![Gradient::default(); runs]);
        }
        let by_row = (0..rows).flat_map(|row| seeds.iter().flat_map(move |seeds| seeds[row]));
        let by_row = TensorData::new(by_row.collect::<Vec<f32>>(), [rows * runs, CLASSES]);
        let found = read(pass.rows(Tensor::from_data(by_row, device))).await?;
        let features = found.len() / (rows * runs);
        let row =
            |row: usize, run: usize| found[(row * runs + run) * features..][..features].to_vec();
        let gradient =
            |run| Gradient { target: row(0, run), others: (rows > 1).then(|| row(1, run)) };
        Ok((0..runs).map(gradient).collect())
    }

    /// Moves every run on by what the network said, and drops those that ended.
    fn advance(
        &mut self,
        logits: &[Row],
        ends: Vec<Option<Outcome>>,
        gradients: Vec<Gradient>,
    ) -> Vec<Step> {
        let mut steps = Vec::with_capacity(self.going.len());
        let mut evaluated = logits.iter().zip(ends).zip(gradients);
        self.going.retain_mut(|run| {
            let Some(((&logits, outcome), gradient)) = evaluated.next() else { return false };
            let mut step = Step {
                run: run.index,
                iteration: run.iteration,
                image: run.image.clone(),
                logits,
                probabilities: softmax_row(&logits, 1.0),
                features_changed: run.features_changed(),
                gradient: None,
                choice: None,
                outcome,
            };
            if outcome.is_none() {
                match self.method.change(run, &logits, &gradient) {
                    Ok(choice) => step.choice = choice,
                    Err(outcome) => step.outcome = Some(outcome),
                }
                run.iteration += 1;
                step.gradient = (!gradient.target.is_empty()).then_some(gradient);
            }
            let goes_on = step.outcome.is_none();
            steps.push(step);
            goes_on
        });
        steps
    }
}

impl Run {
    pub fn new(index: usize, goal: Goal, image: &[f32]) -> Self {
        let (original, image) = (image.to_vec(), image.to_vec());
        let (is_over, memory) = (false, Memory::Nothing);
        Self { index, goal, iteration: 0, original, image, is_over, memory }
    }

    /// ‖δ‖².
    pub fn distance_squared(&self) -> f64 {
        let changes = self.image.iter().zip(&self.original);
        changes.map(|(&now, &then)| (f64::from(now) - f64::from(then)).powi(2)).sum()
    }

    pub fn features_changed(&self) -> usize {
        self.image.iter().zip(&self.original).filter(|(now, then)| now != then).count()
    }
}

/// A tensor's numbers, read back without blocking.
pub(crate) async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, AttackError> {
    let data = tensor.into_data_async().await;
    let data = data.map_err(|error| AttackError::Device(format!("{error:?}")))?;
    Ok(data.iter::<f32>().collect())
}
