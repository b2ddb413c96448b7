//! Keyword spotting: converts a stream of audio samples to detections, step by step and in constant memory.

use std::num::NonZeroU32;

use synnet_audio::audio3::{AudioFrontEnd, FrontEndOptions, FrontEndOptionsError, Normalization, Resampler};

synnet::synnet!("../digits/digits.snn", weights = "digits.safetensors", detector = "detector.json");

/// Audio samples per time step. Must equal `front_end.decimation` of the recipe that trained the network.
const DECIMATION: u32 = 488;
/// Duration of a time step, in seconds.
const STEP: f64 = DECIMATION as f64 / synnet_audio::audio3::SAMPLE_RATE;

/// A detected keyword.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Detection {
    /// Its label: a digit.
    pub(crate) label: &'static str,
    /// Time of the detection, in seconds from the start of the stream.
    pub(crate) time: f64,
}

/// Detects keywords in a stream.
#[derive(Clone, Debug)]
pub(crate) struct KeywordSpotter {
    resampler: Resampler,
    front_end: AudioFrontEnd,
    net: Digits,
    detector: DigitsDetector,
    /// Number of time steps so far.
    steps: u64,
    /// Buffer for resampled audio, kept to avoid an allocation per call.
    audio: Vec<i16>,
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
            detector: DigitsDetector::new(),
            steps: 0,
            audio: Vec::new(),
        })
    }

    /// Processes the next samples, from -1 to 1, and passes on what is detected in them. The result does not depend on
    /// the sizes of the chunks.
    pub(crate) fn push_samples(&mut self, samples: &[f64], mut found: impl FnMut(Detection)) {
        let Self { resampler, front_end, net, detector, steps, audio } = self;
        audio.clear();
        resampler.push(samples, audio);
        // The front end keeps the audio of an incomplete time step.
        front_end.push_with(audio, |frame| {
            *steps += 1;
            let detected = detector.step(&net.step(&frame.map(f32::from)));
            for (label, _) in
                DigitsDetector::LABELS.into_iter().zip(detected).filter(|(_, detected)| *detected)
            {
                found(Detection { label, time: *steps as f64 * STEP });
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use synnet_audio::Wav;

    /// Returns the recordings of the test set, whose voices neither weights nor thresholds have seen, with their labels.
    fn recordings() -> Vec<(String, Wav)> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../digits/data/test");
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .expect("the recordings are in the repository")
            .map(|entry| entry.expect("the folder can be read").path())
            .collect();
        paths.sort();
        let decoded = paths.iter().map(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).expect("its name is text");
            let bytes = std::fs::read(path).expect("it can be read");
            (name[..1].to_owned(), Wav::decode(&bytes).expect("it is a WAV file"))
        });
        decoded.collect()
    }

    /// Returns a second of silence.
    fn silence(rate: NonZeroU32) -> Vec<f64> {
        vec![0.0; rate.get() as usize]
    }

    #[test]
    fn words_of_unknown_voices_are_detected_in_one_stream() {
        let recordings = recordings();
        let rate = recordings[0].1.sample_rate();
        let mut spotter = KeywordSpotter::new(rate).expect("the options are in range");
        let (mut hits, mut false_alarms) = (0, 0);
        for (label, wav) in &recordings {
            let mut heard = Vec::new();
            spotter.push_samples(wav.samples(), |detection| heard.push(detection.label));
            spotter.push_samples(&silence(rate), |detection| heard.push(detection.label));
            let is_hit = heard.contains(&label.as_str());
            hits += usize::from(is_hit);
            false_alarms += heard.len() - usize::from(is_hit);
        }
        let words = recordings.len();
        assert!(
            hits * 100 >= words * 90 && false_alarms * 100 <= words * 35,
            "{hits} hits and {false_alarms} false alarms in {words} words"
        );
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
            let mut all = Vec::new();
            stream
                .chunks(chunk_size)
                .for_each(|samples| spotter.push_samples(samples, |detection| all.push(detection)));
            all
        };
        let all = detect(stream.len());
        assert!(all.len() >= 3, "{all:?}");
        for chunk_size in [1, 80, 1001] {
            assert_eq!(detect(chunk_size), all);
        }
    }
}
