//! Expected diagnostics, written under the source lines that they are about.
//!
//! ```text
//!     dt: 10;
//! //      ^^ error E0301: `dt` must be a time, but 10 has no unit
//! //      = help: write `10 ms`
//! //+ dt: 10 ms;
//! ```
//!
//! A line that starts with `//` and goes on with a marker is an *expectation* about the source line above:
//!
//! | marker | place |
//! |---|---|
//! | `^^^` | the columns of the carets |
//! | `@1..7` | columns 1 up to, not including, 7: what starts under the `//`, or is empty (`@7..7`) |
//! | `@5..+2:10` | from column 5 to before column 10 of the second source line below |
//! | `@part.snn:3:5..9` | line and columns of another source; stands at the top of the file |
//! | `@nowhere` | a finding without a place; stands at the top of the file |
//!
//! Columns count characters from 1; lines count source lines only. The marker is followed by `error`, `warning` or
//! `note`, the code, and the whole message. Several findings about one line are several expectations: first
//! findings in the order of their places, then notes. A note is a second place of a finding; one that lies in
//! another source follows its finding. A line `= help: ...` is the help of the finding above it.
//!
//! A line that starts with `//+` holds the *correction* of the source line above; several such lines together replace
//! it, and an empty one removes it. With all corrections the source is the nearest correct neighbor of the fixture.
//!
//! Neither kind of line is part of the source that is compiled, so an unterminated string or comment swallows none
//! of them. With `SYNNET_UPDATE=1` the tests rewrite the expectations in place and keep everything else.

use synnet_ir::{Diagnostic, Severity, SourceId, Sources, Span};

/// A source, with what is expected and what would be correct under its lines.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fixture {
    lines: Vec<Line>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Line {
    /// The source line with its line ending. Empty for the first of a fixture, which stands for the top of the file.
    source: String,
    expected: Vec<String>,
    correction: Vec<String>,
}

/// A finding as the expectations that announce it.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    /// Source line, counted from 1; 0 where it lies in none.
    pub(crate) line: usize,
    pub(crate) code: &'static str,
    pub(crate) severity: Severity,
    pub(crate) expectations: Vec<String>,
}

impl Fixture {
    /// Splits the text of a fixture into source lines, expectations and corrections.
    pub(crate) fn read(text: &str) -> Self {
        let mut lines = vec![Line::default()];
        for line in text.split_inclusive('\n') {
            let above = lines.last_mut().expect("the top of the file is always there");
            if let Some(correction) = line.strip_prefix("//+") {
                above.correction.push(correction.to_owned());
            } else if is_expectation(line) {
                above.expected.push(line.trim_end().to_owned());
            } else {
                lines.push(Line { source: line.to_owned(), ..Line::default() });
            }
        }
        Self { lines }
    }

    /// The text of the fixture.
    pub(crate) fn write(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            text += &line.source;
            line.expected.iter().for_each(|expected| text += &format!("{expected}\n"));
            line.correction.iter().for_each(|correction| text += &format!("//+{correction}"));
        }
        text
    }

    /// The source alone.
    pub(crate) fn source(&self) -> String {
        self.lines.iter().map(|line| line.source.as_str()).collect()
    }

    /// The source with its corrections, or `None` where it has none.
    pub(crate) fn neighbor(&self) -> Option<String> {
        if self.lines.iter().all(|line| line.correction.is_empty()) {
            return None;
        }
        let corrected = |line: &Line| match line.correction.as_slice() {
            [] => line.source.clone(),
            correction => correction.iter().filter(|line| !line.trim().is_empty()).cloned().collect(),
        };
        Some(self.lines.iter().map(corrected).collect())
    }

    /// Whether a code is expected at a line.
    pub(crate) fn expects(&self, line: usize, code: &str) -> bool {
        let start = format!(" {code}: ");
        self.lines.get(line).is_some_and(|line| line.expected.iter().any(|line| line.contains(&start)))
    }

    /// Whether a code is expected anywhere.
    pub(crate) fn expects_anywhere(&self, code: &str) -> bool {
        (0..self.lines.len()).any(|line| self.expects(line, code))
    }

    /// Whether an error is expected anywhere.
    pub(crate) fn expects_errors(&self) -> bool {
        self.lines.iter().flat_map(|line| &line.expected).any(|line| line.contains(" error E"))
    }

    /// The fixture with the given findings as its expectations.
    pub(crate) fn with(&self, findings: &[Finding]) -> Self {
        let mut fixture = self.clone();
        fixture.lines.iter_mut().for_each(|line| line.expected.clear());
        for finding in findings {
            let line = if finding.line < fixture.lines.len() { finding.line } else { 0 };
            fixture.lines[line].expected.extend(finding.expectations.iter().cloned());
        }
        fixture
    }

    /// What this fixture expects and `found` does not have, and the reverse: one line each, empty where they agree.
    pub(crate) fn differences(&self, name: &str, found: &Self) -> String {
        let mut report = String::new();
        for (number, (expected, found)) in self.lines.iter().zip(&found.lines).enumerate() {
            let (expected, found) = (&expected.expected, &found.expected);
            let before = report.len();
            for line in expected.iter().filter(|line| !found.contains(line)) {
                report += &format!("{name}:{number}: missing    {line}\n");
            }
            for line in found.iter().filter(|line| !expected.contains(line)) {
                report += &format!("{name}:{number}: unexpected {line}\n");
            }
            if report.len() == before && expected != found {
                report += &format!("{name}:{number}: another order or number of {found:?}\n");
            }
        }
        report
    }
}

