//! The front end for streams compared with the front end for recordings.

use proptest::prelude::*;
use synnet_audio::Wav;
use synnet_audio::audio3::{
    self, AudioFrontEnd, Floats, FrontEndOptions, Integers, Normalization, Resampler,
};

fn normalization() -> impl Strategy<Value = Normalization> {
    prop_oneof![Just(Normalization::Joint), Just(Normalization::Channel), Just(Normalization::Fixed)]
}

/// A recording in chunks, some of them at full scale.
fn pieces() -> impl Strategy<Value = Vec<Vec<f64>>> {
    let sample = prop_oneof![-1.0..=1.0, Just(-1.0), Just(1.0)];
    prop::collection::vec(prop::collection::vec(sample, 0..300), 1..6)
        .prop_filter("a recording has samples", |pieces| pieces.iter().any(|piece| !piece.is_empty()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The frames do not depend on how a recording is divided; after a reset, they repeat.
    #[test]
    fn chunked_input_equals_one_shot(
        normalization in normalization(),
        decimation in prop_oneof![Just(1_u32), 2_u32..1000],
        rate in prop_oneof![Just(8000_u32), Just(96_000), 1000_u32..200_000],
        pieces in pieces(),
        audio_cut in 1_usize..700,
    ) {
        let options = FrontEndOptions::default().with_normalization(normalization).with_decimation(decimation).with_fixed_threshold(1 << 20);
        let wav = Wav::new(pieces.concat(), rate).unwrap();
        let whole = audio3::raster(&wav, &options).unwrap();
        let counts = whole.counts().unwrap();
        prop_assert_eq!(counts.len(), whole.steps() * whole.channels());

        let mut resampler = Resampler::new(wav.sample_rate());
        let mut front_end = AudioFrontEnd::new(&options).unwrap();
        for _ in 0..2 {
            let (mut audio, mut frames) = (Vec::new(), Vec::new());
            for piece in &pieces {
                resampler.push(piece, &mut audio);
            }
            resampler.finish(&mut audio);
            for block in audio.chunks(audio_cut) {
                front_end.push(block, &mut frames);
            }
            prop_assert_eq!(frames.as_flattened(), &*counts);
            front_end.reset();
        }
    }

    /// From 16-bit PCM to frames in integers, without a vector in between, as on a microcontroller.
    #[test]
    fn integers_from_pcm_equal_recordings(
        normalization in normalization(),
        decimation in 1_u32..500,
        cap in 1_u8..=15,
        rate in prop_oneof![Just(8000_u32), Just(16_000), Just(48_000), 1000_u32..200_000],
        pieces in prop::collection::vec(prop::collection::vec(any::<i16>(), 0..300), 1..6),
    ) {
        let samples: Vec<f64> = pieces.iter().flatten().map(|&x| f64::from(x) / 32768.0).collect();
        prop_assume!(!samples.is_empty());
        let options = FrontEndOptions::default().with_normalization(normalization).with_decimation(decimation).with_cap(cap).with_fixed_threshold(1 << 20);
        let wav = Wav::new(samples, rate).unwrap();
        let whole = audio3::encode(&wav, &options).unwrap();

        let mut resampler = Resampler::for_pcm(wav.sample_rate());
        let mut front_end = AudioFrontEnd::<Integers>::with_arithmetic(&options).unwrap();
        let mut frames = Vec::new();
        for piece in &pieces {
            resampler.push_with(piece, |sample| front_end.push_with(&[sample], |frame| frames.push(frame)));
        }
        resampler.finish_with(|sample| front_end.push_with(&[sample], |frame| frames.push(frame)));
        prop_assert_eq!(frames.as_flattened(), &*whole.raster.counts().unwrap());
        prop_assert_eq!(front_end.dropped_spikes(), whole.dropped_spikes);

        front_end.reset();
        let mut in_blocks = Vec::new();
        for piece in &pieces {
            front_end.push_resampled(&mut resampler, piece, |frame| in_blocks.push(frame));
        }
        prop_assert!(front_end.dropped_spikes() <= whole.dropped_spikes);
        front_end.finish_resampled(&mut resampler, |frame| in_blocks.push(frame));
        prop_assert_eq!(in_blocks, frames);
    }

    /// Any 16-bit input is accepted, at full scale and beyond 14 bits; no count exceeds the cap.
    #[test]
    fn extreme_audio_passes(
        normalization in normalization(),
        cap in 1_u8..=15,
        audio in prop::collection::vec(prop_oneof![Just(i16::MIN), Just(i16::MAX), any::<i16>()], 0..5000),
    ) {
        let options = FrontEndOptions::default().with_normalization(normalization).with_cap(cap).with_fixed_threshold(1);
        let (mut frames, mut in_integers) = (Vec::new(), Vec::new());
        AudioFrontEnd::<Floats>::with_arithmetic(&options).unwrap().push(&audio, &mut frames);
        AudioFrontEnd::<Integers>::with_arithmetic(&options).unwrap().push(&audio, &mut in_integers);
        prop_assert_eq!(frames.len(), audio.len() / 50);
        prop_assert_eq!(&frames, &in_integers);
        prop_assert!(frames.as_flattened().iter().all(|&count| count <= cap));
    }
}

#[test]
fn audio_shorter_than_a_step_yields_no_step() {
    let raster = audio3::raster(&Wav::new(vec![0.5; 3], 8000).unwrap(), &FrontEndOptions::default()).unwrap();
    assert_eq!((raster.steps(), raster.channels(), raster.counts().unwrap().len()), (0, 16, 0));
}

#[test]
fn invalid_options_are_refused_by_both_forms() {
    let options = FrontEndOptions::default().with_cap(0);
    let error = AudioFrontEnd::new(&options).unwrap_err();
    assert_eq!(audio3::raster(&Wav::new(vec![0.0], 8000).unwrap(), &options), Err(error.into()));
}

#[test]
fn spikes_above_the_cap_are_counted() {
    let noise = (0..8000_u64).map(|i| (i * i * 7919 % 2001) as f64 / 1000.0 - 1.0).collect();
    let wav = Wav::new(noise, 8000).unwrap();
    let encode = |cap| {
        let options = FrontEndOptions::default().with_decimation(488).with_factor(4, 0).with_cap(cap);
        let encoding = audio3::encode(&wav, &options).unwrap();
        let counts = encoding.raster.counts().unwrap();
        (counts.iter().map(|&count| u64::from(count)).sum::<u64>(), encoding.dropped_spikes)
    };
    let ((few, dropped), (more, less_dropped)) = (encode(3), encode(15));
    assert!(dropped > less_dropped && less_dropped > 0, "{dropped} {less_dropped}");
    assert_eq!(few + dropped, more + less_dropped);
}

/// The sizes that the documentation states. On a 32-bit ARM processor they are the same: `i64` is aligned to 8 bytes.
#[test]
fn states_have_a_fixed_size() {
    assert_eq!(size_of::<AudioFrontEnd<Integers>>(), 560);
    assert_eq!(size_of::<Resampler<i16>>(), 40);
}
