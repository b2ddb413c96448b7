//! Communication with cargo. Outside of a build script, nothing is printed.

use std::io::Write;
use std::path::PathBuf;

/// Returns the folder for the output of a build script; `None` outside of one.
pub(crate) fn out_dir() -> Option<PathBuf> {
    std::env::var_os("OUT_DIR").map(PathBuf::from)
}

/// Tells cargo to run the build script again when one of these files changes.
pub(crate) fn watch(files: &[PathBuf]) {
    print_directive(files.iter().map(|file| format!("cargo::rerun-if-changed={}", file.display())));
}

/// Shows warnings. Cargo takes them line by line.
pub(crate) fn warn(rendered: &str) {
    print_directive(rendered.trim_end().lines().map(|line| format!("cargo::warning={line}")));
}

/// Writes directives to standard output.
fn print_directive(lines: impl Iterator<Item = String>) {
    if out_dir().is_none() {
        return;
    }
    let mut stdout = std::io::stdout().lock();
    for line in lines {
        // `println!` would panic on a closed pipe.
        let _ = writeln!(stdout, "{line}");
    }
}
