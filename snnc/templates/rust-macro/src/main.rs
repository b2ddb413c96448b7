//! Counts the presses of a button in lists of events: lines of a channel and a time in microseconds.

use std::error::Error;

synnet::synnet!("nets/presses.snn", weights = "nets/presses.safetensors");

const CLASSES: [&str; Presses::OUTPUTS] = ["single", "double", "triple"];
/// Number of time steps of a list.
const STEPS: usize = 100;

/// Returns the class of the presses at these times, in microseconds.
fn classify(times: &[f32]) -> &'static str {
    let mut input = [[0.0; Presses::INPUTS]; STEPS];
    for time in times {
        let step = (time / 1e6 / Presses::DT) as usize;
        if let Some([button]) = input.get_mut(step) {
            *button += 1.0;
        }
    }
    let mut net = Presses::new();
    let mut evidence = [0.0; Presses::OUTPUTS];
    for events in &input {
        for (sum, vmem) in evidence.iter_mut().zip(net.step(events)) {
            *sum += vmem;
        }
    }
    let best = evidence.iter().zip(CLASSES).max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.map_or("nothing", |(_, class)| class)
}

/// Returns the times in a list of events.
fn times(list: &str) -> Result<Vec<f32>, Box<dyn Error>> {
    let lines = list.lines().filter_map(|line| line.strip_prefix("0,"));
    lines.map(|time| Ok(time.trim().parse()?)).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    for path in std::env::args().skip(1) {
        println!("{path}: {}", classify(&times(&std::fs::read_to_string(&path)?)?));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presses_are_counted() {
        assert_eq!(classify(&[50e3]), "single");
        assert_eq!(classify(&[50e3, 230e3]), "double");
        assert_eq!(classify(&[50e3, 230e3, 400e3]), "triple");
    }
}
