//! The front end as a stream: audio in, frames out, state kept between pushes.

use super::bank::clip;
use super::spikes::SpikeGenerator;
use super::{CHANNELS, FilterBank, Lanes, Normalization, Options, OptionsError};

/// Spike counts of the channels in one time step.
pub type Frame = [u8; CHANNELS];

/// The front end from 14-bit audio on.
///
/// ```
/// use synnet_audio::audio3::{AudioFrontEnd, Options};
///
/// let mut front_end = AudioFrontEnd::new(&Options::default())?;
/// let mut frames = Vec::new();
/// for block in [[0_i16; 80], [4000; 80]] {
///     front_end.push(&block, &mut frames);
/// }
/// assert_eq!(frames.len(), 3); // 160 samples hold three steps of 50; ten wait for the next push
/// assert_eq!(frames[0], [0; 16]);
/// # Ok::<(), synnet_audio::audio3::OptionsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct AudioFrontEnd {
    bank: FilterBank,
    spikes: SpikeGenerator,
    decimation: u32,
    cap: u8,
    /// Audio samples of the current step so far, below `decimation`.
    elapsed: u32,
    /// Spikes of the current step so far.
    counts: Lanes,
}

impl AudioFrontEnd {
    /// A front end at rest.
    ///
    /// # Errors
    /// An option is outside its range.
    pub fn new(options: &Options) -> Result<Self, OptionsError> {
        options.validate()?;
        Ok(Self {
            bank: FilterBank::new(),
            spikes: SpikeGenerator::new(options),
            decimation: options.decimation,
            cap: options.cap,
            elapsed: 0,
            counts: [0.0; CHANNELS],
        })
    }

    /// Takes audio at [`SAMPLE_RATE`](super::SAMPLE_RATE) and appends the time steps that it completes.
    ///
    /// How audio is cut into pushes makes no difference. Samples beyond 14 bits, -8192 to 8191, are clipped
    /// to that range.
    pub fn push(&mut self, audio: &[i16], frames: &mut Vec<Frame>) {
        let mut rest = audio;
        while !rest.is_empty() {
            let wanted = (self.decimation - self.elapsed) as usize;
            let (now, later) = rest.split_at(wanted.min(rest.len()));
            self.advance(now);
            rest = later;
            if self.elapsed == self.decimation {
                // A count is at most the decimation, so the conversion to the capped integer is exact.
                frames.push(self.counts.map(|count| count.min(self.cap.into()) as u8));
                self.elapsed = 0;
                self.counts = [0.0; CHANNELS];
            }
        }
    }

    /// Back to rest: forgets all state and any incomplete step.
    pub fn reset(&mut self) {
        self.bank.reset();
        self.spikes.reset();
        self.elapsed = 0;
        self.counts = [0.0; CHANNELS];
    }

    /// Runs audio that ends within the current time step or with it.
    fn advance(&mut self, audio: &[i16]) {
        match self.spikes.normalization() {
            Normalization::Joint => self.run(audio, SpikeGenerator::step_joint),
            Normalization::Channel => self.run(audio, SpikeGenerator::step_channel),
            Normalization::Fixed => self.run(audio, SpikeGenerator::step_fixed),
        }
        self.elapsed += audio.len() as u32;
    }

    #[inline(always)]
    fn run(&mut self, audio: &[i16], step: impl Fn(&mut SpikeGenerator, &Lanes, &mut Lanes)) {
        for &sample in audio {
            let y = self.bank.step(clip(sample));
            step(&mut self.spikes, &y, &mut self.counts);
        }
    }
}