/// Whether a line of a fixture is an expectation, well-formed or not.
fn is_expectation(line: &str) -> bool {
    let Some(rest) = line.strip_prefix("//") else { return false };
    let rest = rest.trim_start();
    rest.starts_with(['^', '@']) || rest.starts_with("= help: ")
}

/// The expectations that announce diagnostics; help and notes in other sources only if they are in full.
pub(crate) fn findings(sources: &Sources, diagnostics: &[Diagnostic], in_full: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut notes = Vec::new();
    for diagnostic in diagnostics {
        let (code, severity) = (diagnostic.code.id, diagnostic.severity);
        let kind = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let (line, marker) = marker(sources, diagnostic.span);
        let mut expectations = vec![format!("{marker} {kind} {code}: {}", diagnostic.message)];
        if let Some(help) = diagnostic.help.as_ref().filter(|_| in_full) {
            let indent = marker.find(['^', '@']).unwrap_or(2);
            expectations.push(format!("//{:1$}= help: {help}", "", indent - 2));
        }
        for (span, text) in &diagnostic.notes {
            let (note_line, marker) = self::marker(sources, Some(*span));
            let note = format!("{marker} note {code}: {text}");
            if note_line == 0 {
                expectations.extend(in_full.then_some(note));
            } else {
                notes.push(Finding { line: note_line, code, severity, expectations: vec![note] });
            }
        }
        findings.push(Finding { line, code, severity, expectations });
    }
    findings.extend(notes);
    findings
}

