//! Recordings of spoken digits compared with Rockpool's filter bank, spike generator and raster.
//!
//! `tests/golden/afe/README.md` describes their origin and contents.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[path = "golden/c_library.rs"]
mod c_library;

use std::collections::BTreeMap;

use synnet_arrays::{Array, read_npz};
use synnet_audio::Wav;
use synnet_audio::audio3::{
    self, Arithmetic, AudioFrontEnd, FilterBank, Floats, FrontEndOptions, Integers, Normalization, Resampler,
};

const CASES: [(&str, &[u8]); 3] = [
    ("0_nicolas_2", include_bytes!("../../tests/golden/afe/0_nicolas_2.npz")),
    ("3_jackson_0", include_bytes!("../../tests/golden/afe/3_jackson_0.npz")),
    ("7_theo_4", include_bytes!("../../tests/golden/afe/7_theo_4.npz")),
];

const MODES: [(&str, Normalization); 3] =
    [("dn", Normalization::Channel), ("joint", Normalization::Joint), ("fixed", Normalization::Fixed)];

struct Case {
    arrays: BTreeMap<String, Array>,
}

impl Case {
    fn array<T: TryFrom<i64>>(&self, name: &str) -> Vec<T> {
        let array = self.arrays.get(name).unwrap_or_else(|| panic!("no array `{name}`"));
        let integers = array.to_integers().unwrap_or_else(|| panic!("`{name}` holds integers"));
        integers.into_iter().map(|x| T::try_from(x).ok().expect("the array has this type")).collect()
    }

    fn wav(&self) -> Wav {
        let samples = self.array::<i16>("wav").into_iter().map(|x| f64::from(x) / 32768.0).collect();
        Wav::new(samples, self.array::<i64>("fs")[0] as u32).unwrap()
    }

    fn audio(&self) -> Vec<i16> {
        self.array("audio")
    }
}

fn each_case(check: impl Fn(&str, &Case)) {
    for (name, bytes) in CASES {
        check(name, &Case { arrays: read_npz(bytes).unwrap() });
    }
}

fn options(normalization: Normalization, decimation: u32) -> FrontEndOptions {
    FrontEndOptions::default()
        .with_normalization(normalization)
        .with_decimation(decimation)
        .with_fixed_threshold(1 << 24)
}

#[test]
fn audio_at_the_chips_rate() {
    each_case(|name, case| {
        let wav = case.wav();
        let mut resampler = Resampler::new(wav.sample_rate());
        let mut audio = Vec::new();
        resampler.push(wav.samples(), &mut audio);
        resampler.finish(&mut audio);
        assert_eq!(audio, case.audio(), "{name}");

        let mut resampler = Resampler::for_pcm(wav.sample_rate());
        audio.clear();
        resampler.push(&case.array("wav"), &mut audio);
        resampler.finish(&mut audio);
        assert_eq!(audio, case.audio(), "{name}, in integers");
    });
}

#[test]
fn filter_bank() {
    check_filter_bank::<Floats>();
    check_filter_bank::<Integers>();
}

fn check_filter_bank<A: Arithmetic>() {
    each_case(|name, case| {
        let mut bank = FilterBank::<A>::default();
        let expected: Vec<i64> = case.array("bank");
        for (n, (x, row)) in case.audio().into_iter().zip(expected.chunks_exact(audio3::CHANNELS)).enumerate()
        {
            assert_eq!(bank.filter(x).map(i64::from), row, "{name}, sample {n}");
        }
    });
}

#[test]
fn spikes() {
    check_spikes::<Floats>();
    check_spikes::<Integers>();
}

fn check_spikes<A: Arithmetic>() {
    each_case(|name, case| {
        let audio = case.audio();
        for (mode, normalization) in MODES {
            let mut frames = Vec::new();
            let mut front_end = AudioFrontEnd::<A>::with_arithmetic(&options(normalization, 1)).unwrap();
            front_end.push(&audio, &mut frames);
            assert_eq!(frames.len(), audio.len());
            // Eight samples per byte, the first in the highest bit.
            let packed: Vec<u8> = case.array(&format!("spikes_{mode}"));
            for (n, frame) in frames.iter().enumerate() {
                let row = &packed[n / 8 * audio3::CHANNELS..][..audio3::CHANNELS];
                let expected: Vec<u8> = row.iter().map(|bits| bits >> (7 - n % 8) & 1).collect();
                assert_eq!(frame[..], expected, "{name}, {mode}, sample {n}");
            }
        }
    });
}

/// From 16-bit PCM in blocks, as on a microcontroller.
#[test]
fn rasters_from_pcm_in_integers() {
    each_case(|name, case| {
        let samples = case.array::<i16>("wav");
        for (mode, normalization) in MODES {
            for decimation in [50, 488] {
                let expected: Vec<u8> = case.array(&format!("raster_{mode}_{decimation}"));
                let mut resampler = Resampler::for_pcm(case.wav().sample_rate());
                let mut front_end =
                    AudioFrontEnd::<Integers>::with_arithmetic(&options(normalization, decimation)).unwrap();
                for _ in 0..2 {
                    let mut counts = Vec::new();
                    for chunk in samples.chunks(80) {
                        front_end.push_resampled(&mut resampler, chunk, |frame| counts.extend(frame));
                    }
                    front_end.finish_resampled(&mut resampler, |frame| counts.extend(frame));
                    assert_eq!(counts, expected, "{name}, {mode}, decimation {decimation}");
                }
            }
        }
    });
}

#[test]
fn rasters_from_the_recording() {
    each_case(|name, case| {
        let wav = case.wav();
        for (mode, normalization) in MODES {
            for decimation in [50, 488] {
                let expected: Vec<u8> = case.array(&format!("raster_{mode}_{decimation}"));
                let raster = audio3::raster(&wav, &options(normalization, decimation)).unwrap();
                assert_eq!(raster.counts().unwrap()[..], expected, "{name}, {mode}, decimation {decimation}");
                assert_eq!((raster.channels(), raster.steps() * 16), (16, expected.len()));
            }
        }
    });
}
