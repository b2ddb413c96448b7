//! [`Diagnostics`]: the errors and warnings about an input, of bounded number.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;

use crate::codes;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::source::{SourceId, Span};

/// Errors that are listed, and warnings: whoever reads more of them has a mistake in a loop or a generator.
const MAX_LISTED: usize = 100;
/// Errors of one kind that are listed at one place, each with another message: those of a loop.
const MAX_PER_PLACE: usize = 5;

/// The errors and warnings about an input.
///
/// At most 100 errors and 100 warnings are listed. Others are counted by one more error
/// ([`MORE_ERRORS`](codes::MORE_ERRORS)) or warning. An error that occurs again at the same place is counted by
/// [`Diagnostic::repeats`].
///
/// Dereferences to a slice of [`Diagnostic`]s. As an [`Error`](std::error::Error) it displays one line per
/// diagnostic, without the source; [`render`](crate::render) shows the offending lines too.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    /// Indices of the diagnostics of a code at a place.
    known: HashMap<(&'static str, Option<Span>), Vec<usize>>,
}

impl Diagnostics {
    /// Creates an empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a diagnostic, or counts it.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if summary_of(&diagnostic).is_some() {
            self.omit(diagnostic.severity, diagnostic.span, diagnostic.repeats);
            return;
        }
        let key = (diagnostic.code.id, diagnostic.span);
        let at_place = self.known.get(&key).map_or(&[][..], Vec::as_slice);
        let equal = at_place.iter().copied().find(|&i| self.list[i].message == diagnostic.message);
        // Without a place, or in a graph that has none, different messages are about different things.
        let has_place = diagnostic.span.is_some_and(|span| span != Span::default());
        let is_full = has_place && at_place.len() >= MAX_PER_PLACE;
        if let Some(i) = equal.or(at_place.last().copied().filter(|_| is_full)) {
            self.list[i].repeats += 1 + diagnostic.repeats;
        } else if self.listed(diagnostic.severity) >= MAX_LISTED {
            self.omit(diagnostic.severity, diagnostic.span, 1 + diagnostic.repeats);
        } else {
            self.known.entry(key).or_default().push(self.list.len());
            self.list.push(diagnostic);
        }
    }

    /// Returns whether at least one diagnostic is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(Diagnostic::is_error)
    }

    /// Returns whether another error at a place would probably only be counted, so that nobody reads its help.
    pub fn only_counts(&self, code: &'static Code, span: Span) -> bool {
        self.known.contains_key(&(code.id, Some(span))) || self.listed(Severity::Error) >= MAX_LISTED
    }

    /// Returns the errors without the warnings.
    #[must_use]
    pub fn errors(self) -> Self {
        self.into_iter().filter(Diagnostic::is_error).collect()
    }

    /// Keeps the diagnostics for which `keep` returns true.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.list.retain(keep);
        self.index();
    }

    /// Forgets how often errors occur again at their places: for rules of which one occurrence says everything.
    pub fn forget_repeats(&mut self) {
        self.list.iter_mut().filter(|d| summary_of(d).is_none()).for_each(|d| d.repeats = 0);
    }

    /// Sorts by source, then by place. Diagnostics without a place come first.
    pub fn sort(&mut self) {
        self.list.sort_by_key(by_place);
        self.index();
    }

    /// Returns the number of diagnostics of a severity, without the one that counts the others.
    fn listed(&self, severity: Severity) -> usize {
        self.list.iter().filter(|d| d.severity == severity && summary_of(d).is_none()).count()
    }

    /// Counts diagnostics that are not listed, the first of which is about `span`.
    fn omit(&mut self, severity: Severity, span: Option<Span>, count: usize) {
        let known = self.list.iter().position(|d| summary_of(d) == Some(severity));
        let i = known.unwrap_or_else(|| {
            let code = match severity {
                Severity::Error => &codes::MORE_ERRORS,
                Severity::Warning => &codes::MORE_WARNINGS,
            };
            let summary = Diagnostic { severity, span, ..Diagnostic::error_without_span(code, "") };
            self.list.push(summary.with_help("correct those that are listed first"));
            self.list.len() - 1
        });
        let summary = &mut self.list[i];
        summary.repeats += count;
        let (noun, verb) = match (severity, summary.repeats) {
            (Severity::Error, 1) => ("error", "is"),
            (Severity::Error, _) => ("errors", "are"),
            (Severity::Warning, 1) => ("warning", "is"),
            (Severity::Warning, _) => ("warnings", "are"),
        };
        summary.message = format!("{} more {noun} {verb} not listed", summary.repeats);
    }

    fn index(&mut self) {
        self.known.clear();
        for (i, diagnostic) in self.list.iter().enumerate() {
            self.known.entry((diagnostic.code.id, diagnostic.span)).or_default().push(i);
        }
    }
}

