//! The attacks of Carlini and Wagner.

use defensive_distillation::attack::{
    Attack, AttackError, ConstScale, CwL0, CwL2, Goal, Outcome, Step, attacks,
};

use reference::{Request, l2};
use crate::reference::network::argmax;
use crate::{attack, digits, digits_and_targets, end, published, refused, targeted};

fn length(image: &[f32], original: &[f32]) -> f64 {
    let squares = image.iter().zip(original);
    squares.map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum::<f64>().sqrt()
}

/// Compares every image of three descents. Adam divides by the size of the gradient, so a gradient that is
/// close to zero, and mostly rounding in 32 bits, moves its pixel as far as any other. Single pixels may
/// therefore differ.
#[test]
fn the_descent_is_that_of_the_reference() {
    for (id, confidence, const_scale) in [
        ("mnist-undefended", 0.0, ConstScale::Fixed),
        ("mnist-undefended", 0.0, ConstScale::Gradient),
        ("mnist-distilled-t40", 20.0, ConstScale::Fixed),
        ("mnist-distilled-t40", 20.0, ConstScale::Gradient),
    ] {
        let (network, float64) = published(id);
        let digits = digits();
        for (tile, target) in [(2, 6), (33, 5), (71, 9)] {
            let (image, _) = &digits[tile];
            let (iterations, binary_search_steps) = (30, 3);
            let settings = CwL2 {
                confidence,
                iterations,
                binary_search_steps,
                const_scale,
                ..CwL2::default()
            };
            let steps = attack(Attack::CwL2(settings), &network, image, &[Goal::Target(target)]);
            let steps = &steps[0];
            let request = Request {
                target,
                confidence: confidence.into(),
                iterations: 30,
                searches: 3,
                rate: f64::from(0.1f32),
                c: 1.0,
                is_relative: const_scale == ConstScale::Gradient,
            };
            let expected = l2(&float64, image, &request);
            assert_eq!(steps.len(), 3 * 31 + usize::from(expected.best.is_some()));
            for (i, image) in expected.images.iter().enumerate() {
                let apart = length(&steps[i].image, image);
                assert!(
                    apart < 0.02,
                    "{id} {const_scale:?} {tile} → {target}: image {i} is {apart} apart"
                );
            }
            let last = steps.last().expect("it has steps");
            match expected.best {
                Some((_, shortest)) => {
                    assert_eq!(last.outcome, Some(Outcome::Fooled));
                    let found = length(&last.image, image);
                    assert!((found - shortest).abs() < 0.02, "{found} against {shortest}");
                    assert_eq!(argmax(float64.forward(&last.image).logits()), target);
                }
                None => assert_eq!(last.outcome, Some(Outcome::BudgetSpent)),
            }
        }
    }
}

/// The result is the image with the shortest change, or with the fewest features changed, of all evaluated
/// images that reach the target.
#[test]
fn both_networks_are_fooled_and_the_best_image_is_kept() {
    let (digits, targets) = digits_and_targets(1);
    let (digits, targets) = (&digits[3..7], &targets[3..7]);
    let images: Vec<f32> = digits.iter().flat_map(|(image, _)| image).copied().collect();
    for id in ["mnist-undefended", "mnist-distilled-t40"] {
        let (network, float64) = published(id);
        let l2 = CwL2 { binary_search_steps: 2, ..CwL2::default() };
        let l0 = CwL0 { limit: 800, ..CwL0::default() };
        for settings in [Attack::CwL2(l2), Attack::CwL0(l0)] {
            let found = attack(settings, &network, &images, &targeted(targets));
            let mut fooled = 0;
            for ((steps, (image, _)), &target) in found.iter().zip(digits).zip(targets) {
                let (last, shown) = steps.split_last().expect("it has steps");
                let reached = |step: &&defensive_distillation::attack::Step| {
                    defensive_distillation::network::softmax::argmax(&step.logits) == target
                };
                if last.outcome != Some(Outcome::Fooled) {
                    assert_eq!(last.outcome, Some(Outcome::BudgetSpent));
                    assert!(!shown.iter().any(|step| reached(&step)));
                    continue;
                }
                fooled += 1;
                assert_eq!(argmax(float64.forward(&last.image).logits()), target);
                let good: Vec<_> = shown.iter().filter(reached).collect();
                if let Attack::CwL2(_) = settings {
                    let lengths = good.iter().map(|step| length(&step.image, image));
                    let shortest = lengths.fold(f64::INFINITY, f64::min);
                    assert_eq!(length(&last.image, image), shortest);
                } else {
                    let fewest = good.iter().map(|step| step.features_changed).min();
                    assert_eq!(Some(last.features_changed), fewest);
                }
            }
            assert!(fooled >= 3, "{id} {settings:?}: {fooled} of 4");
        }
    }
}

