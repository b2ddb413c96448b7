//! The memory estimate of a training, and whether the machine has as much.

use synnet_ir::Graph;
use synnet_runtime::tape::Tape;
use synnet_runtime::train::MAX_GRADIENT_SUMS;

use crate::error::Error;
use crate::observer::Observer;
use crate::recipe::Recipe;
use synnet_ir::display::{format_bytes, pluralize};

/// What a training holds besides its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryEstimate {
    /// Bytes for the sample that a thread is at, if a fifth of the neurons spikes in each step: more than
    /// most networks do.
    pub per_thread: u64,
    /// Bytes of weights and their gradients, for all threads together.
    pub shared: u64,
    /// Threads.
    pub threads: u64,
}

impl MemoryEstimate {
    /// Of a training of `graph` by a recipe.
    pub fn of(graph: &Graph, recipe: &Recipe, threads: usize) -> Self {
        const SPIKING: u64 = 5;
        let options = &recipe.training;
        let memory = Tape::new(graph).memory(recipe.data.steps, options.recompute);
        let sums = options.batch.min(MAX_GRADIENT_SUMS) as u64;
        Self {
            per_thread: memory.states.saturating_add(memory.events / SPIKING),
            shared: memory.weights.saturating_add(memory.sums.saturating_mul(sums)),
            threads: threads.max(1) as u64,
        }
    }

    /// Everything together.
    pub fn bytes(self) -> u64 {
        self.per_thread.saturating_mul(self.threads).saturating_add(self.shared)
    }

    /// Notes what is needed, and refuses what the machine does not have. If it does not tell, nothing is refused.
    ///
    /// # Errors
    /// If less memory is available.
    pub fn check(self, observer: &dyn Observer) -> Result<(), Error> {
        let need = format!(
            "training needs about {}: {} for each of {}, {} for weights and gradients",
            format_bytes(self.bytes()),
            format_bytes(self.per_thread),
            pluralize(self.threads as usize, "thread"),
            format_bytes(self.shared)
        );
        match available().filter(|have| self.bytes() > *have) {
            Some(have) => Err(Error::Refused(format!(
                "{need}, besides the data; this machine has {} to spare: take fewer threads, shorter recordings \
                 (`data.steps`) or `training.recompute: segments`",
                format_bytes(have)
            ))),
            None => {
                observer.note(&format!("{need}, besides the data"));
                Ok(())
            }
        }
    }
}

/// Bytes that can be had without driving others out; `None` where the system does not tell.
fn available() -> Option<u64> {
    available_in(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

fn available_in(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meminfo_is_parsed_in_kibibytes() {
        let text = "MemTotal:       24105000 kB\nMemAvailable:   21737 kB\nSwapTotal: 0 kB\n";
        assert_eq!(available_in(text), Some(21737 * 1024));
        assert_eq!(available_in("MemTotal: 5 kB\n"), None);
    }
}
