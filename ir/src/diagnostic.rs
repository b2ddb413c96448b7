//! [`Diagnostic`]: an error or a warning with a code, a source location, and help.

use std::fmt;

use crate::codes;
use crate::display::pluralize;
use crate::source::Span;
use crate::suggest::did_you_mean;

/// The severity of a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The input is valid, but probably not what was intended.
    Warning,
    /// The input is invalid.
    Error,
}

/// A rule of the language, of graphs, engines or chips. Its identifier is stable; `snnc explain` prints the
/// explanation.
///
/// Each crate lists its own codes in one table called `CODES`.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Stable identifier: `E0201` for errors of the language, `W0201` for warnings, `X0301` for
    /// design rules of Xylo chips, `T0101` for training.
    pub id: &'static str,
    /// Short description of the rule.
    pub title: &'static str,
    /// Explanation in Markdown: why the rule exists, an example that breaks it, and the remedy.
    pub explanation: &'static str,
}

/// Declares the table of a crate's codes, with one entry `NAME = "X0101", "title", "explanation";` each.
/// Every code becomes a static, and `CODES` lists them all in order. Without explanations, they are read from files:
/// `codes/X0101.md` next to the file of the table.
#[macro_export]
macro_rules! codes {
    ($($name:ident = $id:literal, $title:literal;)*) => {
        $crate::codes! { $($name = $id, $title, include_str!(concat!("codes/", $id, ".md"));)* }
    };
    ($($name:ident = $id:literal, $title:literal, $explanation:expr;)*) => {
        $(#[doc = concat!("`", $id, "`: ", $title, ".")]
        pub static $name: $crate::Code =
            $crate::Code { id: $id, title: $title, explanation: $explanation };)*

        /// All codes of this crate, in order.
        pub static CODES: &[&$crate::Code] = &[$(&$name),*];
    };
}

/// A change of the source that resolves a diagnostic, for editors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The characters to replace; empty to insert.
    pub span: Span,
    /// The characters in their place; empty to remove.
    pub replacement: String,
}

/// One error or warning about the input.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// Whether the input is refused.
    pub severity: Severity,
    /// The rule that the input breaks.
    pub code: &'static Code,
    /// What is wrong with this input: one line in lower case, without a period.
    pub message: String,
    /// The offending token; `None` if the input has no source text (a weights file, say).
    pub span: Option<Span>,
    /// Short text beside the underlined token; may be empty.
    pub label: String,
    /// Secondary places, each with a short label.
    pub notes: Vec<(Span, String)>,
    /// What to write instead: an imperative in lower case, without a period.
    pub help: Option<String>,
    /// The change that the help asks for, if it is certain.
    pub fix: Option<Fix>,
    /// Further errors of this kind at the same place, as in a loop; 0 for none. [`Diagnostics`](crate::Diagnostics)
    /// counts them.
    pub repeats: usize,
}

impl Diagnostic {
    /// Returns an error at a place.
    pub fn error(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            span: Some(span),
            label: String::new(),
            notes: Vec::new(),
            help: None,
            fix: None,
            repeats: 0,
        }
    }

    /// Returns a warning at a place.
    pub fn warning(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// Returns an error about an input without a source text.
    pub fn error_without_span(code: &'static Code, message: impl Into<String>) -> Self {
        Self { span: None, ..Self::error(code, Span::default(), message) }
    }

    /// Sets the text beside the underlined token.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds a secondary place with its label.
    #[must_use]
    pub fn with_note(mut self, span: Span, text: impl Into<String>) -> Self {
        self.notes.push((span, text.into()));
        self
    }

    /// Sets what to write instead.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Sets the change that the help asks for.
    #[must_use]
    pub fn with_fix(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { span, replacement: replacement.into() });
        self
    }

    /// Asks whether `nearest` was meant in place of the offending token, or helps with `otherwise` if no name is near.
    /// [`nearest`](crate::nearest) finds the name.
    #[must_use]
    pub fn with_suggestion(self, nearest: Option<&str>, otherwise: impl FnOnce() -> String) -> Self {
        let Some(nearest) = nearest else { return self.with_help(otherwise()) };
        let diagnostic = match self.span {
            Some(span) => self.with_fix(span, nearest),
            None => self,
        };
        diagnostic.with_help(did_you_mean(nearest))
    }

    /// Returns how often the error occurs again at the same place, in words; `None` if it does not.
    pub fn repetition(&self) -> Option<String> {
        // The message of these says it.
        let is_summary = *self.code == codes::MORE_ERRORS || *self.code == codes::MORE_WARNINGS;
        let noun = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let count = pluralize(self.repeats, &format!("more {noun}"));
        (self.repeats > 0 && !is_summary).then(|| format!("{count} of this kind at this place"))
    }

    /// Returns whether the severity is [`Severity::Error`].
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}[{}]: {}", self.code.id, self.message)?;
        if let Some(repetition) = self.repetition() {
            write!(f, " ({repetition})")?;
        }
        match &self.help {
            Some(help) => write!(f, " (help: {help})"),
            None => Ok(()),
        }
    }
}
