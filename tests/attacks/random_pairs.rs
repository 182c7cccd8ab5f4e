//! The random baseline.

use defensive_distillation::attack::saliency::Direction;
use defensive_distillation::attack::{
    Attack, AttackError, Budget, Goal, Outcome, RandomPairs, Step,
};

use crate::reference::network::argmax;
use crate::{attack, digits, digits_and_targets, end, published, refused, targeted};

const UP: RandomPairs =
    RandomPairs { direction: Direction::Increase, theta: 1.0, budget: Budget::PAPER, seed: 5 };

fn pairs(steps: &[Step]) -> Vec<[usize; 2]> {
    let choices = steps.iter().filter_map(|step| step.choice.as_ref());
    choices.map(|choice| [choice.features[0], choice.features[1]]).collect()
}

/// The draws are those of the reference, and each run ends with the first image that the reference network
/// classifies as the target.
#[test]
fn the_draws_and_the_ends_are_those_of_the_reference() {
    let (network, float64) = published("mnist-undefended");
    let (digits, targets) = digits_and_targets(1);
    let images: Vec<f32> = digits.iter().flat_map(|(image, _)| image).copied().collect();
    for direction in [Direction::Increase, Direction::Decrease] {
        let settings = Attack::RandomPairs(RandomPairs { direction, ..UP });
        let found = attack(settings, &network, &images, &targeted(&targets));
        for ((steps, (image, _)), &target) in found.iter().zip(&digits).zip(&targets) {
            let up = direction == Direction::Increase;
            let drawn = pairs(steps);
            let all = reference::pairs(5, image, target, up, 56);
            let mut image = image.clone();
            let reads = |image: &[f32]| argmax(float64.forward(image).logits());
            let mut ends = (reads(&image) == target).then_some(0);
            for (n, pair) in all.iter().enumerate() {
                if ends.is_some() {
                    break;
                }
                pair.iter().for_each(|&feature| image[feature] = if up { 1.0 } else { 0.0 });
                ends = (reads(&image) == target).then_some(n + 1);
            }
            let expected = match ends {
                Some(n) => (Outcome::Fooled, n),
                None if all.len() == 56 => (Outcome::BudgetSpent, 56),
                // A thin digit has fewer features that can decrease.
                None => (Outcome::NoAdmissiblePair, all.len()),
            };
            assert_eq!(drawn, all[..expected.1]);
            assert_eq!(end(steps), (expected.0, 2 * expected.1, expected.1 + 1));
            assert!(steps.iter().all(|step| step.gradient.is_none()));
        }
    }
}

#[test]
fn a_run_depends_on_its_seed_its_image_and_its_goal_but_not_on_its_place() {
    let (network, _) = published("mnist-undefended");
    let digits = digits();
    let (two, seven) = (&digits[25].0, &digits[70].0);
    let run = |settings, images: &[f32], targets: &[usize]| -> Vec<_> {
        let found = attack(Attack::RandomPairs(settings), &network, images, &targeted(targets));
        found.iter().map(|steps| pairs(steps)).collect()
    };
    let together = run(UP, &[&two[..], seven, two].concat(), &[9, 9, 8]);
    assert_eq!(together[0], run(UP, two, &[9])[0]);
    assert_eq!(together[1], run(UP, seven, &[9])[0]);
    let alone = run(UP, two, &[8]);
    assert_eq!(together[2], alone[0]);
    assert_ne!(together[0], together[2]);
    assert_ne!(alone, run(RandomPairs { seed: 6, ..UP }, two, &[8]));
}

/// In 200 runs of 112 draws each, all features are drawn about equally often.
#[test]
fn no_feature_is_favoured() {
    let image = [0.0; 784];
    let mut counts = [0usize; 784];
    for seed in 0..200 {
        for pair in reference::pairs(seed, &image, 3, true, 56) {
            pair.iter().for_each(|&feature| counts[feature] += 1);
        }
    }
    let expected = 200.0 * 112.0 / 784.0;
    let chi_squared: f64 = counts.iter().map(|&n| (n as f64 - expected).powi(2) / expected).sum();
    // 783 degrees of freedom, times 1 − 1/7 for drawing without replacement, and 5 deviations.
    assert!((chi_squared - 783.0 * 6.0 / 7.0).abs() < 170.0, "{chi_squared}");
}

#[test]
fn limits_of_the_settings_have_defined_outcomes() {
    let (network, _) = published("mnist-undefended");
    let digits = digits();
    let (seven, _) = &digits[70];
    let run = |settings: RandomPairs, image: &[f32], goal| {
        end(&attack(Attack::RandomPairs(settings), &network, image, &[goal])[0])
    };
    let budget = |features| RandomPairs { budget: Budget { features }, ..UP };
    assert_eq!(run(UP, seven, Goal::Target(7)), (Outcome::AlreadyTarget, 0, 1));
    assert_eq!(run(budget(0), seven, Goal::Target(3)), (Outcome::BudgetSpent, 0, 1));
    assert_eq!(run(budget(2), seven, Goal::Untargeted(7)), (Outcome::BudgetSpent, 2, 2));
    let all = run(budget(784), seven, Goal::Untargeted(7));
    assert!(matches!(all, (Outcome::Fooled, ..)), "{all:?}");
    assert_eq!(run(UP, &[1.0; 784], Goal::Target(4)).0, Outcome::NoAdmissiblePair);
    let refused =
        |settings| refused(Attack::RandomPairs(settings), &network, seven, Goal::Target(3));
    assert!(matches!(
        refused(RandomPairs { theta: 2.0, ..UP }),
        AttackError::Setting { name: "theta", .. }
    ));
    assert!(matches!(refused(budget(785)), AttackError::Setting { name: "budget", .. }));
}

mod reference {
    //! The draws of the random baseline. The generator is a sequence here, and a function of n in the crate.

    /// The pairs that the baseline would change one after another if it never reached its goal.
    pub fn pairs(seed: u64, image: &[f32], class: usize, up: bool, count: usize) -> Vec<[usize; 2]> {
        let mut state = finalise(seed);
        for pixel in image {
            state = finalise(state ^ u64::from(pixel.to_bits()));
        }
        state = finalise(state ^ class as u64);
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            finalise(state)
        };
        let mut left: Vec<usize> =
            (0..image.len()).filter(|&i| if up { image[i] < 1.0 } else { image[i] > 0.0 }).collect();
        let mut found = Vec::new();
        while found.len() < count && left.len() >= 2 {
            let mut pick = || {
                let place = (u128::from(next()) * left.len() as u128) / (1 << 64);
                left.remove(place as usize)
            };
            let (first, second) = (pick(), pick());
            found.push([first.min(second), first.max(second)]);
        }
        found
    }

    fn finalise(mut z: u64) -> u64 {
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
