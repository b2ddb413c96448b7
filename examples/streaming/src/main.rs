//! Keyword spotting in an audio stream: front end and network run step by step, as they would on a microphone, and the
//! program prints each word as soon as it has ended.
//!
//! `cargo run --release -p example-streaming` processes ten recordings of `examples/digits`, with pauses between them;
//! `cargo run --release -p example-streaming -- A.wav B.wav` processes other files.
//!
//! `snnc train examples/digits/digits.yaml` writes such weights to `runs/digits/weights.safetensors`; those used here
//! are in `examples/digits/digits.safetensors`.

#![allow(clippy::print_stdout, reason = "an example prints its results")]

mod spotter;

use std::error::Error;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use spotter::{KeywordSpotter, STEP, WORDS, Word};
use synnet_audio::Wav;

/// Audio arrives in chunks of 10 ms, as from a microphone.
const CHUNKS_PER_SECOND: u32 = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let (audio, rate) = concatenate(&if given.is_empty() { digits() } else { given })?;
    let mut spotter = KeywordSpotter::new(rate)?;
    let (mut busy, mut count) = (Duration::ZERO, 0);
    let mut words = Vec::new();
    for chunk in audio.chunks((rate.get() / CHUNKS_PER_SECOND).max(1) as usize) {
        let start = Instant::now();
        spotter.push_samples(chunk, &mut words);
        busy += start.elapsed();
        count += words.len();
        words.drain(..).for_each(print);
    }
    let duration = audio.len() as f64 / f64::from(rate.get());
    let speed = duration / busy.as_secs_f64();
    println!("{count} words in {duration:.1} s of audio, {speed:.0} times faster than real time");
    Ok(())
}

/// Concatenates recordings, with half a second of silence after each. Returns the samples and their rate.
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
        stream.extend(std::iter::repeat_n(0.0, rate.get() as usize / 2));
    }
    Ok((stream, common.ok_or("there are no recordings")?))
}

fn print(word: Word) {
    let [start, detected] = [word.start, word.detected].map(|steps| steps as f64 * STEP);
    println!("{detected:7.2} s  {} (from {start:.2} s)", WORDS[word.index]);
}

fn read(path: &Path) -> Result<Wav, Box<dyn Error>> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    Ok(Wav::decode(&bytes).map_err(|error| format!("`{}`: {error}", path.display()))?)
}

/// Returns one recording of each digit, by a voice that is not in the training set.
fn digits() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../digits/data/test");
    (0..WORDS.len()).map(|digit| folder.join(format!("{digit}_annie_0.wav"))).collect()
}
