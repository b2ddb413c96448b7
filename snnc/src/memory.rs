//! How much memory a training needs, and whether the machine has it.

use synnet_dsl::Graph;

use crate::failure::Failure;
use crate::terminal;

/// What a training holds besides its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Bytes for the samples that one thread walks.
    pub per_thread: u64,
    /// Threads.
    pub threads: u64,
}

impl Need {
    /// Of a training of `graph` on samples of `steps` time steps.
    pub fn of(graph: &Graph, steps: usize, threads: usize) -> Self {
        const FLOAT: u64 = 4;
        // Of every layer its input, its membrane and its spikes, and a gradient on each.
        let layers = graph.layers.iter().map(|layer| 2 * (layer.input_columns() + 2 * layer.size) as u64);
        let per_step = FLOAT * (2 * graph.input.channels as u64 + layers.sum::<u64>());
        Self { per_thread: (steps as u64).saturating_mul(per_step), threads: threads.max(1) as u64 }
    }

    /// All threads together.
    pub fn bytes(self) -> u64 {
        self.per_thread.saturating_mul(self.threads)
    }

    /// Says what is needed, and refuses what the machine does not have. Where it does not tell, nothing is refused.
    pub fn check(self) -> Result<(), Failure> {
        let threads = self.threads;
        let each = if threads > 1 {
            format!(" per thread, {} for {threads} threads", readable(self.bytes()))
        } else {
            String::new()
        };
        let need = format!("training needs about {}{each}", readable(self.per_thread));
        match available().filter(|have| self.bytes() > *have) {
            Some(have) => Err(Failure::Io(format!(
                "{need}, besides the data; this machine has {} to spare: take fewer `--threads`, shorter recordings \
                 (`data.steps`) or `training.checkpoint: segments`",
                readable(have)
            ))),
            None => {
                terminal::say(format_args!("{need}, besides the data"));
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

/// Bytes as people write them.
fn readable(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} bytes") } else { format!("{size:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_in_kibibytes() {
        let text = "MemTotal:       24105000 kB\nMemAvailable:   21737 kB\nSwapTotal: 0 kB\n";
        assert_eq!(available_in(text), Some(21737 * 1024));
        assert_eq!(available_in("MemTotal: 5 kB\n"), None);
    }

    #[test]
    fn sizes_are_readable() {
        for (bytes, text) in [(900, "900 bytes"), (3_355_443, "3.2 MiB"), (u64::MAX, "16777216.0 TiB")] {
            assert_eq!(readable(bytes), text);
        }
    }
}
