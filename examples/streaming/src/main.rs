//! Keyword spotting in an audio stream: front end, network and detector run step by step, as they would on a microphone,
//! and the program prints each digit as soon as it is detected.
//!
//! `cargo run --release -p example-streaming` processes ten recordings of `examples/digits`, with pauses between them;
//! `cargo run --release -p example-streaming -- A.wav B.wav` processes other files.
//!
//! `train.sh` writes the weights and the detector.

#![allow(clippy::print_stdout, reason = "an example prints its results")]

mod spotter;

use std::error::Error;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use spotter::{Detection, KeywordSpotter};
use synnet_audio::Wav;

/// Audio arrives in chunks of 10 ms, as from a microphone.
const CHUNKS_PER_SECOND: u32 = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let (audio, rate) = concatenate(&if given.is_empty() { digits() } else { given })?;
    let mut spotter = KeywordSpotter::new(rate)?;
    let (mut busy, mut count) = (Duration::ZERO, 0);
    for chunk in audio.chunks((rate.get() / CHUNKS_PER_SECOND).max(1) as usize) {
        let start = Instant::now();
        spotter.push_samples(chunk, |Detection { label, time }| {
            count += 1;
            println!("{time:7.2} s  {label}");
        });
        busy += start.elapsed();
    }
    let duration = audio.len() as f64 / f64::from(rate.get());
    let speed = duration / busy.as_secs_f64();
    println!("{count} detections in {duration:.1} s of audio, {speed:.0} times faster than real time");
    Ok(())
}

/// Concatenates recordings, with a second of silence after each. Returns the samples and their rate.
fn concatenate(paths: &[PathBuf]) -> Result<(Vec<f64>, NonZeroU32), Box<dyn Error>> {
    let mut stream = Vec::new();
    let mut common = None;
    for path in paths {
        let wav = read(path)?;
        let rate = *common.get_or_insert(wav.sample_rate());
        if wav.sample_rate() != rate {
            return Err(format!(
                "`{}`: the sample rate is not {rate} Hz, that of the first file",
                path.display()
            )
            .into());
        }
        stream.extend_from_slice(wav.samples());
        stream.extend(std::iter::repeat_n(0.0, rate.get() as usize));
    }
    Ok((stream, common.ok_or("there are no recordings")?))
}

fn read(path: &Path) -> Result<Wav, Box<dyn Error>> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    Ok(Wav::decode(&bytes).map_err(|error| format!("`{}`: {error}", path.display()))?)
}

/// Returns one recording of each digit, by a voice that is neither in the training set nor in the validation set.
fn digits() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../digits/data/test");
    (0..10).map(|digit| folder.join(format!("{digit}_belinda_1.wav"))).collect()
}
