//! The spike generator: rectification, divisive normalization, integrate-and-fire.

use super::{Arithmetic, CHANNELS, FrontEndOptions, Lanes, Normalization};

/// Limit of the accumulators with a fixed threshold. Beyond 2^53, `f64` would not represent every integer.
///
/// If the threshold lies far below the signal, a channel reaches it after three hours at full scale.
const LIMIT: u64 = 1 << 52;

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
pub(super) struct SpikeGenerator<A: Arithmetic> {
    normalization: Normalization,
    fixed_threshold: A::Wide,
    /// `2^b1 - 2^b2`.
    factor: A::Narrow,
    eps: A::Narrow,
    low_pass: A::Shift,
    /// Low-pass filtered sum of the rectified signal: the average times `2^low_pass`. Stays 0 with a fixed
    /// threshold, which does not need it.
    hi: Lanes<A::Wide>,
    /// Accumulators of the integrate-and-fire neurons.
    iaf: Lanes<A::Wide>,
}

impl<A: Arithmetic> SpikeGenerator<A> {
    /// Creates a generator with states of zero. The options must be valid.
    pub(super) fn new(options: &FrontEndOptions) -> Self {
        Self {
            normalization: options.normalization,
            fixed_threshold: A::wide(options.fixed_threshold),
            factor: A::narrow((1 << options.b1) - (1 << options.b2)),
            eps: A::narrow(options.eps.cast_signed()),
            low_pass: A::shift(options.low_pass),
            hi: Default::default(),
            iaf: Default::default(),
        }
    }

    /// Sets all states to zero.
    pub(super) fn reset(&mut self) {
        self.hi = Default::default();
        self.iaf = Default::default();
    }

    /// Returns the normalization, which determines which of the methods below the caller runs.
    pub(super) fn normalization(&self) -> Normalization {
        self.normalization
    }

    /// Processes one sample of a channel with a threshold from its own average.
    #[inline(always)]
    pub(super) fn step_channel(&self, channel: &mut Channel<A>, y: A::Narrow) {
        let r = A::magnitude(y);
        let threshold = self.threshold(self.average(channel, r));
        // Normalized, accumulators stay below their limit: a threshold is at least the average, so they grow no faster
        // than `hi`, which stays below 2^44.
        channel.fire(channel.iaf + A::widen(r), threshold);
    }

    /// Processes one sample of a channel with the fixed threshold.
    #[inline(always)]
    pub(super) fn step_fixed(&self, channel: &mut Channel<A>, y: A::Narrow) {
        let sum = channel.iaf + A::widen(A::magnitude(y));
        channel.fire(smaller(sum, A::wide(LIMIT)), self.fixed_threshold);
    }

    /// Processes one sample of all channels with thresholds from their own averages; adds spikes to `counts`.
    #[inline(always)]
    pub(super) fn step_channels(&mut self, y: &Lanes<A::Narrow>, counts: &mut Lanes<A::Count>) {
        // Two loops: one would need more registers than there are for vectors.
        let averages = self.averages(y, counts);
        self.fire(y, &averages.map(|m| self.threshold(m)), counts);
    }

    /// Processes one sample of all channels with the fixed threshold; adds spikes to `counts`.
    #[inline(always)]
    pub(super) fn step_channels_fixed(&mut self, y: &Lanes<A::Narrow>, counts: &mut Lanes<A::Count>) {
        for (c, &y) in y.iter().enumerate() {
            let mut channel = self.channel(c, counts);
            self.step_fixed(&mut channel, y);
            self.set_channel(c, &channel, counts);
        }
    }

    /// Processes one sample of all channels with the maximum of their thresholds; adds spikes to `counts`.
    #[inline(always)]
    pub(super) fn step_joint(&mut self, y: &Lanes<A::Narrow>, counts: &mut Lanes<A::Count>) {
        // The factor is positive, so the maximum of the averages gives that of the thresholds.
        let averages = self.averages(y, counts);
        let threshold = self.threshold(maximum(averages));
        self.fire(y, &[threshold; CHANNELS], counts);
    }

    /// Updates the averages of all channels, and returns `m` of each.
    #[inline(always)]
    fn averages(&mut self, y: &Lanes<A::Narrow>, counts: &Lanes<A::Count>) -> Lanes<A::Narrow> {
        let mut averages = [A::Narrow::default(); CHANNELS];
        for (c, (average, &y)) in averages.iter_mut().zip(y).enumerate() {
            let mut channel = self.channel(c, counts);
            *average = self.average(&mut channel, A::magnitude(y));
            self.hi[c] = channel.hi;
        }
        averages
    }

    /// Advances the integrate-and-fire neurons of all channels.
    #[inline(always)]
    fn fire(&mut self, y: &Lanes<A::Narrow>, thresholds: &Lanes<A::Wide>, counts: &mut Lanes<A::Count>) {
        for (c, (&y, &threshold)) in y.iter().zip(thresholds).enumerate() {
            let mut channel = self.channel(c, counts);
            channel.fire(channel.iaf + A::widen(A::magnitude(y)), threshold);
            self.set_channel(c, &channel, counts);
        }
    }

