//! The diagnostics of elaboration, and its budget of work.

use std::collections::HashSet;

use synnet_ir::{Code, Diagnostic, Diagnostics, SourceId, Span, nearest};

use super::library::std_has;
use crate::codes;
use crate::limits::{MAX_STEPS, MAX_UNFOLDED_BYTES, STEPS_PER_ERROR, STEPS_PER_WARNING};

/// Collects diagnostics and counts work.
#[derive(Debug, Default)]
pub(crate) struct Reporter {
    pub(crate) diagnostics: Diagnostics,
    /// Places of the instances that are being elaborated, outermost first.
    pub(crate) sites: Vec<Span>,
    /// Sources of the standard library.
    pub(crate) std: Vec<SourceId>,
    /// Sources of the arguments from outside: each is one `--param`, or all are the recipe.
    pub(crate) params: Vec<SourceId>,
    /// Whether a recipe sets the arguments from outside.
    pub(crate) has_recipe: bool,
    /// Names of the networks that the files declare.
    pub(crate) networks: HashSet<String>,
    steps: u64,
    bytes: usize,
}

impl Reporter {
    /// Adds a diagnostic. Inside an instance, a secondary label points at the instance.
    pub(crate) fn push(&mut self, mut diagnostic: Diagnostic) {
        if let (Some(&site), Some(span)) = (self.sites.last(), diagnostic.span) {
            if self.std.contains(&span.source) {
                // Nobody can change the library: the error belongs to the instance, with the library as its cause.
                diagnostic.span = Some(self.user_site().unwrap_or(site));
                diagnostic.notes.push((span, "detected here".to_owned()));
                diagnostic.fix = None;
            } else if !site.contains(span) {
                diagnostic = diagnostic.with_note(site, "in this instance");
            }
        }
        let warned = diagnostic.span.filter(|_| !diagnostic.is_error());
        // A mistake within a network shows up in each of its instances and iterations; it is listed once.
        self.diagnostics.push(diagnostic);
        match warned {
            Some(span) => {
                self.consume_fuel(STEPS_PER_WARNING, span);
            }
            // After an error, nobody misses the one about the limit.
            None => self.steps = self.steps.saturating_add(STEPS_PER_ERROR),
        }
    }

    /// Returns the candidate that a misspelled name probably means, for the help of an error about `span`; `None` if
    /// nobody will read it.
    pub(crate) fn nearest<'n>(
        &self,
        code: &'static Code,
        span: Span,
        name: &str,
        candidates: impl IntoIterator<Item = &'n str>,
    ) -> Option<&'n str> {
        if self.diagnostics.only_counts(code, span) { None } else { nearest(name, candidates) }
    }

    /// Returns the innermost instance outside of the standard library. Nobody can change the library, so errors in it
    /// are about the arguments.
    pub(crate) fn user_site(&self) -> Option<Span> {
        self.sites.iter().rev().find(|site| !self.std.contains(&site.source)).copied()
    }

    /// Adds an error with its help.
    pub(crate) fn error_help(
        &mut self,
        code: &'static Code,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Diagnostic::error(code, span, message).with_help(help));
    }

    /// Returns whether a name is that of a network, imported or not.
    pub(crate) fn is_network(&self, name: &str) -> bool {
        self.networks.contains(name) || std_has(name)
    }

    /// Counts `n` steps of work. Returns false once the limit is exceeded, which is reported once.
    pub(crate) fn consume_fuel(&mut self, n: usize, span: Span) -> bool {
        // The step that exceeds the limit reports it; all later ones stay silent.
        let before = self.steps;
        self.steps = self.steps.saturating_add(n as u64);
        if self.steps <= MAX_STEPS {
            return true;
        }
        if before <= MAX_STEPS {
            let message = format!("elaboration takes more than {MAX_STEPS} steps");
            self.error_help(&codes::TOO_LARGE, span, message, "use shorter loops and lists");
        }
        false
    }

    /// Counts `n` bytes of what the source unfolds to. Returns false once the limit is exceeded, which is reported once.
    pub(crate) fn consume_bytes(&mut self, n: usize, span: Span) -> bool {
        self.bytes = self.bytes.saturating_add(n);
        if self.bytes <= MAX_UNFOLDED_BYTES {
            return true;
        }
        if !self.is_out_of_fuel() {
            let message = format!("the source unfolds to more than {} MiB", MAX_UNFOLDED_BYTES >> 20);
            self.error_help(&codes::TOO_LARGE, span, message, "use shorter loops, lists and names");
            self.exhaust_fuel();
        }
        false
    }

    /// Ends all work, after an error that everything else would only repeat.
    pub(crate) fn exhaust_fuel(&mut self) {
        self.steps = u64::MAX;
    }

    /// Starts a new budget, for another network of the file.
    pub(crate) fn renew_fuel(&mut self) {
        self.steps = 0;
        self.bytes = 0;
    }

    /// Returns whether the budget is exhausted.
    pub(crate) fn is_out_of_fuel(&self) -> bool {
        self.steps > MAX_STEPS
    }

    /// Returns whether an error has been reported.
    pub(crate) fn has_errors(&self) -> bool {
        self.diagnostics.has_errors()
    }
}
