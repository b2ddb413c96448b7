//! Decoding of WAV files: supported encodings, and the messages of errors.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use synnet_audio::{Wav, WavError, audio3};

/// What libsndfile reads from a file in `wav/`.
#[derive(serde::Deserialize)]
struct Expected {
    rate: u32,
    /// Samples of each channel, frame by frame.
    samples: Vec<Vec<f64>>,
}

/// Returns the files in `wav/`, by name.
fn files() -> BTreeMap<String, (Vec<u8>, Expected)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wav");
    let expected = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    let expected: BTreeMap<String, Expected> = serde_json::from_str(&expected).unwrap();
    let file = |name: &str| std::fs::read(folder.join(format!("{name}.wav"))).unwrap();
    expected.into_iter().map(|(name, expected)| (name.clone(), (file(&name), expected))).collect()
}

/// A mono file with the usual header of 44 bytes, and the tag and the bits of an encoding.
fn mono(tag: u16, bits: u16, rate: u32, data: &[u8]) -> Vec<u8> {
    chunks(&[(b"fmt ", &format(tag, 1, bits, rate)), (b"data", data)])
}

/// The content of the chunk `fmt `.
fn format(tag: u16, channels: u16, bits: u16, rate: u32) -> Vec<u8> {
    let frame = channels * bits.div_ceil(8);
    let words = |x: u32| [x as u16, (x >> 16) as u16];
    let ([rate, high], [speed, fast]) = (words(rate), words(rate * u32::from(frame)));
    [tag, channels, rate, high, speed, fast, frame, bits].iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// A file of chunks of even length.
fn chunks(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = b"RIFF\0\0\0\0WAVE".to_vec();
    for (name, content) in chunks {
        bytes.extend_from_slice(*name);
        bytes.extend((content.len() as u32).to_le_bytes());
        bytes.extend_from_slice(content);
    }
    let length = bytes.len() as u32 - 8;
    bytes[4..8].copy_from_slice(&length.to_le_bytes());
    bytes
}

/// 16-bit samples.
fn words(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// 32-bit samples.
fn floats(samples: &[f32]) -> Vec<u8> {
    mono(3, 32, 8000, &samples.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())
}

#[test]
fn files_are_read_as_libsndfile_reads_them() {
    let files = files();
    assert!(files.len() >= 50, "{}", files.len());
    for (name, (bytes, expected)) in files {
        let wav = Wav::decode(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mean = |frame: &Vec<f64>| frame.iter().sum::<f64>() / frame.len() as f64;
        let mixed: Vec<f64> = expected.samples.iter().map(mean).collect();
        assert_eq!((wav.samples(), wav.sample_rate().get()), (&mixed[..], expected.rate), "{name}");
    }
}

#[test]
fn a_16_bit_sample_is_a_32768th() {
    let samples: Vec<i16> = (i16::MIN..=i16::MAX).collect();
    let expected: Vec<f64> = samples.iter().map(|&x| f64::from(x) / 32768.0).collect();
    assert_eq!(Wav::decode(&mono(1, 16, 8000, &words(&samples))).unwrap().samples(), expected);
}

#[test]
fn the_common_header_is_read() {
    let recording = Wav::decode(&mono(1, 16, 44_100, &[0, 64, 0, 192])).unwrap();
    assert_eq!((recording.samples(), recording.sample_rate().get()), (&[0.5, -0.5][..], 44_100));
    assert_eq!(recording.duration(), 2.0 / 44_100.0);
}

/// A length that stands for an unknown one is only used if the file does not have as many bytes; any other
/// length beyond the end of the file is an error.
#[test]
fn only_the_lengths_of_pipes_may_exceed_the_file() {
    let mut bytes = mono(1, 16, 8000, &words(&[1, 2, 3, 4]));
    for (length, declared) in [(100_u32, 50_u64), (0x7FFE_0000, 0x3FFF_0000), (0x9000_0000, 0x4800_0000)] {
        bytes[40..44].copy_from_slice(&length.to_le_bytes());
        assert_eq!(Wav::decode(&bytes), Err(WavError::Truncated { declared, found: 4 }), "{length:#x}");
    }
    // An empty recording, with a text after it.
    let list = chunks(&[(b"fmt ", &format(1, 1, 16, 8000)), (b"data", b""), (b"LIST", &[0; 8])]);
    assert_eq!(Wav::decode(&list), Err(WavError::NoSamples));
}

#[test]
fn error_messages_name_the_cause() {
    let whole = mono(1, 16, 8000, &words(&[1, 2, 3, 4]));
    let unsupported = |encoding: &str| {
        format!(
            "the encoding {encoding} is not supported; convert the file to PCM of 8, 16, 24 or 32 bits, or to \
             float of 32 or 64 bits"
        )
    };
    let damaged = |reason: &str| format!("the WAV header is damaged: {reason}");
    let fmt = format(1, 1, 16, 8000);
    let mut unaligned = fmt.clone();
    unaligned[12] = 4;
    let mut foreign = [&format(0xFFFE, 1, 16, 8000)[..], &[0; 24]].concat();
    foreign[24] = 1;
    let replaced = |at: usize, by: &[u8]| {
        let mut bytes = whole.clone();
        bytes[at..at + by.len()].copy_from_slice(by);
        bytes
    };
    let cases: Vec<(Vec<u8>, String)> = vec![
        (vec![], "the file is empty".into()),
        (b"fLaC and so on".to_vec(), "not a WAV file: it is a FLAC file".into()),
        (b"FORM\0\0\0\0AIFF".to_vec(), "not a WAV file: it is an AIFF file".into()),
        (
            b"\0\x05\x16\x07\0\x02\0\0Mac OS X".to_vec(),
            "not a WAV file: it is an AppleDouble file, the metadata of another file".into(),
        ),
        (b"RIF".to_vec(), "not a WAV file: it does not start with `RIFF` and `WAVE`".into()),
        (replaced(8, b"AVI "), "not a WAV file: it starts with `RIFF`, but not with `WAVE` after it".into()),
        (whole[..20].to_vec(), damaged("the `fmt ` chunk declares 16 bytes, but the file ends after 0")),
        (whole[..36].to_vec(), damaged("the file has no `data` chunk")),
        (whole[..12].to_vec(), damaged("the file has no `fmt ` chunk")),
        (replaced(36, b"LIST\x40"), damaged("the `LIST` chunk declares 64 bytes, but the file ends after 8")),
        (replaced(36, b"\0\0\0\0"), damaged("expected a chunk name at byte 36")),
        (
            chunks(&[(b"data", b"\0\0"), (b"fmt ", &fmt)]),
            damaged("the `data` chunk comes before the `fmt ` chunk"),
        ),
        (
            chunks(&[(b"fmt ", &fmt), (b"data", b"\0\0"), (b"LIST", b"\0\0"), (b"data", b"\0\0")]),
            damaged("it has more than one `data` chunk"),
        ),
        (
            chunks(&[(b"fmt ", &fmt[..14]), (b"data", b"\0\0")]),
            damaged("the `fmt ` chunk has 14 bytes, but needs at least 16"),
        ),
        (
            chunks(&[(b"fmt ", &unaligned), (b"data", b"\0\0\0\0")]),
            damaged("it declares 4-byte frames, but 1 channel of 16 bits need 2 bytes"),
        ),
        (chunks(&[(b"fmt ", &format(1, 0, 16, 8000)), (b"data", b"\0\0")]), damaged("it has 0 channels")),
        (
            whole[..44].to_vec(),
            "the file is truncated: its header declares 4 samples, but the file has 0".into(),
        ),
        (
            whole[..whole.len() - 3].to_vec(),
            "the file is truncated: its header declares 4 samples, but the file has 2".into(),
        ),
        (
            mono(1, 16, 8000, &[0; 3]),
            damaged("its samples have 3 bytes, which are not whole frames of 2 bytes"),
        ),
        (mono(1, 16, 8000, &[]), "the recording has no samples".into()),
        (replaced(24, &[0; 4]), "the sample rate is 0".into()),
        (mono(1, 64, 8000, &[0; 8]), unsupported("64-bit PCM")),
        (mono(1, 0, 8000, &[0; 8]), unsupported("0-bit PCM")),
        (mono(3, 16, 8000, &[0; 2]), unsupported("16-bit float")),
        (mono(2, 4, 8000, &[0; 8]), unsupported("Microsoft ADPCM")),
        (mono(0x11, 4, 8000, &[0; 8]), unsupported("IMA ADPCM")),
        (mono(0x55, 0, 8000, &[0; 8]), unsupported("MP3")),
        (mono(0x1234, 8, 8000, &[0]), unsupported("with the format tag 0x1234")),
        (
            chunks(&[(b"fmt ", &foreign), (b"data", b"\0\0")]),
            unsupported("with the identifier 01000000000000000000000000000000"),
        ),
        (
            [b"RF64\xff\xff\xff\xff", &whole[8..40], b"\xff\xff\xff\xff"].concat(),
            damaged("it has no `ds64` chunk"),
        ),
        (
            floats(&[0.0, 1.5]),
            "sample 1 is 1.5; samples must lie between -1 and 1: scale the recording down".into(),
        ),
        (
            floats(&[f32::NAN]),
            "sample 0 is NaN; samples must lie between -1 and 1: scale the recording down".into(),
        ),
    ];
    for (bytes, message) in cases {
        assert_eq!(Wav::decode(&bytes).unwrap_err().to_string(), message);
    }
}

#[test]
fn recordings_whose_audio_would_be_huge_are_refused() {
    let recording = Wav::new(vec![0.0; 1_400_000], 1000).unwrap();
    let options = audio3::FrontEndOptions::default().with_decimation(1);
    assert_eq!(
        audio3::raster(&recording, &options).unwrap_err().to_string(),
        "the recording of 1400 s has 68359375 time steps, but the maximum is 67108864; cut it, or use \
         longer time steps"
    );
    for rate in [1, 999] {
        let recording = Wav::new(vec![0.0; 16_000], rate).unwrap();
        assert_eq!(
            audio3::raster(&recording, &audio3::FrontEndOptions::default()).unwrap_err().to_string(),
            format!("the sample rate is {rate} Hz, but the minimum is 1000 Hz; resample the recording")
        );
    }
}

proptest! {
    /// Any damage to a file of any form gives samples or an error, and memory in proportion to the bytes.
    #[test]
    fn corrupted_files_never_panic(
        file in any::<prop::sample::Index>(),
        damage in prop::collection::vec((0_usize..120, any::<u8>()), 1..6),
        length in 0_usize..200,
    ) {
        let files = files();
        let (mut bytes, _) = files.into_values().nth(file.index(50)).unwrap();
        for (at, value) in damage {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        if let Ok(recording) = Wav::decode(&bytes) {
            prop_assert!(recording.samples().len() <= bytes.len());
        }
        bytes.truncate(length);
        if let Ok(recording) = Wav::decode(&bytes) {
            prop_assert!(recording.samples().len() <= bytes.len());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        mut bytes in prop::collection::vec(any::<u8>(), 12..200),
        form in prop::sample::select(vec![b"RIFF", b"RIFX", b"RF64", b"BW64"]),
    ) {
        bytes[..4].copy_from_slice(form);
        bytes[8..12].copy_from_slice(b"WAVE");
        let _ = Wav::decode(&bytes);
    }
}

/// Each byte of each form of file is set to extreme values, and each file is cut everywhere.
#[test]
fn every_byte_may_be_damaged() {
    for (name, (bytes, _)) in files() {
        for at in 0..bytes.len().min(160) {
            for value in [0x00, 0x01, 0x7f, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] = value;
                if let Ok(recording) = Wav::decode(&bytes) {
                    assert!(recording.samples().len() <= bytes.len(), "{name}, byte {at}");
                }
            }
            let _ = Wav::decode(&bytes[..at]);
        }
    }
}
