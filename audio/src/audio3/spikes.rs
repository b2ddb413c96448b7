//! The spike generator: rectification, divisive normalization, integrate-and-fire.

use super::{CHANNELS, FrontEndOptions, Lanes, Normalization, floor_offset, round};

/// Limit of the accumulators. Beyond 2^53, `f64` would not represent every integer.
///
/// With normalization, accumulators stay far below it. With a fixed threshold far below the signal, a channel
/// reaches it after three hours at full scale.
const LIMIT: f64 = (1_u64 << 52) as f64;

/// Converts the filters' output to spikes, at most one per channel and audio sample.
///
/// For each sample and channel, with `y` from the filter and `>>` rounding toward minus infinity:
/// ```text
/// r   = |y|
/// lo  = hi >> low_pass                        the average so far
/// hi  = hi - lo + r
/// m   = max(lo, eps)
/// th  = (m << b1) - (m << b2)                 or the maximum over the channels, or the fixed threshold
/// iaf = iaf + r
/// spike = iaf >= th;  iaf = iaf - spike * th
/// ```
/// With `r < 2^23`, `low_pass <= 20` and `b1 <= 20`, `hi < 2^44` and `th < 2^44`.
#[derive(Clone, Debug)]
pub(super) struct SpikeGenerator {
    normalization: Normalization,
    fixed_threshold: f64,
    /// `2^b1 - 2^b2`.
    factor: f64,
    eps: f64,
    /// `2^-low_pass`.
    decay: f64,
    /// [`floor_offset`] for `hi * decay`.
    offset: f64,
    /// Low-pass filtered sum of the rectified signal: the average times `2^low_pass`. Stays 0 with a fixed
    /// threshold, which does not need it.
    hi: Lanes,
    /// Accumulators of the integrate-and-fire neurons.
    iaf: Lanes,
}

impl SpikeGenerator {
    /// Creates a generator with states of zero. The options must be valid.
    pub(super) fn new(options: &FrontEndOptions) -> Self {
        let power = |exponent: u32| 2_f64.powi(exponent as i32);
        Self {
            normalization: options.normalization,
            fixed_threshold: options.fixed_threshold as f64,
            factor: power(options.b1) - power(options.b2),
            eps: options.eps.into(),
            decay: 1.0 / power(options.low_pass),
            offset: floor_offset(options.low_pass),
            hi: [0.0; CHANNELS],
            iaf: [0.0; CHANNELS],
        }
    }

    /// Sets all states to zero.
    pub(super) fn reset(&mut self) {
        self.hi = [0.0; CHANNELS];
        self.iaf = [0.0; CHANNELS];
    }

    /// Returns the normalization, which determines which of the three steps below the caller runs.
    pub(super) fn normalization(&self) -> Normalization {
        self.normalization
    }

    /// Processes one sample with thresholds from each channel's own average; adds spikes to `counts`.
    #[inline(always)]
    pub(super) fn step_channel(&mut self, y: &Lanes, counts: &mut Lanes) {
        let thresholds = self.thresholds(y);
        self.fire(y, &thresholds, counts);
    }

    /// Processes one sample with the maximum of the channels' thresholds for all channels.
    #[inline(always)]
    pub(super) fn step_joint(&mut self, y: &Lanes, counts: &mut Lanes) {
        let thresholds = self.thresholds(y);
        self.fire(y, &[maximum(thresholds); CHANNELS], counts);
    }

    /// Processes one sample with the fixed threshold.
    #[inline(always)]
    pub(super) fn step_fixed(&mut self, y: &Lanes, counts: &mut Lanes) {
        self.fire(y, &[self.fixed_threshold; CHANNELS], counts);
    }

    /// Updates the averages, and returns the threshold of each channel.
    #[inline(always)]
    fn thresholds(&mut self, y: &Lanes) -> Lanes {
        let mut thresholds = [0.0; CHANNELS];
        for c in 0..CHANNELS {
            // The threshold uses the average before this sample.
            let lo = round(self.hi[c] * self.decay + self.offset);
            self.hi[c] = self.hi[c] - lo + y[c].abs();
            thresholds[c] = larger(lo, self.eps) * self.factor;
        }
        thresholds
    }

    /// Advances the integrate-and-fire neurons, and adds their spikes to `counts`.
    #[inline(always)]
    fn fire(&mut self, y: &Lanes, thresholds: &Lanes, counts: &mut Lanes) {
        // Without branches, so that the loop becomes vector operations.
        for c in 0..CHANNELS {
            let sum = smaller(self.iaf[c] + y[c].abs(), LIMIT);
            let fires = sum >= thresholds[c];
            self.iaf[c] = sum - if fires { thresholds[c] } else { 0.0 };
            counts[c] += if fires { 1.0 } else { 0.0 };
        }
    }
}

