//! Parses a source again after a small change: only the statements that the change touches.
//!
//! It serves editors, where each keystroke changes a few bytes of a long source. The result is the same as that of
//! parsing anew, because a statement of a block means the same whatever stands around it: it starts after the `;` or `}`
//! of the one before it, ends with its own, and no rule of the grammar looks further. The same holds for statements with
//! errors, as long as their braces can be mended without a look at the rest. Whatever is not that simple is parsed anew.

use synnet_ir::{Diagnostic, SourceId, Span};

use super::braces::{Braces, Surroundings};
use super::lexer::lex;
use super::parse::{BlockText, ParsedBlock};
use super::shift::Shift;
use super::tree::{Body, File, Import, Module, Network, Statement};
use crate::limits::MAX_SOURCE_BYTES;

/// A change of a source without syntax errors, with the statements that it touches parsed again.
pub(super) struct Reparsed {
    change: Change,
    network: usize,
    place: Place,
    /// Number of bytes by which what follows the change moves.
    shift: Shift,
    block: ParsedBlock,
}

/// Parses the statements of `new` that differ from `old`, a source without syntax errors; `None` if `new` has to be
/// parsed anew. `braces` examines those of `old`.
pub(super) fn reparse(
    source: SourceId,
    old: &str,
    file: &File,
    new: &str,
    braces: impl FnOnce() -> Braces,
) -> Option<Reparsed> {
    let (change, network, place) = find(source, old, file, new)?;
    let shift = Shift(new.len() as i64 - old.len() as i64);
    let end = shift.offset(place.end as u32) as usize;
    let text = new.get(place.start..end)?;
    let block = BlockText::new(source, text, place.start, place.ends_network)?;
    let ends_network = place.ends_network;
    let reparsed = |block| Some(Reparsed { change, network, place, shift, block });
    let parsed = block.parse();
    if parsed.as_ref().is_some_and(|block| block.diagnostics.is_empty()) {
        return reparsed(parsed?);
    }
    // Explanations of errors look at the rest of the line; statements that share it are rare.
    let ends_line = match ends_network {
        true => text.trim_end_matches([' ', '\t']).ends_with('\n'),
        false => new.get(end..)?.trim_start_matches([' ', '\t', '\r']).starts_with('\n'),
    };
    let braces = braces();
    if !ends_line || braces == Braces::Doubtful {
        return None;
    }
    if parsed.as_ref().is_some_and(|block| block.braces >= Braces::Sound) {
        return reparsed(parsed?);
    }
    let is_tidy = braces == Braces::Tidy && stands_at_line_starts(old, &file.networks[network]);
    let around = Surroundings { is_tidy, ends_network };
    reparsed(block.parse_mended(around)?)
}

impl Reparsed {
    /// Returns whether the new source has no syntax errors.
    pub(super) fn is_valid(&self) -> bool {
        self.block.diagnostics.is_empty()
    }

    /// Returns the braces of the statements.
    pub(super) fn braces(&self) -> Braces {
        self.block.braces
    }

    /// Changes the tree of the old source to that of the new one, and returns the diagnostics.
    pub(super) fn apply(self, file: &mut File) -> Vec<Diagnostic> {
        let Self { change, network, place, shift, block: parsed } = self;
        let Body::Block(block) = &mut file.networks[network].body else { return parsed.diagnostics };
        let end = place.statements.start + parsed.statements.len();
        block.splice(place.statements, parsed.statements);
        file.broken.extend(parsed.nested);
        if shift.0 != 0 {
            shift.statements(&mut block[end..]);
            let whole = &mut file.networks[network].whole;
            whole.end = shift.offset(whole.end);
            file.networks[network + 1..].iter_mut().for_each(|network| shift.network(network));
            let after = |import: &&mut Import| start_of(import) >= change.end;
            file.imports.iter_mut().filter(after).for_each(|import| shift.import(import));
        }
        parsed.diagnostics
    }
}

/// Bytes of the old source that were replaced.
struct Change {
    start: usize,
    end: usize,
}

/// Statements of a network that a change touches, from the end of the statement before them.
struct Place {
    start: usize,
    end: usize,
    statements: std::ops::Range<usize>,
    /// Whether the brace of the network follows.
    ends_network: bool,
}

