//! A network in a separate file, compiled by `build.rs`. It detects which of two tones came first.
//!
//! `cargo run -p example-build-script` runs it on a rising and on a falling pair of tones.

#![allow(clippy::print_stdout, reason = "an example prints its results")]

synnet::include_network!("sweep");

/// Returns the input events in a time step. `pair` has the steps in which the low and the high tone start; each lasts
/// three steps.
fn tones(pair: [usize; 2], step: usize) -> [f32; Sweep::INPUTS] {
    let [low, high] = pair;
    [low, high].map(|start| if (start..start + 3).contains(&step) { 1.0 } else { 0.0 })
}

fn main() {
    let mut net = Sweep::new();
    for (name, pair) in [("low, then high", [2, 8]), ("high, then low", [8, 2])] {
        net.reset();
        let mut counts = [0.0; Sweep::OUTPUTS];
        for step in 0..40 {
            for (count, spikes) in counts.iter_mut().zip(net.step(&tones(pair, step))) {
                *count += spikes;
            }
        }
        let [rising, falling] = counts;
        println!("{name}: {rising} spikes for rising, {falling} for falling");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(pair: [usize; 2]) -> [f32; 2] {
        let mut net = Sweep::new();
        (0..40).fold([0.0; 2], |[rising, falling], step| {
            let output = net.step(&tones(pair, step));
            [rising + output[0], falling + output[1]]
        })
    }

    #[test]
    fn the_order_of_the_tones_decides_which_neuron_fires() {
        assert_eq!(counts([2, 8]), [1.0, 0.0]);
        assert_eq!(counts([8, 2]), [0.0, 1.0]);
        assert_eq!(counts([100, 100]), [0.0, 0.0]);
    }
}
