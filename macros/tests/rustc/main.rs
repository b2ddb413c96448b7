//! Crates that use the macro, run through the compiler: its messages about errors, and the files that it watches.
//!
//! The compiler is called on its own, with the macro that was compiled for this test: a package for each case would
//! compile the macro and all that it depends on once more.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

mod errors;
mod tracking;

/// Compiles a library whose file and whose `CARGO_MANIFEST_DIR` are below `folder`.
fn compile(folder: &Path, file: &str, out: &Path) -> Output {
    let rustc = option_env!("RUSTC").unwrap_or("rustc");
    let library = format!("synnet_macros={}", compiled_macro().display());
    let mut command = Command::new(rustc);
    command.args(["--edition", "2024", "--crate-type", "lib", "--emit", "dep-info,metadata"]);
    command.args(["--extern", &library, file, "--out-dir"]).arg(out);
    command.current_dir(folder).env("CARGO_MANIFEST_DIR", folder);
    command.output().expect("a compiler compiled this test")
}

/// The macro as it was compiled for this test: the newest of its libraries.
fn compiled_macro() -> PathBuf {
    let test = std::env::current_exe().expect("this test has a file");
    let entries = std::fs::read_dir(test.parent().expect("it lies in a folder")).expect("it can be read");
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let libraries = paths.filter(|path| {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let extension = path.extension().and_then(|extension| extension.to_str());
        name.trim_start_matches("lib").starts_with("synnet_macros-")
            && extension == std::env::consts::DLL_EXTENSION.into()
    });
    let modified = |path: &PathBuf| std::fs::metadata(path).and_then(|data| data.modified()).ok();
    libraries.max_by_key(modified).expect("the macro was compiled for this test")
}