/// Finds the statements that differ. Returns the network that contains them by its index.
fn find(source: SourceId, old: &str, file: &File, new: &str) -> Option<(Change, usize, Place)> {
    if new.len() > MAX_SOURCE_BYTES {
        return None;
    }
    let change = change(old, new);
    let contains = |network: &Network| {
        (network.whole.start as usize) < change.start && change.end < network.whole.end as usize
    };
    let index = file.networks.iter().position(contains)?;
    let Body::Block(statements) = &file.networks[index].body else { return None };
    let ends_by = |offset: usize| statements.partition_point(|s: &Statement| s.span.end as usize <= offset);
    // The last byte of a statement stays: it ends the statement in the new source, too.
    let (first, last) = (ends_by(change.start), ends_by(change.end));
    let before = match first.checked_sub(1) {
        Some(last) => statements.get(last)?.span.end as usize,
        None => opening_brace(source, old, &file.networks[index])? + 1,
    };
    let (end, behind, ends_network) = match statements.get(last) {
        Some(statement) => (statement.span.end as usize, last + 1, false),
        None => (file.networks[index].whole.end as usize - 1, last, true),
    };
    let place = Place { start: before, end, statements: first..behind, ends_network };
    (before <= change.start).then_some((change, index, place))
}

/// Returns the byte of the brace that opens the statements of a network.
fn opening_brace(source: SourceId, text: &str, network: &Network) -> Option<usize> {
    let Body::Block(statements) = &network.body else { return None };
    let start = network.head.end as usize;
    let end = statements.first().map_or(network.whole.end, |first| first.span.start) as usize;
    let before = text.get(start..end)?;
    let lexed = lex(source, before).ok()?;
    let brace = lexed.tokens.iter().find(|token| before[token.start..].starts_with('{'))?;
    Some(start + brace.start)
}

/// Returns whether the braces of a network stand on lines without indentation.
fn stands_at_line_starts(text: &str, network: &Network) -> bool {
    let Some(open) = opening_brace(network.whole.source, text, network) else { return false };
    let line = text[..open].rfind('\n').map_or(0, |newline| newline + 1);
    let close = network.whole.end as usize - 1;
    text[line..].starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, ')' | '{'))
        && text[..close].ends_with('\n')
}

