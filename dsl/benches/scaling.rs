//! The time of a compilation against the size of its source.
//!
//! `cargo bench -p synnet-dsl --bench scaling` compiles sources that grow in one way each, with 1,000 to 64,000 of what
//! the first column names, and renders their diagnostics. It prints a table in Markdown: milliseconds for each size, and
//! the slope of the last three sizes in a plot with logarithmic axes, which is 1 if the time is linear. Arguments choose
//! shapes by a part of their names.
#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "../tests/scaling/shapes.rs"]
mod shapes;

use std::time::{Duration, Instant};

use shapes::SHAPES;
use synnet_dsl::{CompileOptions, NoImports, compile};
use synnet_ir::{Sources, render};

const SIZES: [usize; 7] = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000];
/// Longer sources are refused.
const MAX_SOURCE: usize = 4 << 20;
/// After a compilation of this length, larger sources of the shape are left out.
const LIMIT: Duration = Duration::from_secs(5);

fn main() {
    let chosen: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    println!("| ms | {} | slope |", SIZES.map(|n| n.to_string()).join(" | "));
    println!("|---|{}", "---|".repeat(SIZES.len() + 1));
    for shape in SHAPES {
        if !chosen.is_empty() && !chosen.iter().any(|part| shape.name.contains(part.as_str())) {
            continue;
        }
        let mut times: Vec<(usize, Duration)> = Vec::new();
        for n in SIZES {
            if times.last().is_some_and(|(_, time)| *time > LIMIT) {
                break;
            }
            let source = (shape.source)(n);
            if source.len() > MAX_SOURCE {
                break;
            }
            times.push((n, time(&source)));
        }
        let cell =
            |i: usize| times.get(i).map_or("".to_owned(), |(_, t)| format!("{:.1}", t.as_secs_f64() * 1e3));
        let cells: Vec<String> = (0..SIZES.len()).map(cell).collect();
        println!("| {} | {} | {:.2} |", shape.name, cells.join(" | "), slope(&times));
    }
}

/// Returns the time to compile a source and to render its diagnostics, the shorter of two.
fn time(source: &str) -> Duration {
    let once = || {
        let (start, processor) = (Instant::now(), processor_time());
        let mut sources = Sources::new();
        let root = sources.add("net.snn", source);
        let compilation = compile(&mut sources, root, &CompileOptions::default(), &mut NoImports);
        std::hint::black_box(render(&compilation.diagnostics, &sources, false));
        match (processor, processor_time()) {
            (Some(before), Some(after)) => after - before,
            _ => start.elapsed(),
        }
    };
    let first = once();
    if first > LIMIT { first } else { first.min(once()) }
}

/// Returns the time of this thread on a processor, if the system tells it: other programs may run beside this one.
fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
}

/// Returns the exponent of `n` between the third last size and the last one.
fn slope(times: &[(usize, Duration)]) -> f64 {
    let last = &times[times.len().saturating_sub(3)..];
    let ((n0, t0), (n1, t1)) = (last[0], last[last.len() - 1]);
    (t1.as_secs_f64() / t0.as_secs_f64()).ln() / (n1 as f64 / n0 as f64).ln()
}
