//! Errors in the values of a file, found after it was read.

use std::fmt;

use synnet_ir::display::pluralize;
use synnet_ir::{Code, Diagnostic, Diagnostics, Severity, Sources};
use synnet_runtime::OptionError;

use crate::codes;
use crate::error::Error;
use crate::unknown::UnknownName;
use crate::yaml::{Key, KeyPath, Node};

/// An error with the path of the key that causes it.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    code: &'static Code,
    path: KeyPath,
    /// Whether the key itself is wrong, and not its value.
    is_key: bool,
    /// Other keys that the error depends on.
    involved: Vec<KeyPath>,
    message: String,
    help: Option<String>,
    severity: Severity,
}

impl Problem {
    /// Creates a problem of the key at a path with dots.
    pub(crate) fn new(code: &'static Code, path: &str, message: impl Into<String>) -> Self {
        Self::at(code, KeyPath::dotted(path), message)
    }

    pub(crate) fn at(code: &'static Code, path: KeyPath, message: impl Into<String>) -> Self {
        let (message, severity) = (message.into(), Severity::Error);
        Self { code, path, is_key: false, involved: Vec::new(), message, help: None, severity }
    }

    /// Creates the problem of an option of the section `training`.
    pub(crate) fn of_training_option(error: OptionError) -> Self {
        let path = KeyPath::dotted("training").with(error.path);
        let message = format!("`{path}` {}", error.predicate);
        let mut problem = Self::at(&synnet_runtime::codes::OPTION_RANGE, path, message);
        (problem.is_key, problem.help) = (error.is_key, error.help);
        problem.involving("training.loss.kind")
    }

    /// Creates the warning that a key has no effect. `reason` follows the name of the key, such as "applies only to
    /// audio".
    pub(crate) fn without_effect(path: &str, reason: impl fmt::Display, help: impl Into<String>) -> Self {
        let mut problem = Self::new(&codes::CONFLICT, path, format!("`{path}` has no effect: {reason}"));
        problem.severity = Severity::Warning;
        problem.is_key = true;
        problem.with_help(help)
    }

    /// Creates the problem of an unknown name.
    pub(crate) fn unknown_name(path: KeyPath, unknown: &UnknownName) -> Self {
        let known: Vec<String> = unknown.known.iter().map(|name| format!("`{name}`")).collect();
        let help = match &unknown.suggestion {
            Some(name) => synnet_ir::did_you_mean(name),
            None => format!("use one of {}", known.join(", ")),
        };
        let message = format!("there is no {} `{}`", unknown.kind, unknown.name);
        Self::at(&codes::UNKNOWN_NAME, path, message).with_help(help)
    }

    /// Sets what to write instead.
    #[must_use]
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Names another key that the error depends on.
    #[must_use]
    pub(crate) fn involving(mut self, path: &str) -> Self {
        self.involved.push(KeyPath::dotted(path));
        self
    }

    /// Returns whether the error concerns one of the paths.
    pub(crate) fn concerns(&self, paths: &[KeyPath]) -> bool {
        let mut own = self.involved.iter().chain([&self.path]);
        own.any(|own| paths.iter().any(|path| path.touches(own)))
    }

    /// Returns the diagnostic, at its location in the file if it was read from one. `keys` gives the default.
    pub(crate) fn into_diagnostic(self, tree: Option<&Node>, keys: &'static [Key]) -> Diagnostic {
        let default = || Key::find(keys, tree?, &self.path)?.default_help();
        let help = self.help.clone().or_else(default);
        let span = tree.and_then(|tree| match self.is_key {
            true => tree.locate_key(&self.path),
            false => tree.locate(&self.path),
        });
        let severity = self.severity;
        Diagnostic { span, help, severity, ..Diagnostic::error_without_span(self.code, self.message) }
    }
}

/// Turns the diagnostics of a file into an error, with their number below. `name` is the file; errors in sources behind
/// the first `own` ones belong to other files, which are named, too.
pub(crate) fn into_error(mut diagnostics: Diagnostics, sources: &Sources, name: &str, own: usize) -> Error {
    diagnostics.sort();
    diagnostics.forget_repeats();
    Error::diagnostics(diagnostics, sources).concluding(|diagnostics| {
        let errors = || diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
        let file = |diagnostic: &Diagnostic| match diagnostic.span {
            Some(span) if span.source.0 as usize >= own => sources.get(span.source).map_or(name, |s| &s.name),
            _ => name,
        };
        let mut files: Vec<String> = errors().map(|error| format!("`{}`", file(error))).collect();
        files.dedup();
        format!("{} in {}", pluralize(errors().count(), "error"), files.join(" and "))
    })
}
