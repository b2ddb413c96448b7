//! Decoding of WAV files: supported encodings, and the messages of errors.

use std::io::Cursor;

use hound::{SampleFormat, WavSpec, WavWriter};
use proptest::prelude::*;
use synnet_audio::{Wav, audio3};

/// Returns a WAV file of these samples.
fn wav<S: hound::Sample + Copy>(channels: u16, bits: u16, format: SampleFormat, samples: &[S]) -> Vec<u8> {
    let spec = WavSpec { channels, sample_rate: 8000, bits_per_sample: bits, sample_format: format };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
    for &sample in samples {
        writer.write_sample(sample).unwrap();
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

fn ints(bits: u16, samples: &[i32]) -> Vec<u8> {
    wav(1, bits, SampleFormat::Int, samples)
}

fn floats(samples: &[f32]) -> Vec<u8> {
    wav(1, 32, SampleFormat::Float, samples)
}

/// The usual header of 44 bytes, with the tag and the bits of the encoding.
fn plain_header(tag: u16, bits: u16, rate: u32, data: &[u8]) -> Vec<u8> {
    let block = bits / 8;
    let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
    bytes.extend(tag.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate * u32::from(block)).to_le_bytes());
    bytes.extend(block.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    bytes
}

fn decode(bytes: &[u8]) -> Vec<f64> {
    Wav::decode(bytes).unwrap().samples().to_vec()
}

#[test]
fn every_bit_depth_is_normalized_to_the_same_range() {
    for bits in [8, 16, 24, 32] {
        let full = 1_i64 << (bits - 1);
        let samples = [-full, -full / 2, 0, full / 4, full - 1].map(|x| x as i32);
        let expected = [-1.0, -0.5, 0.0, 0.25, (full - 1) as f64 / full as f64];
        assert_eq!(decode(&ints(bits, &samples)), expected, "{bits} bits");
    }
    assert_eq!(decode(&floats(&[-1.0, 0.125, 1.0])), [-1.0, 0.125, 1.0]);
}

#[test]
fn a_16_bit_sample_is_a_32768th() {
    let samples: Vec<i16> = (i16::MIN..=i16::MAX).collect();
    let expected: Vec<f64> = samples.iter().map(|&x| f64::from(x) / 32768.0).collect();
    assert_eq!(decode(&wav(1, 16, SampleFormat::Int, &samples)), expected);
}

#[test]
fn channels_are_averaged() {
    assert_eq!(decode(&wav(2, 16, SampleFormat::Int, &[16384_i16, 0, -16384, -8192])), [0.25, -0.375]);
    assert_eq!(decode(&wav(3, 32, SampleFormat::Float, &[1.0_f32, 0.5, 0.0])), [0.5]);
}

#[test]
fn the_common_header_is_read() {
    let recording = Wav::decode(&plain_header(1, 16, 44_100, &[0, 64, 0, 192])).unwrap();
    assert_eq!((recording.samples(), recording.sample_rate().get()), (&[0.5, -0.5][..], 44_100));
    assert_eq!(recording.duration(), 2.0 / 44_100.0);
}

#[test]
fn error_messages_name_the_cause() {
    let whole = ints(16, &[1, 2, 3, 4]);
    let cases: [(&[u8], &str); 14] = [
        (b"", "the file is empty"),
        (b"fLaC and so on", "not a WAV file: it does not start with `RIFF` and `WAVE`"),
        (b"RIFF", "not a WAV file: it does not start with `RIFF` and `WAVE`"),
        (&whole[..20], "the WAV header is damaged: the file ends within it"),
        (&whole[..44], "the file is truncated: its header declares 4 samples, but the file has 0"),
        (
            &whole[..whole.len() - 3],
            "the file is truncated: its header declares 4 samples, but the file has 2",
        ),
        (&ints(16, &[]), "the recording has no samples"),
        (&plain_header(1, 16, 0, &[0, 0]), "the sample rate is 0"),
        (
            &plain_header(7, 8, 8000, &[0]),
            "the encoding mu-law is not supported; \
             convert the file to PCM of 8, 16, 24 or 32 bits or to 32-bit float",
        ),
        (
            &plain_header(0x1234, 8, 8000, &[0]),
            "the encoding with tag 0x1234 is not supported; \
             convert the file to PCM of 8, 16, 24 or 32 bits or to 32-bit float",
        ),
        (
            &plain_header(3, 64, 8000, &[0; 8]),
            "the encoding 64-bit float is not supported; \
             convert the file to PCM of 8, 16, 24 or 32 bits or to 32-bit float",
        ),
        (
            &floats(&[0.0, 1.5]),
            "sample 1 is 1.5; samples must lie between -1 and 1: scale the recording down",
        ),
        (
            &floats(&[f32::NAN]),
            "sample 0 is NaN; samples must lie between -1 and 1: scale the recording down",
        ),
        (
            &plain_header(1, 16, 8000, &[0; 3]),
            "the WAV header is damaged: data chunk length is not a multiple of sample size",
        ),
    ];
    for (bytes, message) in cases {
        assert_eq!(Wav::decode(bytes).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_low_sample_rate_is_reported_as_too_long() {
    let recording = Wav::new(vec![0.0; 100_000], 1).unwrap();
    let error = audio3::raster(&recording, &audio3::FrontEndOptions::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the recording of 100000 s has 97656250 time steps, but the maximum is 67108864; cut it, or use \
         longer time steps"
    );
}

proptest! {
    /// Any damage gives samples or an error, and memory in proportion to the bytes.
    #[test]
    fn corrupted_files_never_panic(
        channels in 1_u16..4,
        damage in prop::collection::vec((0_usize..80, any::<u8>()), 1..6),
        length in 0_usize..120,
    ) {
        let mut bytes = wav(channels, 16, SampleFormat::Int, &[100_i16; 12]);
        for (at, value) in damage {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        bytes.truncate(length);
        if let Ok(recording) = Wav::decode(&bytes) {
            prop_assert!(recording.samples().len() <= bytes.len());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 12..200)) {
        bytes[..4].copy_from_slice(b"RIFF");
        bytes[8..12].copy_from_slice(b"WAVE");
        let _ = Wav::decode(&bytes);
    }
}
