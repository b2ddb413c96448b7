//! Opening files in a browser.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::stdio;

/// Creates an empty file in the folder for temporary files, which stays: a browser reads it later.
pub fn temporary_file(extension: &str) -> Result<PathBuf, Failure> {
    let folder = std::env::temp_dir();
    for attempt in 0..1000 {
        let path = folder.join(format!("snnc-{}-{attempt}.{extension}", std::process::id()));
        // A file of someone else is not replaced.
        match std::fs::File::create_new(&path) {
            Ok(_) => return Ok(path),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(stdio::error("write", &path, e)),
        }
    }
    Err(Failure::Usage(format!("`{}` is full of temporary files: name a file with `-o`", folder.display())))
}

/// Opens a file in the browser that the variable `BROWSER` names, or in the default one of the system.
pub fn open(path: &Path) -> Result<(), Failure> {
    let named = std::env::var_os("BROWSER").filter(|name| !name.is_empty());
    let default = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    let program = named.unwrap_or_else(|| default.into());
    let started = Command::new(&program)
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match started {
        Ok(_) => Ok(()),
        Err(e) => Err(Failure::Usage(format!(
            "cannot start the browser `{}`: {e}; set `BROWSER`, or open `{}` yourself",
            program.to_string_lossy(),
            path.display()
        ))),
    }
}