/// The steps of each attack on the undefended network with its logits multiplied by k.
fn on_multiplied_logits(k: f32, const_scale: ConstScale) -> Vec<Vec<Step>> {
    let network = published("mnist-undefended").0.scaled(k);
    let digits = digits();
    let images: Vec<f32> = [2, 33, 71].into_iter().flat_map(|tile| digits[tile].0.clone()).collect();
    let goals = targeted(&[6, 5, 9]);
    let l2 = CwL2 { iterations: 60, binary_search_steps: 4, const_scale, ..CwL2::default() };
    let l0 = CwL0 { iterations: 60, limit: 400, const_scale, ..CwL0::default() };
    let run = |settings| attack(settings, &network, &images, &goals);
    [run(Attack::CwL2(l2)), run(Attack::CwL0(l0))].concat()
}

/// Multiplying the logits changes no decision of the network. By a power of two it changes no bit of a run
/// either; by another factor it rounds otherwise.
#[test]
fn the_scale_of_the_logits_changes_nothing() {
    let images = |runs: &[Vec<Step>]| -> Vec<Vec<Vec<f32>>> {
        runs.iter().map(|steps| steps.iter().map(|step| step.image.clone()).collect()).collect()
    };
    let ends = |runs: &[Vec<Step>]| -> Vec<_> { runs.iter().map(|steps| end(steps)).collect() };
    let plain = on_multiplied_logits(1.0, ConstScale::Gradient);
    assert!(ends(&plain).iter().all(|(outcome, ..)| *outcome == Outcome::Fooled));
    for k in [2.0, 64.0] {
        let multiplied = on_multiplied_logits(k, ConstScale::Gradient);
        // Not `assert_eq`, which would print megabytes.
        assert!(images(&plain) == images(&multiplied), "× {k}");
        assert_eq!(ends(&plain), ends(&multiplied), "× {k}");
    }
    let multiplied = on_multiplied_logits(100.0, ConstScale::Gradient);
    for (i, (plain, multiplied)) in plain.iter().zip(&multiplied).enumerate() {
        let of = |steps: &[Step]| {
            let last = steps.last().expect("it has steps");
            (length(&last.image, &steps[0].image), last.features_changed as f64)
        };
        let ((length, features), (other_length, other_features)) = (of(plain), of(multiplied));
        assert_eq!(end(plain).0, end(multiplied).0);
        assert!((other_length / length - 1.0).abs() < 0.02, "{i}: {length}, {other_length}");
        assert!((other_features / features - 1.0).abs() < 0.02, "{i}: {features}, {other_features}");
    }
    // With c from 1 the scale does matter.
    let fixed = |k| images(&on_multiplied_logits(k, ConstScale::Fixed));
    assert!(fixed(1.0) != fixed(64.0));
}

