//! Keyword spotting: a stream of samples becomes evidence for words, in constant memory.

use core::ffi::CStr;

use synnet_audio::audio3::{AudioFrontEnd, FrontEndOptions, Integers, Normalization, Resampler};

use crate::RATE;
use crate::digits::Digits;

/// The classes of the readout neurons.
const WORDS: [&CStr; Digits::OUTPUTS] = [
    c"zero\n", c"one\n", c"two\n", c"three\n", c"four\n", c"five\n", c"six\n", c"seven\n", c"eight\n",
    c"nine\n",
];

/// Front end and network.
pub(crate) struct Spotter {
    resampler: Resampler<i16>,
    front_end: AudioFrontEnd<Integers>,
    net: Digits,
    /// Sums of the readout's membrane potentials: the largest belongs to the word.
    evidence: [i32; Digits::OUTPUTS],
}

/// Creates the front end with the options of the recipe that trained the network.
pub(crate) fn front_end() -> Option<AudioFrontEnd<Integers>> {
    let options = FrontEndOptions::default().with_normalization(Normalization::Channel).with_decimation(488);
    AudioFrontEnd::with_arithmetic(&options).ok()
}

impl Spotter {
    /// Creates a spotter with all states zero. The options of the front end are in range, so there is one.
    pub(crate) fn new() -> Option<Self> {
        Some(Self {
            resampler: Resampler::for_pcm(RATE),
            front_end: front_end()?,
            net: Digits::new(),
            evidence: [0; Digits::OUTPUTS],
        })
    }

    /// Takes the next samples, in chunks of any size.
    pub(crate) fn push(&mut self, samples: &[i16]) {
        let Self { resampler, front_end, net, evidence } = self;
        front_end.push_resampled(resampler, samples, |frame| {
            for (sum, vmem) in evidence.iter_mut().zip(net.step(&frame)) {
                *sum = sum.saturating_add(vmem.into());
            }
        });
    }

    /// Returns the word with the most evidence so far.
    pub(crate) fn word(&self) -> &'static CStr {
        let best = self.evidence.iter().zip(WORDS).max_by_key(|(sum, _)| **sum);
        best.map_or(c"?\n", |(_, word)| word)
    }
}
