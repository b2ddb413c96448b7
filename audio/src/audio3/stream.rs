//! The front end as a stream: 14-bit audio to frames of spike counts, with state kept between pushes.

use super::bank::clip;
use super::spikes::{Channel, SpikeGenerator};
use super::{
    Arithmetic, CHANNELS, FilterBank, FrontEndOptions, FrontEndOptionsError, Lanes, Native, Normalization,
    Resampler, Sample,
};

/// Samples that [`AudioFrontEnd::push_resampled`] processes at a time. A power of two.
const BLOCK: usize = 64;

/// The spike counts of one time step, from 0 to [`FrontEndOptions::cap`].
pub type Frame = [u8; CHANNELS];

/// The front end for streams of 14-bit audio.
///
/// ```
/// use synnet_audio::audio3::{AudioFrontEnd, FrontEndOptions};
///
/// let mut front_end = AudioFrontEnd::new(&FrontEndOptions::default())?;
/// let mut frames = Vec::new();
/// for block in [[0_i16; 80], [4000; 80]] {
///     front_end.push_with(&block, |frame| frames.push(frame));
/// }
/// assert_eq!(frames.len(), 3); // 160 samples are three steps of 50; ten wait for the next push
/// assert_eq!(frames[0], [0; 16]);
/// # Ok::<(), synnet_audio::audio3::FrontEndOptionsError>(())
/// ```
///
/// It is the whole state, in a fixed size: 560 bytes in [`Integers`](super::Integers) on a 32-bit processor.
#[derive(Clone, Debug)]
pub struct AudioFrontEnd<A: Arithmetic = Native> {
    bank: FilterBank<A>,
    spikes: SpikeGenerator<A>,
    decimation: u32,
    cap: u8,
    /// Audio samples of the current step so far, below `decimation`.
    elapsed: u32,
    /// Spikes of the current step so far.
    counts: Lanes<A::Count>,
    /// Spikes of complete steps that exceeded `cap`.
    dropped: u64,
}

impl AudioFrontEnd {
    /// Creates a front end with states of zero, in the faster form for this processor.
    ///
    /// # Errors
    /// Returns an error if an option is outside its range.
    pub fn new(options: &FrontEndOptions) -> Result<Self, FrontEndOptionsError> {
        Self::with_arithmetic(options)
    }
}

impl<A: Arithmetic> AudioFrontEnd<A> {
    /// Creates a front end with states of zero, whose numbers have the form `A`.
    ///
    /// # Errors
    /// Returns an error if an option is outside its range.
    pub fn with_arithmetic(options: &FrontEndOptions) -> Result<Self, FrontEndOptionsError> {
        options.validate()?;
        Ok(Self {
            bank: FilterBank::default(),
            spikes: SpikeGenerator::new(options),
            decimation: options.decimation,
            cap: options.cap,
            elapsed: 0,
            counts: Default::default(),
            dropped: 0,
        })
    }

    /// Like [`push_with`](Self::push_with), and appends the frames to a vector.
    #[cfg(feature = "std")]
    pub fn push(&mut self, audio: &[i16], frames: &mut Vec<Frame>) {
        self.push_with(audio, |frame| frames.push(frame));
    }

    /// Takes audio at [`SAMPLE_RATE`](super::SAMPLE_RATE), and passes the frame of each time step that it completes to
    /// `frame`.
    ///
    /// The result does not depend on how audio is divided into pushes. Samples outside the 14-bit range,
    /// -8192 to 8191, are clipped to it.
    pub fn push_with(&mut self, audio: &[i16], mut frame: impl FnMut(Frame)) {
        let mut rest = audio;
        while !rest.is_empty() {
            let missing = (self.decimation - self.elapsed) as usize;
            let (now, later) = rest.split_at(missing.min(rest.len()));
            self.advance(now);
            rest = later;
            if self.elapsed == self.decimation {
                frame(self.end_step());
            }
        }
    }