/// The settings of new runs are those that `Default` gives, and the authors' have c from 1 or less.
#[test]
fn the_defaults_are_those_of_new_runs() {
    let json = |attack: Attack| serde_json::to_value(attack).expect("it is plain data");
    for attack in [Attack::CwL2(CwL2::default()), Attack::CwL0(CwL0::default())] {
        let facts = attacks().find(|facts| facts.id == attack.name()).expect("it is registered");
        let values = facts.settings.iter().map(|of| (of.key.to_owned(), of.default_value()));
        let values = values.chain([("attack".to_owned(), facts.id.into())]).collect();
        let found: Attack = serde_json::from_value(serde_json::Value::Object(values)).expect("known");
        assert_eq!(found, attack);
        assert_eq!(json(attack)["c_scale"], "gradient");
        let thorough = Attack::thorough(facts.id).expect("its authors' settings are slower");
        assert_eq!(json(thorough)["c_scale"], serde_json::Value::Null, "c is not scaled");
    }
}

/// In the resulting image the target's logit exceeds all others by at least κ.
#[test]
fn confidence_is_reached_and_costs_length() {
    let (network, _) = published("mnist-undefended");
    let digits = digits();
    let seven = &digits[70].0;
    let run = |confidence| {
        let settings = Attack::CwL2(CwL2 { confidence, binary_search_steps: 2, ..CwL2::default() });
        let steps = attack(settings, &network, seven, &[Goal::Target(3)]);
        let last = steps[0].last().expect("it has steps");
        let rival = (0..10).filter(|&j| j != 3).map(|j| last.logits[j]).fold(f32::MIN, f32::max);
        assert_eq!(last.outcome, Some(Outcome::Fooled));
        (last.logits[3] - rival, length(&last.image, seven))
    };
    let ((plain, short), (sure, long)) = (run(0.0), run(10.0));
    assert!((0.0..5.0).contains(&plain), "{plain}");
    assert!(sure >= 10.0 && long > short, "{sure}: {long} against {short}");
}

#[test]
fn limits_of_the_settings_have_defined_outcomes() {
    let (network, _) = published("mnist-undefended");
    let digits = digits();
    let seven = &digits[70].0;
    let quick = CwL2 { iterations: 1, binary_search_steps: 1, ..CwL2::default() };
    let run = |settings, goal| end(&attack(settings, &network, seven, &[goal])[0]);
    assert_eq!(run(Attack::CwL2(quick), Goal::Target(7)), (Outcome::AlreadyTarget, 0, 1));
    assert_eq!(run(Attack::CwL2(quick), Goal::Target(3)).0, Outcome::BudgetSpent);
    let quick = CwL0 { limit: 1, ..CwL0::default() };
    assert_eq!(run(Attack::CwL0(quick), Goal::Target(3)), (Outcome::BudgetSpent, 0, 1));
    for settings in [
        Attack::CwL2(CwL2 { initial_const: f32::NAN, ..CwL2::default() }),
        Attack::CwL2(CwL2 { learning_rate: 0.0, ..CwL2::default() }),
        Attack::CwL2(CwL2 { iterations: 0, ..CwL2::default() }),
        Attack::CwL2(CwL2 { binary_search_steps: 21, ..CwL2::default() }),
        Attack::CwL0(CwL0 { confidence: -1.0, ..CwL0::default() }),
        Attack::CwL0(CwL0 { limit: 0, ..CwL0::default() }),
    ] {
        let error = refused(settings, &network, seven, Goal::Target(3));
        assert!(matches!(error, AttackError::Setting { .. }), "{settings:?}: {error}");
    }
    let error = refused(Attack::CwL2(CwL2::default()), &network, seven, Goal::Untargeted(7));
    assert_eq!(error, AttackError::Untargeted("cw-l2"));
}

mod reference {
    //! Carlini and Wagner's L2 attack in float64: the objective with its gradient in plain loops, Adam as in its
    //! paper, and the search for c as a loop around it.

    use crate::reference::network::{CLASSES, Network, argmax};

    pub struct Request {
        pub target: usize,
        pub confidence: f64,
        pub iterations: usize,
        pub searches: usize,
        pub rate: f64,
        pub c: f64,
        /// Whether c is in units of 2d / ‖∇f‖ at the original image, with d = (f + κ) / ‖∇f‖.
        pub is_relative: bool,
    }

