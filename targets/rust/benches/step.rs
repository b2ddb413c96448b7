//! Time of one step of generated code: `cargo bench -p synnet-rust`.
//!
//! A keyword spotter (16 channels, three layers of 60 neurons, 8 outputs) is generated, compiled by
//! rustc for the baseline and for x86-64-v3, and run at two densities of input. Medians of many
//! batches; the sum of all outputs keeps the compiler honest.

#![allow(clippy::print_stdout, reason = "a bench reports")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::process::Command;

use support::{Random, networks, rustc};
use synnet_rust::{Embedding, Options, generate};

const PROGRAM: &str = r#"
mod kws;
use std::{hint::black_box, time::Instant};

fn main() {
    let mut state = 1u64;
    let mut unit = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 40) as f64 / (1u64 << 24) as f64
    };
    for p in [0.1, 0.01] {
        let inputs: Vec<[f32; 16]> =
            (0..4000).map(|_| core::array::from_fn(|_| if unit() < p { 1.0 } else { 0.0 })).collect();
        let mut net = kws::Kws::new();
        let mut sum = 0.0;
        let mut spikes = 0.0;
        let mut times = Vec::new();
        for _ in 0..100 {
            let start = Instant::now();
            for input in &inputs {
                sum += net.step(black_box(input))[0];
            }
            times.push(start.elapsed().as_secs_f64() / inputs.len() as f64);
        }
        for input in &inputs {
            net.step(input);
            spikes += net.h0().spikes.iter().chain(&net.h1().spikes).chain(&net.h2().spikes).filter(|&&s| s > 0.0).count() as f64;
        }
        times.sort_by(f64::total_cmp);
        println!(
            "p = {p}: {:.3} us per step; {:.0} % of the hidden neurons spike (sum {sum})",
            times[times.len() / 2] * 1e6,
            spikes / inputs.len() as f64 / 1.8
        );
    }
}
"#;

fn main() {
    let folder = rustc::folder("bench");
    let network = networks::bind_within(&networks::keyword_spotter(), (-0.55, 0.55), &mut Random(1));
    let options = Options { embedding: Embedding::Include("kws.weights".into()), ..Options::default() };
    let module = generate(&network, &options).expect("it is supported");
    std::fs::write(folder.join("kws.rs"), module.source()).expect("the source is written");
    std::fs::write(folder.join("kws.weights"), module.weights.unwrap_or_default())
        .expect("the weights are written");
    std::fs::write(folder.join("main.rs"), PROGRAM).expect("the program is written");
    let targets: &[&str] = if cfg!(target_arch = "x86_64") { &["x86-64", "x86-64-v3"] } else { &["native"] };
    for target in targets {
        rustc::compile(
            &folder,
            "main",
            &["-C", "opt-level=3", "-C", &format!("target-cpu={target}"), "-o", "main"],
        );
        println!("{target}");
        let status = Command::new(folder.join("main")).status().expect("the program runs");
        assert!(status.success());
    }
}