    /// Resamples the next samples of a recording, and passes the frame of each time step that they complete to `frame`.
    ///
    /// The result equals that of a [`push_with`](Self::push_with) for each sample of audio. In
    /// [`Integers`](super::Integers), it takes half the time: audio is processed in blocks, which take 128 bytes of
    /// stack.
    ///
    /// ```
    /// use std::num::NonZeroU32;
    /// use synnet_audio::audio3::{AudioFrontEnd, FrontEndOptions, Integers, Resampler};
    ///
    /// let mut resampler = Resampler::for_pcm(NonZeroU32::new(16_000).expect("not 0"));
    /// let mut front_end = AudioFrontEnd::<Integers>::with_arithmetic(&FrontEndOptions::default())?;
    /// let mut steps = 0;
    /// for pcm in [[0_i16; 160], [9000; 160]] {
    ///     front_end.push_resampled(&mut resampler, &pcm, |_frame| steps += 1);
    /// }
    /// front_end.finish_resampled(&mut resampler, |_frame| steps += 1);
    /// assert_eq!(steps, 19); // 20 ms are 976 samples of audio, or 19 steps of 50
    /// # Ok::<(), synnet_audio::audio3::FrontEndOptionsError>(())
    /// ```
    pub fn push_resampled<S: Sample>(
        &mut self,
        resampler: &mut Resampler<S>,
        samples: &[S],
        mut frame: impl FnMut(Frame),
    ) {
        self.in_blocks(|audio| resampler.push_with(samples, audio), &mut frame);
    }

    /// Ends the recording: passes the frames that the rest of its audio completes to `frame`, and resets both for
    /// another recording.
    pub fn finish_resampled<S: Sample>(
        &mut self,
        resampler: &mut Resampler<S>,
        mut frame: impl FnMut(Frame),
    ) {
        self.in_blocks(|audio| resampler.finish_with(audio), &mut frame);
        self.reset();
    }

    /// Collects the samples that `run` passes on, and processes them a block at a time.
    fn in_blocks(&mut self, run: impl FnOnce(&mut dyn FnMut(i16)), frame: &mut impl FnMut(Frame)) {
        let (mut block, mut length) = ([0; BLOCK], 0);
        run(&mut |sample| {
            block[length % BLOCK] = sample;
            length += 1;
            if length == BLOCK {
                self.push_with(&block, &mut *frame);
                length = 0;
            }
        });
        let (rest, _) = block.split_at(length % BLOCK);
        self.push_with(rest, frame);
    }

    /// Returns the number of spikes in complete steps that were not counted, because the counter of their channel had
    /// reached [`FrontEndOptions::cap`].
    pub fn dropped_spikes(&self) -> u64 {
        self.dropped
    }

    /// Sets all states and the number of dropped spikes to zero, and discards an incomplete step.
    pub fn reset(&mut self) {
        self.bank.reset();
        self.spikes.reset();
        self.elapsed = 0;
        self.counts = Default::default();
        self.dropped = 0;
    }

    /// Processes audio that does not exceed the current time step.
    // A function of its own: its loops would be inlined wherever audio is pushed.
    #[inline(never)]
    fn advance(&mut self, audio: &[i16]) {
        // One branch per block, not per sample: each case is compiled into a loop of its own.
        match self.spikes.normalization() {
            Normalization::Joint => self.run(audio, SpikeGenerator::step_joint),
            Normalization::Channel if A::CHANNEL_BY_CHANNEL => {
                self.run_channels(audio, SpikeGenerator::step_channel);
            }
            Normalization::Channel => self.run(audio, SpikeGenerator::step_channels),
            Normalization::Fixed if A::CHANNEL_BY_CHANNEL => {
                self.run_channels(audio, SpikeGenerator::step_fixed);
            }
            Normalization::Fixed => self.run(audio, SpikeGenerator::step_channels_fixed),
        }
        self.elapsed += audio.len() as u32;
    }

    /// Processes all channels of a sample at once.
    #[inline(always)]
    fn run(
        &mut self,
        audio: &[i16],
        step: impl Fn(&mut SpikeGenerator<A>, &Lanes<A::Narrow>, &mut Lanes<A::Count>),
    ) {
        for &sample in audio {
            let y = self.bank.step(clip::<A>(sample));
            step(&mut self.spikes, &y, &mut self.counts);
        }
    }

    /// Processes channels that do not depend on each other, one after the other.
    #[inline(always)]
    fn run_channels(&mut self, audio: &[i16], step: impl Fn(&SpikeGenerator<A>, &mut Channel<A>, A::Narrow)) {
        for c in 0..CHANNELS {
            let (mut filter, mut channel) = (self.bank.channel(c), self.spikes.channel(c, &self.counts));
            for &sample in audio {
                step(&self.spikes, &mut channel, filter.step(clip::<A>(sample)));
            }
            self.bank.set_channel(c, &filter);
            self.spikes.set_channel(c, &channel, &mut self.counts);
        }
    }

    /// Returns the counts of a complete step, up to the cap, and starts the next one.
    fn end_step(&mut self) -> Frame {
        let counts = core::mem::take(&mut self.counts).map(A::to_u32);
        self.elapsed = 0;
        let cap = u32::from(self.cap);
        self.dropped += counts.iter().map(|count| u64::from(count.saturating_sub(cap))).sum::<u64>();
        counts.map(|count| count.min(cap) as u8)
    }
}