    pub struct Found {
        /// Every image that the network evaluated, in order.
        pub images: Vec<Vec<f32>>,
        /// Which of them is the shortest that fools the network, and its length.
        pub best: Option<(usize, f64)>,
        /// The values of c that were tried.
        pub constants: Vec<f64>,
    }

    pub fn l2(network: &Network, original: &[f32], request: &Request) -> Found {
        let mut found = Found { images: Vec::new(), best: None, constants: Vec::new() };
        let (mut too_small, mut large_enough) = (0.0, None::<f64>);
        let mut c = request.c * if request.is_relative { unit(network, original, request) } else { 1.0 };
        for _ in 0..request.searches {
            found.constants.push(c);
            match descend(network, original, request, c, &mut found) {
                true => large_enough = Some(c),
                false => too_small = c,
            }
            c = large_enough.map_or(10.0 * c, |large| (too_small + large) / 2.0);
        }
        found
    }

    /// The c with which the minimum of ‖δ‖² + c · f is at f = −κ, were f linear.
    fn unit(network: &Network, original: &[f32], request: &Request) -> f64 {
        let trace = network.forward(original);
        let z = trace.logits();
        let others = (0..CLASSES).filter(|&j| j != request.target);
        let rival = others.reduce(|best, j| if z[j] > z[best] { j } else { best }).expect("nine");
        let mut cotangent = vec![0.0; CLASSES];
        cotangent[rival] = 1.0;
        cotangent[request.target] = -1.0;
        let gradient = network.backward(&trace, &cotangent);
        let squares: f64 = gradient.iter().map(|slope| slope * slope).sum();
        let distance = (z[rival] - z[request.target] + request.confidence) / squares.sqrt();
        2.0 * distance.max(1.0 / 255.0) / squares.sqrt()
    }

    /// Makes one descent, and returns whether it found an adversarial example.
    fn descend(
        network: &Network,
        original: &[f32],
        request: &Request,
        c: f64,
        found: &mut Found,
    ) -> bool {
        let n = original.len();
        let squash = |w: f64| (w.tanh() + 1.0) / 2.0;
        let to_w = |&x: &f32| ((f64::from(x) * 2.0 - 1.0) * 0.999999).atanh();
        let mut w: Vec<f64> = original.iter().map(to_w).collect();
        let (mut m, mut v) = (vec![0.0; n], vec![0.0; n]);
        let mut succeeded = false;
        for iteration in 0..=request.iterations {
            let image: Vec<f32> = match iteration {
                0 => original.to_vec(),
                _ => w.iter().map(|&w| squash(w) as f32).collect(),
            };
            let trace = network.forward(&image);
            let z = trace.logits();
            let others = (0..CLASSES).filter(|&j| j != request.target);
            let rival = others.reduce(|best, j| if z[j] > z[best] { j } else { best }).expect("nine");
            let margin = z[request.target] - z[rival];
            let adversarial = argmax(z) == request.target && margin >= request.confidence;
            let squares =
                image.iter().zip(original).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
            let length = squares.sum::<f64>().sqrt();
            if adversarial {
                succeeded = true;
                if found.best.is_none_or(|(_, shortest)| length < shortest) {
                    found.best = Some((found.images.len(), length));
                }
            }
            found.images.push(image);
            let mut cotangent = vec![0.0; CLASSES];
            if !adversarial {
                cotangent[request.target] = -c;
                cotangent[rival] = c;
            }
            let loss = network.backward(&trace, &cotangent);
            let t = iteration as i32 + 1;
            for i in 0..n {
                let x = squash(w[i]);
                let dx_dw = 2.0 * x * (1.0 - x);
                let g = (2.0 * (x - f64::from(original[i])) + loss[i]) * dx_dw;
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.999 * v[i] + 0.001 * g * g;
                let m_hat = m[i] / (1.0 - 0.9f64.powi(t));
                let v_hat = v[i] / (1.0 - 0.999f64.powi(t));
                w[i] -= request.rate * m_hat / (v_hat.sqrt() + 1e-8);
            }
        }
        succeeded
    }
}
