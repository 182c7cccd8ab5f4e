//! The random numbers of a training: SplitMix64 (Steele, Lea, Flood 2014), with a stream of its own for each
//! use, so that no number depends on the order of the work.

/// The use of a stream.
#[derive(Clone, Copy)]
pub enum Use {
    /// The initial weights of a layer.
    Weights = 1,
    /// The order of the images in an epoch.
    Order = 2,
    /// Which units an image keeps in an epoch, after a layer.
    Dropout = 3,
}

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// A stream of random numbers.
pub struct Stream(u64);

impl Stream {
    /// The stream of a run's seed, a use, and further words.
    pub fn new(seed: u64, of: Use, words: &[u64]) -> Self {
        let key = [seed, of as u64].into_iter().chain(words.iter().copied());
        Self(key.fold(0, |state, word| mix((state ^ word).wrapping_add(GAMMA))))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }

    /// A number in [0, 1), a multiple of 2⁻²⁴.
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u32 << 24) as f32
    }

    /// A number from 0 to `count` − 1.
    fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.bits()) * count as u128) >> 64) as usize
    }

    /// The numbers from 0 to `count` − 1 in random order, by Fisher and Yates.
    pub fn shuffled(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<_> = (0..count).collect();
        for last in (1..count).rev() {
            order.swap(last, self.below(last + 1));
        }
        order
    }
}

fn mix(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of SplitMix64 from the state 1234567, as in its authors' code.
    #[test]
    fn the_generator_is_split_mix_64() {
        let mut stream = Stream(1_234_567);
        let found = [(); 3].map(|()| stream.bits());
        let expected =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_order_has_each_number_once() {
        let mut order = Stream::new(1, Use::Order, &[0]).shuffled(1000);
        assert_ne!(order, Stream::new(1, Use::Order, &[1]).shuffled(1000));
        order.sort_unstable();
        assert_eq!(order, (0..1000).collect::<Vec<_>>());
    }
}
