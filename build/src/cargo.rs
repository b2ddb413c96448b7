//! What a build script hears from cargo and says to it. Outside one, nothing is said.

use std::io::Write;
use std::path::PathBuf;

/// The folder for what a build script makes; `None` outside one.
pub(crate) fn out_dir() -> Option<PathBuf> {
    std::env::var_os("OUT_DIR").map(PathBuf::from)
}

/// Has the build script run again when one of these files changes.
pub(crate) fn watch(files: &[PathBuf]) {
    print_directive(files.iter().map(|file| format!("cargo::rerun-if-changed={}", file.display())));
}

/// Shows warnings, which cargo takes line by line.
pub(crate) fn warn(rendered: &str) {
    print_directive(rendered.trim_end().lines().map(|line| format!("cargo::warning={line}")));
}

/// Writes instructions to standard output. That cargo has stopped listening is no reason to fail.
fn print_directive(lines: impl Iterator<Item = String>) {
    if out_dir().is_none() {
        return;
    }
    let mut stdout = std::io::stdout().lock();
    for line in lines {
        let _ = writeln!(stdout, "{line}");
    }
}
