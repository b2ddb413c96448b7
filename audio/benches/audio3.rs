//! Measures how many times faster than real time one core runs the front end. Prints the median of 15 runs.
//!
//! `cargo bench -p synnet-audio`
#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use synnet_audio::Wav;
use synnet_audio::audio3::{self, AudioFrontEnd, FrontEndOptions, Normalization, SAMPLE_RATE};

const SECONDS: usize = 10;
const RUNS: usize = 15;

fn main() {
    let audio = noise(SECONDS * SAMPLE_RATE as usize);
    let samples = noise(SECONDS * 8000).into_iter().map(|x| f64::from(x) / 8192.0).collect();
    let wav = Wav::new(samples, 8000).expect("noise lies between -1 and 1");

    for normalization in [Normalization::Joint, Normalization::Channel, Normalization::Fixed] {
        let options = FrontEndOptions::default().with_normalization(normalization).with_decimation(488);
        report(&format!("{normalization:?}, from 14-bit audio"), || {
            let mut frames = Vec::new();
            let mut front_end = AudioFrontEnd::new(&options).expect("the options are valid");
            front_end.push(black_box(&audio), &mut frames);
            black_box(frames);
        });
    }
    let options = FrontEndOptions::default().with_decimation(488);
    report("Joint, from a recording of 8 kHz", || {
        black_box(audio3::raster(black_box(&wav), &options).expect("the options are valid"));
    });
}

/// White noise over half the 14-bit range, from a linear congruential generator.
fn noise(samples: usize) -> Vec<i16> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 19) as i16) - 4096
    };
    (0..samples).map(|_| next()).collect()
}

fn report(name: &str, run: impl Fn()) {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{name:36} {:7.0} times real time", SECONDS as f64 / times[RUNS / 2]);
}