/// Returns the bytes of `old` without those that both texts have in common at the start and at the end.
fn change(old: &str, new: &str) -> Change {
    let (a, b) = (old.as_bytes(), new.as_bytes());
    let shorter = a.len().min(b.len());
    let mut start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    while !old.is_char_boundary(start) || !new.is_char_boundary(start) {
        start -= 1;
    }
    let rest = shorter - start;
    let mut same = a.iter().rev().zip(b.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    while !old.is_char_boundary(a.len() - same) || !new.is_char_boundary(b.len() - same) {
        same -= 1;
    }
    Change { start, end: a.len() - same }
}

fn start_of(import: &Import) -> usize {
    let span: Span = match &import.from {
        Module::Symbol(name) | Module::Path(name) => name.span,
    };
    span.start as usize
}

#[cfg(test)]
mod tests {
    use synnet_ir::SourceId;

    use super::super::braces::Braces;
    use super::super::parse::parse;
    use super::reparse;

    const SOURCE: &str = "use std::SynNet;
/// First.
network A(n = 3) {
    dt: 1 ms;
    input x: n; // \u{1f9e0}
    /// A layer.
    layer h: lif(4) { tau_mem: 20 ms, tau_syn: [1 ms for i in 0..4] };
    for i in 0..2 { let a = i; assert(a > -1, \"`a`\"); }
    if n > 2 { x -> linear { bias: true } -> h; } else { x -> delay(n) -> linear -> h; }
    neuron fast = lif { tau_mem: if n > 1 { 2 ms } else { 3 ms } };
    net b: SynNet(n_channels: len([1, 2]), n_classes: -n);
    output h.vmem;
}
network B = SynNet(n_channels: 2, n_classes: 2);
use \"other.snn\"::C;
";

    /// Returns whether the statements that a change touches were parsed alone. Then the tree has to be the same.
    #[track_caller]
    fn follows(new: &str) -> bool {
        let id = SourceId(7);
        let (mut file, diagnostics) = parse(id, SOURCE);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let braces = || Braces::of_source(id, SOURCE);
        let Some(reparsed) = reparse(id, SOURCE, &file, new, braces) else { return false };
        let followed = (reparsed.apply(&mut file), file);
        let (file, diagnostics) = parse(id, new);
        assert_eq!(format!("{followed:?}"), format!("{:?}", (diagnostics, file)), "{new}");
        true
    }

    #[test]
    fn changes_of_statements_are_followed() {
        for (old, new) in [
            ("lif(4)", "lif(40)"),
            ("20 ms", "0.5 s"),
            ("/// A layer.", "/// The layer of this network.\n    // A comment."),
            ("    /// A layer.\n", ""),
            ("let a = i;", ""),
            ("n > 2", "n > 2 && n < 9"),
            ("dt: 1 ms;\n    input", "dt: 1 ms;\n    let c = 3;\n    input"),
            ("\u{1f9e0}", "\u{1f9e1}"),
            ("    neuron fast = lif { tau_mem: if n > 1 { 2 ms } else { 3 ms } };\n", ""),
            ("-n);", "-n + 1);"),
            // Statements with errors.
            ("lif(4)", "lif(4"),
            ("layer h: lif", "layer h lif"),
            ("[1 ms for i", "[1 ms fro i"),
            ("neuron fast", "nueron fast"),
            ("neuron fast = ", "network fast = "),
            ("neuron fast", "else { } neuron fast"),
            ("dt: 1 ms", "dt: 2 ms"),
            ("output h.vmem;", "output h.vmem"),
            ("output h.vmem;", "output h.vmem;\n    let a = "),
            // Brackets without a partner.
            ("20 ms, tau_syn", "2((0 ms, tau_syn"),
            ("20 ms, tau_syn", "20) ms, tau_syn"),
            ("0..4] };", "0..4) };"),
            ("20 ms, tau_syn", "2}}0 ms, tau_syn"),
            ("0..4] };", "0..4] ;"),
            ("    neuron fast", "    for i in 0..3 {\n    neuron fast"),
            ("    neuron fast", "    if n > 1 {\n        let a = 3;\n    neuron fast"),
            ("    neuron fast", "    }\n    neuron fast"),
            ("layer h", "} layer h"),
        ] {
            assert!(SOURCE.contains(old), "{old}");
            assert!(follows(&SOURCE.replacen(old, new, 1)), "{old} to {new}");
        }
    }

    #[test]
    fn other_changes_are_parsed_anew() {
        for (old, new) in [
            ("layer h", "// layer h"),
            ("layer h", "/* layer h"),
            ("network A", "network D"),
            ("network B", "network E"),
            ("output h.vmem;\n}", "output h.vmem; // }"),
            ("layer h", "} network C { layer h"),
            ("\"`a`\"", "\"`a`"),
            ("-> h; }", "-> h; }}"),
        ] {
            assert!(SOURCE.contains(old), "{old}");
            assert!(!follows(&SOURCE.replacen(old, new, 1)), "{old} to {new}");
        }
    }

    /// Each deletion and each insertion of a character that means something.
    #[test]
    fn every_small_change_gives_the_same_tree() {
        let places: Vec<usize> = SOURCE.char_indices().map(|(at, _)| at).collect();
        let mut followed = 0;
        for (index, &at) in places.iter().enumerate() {
            let next = places.get(index + 1).copied().unwrap_or(SOURCE.len());
            followed += u32::from(follows(&format!("{}{}", &SOURCE[..at], &SOURCE[next..])));
            for piece in [
                "}",
                "{",
                "(",
                ")",
                "]",
                ";",
                "a",
                " ",
                "\"",
                "//",
                "/*",
                "1",
                "->",
                "else ",
                "\n    }",
                "\n}",
                "\n    for i in n {",
                "\n    network A {",
                "\n\n",
            ] {
                followed += u32::from(follows(&format!("{}{piece}{}", &SOURCE[..at], &SOURCE[at..])));
            }
        }
        assert!(followed > 5000, "{followed}");
    }
}
