//! Signals that end a command in order: Ctrl-C, termination, and the end of the terminal.

use std::io;

/// Calls `handler` for each signal that asks the process to end: SIGINT, SIGTERM and SIGHUP.
///
/// A signal that the parent process ignores stays ignored, as POSIX asks of programs: `nohup` ignores SIGHUP, and shells
/// without job control ignore SIGINT for commands in the background.
#[cfg(unix)]
pub fn watch(handler: impl Fn() + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    let ignored = ignored();
    let watched = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|&signal| ignored >> (signal - 1) & 1 == 0);
    let mut signals = signal_hook::iterator::Signals::new(watched)?;
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || signals.forever().for_each(|_| handler()))
        .map(drop)
}

#[cfg(not(unix))]
pub fn watch(handler: impl Fn() + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(handler).map_err(io::Error::other)
}

/// Returns the set of ignored signals, bit `n - 1` for signal `n`. Only Linux tells without unsafe code; elsewhere, none
/// are known to be ignored.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
