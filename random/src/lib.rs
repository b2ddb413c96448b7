//! Counter-based random streams: reproducible for any number of threads.
//!
//! Each use has a ChaCha8 stream of its own, which is determined by the user's seed, a purpose and two
//! indices. Numbers therefore depend on what they are for, never on threads or on the order of the work.
//!
//! ```
//! use synnet_random::{Purpose, Stream};
//!
//! // The order of the samples in epoch 3 of training with seed 7.
//! let order = || {
//!     let mut order: Vec<usize> = (0..100).collect();
//!     Stream::new(7, Purpose::Shuffle, 3, 0).shuffle(&mut order);
//!     order
//! };
//! assert_eq!(order(), order());
//! ```

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The purpose of a stream. Streams of different purposes are independent. The discriminants are part of
/// every result: they must not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Initial weights. Indices: hash of the tensor's name, 0.
    Init = 1,
    /// Noise on membranes. Indices: sample, layer.
    Noise = 2,
    /// Order of the samples. Indices: epoch, 0.
    Shuffle = 3,
    /// Augmentation of rasters. Indices: epoch, sample.
    Augment = 4,
    /// Augmentation of audio. Indices: epoch, recording.
    Augmentation = 5,
    /// Synthetic samples of a new project. Indices: class, sample.
    Example = 6,
    /// Streams of words and noise. Indices: set and part, stream.
    Detection = 7,
    /// Streams of words and noise for training. Indices: epoch and part, stream.
    TrainingStreams = 8,
}

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// Creates the stream of a seed, a purpose and the purpose's two indices.
    pub fn new(seed: u64, purpose: Purpose, first: u64, second: u64) -> Self {
        // All four numbers fill the 256-bit key, so that no two streams can coincide.
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
        key[16..24].copy_from_slice(&first.to_le_bytes());
        key[24..].copy_from_slice(&second.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// Draws a number that is uniform in `0 <= x < 1`, with 53 bits.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Draws an integer that is uniform in `0 <= x < bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The high half of the product. Probabilities differ by at most 2^-64, and each call draws once.
        ((u128::from(self.0.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// Draws a Gaussian number with mean 0 and standard deviation 1 (Box and Muller, 1958; the cosine only).
    pub fn normal(&mut self) -> f64 {
        // `1 - unit` is never 0, so the logarithm is finite.
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Shuffles the elements (Fisher and Yates); every permutation is equally likely.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

/// Returns 32 pseudorandom bits from a key and a counter (the two-round multiply-xorshift hash of Wellons'
/// `hash-prospector`). Cheap enough to be computed for each spike.
#[inline(always)]
pub fn mix(key: u32, counter: u32) -> u32 {
    let mut x = counter.wrapping_mul(0x9e37_79b9) ^ key;
    x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
    x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

/// Returns 64 pseudorandom bits from three numbers (steps of SplitMix64; Steele, Lea and Flood, 2014).
pub fn mix3(first: u64, second: u64, third: u64) -> u64 {
    [first, second, third].into_iter().fold(0, |state: u64, number| {
        let mut x = (state ^ number).wrapping_add(0x9e37_79b9_7f4a_7c15);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_depend_on_every_index_and_repeat() {
        let draw = |seed, first, second| Stream::new(seed, Purpose::Init, first, second).unit();
        let all = [draw(0, 0, 0), draw(1, 0, 0), draw(0, 1, 0), draw(0, 0, 1)];
        for (i, a) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|b| a != b));
        }
        assert_eq!(all[0], draw(0, 0, 0));
    }

    #[test]
    fn mixed_numbers_differ_in_every_argument() {
        let keys = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0)].map(|(a, b, c)| mix3(a, b, c));
        for (i, a) in keys.iter().enumerate() {
            assert!(keys[..i].iter().all(|b| (a ^ b).count_ones() > 16));
        }
    }

    #[test]
    fn normal_numbers_have_mean_0_and_variance_1() {
        let mut stream = Stream::new(7, Purpose::Noise, 0, 0);
        let draws: Vec<f64> = (0..20_000).map(|_| stream.normal()).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|x| x * x).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }

    #[test]
    fn mixed_counters_drop_the_share_that_is_asked_for() {
        let share = |key| (0..50_000).filter(|&i| mix(key, i) < u32::MAX / 10).count() as f64 / 50_000.0;
        for key in 0..8 {
            assert!((share(key) - 0.1).abs() < 0.006, "{}", share(key));
        }
    }
}
