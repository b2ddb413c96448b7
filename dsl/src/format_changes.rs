//! Line endings and byte order marks of a source: what formatting makes of them, and what it reports.

use std::borrow::Cow;

/// The differences between a source and its canonical form.
///
/// Line endings are CRLF if most of those in the source are, otherwise LF. A byte order mark at the start, which UTF-8
/// does not need, is removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FormatChanges {
    /// Whether more than line endings and the byte order mark differs.
    pub layout: bool,
    /// The line endings that change, if the source mixes both kinds.
    pub line_ends: Option<MixedLineEnds>,
    /// Whether the source starts with a byte order mark.
    pub byte_order_mark: bool,
}

/// The line endings of a source that mixes both kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MixedLineEnds {
    /// Number of line endings CRLF, 1 or more.
    pub crlf: usize,
    /// Number of line endings LF, 1 or more.
    pub lf: usize,
}

impl FormatChanges {
    /// Compares a source with the result of [`format`](crate::format()).
    pub fn between(source: &str, formatted: &str) -> Self {
        let plain = source.strip_prefix(BYTE_ORDER_MARK).unwrap_or(source);
        let LineEnds { crlf, lf } = LineEnds::of(source);
        Self {
            layout: with_lf(plain) != with_lf(formatted),
            line_ends: (crlf > 0 && lf > 0).then_some(MixedLineEnds { crlf, lf }),
            byte_order_mark: plain.len() < source.len(),
        }
    }

    /// Returns whether source and canonical form are equal.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl MixedLineEnds {
    /// Returns the number and the kind, `CRLF` or `LF`, of the line endings that change: those of the minority.
    pub fn minority(self) -> (usize, &'static str) {
        if self.crlf > self.lf { (self.lf, "LF") } else { (self.crlf, "CRLF") }
    }

    /// Returns the number of line endings of both kinds.
    pub fn total(self) -> usize {
        self.crlf + self.lf
    }
}

const BYTE_ORDER_MARK: char = '\u{feff}';

/// The number of line endings of each kind.
#[derive(Clone, Copy)]
pub(crate) struct LineEnds {
    crlf: usize,
    lf: usize,
}

impl LineEnds {
    pub(crate) fn of(text: &str) -> Self {
        let crlf = text.matches("\r\n").count();
        Self { crlf, lf: text.matches('\n').count() - crlf }
    }

    /// Returns the text with the line endings of the majority everywhere, in comments of several lines, too.
    pub(crate) fn apply(self, text: &str) -> String {
        let text = with_lf(text);
        if self.crlf > self.lf { text.replace('\n', "\r\n") } else { text.into_owned() }
    }
}

/// Returns the text with LF as its line endings. Several CR before an LF vanish together: one that stayed would be
/// part of a line ending when the text is formatted again.
fn with_lf(text: &str) -> Cow<'_, str> {
    if !text.contains("\r\n") {
        return Cow::Borrowed(text);
    }
    let lines = text.split_inclusive('\n').map(|line| match line.strip_suffix("\r\n") {
        Some(line) => (line.trim_end_matches('\r'), "\n"),
        None => (line, ""),
    });
    lines.fold(String::with_capacity(text.len()), |text, (line, end)| text + line + end).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANONICAL: &str = "// A comment.\nnetwork N {\n    dt: 1 ms;\n    /* of\n    two lines */\n    input x: 4;\n    layer out: lif(4) { tau_mem: 4 ms, tau_syn: 4 ms };\n    x -> linear -> out;\n    output out;\n}\n";

    #[track_caller]
    fn format(text: &str) -> String {
        crate::format(text).unwrap_or_else(|errors| panic!("{}", errors[0].message))
    }

    #[test]
    fn line_ends_are_those_of_the_majority() {
        let crlf = CANONICAL.replace('\n', "\r\n");
        assert_eq!(format(CANONICAL), CANONICAL);
        assert_eq!(format(&crlf), crlf);
        assert!(FormatChanges::between(&crlf, &crlf).is_empty());
        for (mixed, expected, minority) in [
            (CANONICAL.replacen('\n', "\r\n", 1), CANONICAL, (1, "CRLF")),
            (CANONICAL.replacen('\n', "\r\n", 5), CANONICAL, (5, "CRLF")),
            (crlf.replacen("\r\n", "\n", 4), &crlf, (4, "LF")),
            (crlf.replacen("\r\n", "\n", 1), &crlf, (1, "LF")),
        ] {
            assert_eq!(format(&mixed), expected, "{mixed:?}");
            let changes = FormatChanges::between(&mixed, expected);
            assert!(!changes.layout && !changes.byte_order_mark);
            let line_ends = changes.line_ends.expect("they are mixed");
            assert_eq!((line_ends.minority(), line_ends.total()), (minority, 10));
        }
    }

    #[test]
    fn other_changes_are_changes_of_the_layout() {
        let untidy = CANONICAL.replace("dt: 1 ms", "dt:1ms");
        let changes = FormatChanges::between(&untidy, &format(&untidy));
        assert_eq!(changes, FormatChanges { layout: true, ..FormatChanges::default() });
        let untidy = untidy.replace('\n', "\r\n");
        assert_eq!(format(&untidy), CANONICAL.replace('\n', "\r\n"));
        assert!(FormatChanges::between(&untidy, &format(&untidy)).layout);
    }

    #[test]
    fn byte_order_marks_are_removed() {
        let marked = format!("\u{feff}{CANONICAL}");
        assert_eq!(format(&marked), CANONICAL);
        let changes = FormatChanges::between(&marked, CANONICAL);
        assert_eq!(changes, FormatChanges { byte_order_mark: true, ..FormatChanges::default() });
    }

    #[test]
    fn formatting_again_changes_nothing() {
        for odd in ["/* a\r\r\nb */\n", "/* a\r\r\nb */\r\n// c\r\r\n", "// a\rb\n// c\r\r\n/* d\re\r */", ""]
        {
            let once = format(odd);
            assert_eq!(format(&once), once, "{odd:?}");
            assert!(FormatChanges::between(&once, &once).is_empty(), "{odd:?}");
        }
    }
}
