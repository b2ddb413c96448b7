//! The files of a folder: which ones are samples, and which ones are skipped.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern as Glob};

use super::error_list;
use crate::error::Error;
use crate::files;
use crate::observer::Observer;

/// Names that are skipped in every dataset: noise that ships with Speech Commands, and what archives of macOS contain.
const ALWAYS_IGNORED: [&str; 2] = ["_background_noise_", "__MACOSX"];

/// `*` and `?` do not match `/`.
const GLOB: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// Files that were skipped, for one reason.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    count: usize,
    /// The first one.
    example: String,
}

/// The files of a folder.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// Names of files with the extension, relative to the folder and separated by `/`, sorted.
    pub names: Vec<String>,
    /// Hidden files and folders.
    hidden: LeftOut,
    /// Files and folders that match a pattern of `data.ignore`, or that are always ignored.
    ignored: LeftOut,
    /// Files with other extensions, without documentation.
    other: LeftOut,
    /// Links to folders that were read already.
    repeated: LeftOut,
}

impl LeftOut {
    /// Counts a file or folder.
    pub(super) fn add(&mut self, name: &str) {
        if self.count == 0 {
            name.clone_into(&mut self.example);
        }
        self.count += 1;
    }

    /// Formats count and example: "2 hidden files (such as `._a.wav`)"; `None` if there are none.
    pub(super) fn describe(&self, one: &str, many: &str) -> Option<String> {
        let example = &self.example;
        match self.count {
            0 => None,
            1 => Some(format!("1 {one} (`{example}`)")),
            count => Some(format!("{count} {many} (such as `{example}`)")),
        }
    }
}

impl Scan {
    /// Finds the files below a folder whose extension is `extension`, with its dot, in any case. Folders that links lead
    /// to are read once.
    ///
    /// # Errors
    /// Returns an error if a folder cannot be read, or if a pattern is invalid.
    pub(crate) fn read(folder: &Path, extension: &str, ignore: &[String]) -> Result<Self, Error> {
        let globs = ignore.iter().map(String::as_str).chain(ALWAYS_IGNORED).map(|text| {
            let pattern = Glob::new(text.trim_end_matches('/'));
            pattern.map_err(|e| Error::Input(format!("`data.ignore`: `{text}` is not a pattern: {e}")))
        });
        let globs: Vec<Glob> = globs.collect::<Result<_, _>>()?;
        let mut walk = Walk {
            root: folder,
            extension,
            globs,
            visited: HashSet::new(),
            not_text: Vec::new(),
            scan: Self::default(),
        };
        walk.folder(folder)?;
        if !walk.not_text.is_empty() {
            let list =
                error_list(&walk.not_text, "name is", "names are", "not UTF-8; rename the files or folders");
            return Err(Error::file(folder, list));
        }
        let mut scan = walk.scan;
        scan.names.sort();
        Ok(scan)
    }

    /// Notes what was skipped.
    pub(crate) fn report(&self, folder: &Path, observer: &dyn Observer) {
        let groups = [
            self.hidden.describe("hidden file", "hidden files"),
            self.ignored.describe("ignored file or folder", "ignored files or folders"),
            self.other.describe("file with another extension", "files with other extensions"),
            self.repeated
                .describe("link to a folder that is read already", "links to folders that are read already"),
        ];
        let groups: Vec<String> = groups.into_iter().flatten().collect();
        if !groups.is_empty() {
            observer.note(&format!("`{}`: skipped {}", folder.display(), groups.join(", ")));
        }
    }
}

