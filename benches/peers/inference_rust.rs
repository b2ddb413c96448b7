//! The program that `benches/inference.py` measures. It wraps the generated network in `network.rs`.
//!
//! It runs the network on `frames.bin`, bytes `[steps, channels]`, one step at a time, and writes the outputs as f32 to
//! `--result`. Then it answers each number of seconds on standard input with the times per step of its passes.

mod network;

use std::hint::black_box;
use std::io::{BufRead, Error, ErrorKind};
use std::path::Path;
use std::time::Instant;

use network::Network;

const MAX_RUNS: usize = 2000;

/// The type of inputs and outputs: f32 or an integer, depending on the target.
trait Number: Copy {
    fn from_count(count: u8) -> Self;
    fn to_f32(self) -> f32;
}

macro_rules! number {
    ($($type:ty)*) => {
        $(impl Number for $type {
            fn from_count(count: u8) -> Self {
                count as $type
            }

            fn to_f32(self) -> f32 {
                self as f32
            }
        })*
    };
}

number!(f32 u8 i16 u16 i32 u32);

/// Converts a frame of bytes to the network's input type, which the compiler infers.
fn frame<T: Number, const CHANNELS: usize>(bytes: &[u8]) -> [T; CHANNELS] {
    core::array::from_fn(|channel| T::from_count(bytes[channel]))
}

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().collect();
    let option = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name);
        let value = place.and_then(|i| arguments.get(i + 1));
        value.ok_or_else(|| Error::new(ErrorKind::InvalidInput, format!("`{name}` is missing")))
    };
    let bytes = std::fs::read(Path::new(option("--case")?).join("frames.bin"))?;
    let frames: Vec<_> = bytes.chunks_exact(Network::INPUTS).map(frame).collect();
    let mut net = Network::new();

    let outputs = frames.iter().flat_map(|frame| net.step(frame)).flat_map(|x| x.to_f32().to_le_bytes());
    std::fs::write(option("--result")?, outputs.collect::<Vec<u8>>())?;
    println!(r#"{{"state_bytes": {}}}"#, size_of::<Network>());

    for line in std::io::stdin().lock().lines() {
        let limit: f64 = line?.trim().parse().map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
        let begin = Instant::now();
        let mut seconds = Vec::with_capacity(MAX_RUNS);
        while seconds.is_empty() || (begin.elapsed().as_secs_f64() < limit && seconds.len() < MAX_RUNS) {
            net.reset();
            let start = Instant::now();
            for frame in &frames {
                black_box(net.step(black_box(frame)));
            }
            seconds.push(start.elapsed().as_secs_f64() / frames.len() as f64);
        }
        println!(r#"{{"seconds": {seconds:?}, "peak_mib": {}}}"#, peak_mib());
    }
    Ok(())
}

/// Returns the peak resident memory of this process in MiB, or 0 if the system does not report it.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0.0) / 1024.0
}
