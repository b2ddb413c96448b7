//! The real compiler, on generated code.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// An empty folder for a test; a path that depends only on its name, below the build's own folder.
pub(crate) fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the build's folder can be written");
    folder
}

/// Runs a tool in a folder; `None` where the tool is not installed.
pub(crate) fn tool(program: &str, folder: &Path, arguments: &[&str]) -> Option<Output> {
    let output = Command::new(program).args(arguments).current_dir(folder).output().ok()?;
    let missing = String::from_utf8_lossy(&output.stderr).contains("is not installed");
    (!missing).then_some(output)
}

/// Compiles `folder/name.rs` with warnings as errors and the given further arguments.
pub(crate) fn compile(folder: &Path, name: &str, arguments: &[&str]) {
    let source = format!("{name}.rs");
    let rustc = option_env!("RUSTC").unwrap_or("rustc");
    let mut all = vec!["--edition", "2024", "-D", "warnings", source.as_str()];
    all.extend(arguments);
    let output = tool(rustc, folder, &all).expect("a compiler compiled this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