/// A walk through a folder.
struct Walk<'a> {
    root: &'a Path,
    extension: &'a str,
    globs: Vec<Glob>,
    /// Folders that were read, without links on the way: a link may lead back to a folder above.
    visited: HashSet<PathBuf>,
    /// Names of samples and folders that are not UTF-8. Whatever is assigned by names would guess theirs.
    not_text: Vec<String>,
    scan: Scan,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path) -> Result<(), Error> {
        let failed = |e| Error::io("read the folder", folder, e);
        self.visited.insert(std::fs::canonicalize(folder).map_err(failed)?);
        let entries = std::fs::read_dir(folder).map_err(failed)?;
        let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| Ok(entry?.path())).collect();
        let mut paths = paths.map_err(failed)?;
        // A link and its target may both be in the folder: the order decides which one is read.
        paths.sort();
        paths.iter().try_for_each(|path| self.entry(path))
    }

    fn entry(&mut self, path: &Path) -> Result<(), Error> {
        let relative = path.strip_prefix(self.root).unwrap_or(path);
        let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
        let (name, last) = (parts.join("/"), parts.last().map_or("", |part| part));
        if last.starts_with('.') {
            self.scan.hidden.add(&name);
        } else if self.globs.iter().any(|glob| matches(glob, &name, last)) {
            self.scan.ignored.add(&name);
        } else if files::is_device(path) {
            self.scan.other.add(&name);
        } else if relative.to_str().is_none() && (path.is_dir() || has_extension(&name, self.extension)) {
            self.not_text.push(format!("`{}`", files::display(relative)));
        } else if path.is_dir() {
            let target = std::fs::canonicalize(path).map_err(|e| Error::io("read the folder", path, e))?;
            if self.visited.contains(&target) {
                self.scan.repeated.add(&name);
            } else {
                self.folder(path)?;
            }
        } else if has_extension(&name, self.extension) {
            self.scan.names.push(name);
        } else if !is_documentation(path, self.extension) {
            self.scan.other.add(&name);
        }
        Ok(())
    }
}

/// Returns whether a pattern matches a relative name, or without `/` in it, its last component. Folders are tested
/// before what they contain, so that a pattern for a folder leaves all of it out.
fn matches(glob: &Glob, name: &str, last: &str) -> bool {
    let subject = if glob.as_str().contains('/') { name } else { last };
    glob.matches_with(subject, GLOB)
}

/// Returns whether a file documents a dataset of sound or arrays, such as `README.md` or `LICENSE`: nobody takes it for
/// a sample. Event lists may be text themselves.
fn is_documentation(path: &Path, extension: &str) -> bool {
    let holds_text = ![".wav", ".npz"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    path.extension().is_none_or(|found| {
        found.eq_ignore_ascii_case("md") || !holds_text && found.eq_ignore_ascii_case("txt")
    })
}

/// Returns whether a name has an extension, in any case.
pub(super) fn has_extension(name: &str, extension: &str) -> bool {
    let end = name.len().checked_sub(extension.len()).and_then(|at| name.get(at..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        folder
    }

    #[test]
    fn files_that_are_no_samples_are_counted() {
        let folder = folder(&[
            "yes/a.wav",
            "yes/B.WAV",
            "yes/._a.wav",
            ".git/x.wav",
            "__MACOSX/yes/a.wav",
            "README.md",
            "yes/a.flac",
            "_background_noise_/tap.wav",
            "copies/a.wav",
            "no/a_copy.wav",
            "no/a.wav",
        ]);
        let ignore = ["copies/".to_owned(), "no/*_copy.wav".to_owned()];
        let scan = Scan::read(folder.path(), ".wav", &ignore).unwrap();
        assert_eq!(scan.names, ["no/a.wav", "yes/B.WAV", "yes/a.wav"]);
        assert_eq!(scan.hidden.describe("file", "files").unwrap(), "2 files (such as `.git`)");
        assert_eq!(scan.ignored.count, 4);
        assert_eq!(scan.other.describe("file", "files").unwrap(), "1 file (`yes/a.flac`)");
        assert!(Scan::read(folder.path(), ".wav", &["[".to_owned()]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_text_are_errors() {
        use std::os::unix::ffi::OsStrExt;

        let folder = folder(&["a.wav"]);
        for (name, is_error) in [(&b"b\xff.flac"[..], false), (b"b\xff.wav", true)] {
            std::fs::write(folder.path().join(std::ffi::OsStr::from_bytes(name)), "").unwrap();
            let scan = Scan::read(folder.path(), ".wav", &[]);
            assert_eq!(scan.is_err(), is_error);
            let message = scan.map_or_else(|error| error.to_string(), |_| String::new());
            let says = message.contains("1 name is not UTF-8") && message.contains("`b\\xff.wav`");
            assert!(says || !is_error, "{message}");
        }
        let ignored = ["b?.wav".to_owned()];
        assert_eq!(Scan::read(folder.path(), ".wav", &ignored).unwrap().names, ["a.wav"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_back_are_followed_once() {
        let folder = folder(&["a/x.wav"]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("a/back")).unwrap();
        std::os::unix::fs::symlink("a", folder.path().join("b")).unwrap();
        let scan = Scan::read(folder.path(), ".wav", &[]).unwrap();
        assert_eq!(scan.names, ["a/x.wav"]);
        assert_eq!(scan.repeated.count, 2);
    }
}
