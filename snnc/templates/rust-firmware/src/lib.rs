//! Counts the presses of a button, without standard library and allocator.

#![no_std]

synnet::include_network!("presses");

/// Number of time steps of 10 ms that belong to a gesture, from its first press.
const STEPS: u32 = 80;

/// What was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gesture {
    /// One press.
    Single,
    /// Two presses in a row.
    Double,
    /// Three presses in a row.
    Triple,
}

/// Listens to a button.
#[derive(Clone, Debug, Default)]
pub struct Counter {
    net: Presses,
    /// Sum of the membrane potentials of each readout neuron.
    evidence: [i32; Presses::OUTPUTS],
    /// Steps since the first press; 0 before it.
    steps: u32,
}

impl Counter {
    /// Advances by a time step of 10 ms, in which the button went down `presses` times. Returns the gesture that has
    /// just ended, if one has.
    pub fn step(&mut self, presses: u8) -> Option<Gesture> {
        if self.steps == 0 && presses == 0 {
            return None;
        }
        for (sum, vmem) in self.evidence.iter_mut().zip(self.net.step(&[presses])) {
            *sum += i32::from(vmem);
        }
        self.steps += 1;
        if self.steps < STEPS {
            return None;
        }
        let best = self.evidence.iter().zip([Gesture::Single, Gesture::Double, Gesture::Triple]);
        let best = best.max_by_key(|(sum, _)| **sum).map(|(_, gesture)| gesture);
        *self = Self::default();
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the gestures that are recognized if the button goes down in these steps.
    fn recognized(presses: &[u32]) -> Option<Gesture> {
        let mut counter = Counter::default();
        (0..100).find_map(|step| counter.step(u8::from(presses.contains(&step))))
    }

    #[test]
    fn presses_are_counted() {
        assert_eq!(recognized(&[5]), Some(Gesture::Single));
        assert_eq!(recognized(&[5, 23]), Some(Gesture::Double));
        assert_eq!(recognized(&[5, 23, 40]), Some(Gesture::Triple));
        assert_eq!(recognized(&[]), None);
    }
}
