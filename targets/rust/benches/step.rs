//! Time of one step of generated code: `cargo bench -p synnet-rust`.
//!
//! A keyword spotter (16 channels, three layers of 60 neurons, 8 outputs; dt 1 ms, time constants by bit
//! shifts) whose hidden layers spike about 0.1 times per neuron per step is generated in f32 and in
//! integers, compiled by rustc for the baseline and for x86-64-v3, and run at three densities of input,
//! step by step and as a whole sequence. Medians and minima of many batches; the sum of all outputs keeps
//! the compiler honest. The harness is its own, because what is measured has to be compiled first.

#![allow(clippy::print_stdout, reason = "a bench reports")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::Path;
use std::process::Command;

use support::{networks, rustc};
use synnet_rust::{Embedding, Numbers, RustOptions, generate};
use synnet_xylo::quantize::QuantizeOptions;

/// What is measured of a module `net` with type `Kws` and counts of type `Count`.
const PROGRAM: &str = r#"
mod net;
use std::{hint::black_box, time::Instant};
use net::Kws;

fn main() {
    for p in [0.01, 0.1, 0.5] {
        let mut state = 1u64;
        let mut unit = move || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 40) as f64 / (1u64 << 24) as f64
        };
        let inputs: Vec<[Count; 16]> =
            (0..2000).map(|_| core::array::from_fn(|_| Count::from(u8::from(unit() < p)))).collect();
        let mut net = Kws::new();
        let mut sum = 0.0;
        let step = time(inputs.len(), || {
            for input in &inputs {
                sum += f64::from(net.step(black_box(input))[0]);
            }
        });
        let mut outputs = vec![[Default::default(); 8]; inputs.len()];
        let sequence = time(inputs.len(), || {
            net.run(black_box(&inputs), &mut outputs);
            black_box(&outputs);
        });
        let mut spikes = [0.0; 3];
        for input in &inputs {
            net.step(input);
            let state = net.state();
            let layers = [&state.h0.spikes, &state.h1.spikes, &state.h2.spikes];
            for (sum, layer) in spikes.iter_mut().zip(layers) {
                *sum += layer.iter().map(|&n| f64::from(n)).sum::<f64>() / 60.0 / inputs.len() as f64;
            }
        }
        println!(
            "{p:>6} {:>8.3} {:>8.3} {:>8.3}   {:.3} {:.3} {:.3} ({sum})",
            step[0], step[1], sequence[0], spikes[0], spikes[1], spikes[2]
        );
    }
}

/// Median and minimum of the microseconds per step.
fn time(steps: usize, mut batch: impl FnMut()) -> [f64; 2] {
    let mut times: Vec<f64> = (0..200)
        .map(|_| {
            let start = Instant::now();
            batch();
            start.elapsed().as_secs_f64() * 1e6 / steps as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    [times[times.len() / 2], times[0]]
}
"#;

fn main() {
    let network = networks::calibrated_spotter();
    let forms =
        [("rust", "f32", Numbers::Float), ("rust-int", "u8", Numbers::Integer(QuantizeOptions::default()))];
    println!(
        "us per step: median and minimum step by step, median as a sequence; spikes of the hidden layers"
    );
    for (form, count, numbers) in forms {
        let folder = rustc::folder(&format!("bench-{form}"));
        let embedding = Embedding::Include("net.weights".into());
        let options = RustOptions::new().with_embedding(embedding).with_numbers(numbers);
        let module = generate(&network, &options).expect("it is supported");
        write(&folder, "net.rs", module.source().as_bytes());
        write(&folder, "net.weights", &module.weights.unwrap_or_default());
        write(&folder, "main.rs", format!("type Count = {count};\n{PROGRAM}").as_bytes());
        let targets: &[&str] =
            if cfg!(target_arch = "x86_64") { &["x86-64", "x86-64-v3"] } else { &["native"] };
        for target in targets {
            let cpu = format!("target-cpu={target}");
            rustc::compile(&folder, "main", &["-C", "opt-level=3", "-C", &cpu, "-o", "main"]);
            println!("{form}, {target}");
            let status = Command::new(folder.join("main")).status().expect("the program runs");
            assert!(status.success());
        }
    }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).expect("the build's folder can be written");
}
