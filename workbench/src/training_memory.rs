//! Footprint estimate of training, and the check against the available memory.

use synnet_ir::Graph;
use synnet_runtime::tape::Tape;
use synnet_runtime::train::MAX_GRADIENT_SUMS;

use crate::error::Error;
use crate::observer::Observer;
use crate::recipe::Recipe;
use synnet_ir::display::{format_bytes, pluralize};

/// An estimate of the memory that training needs besides its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrainingMemory {
    /// Bytes per thread for the states and events of one sample. A fifth of the neurons is assumed to spike in each
    /// step, which is more than in most networks.
    pub per_thread: u64,
    /// Bytes for weights and gradients, for all threads together.
    pub shared: u64,
    /// Number of threads, 1 or more.
    pub threads: u64,
}

impl TrainingMemory {
    /// Estimates the memory for training `graph` with a recipe.
    pub fn estimate(graph: &Graph, recipe: &Recipe, threads: usize) -> Self {
        /// One neuron of this many spikes in a step.
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

    /// Returns the total in bytes.
    pub fn bytes(self) -> u64 {
        self.per_thread.saturating_mul(self.threads).saturating_add(self.shared)
    }

    /// Reports the estimate to the observer. On systems that do not report their available memory, the check passes.
    ///
    /// # Errors
    /// Returns an error if less memory is available.
    pub fn check(self, observer: &dyn Observer) -> Result<(), Error> {
        let estimate = format!(
            "training needs about {} of memory besides the data: {} for each of {}, and {} for weights and gradients",
            format_bytes(self.bytes()),
            format_bytes(self.per_thread),
            pluralize(self.threads as usize, "thread"),
            format_bytes(self.shared)
        );
        match available().filter(|available| self.bytes() > *available) {
            Some(available) => Err(Error::Refused(format!(
                "{estimate}; only {} are available: use fewer threads (`--threads`), shorter samples (`data.steps`), \
                 or gradient checkpointing (`training.recompute: segments`)",
                format_bytes(available)
            ))),
            None => {
                observer.note(&estimate);
                Ok(())
            }
        }
    }
}

/// Returns the bytes that can be allocated without swapping, or `None` if the system does not report them.
fn available() -> Option<u64> {
    parse_meminfo(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

fn parse_meminfo(meminfo: &str) -> Option<u64> {
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
        assert_eq!(parse_meminfo(text), Some(21737 * 1024));
        assert_eq!(parse_meminfo("MemTotal: 5 kB\n"), None);
    }
}
