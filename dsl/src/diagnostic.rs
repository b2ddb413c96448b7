//! Diagnostics: what is wrong, where, by which rule, and what to do about it.

use crate::source::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The input means something, but probably not what was intended.
    Warning,
    /// The input has no meaning.
    Error,
}

/// A rule that can be broken. Its id is stable; `snnc explain` prints the explanation.
///
/// Each crate lists its own codes in one table called `CODES`.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Stable identifier: `E0201` for errors of the language, `W0201` for warnings, `X0301` for
    /// design rules of Xylo chips.
    pub id: &'static str,
    /// The rule in a few words.
    pub title: &'static str,
    /// The long form, in Markdown: why the rule exists, an example that breaks it, and the remedy.
    pub explanation: &'static str,
}

/// Declares the table of a crate's codes: `NAME = "X0101", "title", "explanation";` for each. Every code
/// becomes a static, and `CODES` lists them all in order.
#[macro_export]
macro_rules! codes {
    ($($name:ident = $id:literal, $title:literal, $explanation:expr;)*) => {
        $(#[doc = concat!("`", $id, "`: ", $title, ".")]
        pub static $name: $crate::Code =
            $crate::Code { id: $id, title: $title, explanation: $explanation };)*

        /// All codes of this crate, in order.
        pub static CODES: &[&$crate::Code] = &[$(&$name),*];
    };
}

/// One finding about the input.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// The rule.
    pub code: &'static Code,
    /// What is wrong with this input, in the words of the language.
    pub message: String,
    /// The guilty place; `None` where the finding is not about a text (a weights file, say).
    pub span: Option<Span>,
    /// Short text beside the underlined place; may be empty.
    pub label: String,
    /// Other places that matter, each with a word about it.
    pub notes: Vec<(Span, String)>,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            span: Some(span),
            label: String::new(),
            notes: Vec::new(),
            help: None,
        }
    }

    /// A warning at a place.
    pub fn warning(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// An error about something that has no place in a text.
    pub fn error_without_place(code: &'static Code, message: impl Into<String>) -> Self {
        Self { span: None, ..Self::error(code, Span::default(), message) }
    }

    /// Adds the text beside the underlined place.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds another place that matters.
    #[must_use]
    pub fn with_note(mut self, span: Span, text: impl Into<String>) -> Self {
        self.notes.push((span, text.into()));
        self
    }

    /// Adds the remedy.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Whether this is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
