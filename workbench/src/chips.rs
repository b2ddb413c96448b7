//! The chips of a run: those that the compiler knows, and those of the user's files.
//!
//! `--chip FILE` may stand anywhere on the command line, and `--target` takes the names of such chips. So the files are
//! read before the arguments are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use synnet_xylo::Chip;

use crate::error::Error;
use crate::{files, recipe};

/// A chip of the user's.
struct Own {
    chip: Chip,
    /// Its file.
    text: String,
}

static OWN: OnceLock<Vec<Own>> = OnceLock::new();

/// Reads the files that `--chip` names among these arguments.
///
/// # Errors
/// Every fault of the first file that has some.
pub fn register(arguments: impl IntoIterator<Item = OsString>) -> Result<(), Error> {
    let mut own: Vec<Own> = Vec::new();
    for path in paths(arguments) {
        let new = read(&path)?;
        if own.iter().any(|other| other.chip.name == new.chip.name) {
            let what = format_args!("there are two chips `{}`", new.chip.name);
            return Err(Error::input(&path, what));
        }
        own.push(new);
    }
    OWN.get_or_init(|| own);
    Ok(())
}

/// The values of `--chip`.
fn paths(arguments: impl IntoIterator<Item = OsString>) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let mut arguments = arguments.into_iter().take_while(|argument| argument != "--");
    while let Some(argument) = arguments.next() {
        if argument == "--chip" {
            // Where there is no value, the arguments are refused as a whole.
            paths.extend(arguments.next().map(PathBuf::from));
        } else if let Some(path) = argument.to_str().and_then(|text| text.strip_prefix("--chip=")) {
            paths.push(path.into());
        }
    }
    paths
}

fn read(path: &Path) -> Result<Own, Error> {
    let text = files::read_text(path)?;
    let chip = Chip::from_yaml(&text).map_err(|e| {
        let why = std::error::Error::source(&e).map_or_else(|| e.to_string(), |why| plain(&why.to_string()));
        Error::input(path, format_args!("not a chip description: {why}"))
    })?;
    match chip.check().as_slice() {
        [] => Ok(Own { chip, text }),
        faults => Err(Error::input(path, format_args!("not a possible chip\n{}", faults.join("\n")))),
    }
}

/// What serde says of a description, `KEY: MESSAGE at line N column M`, in plain words and with a suggestion.
fn plain(message: &str) -> String {
    let (message, place) = message.split_at(message.rfind(" at line ").unwrap_or(message.len()));
    let start = ["unknown ", "invalid ", "missing "].iter().filter_map(|word| message.find(word)).min();
    let (key, message) = message.split_at(start.unwrap_or(0));
    let message = recipe::in_plain_words(&recipe::with_suggestion(message));
    let place = place.strip_prefix(" at ").map(|place| format!(" ({place})")).unwrap_or_default();
    format!("{key}{message}{place}")
}

fn own() -> impl Iterator<Item = &'static Own> {
    OWN.get().into_iter().flatten()
}

/// All chips, those of the user last.
pub fn all() -> impl Iterator<Item = &'static Chip> {
    Chip::all().iter().chain(own().map(|own| &own.chip))
}

/// The chip of that name.
pub fn find(name: &str) -> Option<&'static Chip> {
    all().find(|chip| chip.name == name)
}

/// The description of a chip as it was written.
pub fn source(chip: &Chip) -> Option<&'static str> {
    let of_user = || own().find(|own| own.chip.name == chip.name).map(|own| own.text.as_str());
    Chip::source(&chip.name).or_else(of_user)
}

/// The chip that is meant where none is named: the user's, if there is one.
///
/// # Errors
/// Where there are several.
pub fn chosen() -> Result<Option<&'static Chip>, Error> {
    let mut own = own();
    match (own.next(), own.next()) {
        (None, _) => Ok(None),
        (Some(one), None) => Ok(Some(&one.chip)),
        (Some(_), Some(_)) => Err(Error::Io("there are several `--chip`: say which with `--target`".into())),
    }
}

/// Why a name means nothing here: what comes near it, and what there is, `others` first.
pub fn unknown(name: &str, what: &str, others: &[&str]) -> String {
    let names = || others.iter().copied().chain(all().map(|chip| chip.name.as_str()));
    let near = names().map(|known| (strsim::damerau_levenshtein(name, known), known)).min();
    let hint = match near {
        Some((distance, known)) if distance <= 1 + name.len() / 4 => format!("; did you mean `{known}`?"),
        _ => String::new(),
    };
    let list: Vec<String> = names().map(|name| format!("`{name}`")).collect();
    format!("there is no {what} `{name}`{hint}\n{what}s are {}", list.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chips_are_named_anywhere_before_the_end_of_options() {
        let words = ["snnc", "--chip", "a", "check", "--chip=b", "n.snn", "--", "--chip", "c"];
        assert_eq!(paths(words.map(OsString::from)), [PathBuf::from("a"), PathBuf::from("b")]);
        assert_eq!(paths(["snnc", "--chip"].map(OsString::from)), Vec::<PathBuf>::new());
    }

    #[test]
    fn what_is_unknown_is_told_with_what_comes_near() {
        let text = unknown("xylo-audo3", "target", &["rust"]);
        assert!(text.starts_with(
            "there is no target `xylo-audo3`; did you mean `xylo-audio3`?\ntargets are `rust`, `xylo-1`"
        ));
        assert!(!unknown("loihi", "engine", &["float"]).contains("did you mean"));
    }
}
