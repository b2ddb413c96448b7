//! Runs rustc on generated code.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// An empty folder for a test; a path that depends only on its name, below the build's own folder.
pub(crate) fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the build's folder can be written");
    folder
}

/// Runs a tool in a folder. Returns `None` if the tool is not installed.
pub(crate) fn tool(program: &str, folder: &Path, arguments: &[&str]) -> Option<Output> {
    let output = Command::new(program).args(arguments).current_dir(folder).output().ok()?;
    let missing = String::from_utf8_lossy(&output.stderr).contains("is not installed");
    (!missing).then_some(output)
}

/// Compiles `folder/name.rs` with warnings as errors and the given further arguments.
pub(crate) fn compile(folder: &Path, name: &str, arguments: &[&str]) {
    let output = try_compile(folder, name, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Returns the output of the compiler.
pub(crate) fn try_compile(folder: &Path, name: &str, arguments: &[&str]) -> Output {
    let source = format!("{name}.rs");
    let rustc = option_env!("RUSTC").unwrap_or("rustc");
    let mut all = vec!["--edition", "2024", "-D", "warnings", source.as_str()];
    all.extend(arguments);
    tool(rustc, folder, &all).expect("a compiler compiled this test")
}

/// The source of a generated module with a function `flash` in it: the bytes of all its tables.
pub(crate) fn with_flash(source: &str) -> String {
    let tables = source.lines().filter_map(|line| line.trim().strip_prefix("static ")?.split_once(':'));
    let sizes: Vec<String> = tables.map(|(name, _)| format!("core::mem::size_of_val(&{name})")).collect();
    let sum = if sizes.is_empty() { "0".to_owned() } else { sizes.join(" + ") };
    let body = source.trim_end().strip_suffix('}').expect("the module ends the source");
    format!("{body}    pub const fn flash() -> usize {{ {sum} }}\n}}\n")
}
