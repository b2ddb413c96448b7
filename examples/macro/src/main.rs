//! A network inside Rust source, which detects single and double clicks of a button.
//!
//! `cargo run -p example-macro` prints the times at which its two neurons fire.

#![allow(clippy::print_stdout, reason = "an example prints its results")]

synnet::synnet! {
    #![weights = "weights/clicks.safetensors"]

    /// Distinguishes single from double clicks.
    network Clicks {
        dt: 10 ms;
        /// One event for each press of the button.
        input button: 1;

        /// The first neuron fires at every press, the second at a press that quickly follows another.
        layer click: lif(2) { tau_mem: 100 ms, tau_syn: 10 ms, max_spikes: 1 };

        button -> linear -> click;
        output click.spikes;
    }
}

/// The time steps in which the button is pressed.
const PRESSES: [usize; 3] = [5, 60, 65];

fn main() {
    let mut net = Clicks::new();
    for step in 0..100 {
        let pressed = if PRESSES.contains(&step) { 1.0 } else { 0.0 };
        let [single, double] = net.step(&[pressed]);
        let time = step as f32 * Clicks::DT;
        if single > 0.0 {
            println!("{time:.2} s: click");
        }
        if double > 0.0 {
            println!("{time:.2} s: double click");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spikes_of(net: &mut Clicks) -> [Vec<usize>; 2] {
        let mut spikes = [const { Vec::new() }; 2];
        for step in 0..100 {
            let output = net.step(&[if PRESSES.contains(&step) { 1.0 } else { 0.0 }]);
            assert_eq!(net.click().spikes, output);
            for (times, count) in spikes.iter_mut().zip(output) {
                times.extend((count > 0.0).then_some(step));
            }
        }
        spikes
    }

    #[test]
    fn every_press_is_a_click_and_two_are_a_double_click() {
        let mut net = Clicks::new();
        let spikes = spikes_of(&mut net);
        assert_eq!(spikes, [vec![5, 60, 65], vec![65]]);
        net.reset();
        assert_eq!(spikes_of(&mut net), spikes);
    }
}