/// The line of a place in the first source (0 for any other), and the marker that shows its columns.
fn marker(sources: &Sources, span: Option<Span>) -> (usize, String) {
    let Some(span) = span else { return (0, "// @nowhere".to_owned()) };
    let source = sources.get(span.source).expect("diagnostics lie in known sources");
    let (line, column) = sources.line_column(span);
    let (end_line, end_column) =
        sources.line_column(Span::new(span.source, span.end as usize, span.end as usize));
    if span.source != SourceId(0) {
        let end = if end_line == line { String::new() } else { format!("{end_line}:") };
        return (0, format!("// @{}:{line}:{column}..{end}{end_column}", source.name));
    }
    let marker = if end_line > line {
        format!("// @{column}..+{}:{end_column}", end_line - line)
    } else if column < 3 || end_column <= column {
        format!("// @{column}..{end_column}")
    } else {
        format!("//{}{}", " ".repeat(column - 3), "^".repeat(end_column - column))
    };
    (line, marker)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::found;

    const FIXTURE: &str = "\
// A comment above.
network N {
    dt: 10;
//      ^^ error E0301: `dt` must be a time, but 10 has no unit
//      = help: write `10 ms`
//+ dt: 10 ms;
    input a: 1;
    layer b: expsyn(1) { tau_syn: 2 ms };
    // A comment with ^^ between.
    a -> b; let a = 1;
//+ a -> b;
    output b;
}
";

    fn differences(text: &str) -> String {
        let fixture = Fixture::read(text);
        fixture.differences("n", &found("n", &fixture))
    }

    #[test]
    fn right_expectations_are_met() {
        assert_eq!(differences(FIXTURE), "");
        assert_eq!(Fixture::read(FIXTURE).write(), FIXTURE);
    }

    #[test]
    fn wrong_expectations_are_noticed() {
        for (right, wrong) in [
            ("//      ^^ error", "//     ^^ error"),
            ("//      ^^ error", "//       ^^ error"),
            ("//      ^^ error", "//      ^ error"),
            ("//      ^^ error", "//      ^^^ error"),
            ("//      ^^ error", "// @9..11 error"),
            ("E0301", "E0302"),
            ("^^ error", "^^ warning"),
            ("must be a time", "must be a duration"),
            ("has no unit", "has no"),
            ("write `10 ms`", "write `10 s`"),
        ] {
            assert!(FIXTURE.contains(right));
            let report = differences(&FIXTURE.replacen(right, wrong, 1));
            assert!(report.contains("n:3: missing"), "{wrong}: {report}");
            assert!(report.contains("n:3: unexpected"), "{wrong}: {report}");
        }
    }

    #[test]
    fn missing_and_additional_expectations_are_noticed() {
        let error = "//      ^^ error E0301: `dt` must be a time, but 10 has no unit\n";
        let report = differences(&FIXTURE.replace(error, ""));
        assert_eq!(report, format!("n:3: unexpected {error}"));
        let report = differences(&FIXTURE.replace(error, &error.repeat(2)));
        assert!(report.contains("n:3: another order or number"), "{report}");
        let report = differences(&FIXTURE.replace("    output b;\n", &format!("    output b;\n{error}")));
        assert_eq!(report, format!("n:8: missing    {error}"));
        let report =
            differences(&FIXTURE.replace(error, &error.replace("//      ^^ error", "//      ^^ eror")));
        assert!(report.contains("n:3: missing    //      ^^ eror"), "{report}");
    }

    #[test]
    fn rewriting_keeps_everything_else_and_changes_nothing_twice() {
        let stale = FIXTURE
            .replace("^^ error E0301: `dt` must be a time, but 10 has no unit", "^^^^ error E0999: stale")
            .replace("//      = help: write `10 ms`\n", "")
            .replace("    output b;\n", "    output b;\n// @1..2 warning W0201: stale\n");
        let rewrite = |text: &str| {
            let fixture = Fixture::read(text);
            found("n", &fixture).write()
        };
        assert_eq!(rewrite(&stale), FIXTURE);
        assert_eq!(rewrite(FIXTURE), FIXTURE);
    }

    #[test]
    fn neighbors_are_sources_with_their_corrections() {
        let neighbor = Fixture::read(FIXTURE).neighbor().expect("it has corrections");
        assert!(neighbor.contains("{\n dt: 10 ms;\n    input"), "{neighbor}");
        let removed = Fixture::read("a\nb\n//+\nc\n").neighbor();
        assert_eq!(removed.as_deref(), Some("a\nc\n"));
        let inserted = Fixture::read("//+ a\n//+ b\nc\n").neighbor();
        assert_eq!(inserted.as_deref(), Some(" a\n b\nc\n"));
        assert_eq!(Fixture::read("a\n").neighbor(), None);
    }

    #[test]
    fn every_place_has_a_marker() {
        let mut sources = Sources::new();
        let root = sources.add("n.snn", "ab\néfgh\n\tij\n");
        let other = sources.add("other.snn", "first\nsecond\nthird\n");
        for (span, line, expected) in [
            (None, 0, "// @nowhere"),
            (Some(Span::new(root, 0, 2)), 1, "// @1..3"),
            (Some(Span::new(root, 2, 2)), 1, "// @3..3"),
            (Some(Span::new(root, 6, 8)), 2, "//^^"),
            (Some(Span::new(root, 7, 8)), 2, "// ^"),
            (Some(Span::new(root, 5, 11)), 2, "// @2..+1:3"),
            (Some(Span::new(root, 11, 12)), 3, "//^"),
            (Some(Span::new(root, 13, 13)), 4, "// @1..1"),
            (Some(Span::new(other, 6, 12)), 0, "// @other.snn:2:1..7"),
            (Some(Span::new(other, 8, 15)), 0, "// @other.snn:2:3..3:3"),
        ] {
            assert_eq!(marker(&sources, span), (line, expected.to_owned()));
        }
    }
}