/// Returns the maximum over the lanes.
#[inline(always)]
fn maximum(mut lanes: Lanes) -> f64 {
    // By halving, which vectorizes; a maximum does not depend on the order.
    let mut half = CHANNELS / 2;
    while half > 0 {
        for c in 0..half {
            lanes[c] = larger(lanes[c], lanes[c + half]);
        }
        half /= 2;
    }
    lanes[0]
}

/// Returns the larger number in one instruction; `f64::max` must also handle NaN.
#[inline(always)]
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// Returns the smaller number; see [`larger`].
#[inline(always)]
fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The formulas, in integer arithmetic.
    struct ReferenceModel<'a> {
        options: &'a FrontEndOptions,
        hi: [i64; CHANNELS],
        iaf: [i64; CHANNELS],
    }

    impl ReferenceModel<'_> {
        fn step(&mut self, y: &[i32; CHANNELS]) -> [bool; CHANNELS] {
            let o = self.options;
            let mut thresholds = [0; CHANNELS];
            for c in 0..CHANNELS {
                let lo = self.hi[c] >> o.low_pass;
                self.hi[c] += i64::from(y[c].abs()) - lo;
                let m = lo.max(o.eps.into());
                thresholds[c] = (m << o.b1) - (m << o.b2);
            }
            match o.normalization {
                Normalization::Channel => {}
                Normalization::Joint => thresholds = [*thresholds.iter().max().unwrap(); CHANNELS],
                Normalization::Fixed => thresholds = [o.fixed_threshold as i64; CHANNELS],
            }
            std::array::from_fn(|c| {
                self.iaf[c] += i64::from(y[c].abs());
                let fires = self.iaf[c] >= thresholds[c];
                self.iaf[c] -= if fires { thresholds[c] } else { 0 };
                fires
            })
        }
    }

    fn step(generator: &mut SpikeGenerator, y: &[i32; CHANNELS]) -> [bool; CHANNELS] {
        let (y, mut counts) = (y.map(f64::from), [0.0; CHANNELS]);
        match generator.normalization() {
            Normalization::Channel => generator.step_channel(&y, &mut counts),
            Normalization::Joint => generator.step_joint(&y, &mut counts),
            Normalization::Fixed => generator.step_fixed(&y, &mut counts),
        }
        counts.map(|count| count == 1.0)
    }

    const LARGEST: i32 = (1 << 23) - 1;

    fn options() -> impl Strategy<Value = FrontEndOptions> {
        let normalization =
            prop_oneof![Just(Normalization::Joint), Just(Normalization::Channel), Just(Normalization::Fixed)];
        let threshold = prop_oneof![Just(1_u64), 1_u64..1 << 42, Just((1 << 42) - 1)];
        let shifts = (1_u32..=20).prop_flat_map(|b1| (Just(b1), 0..b1));
        let eps = prop_oneof![Just(1_u32), Just(65_535), 1_u32..100];
        (normalization, threshold, shifts, 0_u32..=20, eps).prop_map(
            |(normalization, fixed_threshold, (b1, b2), low_pass, eps)| FrontEndOptions {
                normalization,
                fixed_threshold,
                b1,
                b2,
                low_pass,
                eps,
                ..FrontEndOptions::default()
            },
        )
    }

    /// Segments of constant values, from silence to the maximum of the filters.
    fn signal() -> impl Strategy<Value = Vec<([i32; CHANNELS], usize)>> {
        let value = prop_oneof![Just(0), Just(LARGEST), Just(-LARGEST), -LARGEST..=LARGEST, -50..50_i32];
        let channels = prop::array::uniform16(value);
        prop::collection::vec((channels, prop_oneof![1_usize..20, Just(3000)]), 1..6)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn lanes_equal_plain_integers(options in options(), signal in signal()) {
            options.validate().unwrap();
            let mut generator = SpikeGenerator::new(&options);
            let mut plain = ReferenceModel { options: &options, hi: [0; CHANNELS], iaf: [0; CHANNELS] };
            for (y, samples) in signal {
                for _ in 0..samples {
                    prop_assert_eq!(step(&mut generator, &y), plain.step(&y));
                }
                prop_assert_eq!(generator.iaf.map(|x| x as i64), plain.iaf);
                if options.normalization != Normalization::Fixed {
                    prop_assert_eq!(generator.hi.map(|x| x as i64), plain.hi);
                }
            }
        }
    }

    #[test]
    fn accumulators_saturate_at_their_limit() {
        let options = FrontEndOptions {
            normalization: Normalization::Fixed,
            fixed_threshold: 1,
            ..FrontEndOptions::default()
        };
        let mut generator = SpikeGenerator::new(&options);
        generator.iaf = [LIMIT - 1.0; CHANNELS];
        for _ in 0..3 {
            assert_eq!(step(&mut generator, &[LARGEST; CHANNELS]), [true; CHANNELS]);
        }
        assert_eq!(generator.iaf, [LIMIT - 1.0; CHANNELS]);
    }
}
