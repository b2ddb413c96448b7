//! Keyword spotting: converts a stream of audio samples to words, step by step and in constant memory.

use std::num::NonZeroU32;

use synnet_audio::audio3::{
    AudioFrontEnd, Frame, FrontEndOptions, FrontEndOptionsError, Normalization, Resampler,
};

synnet::synnet!("../digits/digits.snn", weights = "../digits/digits.safetensors");

/// The classes of the readout neurons.
pub(crate) const WORDS: [&str; Digits::OUTPUTS] =
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/// Audio samples per time step. Must equal `front_end.decimation` of the recipe that trained the network.
const DECIMATION: u32 = 488;
/// Duration of a time step, in seconds.
pub(crate) const STEP: f64 = DECIMATION as f64 / synnet_audio::audio3::SAMPLE_RATE;

/// Audio up to this amplitude, of at most 8192, is silence.
const SILENCE_THRESHOLD: u16 = 80;
/// Number of silent time steps that end an utterance: 0.2 s.
const MIN_PAUSE_STEPS: u32 = 20;
/// Minimum number of loud time steps of a word: 0.1 s. Shorter utterances are noise.
const MIN_WORD_STEPS: u32 = 10;

/// A detected word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// Index into [`WORDS`].
    pub(crate) index: usize,
    /// Start of the word, in time steps from the start of the stream.
    pub(crate) start: u64,
    /// Time of detection, in time steps from the start of the stream. It is a pause after the end of the word.
    pub(crate) detected: u64,
}

/// Detects words in a stream.
#[derive(Clone, Debug)]
pub(crate) struct KeywordSpotter {
    resampler: Resampler,
    front_end: AudioFrontEnd,
    net: Digits,
    /// Number of time steps so far.
    time: u64,
    /// The current utterance.
    utterance: Option<Utterance>,
    /// Audio of the incomplete time step.
    audio: Vec<i16>,
    /// Output buffer of the front end, kept to avoid an allocation per step.
    frames: Vec<Frame>,
}

/// Continuous sound, which becomes a word if it is long enough.
#[derive(Clone, Copy, Debug)]
struct Utterance {
    start: u64,
    /// Number of loud time steps.
    loud: u32,
    /// Number of silent time steps since the last loud one.
    silent: u32,
    /// Sums of the readout's membrane potentials. The network was trained with the readout `mean_vmem`, and dividing by
    /// the number of steps does not change which sum is largest.
    evidence: [f32; Digits::OUTPUTS],
}

impl KeywordSpotter {
    /// Creates a spotter for a stream of `rate` samples per second.
    ///
    /// # Errors
    /// Returns an error if the options of the front end are out of range, which these are not.
    pub(crate) fn new(rate: NonZeroU32) -> Result<Self, FrontEndOptionsError> {
        let options =
            FrontEndOptions::default().with_normalization(Normalization::Channel).with_decimation(DECIMATION);
        Ok(Self {
            resampler: Resampler::new(rate),
            front_end: AudioFrontEnd::new(&options)?,
            net: Digits::new(),
            time: 0,
            utterance: None,
            audio: Vec::new(),
            frames: Vec::new(),
        })
    }

    /// Processes the next samples, from -1 to 1, and appends the words that end in them. The result does not depend on
    /// the sizes of the chunks.
    pub(crate) fn push_samples(&mut self, samples: &[f64], words: &mut Vec<Word>) {
        self.resampler.push(samples, &mut self.audio);
        let audio = std::mem::take(&mut self.audio);
        let steps = audio.chunks_exact(DECIMATION as usize);
        let rest = steps.remainder().len();
        words.extend(steps.filter_map(|step| self.step(step)));
        self.audio = audio;
        self.audio.drain(..self.audio.len() - rest);
    }

    /// Runs front end and network for one time step of audio. Returns the word that ends in it, if any.
    fn step(&mut self, audio: &[i16]) -> Option<Word> {
        self.front_end.push(audio, &mut self.frames);
        let frame = self.frames.pop()?;
        let potentials = self.net.step(&frame.map(f32::from));
        let time = self.time;
        self.time += 1;

        let is_loud = audio.iter().any(|sample| sample.unsigned_abs() > SILENCE_THRESHOLD);
        if is_loud && self.utterance.is_none() {
            let evidence = [0.0; Digits::OUTPUTS];
            self.utterance = Some(Utterance { start: time, loud: 0, silent: 0, evidence });
        }
        let utterance = self.utterance.as_mut()?;
        for (evidence, potential) in utterance.evidence.iter_mut().zip(potentials) {
            *evidence += potential;
        }
        if is_loud {
            utterance.loud += 1;
            utterance.silent = 0;
        } else {
            utterance.silent += 1;
        }
        if utterance.silent < MIN_PAUSE_STEPS {
            return None;
        }
        let Utterance { start, loud, evidence, .. } = self.utterance.take()?;
        let detected = self.time;
        (loud >= MIN_WORD_STEPS).then(|| Word { index: argmax(&evidence), start, detected })
    }
}

/// Returns the index of the largest value; the first one if there are several.
fn argmax(values: &[f32]) -> usize {
    (1..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use synnet_audio::Wav;

    /// Returns the recordings of the test set, whose voices are not in the training set, with their labels.
    fn recordings() -> Vec<(usize, Wav)> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../digits/data/test");
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .expect("the recordings are in the repository")
            .map(|entry| entry.expect("the folder can be read").path())
            .collect();
        paths.sort();
        let decoded = paths.iter().map(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).expect("its name is text");
            let label = name[..1].parse().expect("names begin with the digit");
            let bytes = std::fs::read(path).expect("it can be read");
            (label, Wav::decode(&bytes).expect("it is a WAV file"))
        });
        decoded.collect()
    }

    /// Returns half a second of silence.
    fn silence(rate: NonZeroU32) -> Vec<f64> {
        vec![0.0; rate.get() as usize / 2]
    }

    #[test]
    fn words_of_unknown_voices_are_detected_in_one_stream() {
        let recordings = recordings();
        let rate = recordings[0].1.sample_rate();
        let mut spotter = KeywordSpotter::new(rate).expect("the options are in range");
        let (mut detected, mut correct) = (0, 0);
        for (label, wav) in &recordings {
            let mut words = Vec::new();
            spotter.push_samples(wav.samples(), &mut words);
            spotter.push_samples(&silence(rate), &mut words);
            detected += words.len();
            correct += usize::from(words.iter().map(|word| word.index).eq([*label]));
        }
        assert_eq!(detected, recordings.len());
        assert!(100 * correct >= 95 * detected, "{correct} of {detected} are correct");
    }

    #[test]
    fn chunk_size_makes_no_difference() {
        let recordings = recordings();
        let rate = recordings[0].1.sample_rate();
        let mut stream = Vec::new();
        for (_, wav) in recordings.iter().step_by(25) {
            stream.extend_from_slice(wav.samples());
            stream.extend(silence(rate));
        }
        let detect = |chunk_size: usize| {
            let mut spotter = KeywordSpotter::new(rate).expect("the options are in range");
            let mut words = Vec::new();
            stream.chunks(chunk_size).for_each(|samples| spotter.push_samples(samples, &mut words));
            words
        };
        let words = detect(stream.len());
        assert_eq!(words.len(), 4);
        for chunk_size in [1, 80, 1001] {
            assert_eq!(detect(chunk_size), words);
        }
    }
}
