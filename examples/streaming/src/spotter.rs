//! From a stream of samples to words: front end and network, step by step, in constant memory.

use std::num::NonZeroU32;

use synnet_audio::audio3::{AudioFrontEnd, Frame, Normalization, Options, OptionsError, Resampler};

synnet::synnet!("../digits/digits.snn", weights = "../digits/digits.safetensors");

/// What the readout neurons stand for.
pub(crate) const WORDS: [&str; Digits::OUTPUTS] =
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/// Audio samples in a time step of the network; the same as in the recipe that it was trained by.
const DECIMATION: u32 = 488;
/// Duration of a time step, in seconds.
pub(crate) const STEP: f64 = DECIMATION as f64 / synnet_audio::audio3::SAMPLE_RATE;

/// Audio up to this level (of 8192) is silence.
const QUIET: u16 = 80;
/// So many silent time steps end a word: 0.2 s.
const PAUSE: u32 = 20;
/// Sounds of fewer time steps are no words: 0.1 s.
const SHORTEST: u32 = 10;

/// A word that was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// Which of [`WORDS`].
    pub(crate) index: usize,
    /// Time steps from the start of the stream to its sound.
    pub(crate) start: u64,
    /// Time steps from the start of the stream until it was known, which is a pause after its end.
    pub(crate) known: u64,
}

/// Hears words in a stream.
#[derive(Clone, Debug)]
pub(crate) struct Spotter {
    resampler: Resampler,
    front_end: AudioFrontEnd,
    net: Digits,
    /// Time steps so far.
    time: u64,
    /// What is being heard.
    sound: Option<Sound>,
    /// Audio of the time step that is not complete.
    audio: Vec<i16>,
    frames: Vec<Frame>,
}

/// A stretch of sound, which may become a word.
#[derive(Clone, Copy, Debug)]
struct Sound {
    start: u64,
    /// Loud time steps.
    loud: u32,
    /// Silent time steps since the last loud one.
    silent: u32,
    /// Sums of the readout's membrane potentials.
    evidence: [f32; Digits::OUTPUTS],
}

impl Spotter {
    /// At rest, for a stream of so many samples per second.
    ///
    /// # Errors
    /// Where the options of the front end are out of range; these are not.
    pub(crate) fn new(rate: NonZeroU32) -> Result<Self, OptionsError> {
        let options =
            Options::default().with_normalization(Normalization::Channel).with_decimation(DECIMATION);
        Ok(Self {
            resampler: Resampler::new(rate),
            front_end: AudioFrontEnd::new(&options)?,
            net: Digits::new(),
            time: 0,
            sound: None,
            audio: Vec::new(),
            frames: Vec::new(),
        })
    }

    /// Takes the next samples, -1 to 1, and appends the words that end in them. How a stream is cut into
    /// pieces makes no difference.
    pub(crate) fn hear(&mut self, samples: &[f64], words: &mut Vec<Word>) {
        self.resampler.push(samples, &mut self.audio);
        let audio = std::mem::take(&mut self.audio);
        let steps = audio.chunks_exact(DECIMATION as usize);
        let rest = steps.remainder().len();
        words.extend(steps.filter_map(|step| self.step(step)));
        self.audio = audio;
        self.audio.drain(..self.audio.len() - rest);
    }

    /// One time step of audio through front end and network.
    fn step(&mut self, audio: &[i16]) -> Option<Word> {
        self.front_end.push(audio, &mut self.frames);
        let frame = self.frames.pop()?;
        let potentials = self.net.step(&frame.map(f32::from));
        let time = self.time;
        self.time += 1;

        let is_loud = audio.iter().any(|sample| sample.unsigned_abs() > QUIET);
        if is_loud && self.sound.is_none() {
            self.sound = Some(Sound { start: time, loud: 0, silent: 0, evidence: [0.0; Digits::OUTPUTS] });
        }
        let sound = self.sound.as_mut()?;
        for (evidence, potential) in sound.evidence.iter_mut().zip(potentials) {
            *evidence += potential;
        }
        if is_loud {
            sound.loud += 1;
            sound.silent = 0;
        } else {
            sound.silent += 1;
        }
        if sound.silent < PAUSE {
            return None;
        }
        let sound = self.sound.take()?;
        let known = self.time;
        (sound.loud >= SHORTEST).then(|| Word { index: largest(&sound.evidence), start: sound.start, known })
    }
}

/// The index of the largest value.
fn largest(values: &[f32]) -> usize {
    (1..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use synnet_audio::Wav;

    /// The recordings of voices that were not trained on, and their words.
    fn recordings() -> Vec<(usize, Wav)> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../digits/data/test");
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .expect("the recordings are part of the repository")
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

    /// Half a second of it.
    fn silence(rate: NonZeroU32) -> Vec<f64> {
        vec![0.0; rate.get() as usize / 2]
    }

    #[test]
    fn words_of_unknown_voices_are_heard_in_one_stream() {
        let recordings = recordings();
        let rate = recordings[0].1.sample_rate();
        let mut spotter = Spotter::new(rate).expect("the options are in range");
        let (mut heard, mut right) = (0, 0);
        for (label, wav) in &recordings {
            let mut words = Vec::new();
            spotter.hear(wav.samples(), &mut words);
            spotter.hear(&silence(rate), &mut words);
            heard += words.len();
            right += usize::from(words.iter().map(|word| word.index).eq([*label]));
        }
        assert_eq!(heard, recordings.len());
        assert!(100 * right >= 95 * heard, "{right} of {heard} were right");
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
        let heard = |piece: usize| {
            let mut spotter = Spotter::new(rate).expect("the options are in range");
            let mut words = Vec::new();
            stream.chunks(piece).for_each(|samples| spotter.hear(samples, &mut words));
            words
        };
        let words = heard(stream.len());
        assert_eq!(words.len(), 4);
        for piece in [1, 80, 1001] {
            assert_eq!(heard(piece), words);
        }
    }
}
