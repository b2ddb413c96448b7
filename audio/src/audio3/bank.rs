//! The filter bank: 16 second-order band-pass filters in integer arithmetic.

use super::{Arithmetic, CHANNELS, Lanes, Native};

/// The coefficients of one filter, as in the chip's registers.
struct Filter {
    /// Right shift of the state, after input and feedback are added.
    b_b: u32,
    /// Right shift of the feedback.
    b_af: u32,
    /// Feedback coefficient of the previous state.
    a1: i32,
    /// Feedback coefficient of the state before that.
    a2: i32,
}

const fn filter(b_b: u32, b_af: u32, a1: i32, a2: i32) -> Filter {
    Filter { b_b, b_af, a1, a2 }
}

/// The coefficients of Rockpool's `ChipButterworth`, which equal the register defaults of the chip.
const FILTERS: [Filter; CHANNELS] = [
    filter(8, 6, -32694, 16313),  // 105 Hz
    filter(8, 6, -32663, 16284),  // 136 Hz
    filter(7, 7, -32617, 16244),  // 201 Hz
    filter(7, 7, -32551, 16188),  // 279 Hz
    filter(6, 8, -32453, 16110),  // 390 Hz
    filter(6, 8, -32305, 16000),  // 542 Hz
    filter(5, 9, -32077, 15848),  // 762 Hz
    filter(5, 9, -31718, 15638),  // 1,070 Hz
    filter(4, 10, -31139, 15347), // 1,503 Hz
    filter(4, 10, -30185, 14947), // 2,110 Hz
    filter(4, 10, -28582, 14402), // 2,963 Hz
    filter(3, 11, -25862, 13666), // 4,161 Hz
    filter(3, 11, -21262, 12687), // 5,843 Hz
    filter(2, 13, -27375, 22803), // 8,204 Hz
    filter(2, 13, -4180, 19488),  // 11,582 Hz
    filter(1, 14, 25566, 15280),  // 16,611 Hz
];

/// Fractional bits of the state. They keep the rounding noise of the recursion below the signal.
const B_WF: u32 = 8;

/// Fractional bits of the recursion: the maximum of `b_b + b_af` over the filters.
pub(super) const FRACTIONAL_BITS: u32 = 15;

/// Factors on the input, on the previous state, and on the state before that, in units of `2^-FRACTIONAL_BITS`, with
/// both shifts included.
pub(super) const FACTORS: [Lanes<i32>; 3] = {
    let mut factors = [[0; CHANNELS]; 3];
    let mut c = 0;
    while c < CHANNELS {
        let f = &FILTERS[c];
        let scale = 1 << (FRACTIONAL_BITS - f.b_b - f.b_af);
        factors[0][c] = 1 << (B_WF + FRACTIONAL_BITS - f.b_b);
        factors[1][c] = -f.a1 * scale;
        factors[2][c] = -f.a2 * scale;
        c += 1;
    }
    factors
};

/// Sixteen second-order band-pass filters in integer arithmetic, with center frequencies from 105 Hz to 16.6
/// kHz.
///
/// For each sample `x` and filter, with `>>` rounding toward minus infinity:
/// ```text
/// w[n] = ((x[n] << 8) + ((-a2 * w[n-2] - a1 * w[n-1]) >> b_af)) >> b_b
/// y[n] = w[n-1] - w[n-3]
/// ```
/// For any 14-bit signal, `|w| < 2^28` and `|y| < 2^23` (the sums of the absolute impulse responses). These
/// fit the chip's registers: no filter overflows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FilterBank<A: Arithmetic = Native> {
    /// `w[n-1]`, `w[n-2]`, `w[n-3]`.
    states: [Lanes<A::Narrow>; 3],
}

impl FilterBank {
    /// Creates filters with states of zero.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<A: Arithmetic> FilterBank<A> {
    /// Filters one sample, and returns `y` of each channel, in units of 2^-8 of the input's.
    ///
    /// Samples outside the 14-bit range, -8192 to 8191, are clipped to it.
    pub fn filter(&mut self, sample: i16) -> [i32; CHANNELS] {
        self.step(clip::<A>(sample)).map(A::to_i32)
    }

    /// Sets all states to zero.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Like [`filter`](Self::filter), for a clipped sample, in lanes.
    #[inline(always)]
    pub(super) fn step(&mut self, sample: A::Narrow) -> Lanes<A::Narrow> {
        let mut y = [A::Narrow::default(); CHANNELS];
        for (c, y) in y.iter_mut().enumerate() {
            let mut filter = self.channel(c);
            *y = filter.step(sample);
            self.set_channel(c, &filter);
        }
        y
    }

