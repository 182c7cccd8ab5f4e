//! Carlini and Wagner's L2 attack in float64: the objective with its gradient in plain loops, Adam as in its
//! paper, and the search for c as a loop around it.

use super::network::{CLASSES, Network, argmax};

pub struct Request {
    pub target: usize,
    pub confidence: f64,
    pub iterations: usize,
    pub searches: usize,
    pub rate: f64,
    pub c: f64,
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
    let mut c = request.c;
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
