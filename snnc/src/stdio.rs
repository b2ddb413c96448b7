//! Files named on the command line; `-` is standard input or output.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use synnet_workbench::{Error, files};

use crate::failure::Failure;
use crate::terminal;

/// Returns whether a path stands for standard input or output.
pub fn is_stdio(path: &Path) -> bool {
    path == Path::new("-")
}

/// Returns the name of an input file for messages.
pub fn display_name(path: &Path) -> String {
    if is_stdio(path) { "<stdin>".to_owned() } else { files::display(path) }
}

/// Reads a file or standard input.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    if !is_stdio(path) {
        return Ok(files::read(path)?);
    }
    Ok(files::read_stream(std::io::stdin().lock(), path)?)
}

/// Reads the bytes of a text from a file or standard input; no more than [`files::text`] accepts.
pub fn read_limited(path: &Path) -> Result<Vec<u8>, Failure> {
    if is_stdio(path) {
        return files::limited(std::io::stdin().lock()).map_err(|source| system("read", source));
    }
    let read = std::fs::File::open(path).and_then(files::limited);
    Ok(read.map_err(|source| Error::Io { action: "read", path: path.to_owned(), source })?)
}

/// Writes a file or standard output.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if is_stdio(path) { print(bytes) } else { Ok(files::write(path, bytes)?) }
}

/// Writes files together, of which one may be standard output: none of the files appears before all are on disk.
pub fn write_together(outputs: &[(&Path, Vec<u8>)]) -> Result<(), Failure> {
    let (printed, files): (Vec<_>, Vec<_>) = outputs.iter().partition(|(path, _)| is_stdio(path));
    let files: Vec<(&Path, &[u8])> = files.iter().map(|(path, bytes)| (*path, bytes.as_slice())).collect();
    files::write_together(&files)?;
    printed.iter().try_for_each(|(_, bytes)| print(bytes))
}

/// Writes to standard output. A closed pipe, as of `snnc show ... | head`, is not an error.
pub fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(system("write", e)),
        _ => Ok(()),
    }
}

/// Writes text to standard output. On a terminal, characters that would act on it are escaped.
pub fn print_text(text: &str) -> Result<(), Failure> {
    print(terminal::shown(text).as_bytes())
}

/// Whether JSON has been written to standard output. Programs expect one document.
static HAS_PRINTED_JSON: AtomicBool = AtomicBool::new(false);

/// Writes indented JSON to standard output.
pub fn print_json(value: &serde_json::Value) -> Result<(), Failure> {
    HAS_PRINTED_JSON.store(true, Ordering::Relaxed);
    print_text(&format!("{value:#}\n"))
}

/// Returns whether JSON has been written to standard output.
pub fn has_printed_json() -> bool {
    HAS_PRINTED_JSON.load(Ordering::Relaxed)
}

/// Rejects commands that would write both a file and JSON to standard output. `option` is the option of the file.
pub fn check_single_stdout(option: &str, path: &Path, json: bool) -> Result<(), Failure> {
    if json && is_stdio(path) {
        return Err(Failure::Usage(format!(
            "`--json` and `{option} -` both write to standard output: pass a file name to `{option}`"
        )));
    }
    Ok(())
}

/// Rejects commands that would write more than one result to standard output: the file of `option`, an HTML page, and
/// JSON.
pub fn check_stdout_and_page(
    option: &str,
    path: &Path,
    page: Option<&Path>,
    json: bool,
) -> Result<(), Failure> {
    check_single_stdout(option, path, json)?;
    let Some(page) = page else { return Ok(()) };
    check_single_stdout("--html", page, json)?;
    if is_stdio(page) && is_stdio(path) {
        return Err(Failure::Usage(format!(
            "`{option} -` and `--html -` both write to standard output: give one of them a file name"
        )));
    }
    Ok(())
}

/// Rejects commands that would replace one of their inputs by an output, or one output by another. Links, hard ones too,
/// and different spellings of a path are the same file.
pub fn check_outputs<'a, 'b>(
    outputs: impl IntoIterator<Item = &'a Path>,
    inputs: impl IntoIterator<Item = &'b Path>,
) -> Result<(), Failure> {
    let canonical = |path: &Path| std::fs::canonicalize(path).ok().filter(|_| !is_stdio(path));
    let inputs: Vec<PathBuf> = inputs.into_iter().filter_map(canonical).collect();
    let inodes: HashSet<(u64, u64)> = inputs.iter().filter_map(|path| inode(path)).collect();
    let outputs: Vec<&Path> = outputs.into_iter().filter(|path| !is_stdio(path)).collect();
    // A device, such as `/dev/null`, is not replaced. In a folder of samples, pages may lie beside them.
    let is_input = |path: PathBuf| {
        path.is_file()
            && (inputs.contains(&path)
                || inode(&path).is_some_and(|inode| inodes.contains(&inode))
                || holds_samples(&path) && inputs.iter().any(|i| path.starts_with(i)))
    };
    if let Some(output) = outputs.iter().find(|output| canonical(output).is_some_and(is_input)) {
        return Err(Failure::Usage(format!(
            "`{}` is an input of this command and would be replaced: choose another name for the output",
            files::display(output)
        )));
    }
    // A path that does not exist yet is its name in a folder that does.
    let place = |path: &Path| match (canonical(path), path.parent(), path.file_name()) {
        (Some(path), ..) => path,
        (None, Some(folder), Some(name)) => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            std::fs::canonicalize(folder).map_or_else(|_| path.to_owned(), |folder| folder.join(name))
        }
        _ => path.to_owned(),
    };
    let mut places = HashSet::new();
    match outputs.iter().find(|output| !is_device(output) && !places.insert(place(output))) {
        Some(output) => Err(Failure::Usage(format!(
            "`{}` is the name of two outputs: choose another name for one of them",
            files::display(output)
        ))),
        None => Ok(()),
    }
}

fn is_device(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Returns what identifies a file that has other names: device and number.
#[cfg(unix)]
fn inode(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;

    let metadata = std::fs::metadata(path).ok()?;
    (metadata.is_file() && metadata.nlink() > 1).then(|| (metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn inode(_path: &Path) -> Option<(u64, u64)> {
    None
}

/// Returns whether a file may be a sample, judging by its extension.
fn holds_samples(path: &Path) -> bool {
    const EXTENSIONS: [&str; 7] = ["wav", "npz", "npy", "csv", "txt", "h5", "hdf5"];
    path.extension().is_some_and(|found| EXTENSIONS.iter().any(|known| found.eq_ignore_ascii_case(known)))
}

/// Returns the error of an action on a file.
pub fn error(action: &'static str, path: &Path, source: std::io::Error) -> Failure {
    Error::Io { action, path: path.to_owned(), source }.into()
}

fn system(action: &'static str, source: std::io::Error) -> Failure {
    error(action, Path::new("-"), source)
}