    /// Returns the filter of a channel, to run it alone.
    #[inline(always)]
    pub(super) fn channel(&self, c: usize) -> ChannelFilter<A> {
        let [w1, w2, w3] = &self.states;
        ChannelFilter { states: [w1[c], w2[c], w3[c]], channel: c }
    }

    /// Puts the filter of a channel back.
    #[inline(always)]
    pub(super) fn set_channel(&mut self, c: usize, filter: &ChannelFilter<A>) {
        for (lanes, state) in self.states.iter_mut().zip(filter.states) {
            lanes[c] = state;
        }
    }
}

/// The filter of one channel.
pub(super) struct ChannelFilter<A: Arithmetic> {
    states: [A::Narrow; 3],
    channel: usize,
}

impl<A: Arithmetic> ChannelFilter<A> {
    /// Filters a clipped sample.
    #[inline(always)]
    pub(super) fn step(&mut self, sample: A::Narrow) -> A::Narrow {
        // The two shifts of the recursion become one, because `floor(floor(a) / n) = floor(a / n)`:
        // `w[n] = floor(x * 2^8 / 2^b_b - (a2 * w[n-2] + a1 * w[n-1]) / 2^(b_b + b_af))`.
        let [w1, w2, w3] = self.states;
        self.states = [A::recursion([sample, w1, w2], self.channel), w1, w2];
        w1 - w3
    }
}

/// Clips a sample to the chip's 14-bit audio bus.
#[inline(always)]
pub(super) fn clip<A: Arithmetic>(sample: i16) -> A::Narrow {
    A::narrow(i32::from(sample.clamp(-8192, 8191)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Floats, Integers};
    use super::*;

    /// The filter as the chip describes it, in plain integers.
    #[derive(Clone, Default)]
    struct ReferenceModel {
        w: [[i64; CHANNELS]; 3],
    }

    impl ReferenceModel {
        fn filter(&mut self, x: i16) -> [i32; CHANNELS] {
            std::array::from_fn(|c| {
                let f = &FILTERS[c];
                let [w1, w2, w3] = [self.w[0][c], self.w[1][c], self.w[2][c]];
                let feedback = (-i64::from(f.a2) * w2 - i64::from(f.a1) * w1) >> f.b_af;
                let w = ((i64::from(x) << B_WF) + feedback) >> f.b_b;
                assert!(w.abs() < 1 << 28);
                [self.w[0][c], self.w[1][c], self.w[2][c]] = [w, w1, w2];
                let y = w1 - w3;
                assert!(y.abs() < 1 << 23);
                y as i32
            })
        }
    }

    fn assert_matches_reference(signal: impl IntoIterator<Item = i16>) {
        let (mut floats, mut integers) = (FilterBank::<Floats>::default(), FilterBank::<Integers>::default());
        let mut plain = ReferenceModel::default();
        for (n, x) in signal.into_iter().enumerate() {
            let expected = plain.filter(x);
            assert_eq!(floats.filter(x), expected, "sample {n}");
            assert_eq!(integers.filter(x), expected, "sample {n}");
        }
    }

    /// The signal with the maximum response of one filter: full scale, with the signs of its time-reversed
    /// impulse response.
    fn worst_case(channel: usize) -> Vec<i16> {
        let mut bank = FilterBank::new();
        let response = (0..15_000).map(|n| bank.filter(if n == 0 { 8191 } else { 0 })[channel]);
        let mut signal: Vec<i16> = response.map(|y| if y < 0 { -8192 } else { 8191 }).collect();
        signal.reverse();
        signal
    }

    #[test]
    fn the_hardest_signal_of_each_filter_keeps_to_the_widths() {
        for channel in 0..CHANNELS {
            assert_matches_reference(worst_case(channel));
        }
    }

    #[test]
    fn audio_beyond_14_bits_is_clipped() {
        let (mut bank, mut clipped) = (FilterBank::new(), FilterBank::new());
        for x in [i16::MAX, i16::MIN, 8192, -8193, 5] {
            assert_eq!(bank.filter(x), clipped.filter(x.clamp(-8192, 8191)));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn both_forms_equal_the_reference(
            signal in prop::collection::vec(prop_oneof![-8192_i16..8192, Just(-8192), Just(8191)], 0..3000),
        ) {
            assert_matches_reference(signal);
        }
    }
}
