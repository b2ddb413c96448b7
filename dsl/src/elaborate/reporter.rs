//! The diagnostics of elaboration, and its budget of work.

use std::collections::HashSet;

use synnet_ir::{Code, Diagnostic, Diagnostics, SourceId, Span};

use super::library::std_has;
use crate::codes;
use crate::limits::MAX_STEPS;

/// Collects diagnostics and counts work.
#[derive(Debug, Default)]
pub(crate) struct Reporter {
    pub(crate) diagnostics: Diagnostics,
    /// Places of the instances that are being elaborated, outermost first.
    pub(crate) sites: Vec<Span>,
    /// Sources of the standard library.
    pub(crate) std: Vec<SourceId>,
    /// Sources of the arguments from outside: each is one `--param`.
    pub(crate) params: Vec<SourceId>,
    /// Names of the networks that the files declare.
    pub(crate) networks: HashSet<String>,
    steps: u64,
    /// Places and messages so far. A mistake within a network shows up in each of its instances, but is reported
    /// once.
    known: HashSet<(Option<Span>, String)>,
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
        // Notes differ from instance to instance; the place and the message make the mistake.
        if self.known.insert((diagnostic.span, diagnostic.message.clone())) {
            self.diagnostics.push(diagnostic);
        }
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

    /// Ends all work, after an error that everything else would only repeat.
    pub(crate) fn exhaust_fuel(&mut self) {
        self.steps = u64::MAX;
    }

    /// Starts a new budget, for another network of the file.
    pub(crate) fn renew_fuel(&mut self) {
        self.steps = 0;
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
