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
