//! What elaboration has to say, and how much work it may do.

use std::collections::HashSet;

use synnet_ir::{Code, Diagnostic, Diagnostics, SourceId, Span};

use crate::codes;
use crate::limits::MAX_STEPS;

/// Collects diagnostics and counts work.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) diagnostics: Diagnostics,
    /// Where the networks that are being instantiated are asked for, outermost first.
    pub(crate) sites: Vec<Span>,
    /// The texts of the standard library.
    pub(crate) std: Vec<SourceId>,
    steps: u64,
    /// Places and messages so far: what an instance finds a second time is said once.
    known: HashSet<(Option<Span>, String)>,
}

impl Report {
    /// Adds a finding; inside an instance it names the place that asked for the instance.
    pub(crate) fn push(&mut self, mut diagnostic: Diagnostic) {
        if let (Some(&site), Some(span)) = (self.sites.last(), diagnostic.span) {
            if self.std.contains(&span.source) {
                diagnostic.span = Some(self.own_site().unwrap_or(site));
                diagnostic.notes.push((span, "found here".to_owned()));
            } else if !site.contains(span) {
                diagnostic = diagnostic.with_note(site, "in the network that is used here");
            }
        }
        if self.known.insert((diagnostic.span, diagnostic.message.clone())) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// The innermost place outside the standard library that asks for the present instance. Nobody can
    /// change the library: what matters is what was asked of it.
    pub(crate) fn own_site(&self) -> Option<Span> {
        self.sites.iter().rev().find(|site| !self.std.contains(&site.source)).copied()
    }

    /// Adds an error with its remedy.
    pub(crate) fn error_help(
        &mut self,
        code: &'static Code,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Diagnostic::error(code, span, message).with_help(help));
    }

    /// Counts `n` steps of work; false once there have been too many, which is reported once.
    pub(crate) fn spend(&mut self, n: usize, span: Span) -> bool {
        let before = self.steps;
        self.steps = self.steps.saturating_add(n as u64);
        if self.steps <= MAX_STEPS {
            return true;
        }
        if before <= MAX_STEPS {
            let message = format!("the network takes more than {MAX_STEPS} steps to unfold");
            self.error_help(&codes::TOO_LARGE, span, message, "use shorter loops and lists");
        }
        false
    }

    /// Ends all work: whatever is wrong has been reported.
    pub(crate) fn exhaust(&mut self) {
        self.steps = u64::MAX;
    }

    /// Whether no work is left to be done.
    pub(crate) fn exhausted(&self) -> bool {
        self.steps > MAX_STEPS
    }

    /// Whether an error has been found.
    pub(crate) fn has_errors(&self) -> bool {
        self.diagnostics.has_errors()
    }
}