    /// Returns the state of a channel, to run it alone.
    #[inline(always)]
    pub(super) fn channel(&self, c: usize, counts: &Lanes<A::Count>) -> Channel<A> {
        Channel { hi: self.hi[c], iaf: self.iaf[c], count: counts[c] }
    }

    /// Puts the state of a channel back.
    #[inline(always)]
    pub(super) fn set_channel(&mut self, c: usize, channel: &Channel<A>, counts: &mut Lanes<A::Count>) {
        self.hi[c] = channel.hi;
        self.iaf[c] = channel.iaf;
        counts[c] = channel.count;
    }

    /// Updates the average of a channel, and returns `m`, from the average before this sample.
    #[inline(always)]
    fn average(&self, channel: &mut Channel<A>, r: A::Narrow) -> A::Narrow {
        let lo = A::shift_right(channel.hi, self.low_pass);
        channel.hi = channel.hi + A::widen(r - lo);
        larger(lo, self.eps)
    }

    #[inline(always)]
    fn threshold(&self, m: A::Narrow) -> A::Wide {
        A::product(m, self.factor)
    }
}

/// The state of one channel.
pub(super) struct Channel<A: Arithmetic> {
    hi: A::Wide,
    iaf: A::Wide,
    count: A::Count,
}

impl<A: Arithmetic> Channel<A> {
    /// Stores the sum of the integrate-and-fire neuron, and its spike if the sum reaches the threshold.
    #[inline(always)]
    fn fire(&mut self, sum: A::Wide, threshold: A::Wide) {
        // Without branches, so that a loop over channels becomes vector operations.
        let (fires, rest) = A::compare(sum, threshold);
        self.iaf = rest;
        self.count = A::count(self.count, fires);
    }
}

/// Returns the maximum over the lanes.
#[inline(always)]
fn maximum<T: Copy + PartialOrd>(mut lanes: Lanes<T>) -> T {
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
fn larger<T: PartialOrd>(a: T, b: T) -> T {
    if a > b { a } else { b }
}

/// Returns the smaller number; see [`larger`].
#[inline(always)]
fn smaller<T: PartialOrd>(a: T, b: T) -> T {
    if a < b { a } else { b }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Floats, Integers};
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

    fn step<A: Arithmetic>(generator: &mut SpikeGenerator<A>, y: &[i32; CHANNELS]) -> [bool; CHANNELS] {
        let (y, mut counts) = (y.map(A::narrow), [A::Count::default(); CHANNELS]);
        let each = |generator: &mut SpikeGenerator<A>,
                    counts: &mut Lanes<A::Count>,
                    step: fn(&SpikeGenerator<A>, &mut Channel<A>, A::Narrow)| {
            for (c, &y) in y.iter().enumerate() {
                let mut channel = generator.channel(c, counts);
                step(generator, &mut channel, y);
                generator.set_channel(c, &channel, counts);
            }
        };
        match generator.normalization() {
            Normalization::Joint => generator.step_joint(&y, &mut counts),
            Normalization::Channel if A::CHANNEL_BY_CHANNEL => {
                each(generator, &mut counts, SpikeGenerator::step_channel);
            }
            Normalization::Channel => generator.step_channels(&y, &mut counts),
            Normalization::Fixed if A::CHANNEL_BY_CHANNEL => {
                each(generator, &mut counts, SpikeGenerator::step_fixed);
            }
            Normalization::Fixed => generator.step_channels_fixed(&y, &mut counts),
        }
        counts.map(|count| A::to_u32(count) == 1)
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
        fn both_forms_equal_the_reference(options in options(), signal in signal()) {
            options.validate().unwrap();
            let mut floats = SpikeGenerator::<Floats>::new(&options);
            let mut integers = SpikeGenerator::<Integers>::new(&options);
            let mut plain = ReferenceModel { options: &options, hi: [0; CHANNELS], iaf: [0; CHANNELS] };
            for (y, samples) in signal {
                for _ in 0..samples {
                    let expected = plain.step(&y);
                    prop_assert_eq!(step(&mut floats, &y), expected);
                    prop_assert_eq!(step(&mut integers, &y), expected);
                }
                prop_assert_eq!(floats.iaf.map(|x| x as i64), plain.iaf);
                prop_assert_eq!(integers.iaf, plain.iaf);
                if options.normalization != Normalization::Fixed {
                    prop_assert_eq!(floats.hi.map(|x| x as i64), plain.hi);
                    prop_assert_eq!(integers.hi, plain.hi);
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
        let mut floats = SpikeGenerator::<Floats>::new(&options);
        let mut integers = SpikeGenerator::<Integers>::new(&options);
        floats.iaf = [(LIMIT - 1) as f64; CHANNELS];
        integers.iaf = [LIMIT as i64 - 1; CHANNELS];
        for _ in 0..3 {
            assert_eq!(step(&mut floats, &[LARGEST; CHANNELS]), [true; CHANNELS]);
            assert_eq!(step(&mut integers, &[LARGEST; CHANNELS]), [true; CHANNELS]);
        }
        assert_eq!(integers.iaf, [LIMIT as i64 - 1; CHANNELS]);
        assert_eq!(floats.iaf, integers.iaf.map(|x| x as f64));
    }
}
