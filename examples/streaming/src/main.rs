//! Spoken digits in a stream of sound: front end and network run step by step, as behind a microphone,
//! and print each word as soon as it has ended.
//!
//! `cargo run --release -p example-streaming` listens to ten recordings of `examples/digits`, with pauses
//! between them; `cargo run --release -p example-streaming -- A.wav B.wav` listens to others.
//!
//! The weights, `examples/digits/digits.safetensors`, are those that `snnc train examples/digits/digits.yaml`
//! leaves in `runs/digits/weights.safetensors`.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod spotter;

use std::error::Error;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use spotter::{STEP, Spotter, WORDS, Word};
use synnet_audio::Wav;

/// Pieces of sound come so many times in a second, as from a microphone.
const PIECES_PER_SECOND: u32 = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let (sound, rate) = record(&if given.is_empty() { digits() } else { given })?;
    let mut spotter = Spotter::new(rate)?;
    let (mut busy, mut heard) = (Duration::ZERO, 0);
    let mut words = Vec::new();
    for piece in sound.chunks((rate.get() / PIECES_PER_SECOND).max(1) as usize) {
        let start = Instant::now();
        spotter.hear(piece, &mut words);
        busy += start.elapsed();
        heard += words.len();
        words.drain(..).for_each(print);
    }
    let duration = sound.len() as f64 / f64::from(rate.get());
    let times = duration / busy.as_secs_f64();
    println!("{heard} words in {duration:.1} s of sound, computed in {times:.0} times real time");
    Ok(())
}

/// The recordings one after another, with half a second of silence after each, and their sample rate.
fn record(paths: &[PathBuf]) -> Result<(Vec<f64>, NonZeroU32), Box<dyn Error>> {
    let mut stream = Vec::new();
    let mut common = None;
    for path in paths {
        let wav = read(path)?;
        let rate = *common.get_or_insert(wav.sample_rate());
        if wav.sample_rate() != rate {
            return Err(
                format!("`{}`: its rate differs from {rate} samples per second", path.display()).into()
            );
        }
        stream.extend_from_slice(wav.samples());
        stream.extend(std::iter::repeat_n(0.0, rate.get() as usize / 2));
    }
    Ok((stream, common.ok_or("there is no recording")?))
}

fn print(word: Word) {
    let [start, known] = [word.start, word.known].map(|steps| steps as f64 * STEP);
    println!("{known:7.2} s  {} (from {start:.2} s)", WORDS[word.index]);
}

fn read(path: &Path) -> Result<Wav, Box<dyn Error>> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    Ok(Wav::decode(&bytes).map_err(|error| format!("`{}`: {error}", path.display()))?)
}

/// One recording of each digit, by a voice that was not trained on.
fn digits() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../digits/data/test");
    (0..WORDS.len()).map(|digit| folder.join(format!("{digit}_annie_0.wav"))).collect()
}