/// Returns the key of the order of places.
pub(crate) fn by_place(diagnostic: &Diagnostic) -> Option<(SourceId, u32, u32)> {
    diagnostic.span.map(|span| (span.source, span.start, span.end))
}

/// Returns the severity of the diagnostics that a diagnostic counts, if it does nothing else.
fn summary_of(diagnostic: &Diagnostic) -> Option<Severity> {
    let is_summary = *diagnostic.code == codes::MORE_ERRORS || *diagnostic.code == codes::MORE_WARNINGS;
    is_summary.then_some(diagnostic.severity)
}

impl PartialEq for Diagnostics {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.list.iter().enumerate() {
            let separator = if i > 0 { "\n" } else { "" };
            write!(f, "{separator}{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

impl Deref for Diagnostics {
    type Target = [Diagnostic];

    fn deref(&self) -> &[Diagnostic] {
        &self.list
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        std::iter::once(diagnostic).collect()
    }
}

impl From<Vec<Diagnostic>> for Diagnostics {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        diagnostics.into_iter().collect()
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(diagnostics: I) -> Self {
        let mut list = Self::new();
        list.extend(diagnostics);
        list
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, diagnostics: I) {
        diagnostics.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(at: usize, message: &str) -> Diagnostic {
        Diagnostic::error(&codes::RANGE, Span::new(SourceId(0), at, at + 1), message)
    }

    #[test]
    fn equal_errors_at_a_place_are_counted() {
        let mut found = Diagnostics::new();
        (0..1_000).for_each(|_| found.push(error(0, "a")));
        found.push(error(1, "a"));
        assert_eq!((found.len(), found[0].repeats, found[1].repeats), (2, 999, 0));
        assert_eq!(found[0].repetition().as_deref(), Some("999 more errors of this kind at this place"));
        (0..50).for_each(|i| found.push(error(2, &format!("number {i}"))));
        assert_eq!((found.len(), found[6].repeats), (7, 45));
    }

    #[test]
    fn errors_without_a_place_are_told_apart() {
        let names = (0..20).map(|i| Diagnostic::error_without_span(&codes::UNKNOWN_TENSOR, format!("t{i}")));
        assert_eq!(names.collect::<Diagnostics>().len(), 20);
    }

    #[test]
    fn errors_beyond_a_hundred_are_counted() {
        let mut found: Diagnostics = (0..1_000).map(|i| error(i, "a")).collect();
        let warnings = (0..101).map(|i| Diagnostic { severity: Severity::Warning, ..error(i, "b") });
        found.extend(warnings);
        assert_eq!(found.len(), 202);
        assert_eq!(found[100].message, "900 more errors are not listed");
        assert_eq!(found[201].message, "1 more warning is not listed");
        // Lists of lists add up.
        let mut all: Diagnostics = (0..50).map(|i| error(2_000 + i, "a")).collect();
        all.extend(found);
        assert_eq!(all.iter().filter(|d| d.is_error()).count(), 101);
        assert!(all.iter().any(|d| d.message == "950 more errors are not listed"), "{all}");
        all.sort();
        all.push(error(7_000, "a"));
        assert!(all.iter().any(|d| d.message == "951 more errors are not listed"), "{all}");
    }
}
