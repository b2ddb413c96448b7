//! What stands before the cursor, from tokens: it works while a statement is being written.

use synnet_dsl::tools::{Token, TokenKind, tokens};
use synnet_dsl::vocabulary::{ChainOperator, Function, Keyword, KeywordRole};

/// The place at which something can be completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    /// Nothing can be completed: in comments, string literals and after declarations of names.
    Nothing,
    /// At the start of an item of the file.
    Item,
    /// At the start of a statement.
    Statement,
    /// After `use`.
    Module,
    /// After `use std::`, or after `use "path"::` with the path.
    Import(Option<String>),
    /// The neuron of a layer or neuron.
    Neuron,
    /// The network of an instance or alias.
    Network,
    /// The name of a field of a neuron. Fields that are set already are left out.
    Field { neuron: String, set: Vec<String> },
    /// The name of an option of `linear`.
    Option { set: Vec<String> },
    /// The name of an argument of a network.
    Argument { network: String, set: Vec<String> },
    /// An element of a chain.
    Chain,
    /// The first term of a sum of sources: `sum(h[i] for i in 0..3) -> ...`.
    Summand,
    /// The layer of an output.
    OutputLayer,
    /// The quantity of an output.
    Quantity,
    /// A unit after a number.
    Unit,
    /// A value. The field that it belongs to, if there is one.
    Value { field: Option<String> },
}

/// Returns what can be completed at a byte, and where the word starts that is being written.
pub(crate) fn context(text: &str, offset: usize) -> (Context, usize) {
    let all = tokens(text);
    let at = all.partition_point(|token| token.start < offset);
    let touching = at.checked_sub(1).map(|last| all[last]).filter(|last| last.end >= offset);
    let is_open = |token: Token| token.kind.is_comment() || token.kind == TokenKind::StringLiteral;
    if let Some(token) = touching.filter(|token| is_open(*token)) {
        // At the end of a block comment or a literal, it is over.
        let is_over = token.end == offset
            && !matches!(token.kind, TokenKind::LineComment | TokenKind::DocComment)
            && text[token.start..token.end].len() > 1;
        if !is_over {
            return (Context::Nothing, offset);
        }
    }
    let word = touching.filter(|token| token.kind == TokenKind::Identifier);
    let upto = if word.is_some() { at - 1 } else { at };
    let code: Vec<Token> = all[..upto].iter().filter(|token| !token.kind.is_comment()).copied().collect();
    let before = Before { text, tokens: code };
    (before.context(word.is_some()), word.map_or(offset, |word| word.start))
}

/// The tokens before the cursor, without the word that is being written.
struct Before<'a> {
    text: &'a str,
    tokens: Vec<Token>,
}

/// An opening bracket that is not closed before the cursor.
#[derive(Clone, Copy)]
struct Open {
    index: usize,
    /// Whether it is the brace of a network, a loop or a condition.
    is_block: bool,
}

impl Before<'_> {
    fn word(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |token| &self.text[token.start..token.end])
    }

    fn kind(&self, index: usize) -> Option<TokenKind> {
        self.tokens.get(index).map(|token| token.kind)
    }

    fn context(&self, has_word: bool) -> Context {
        let len = self.tokens.len();
        let open = self.open();
        let block = open.iter().rposition(|open| open.is_block);
        let inner = &open[block.map_or(0, |at| at + 1)..];
        let start = self.statement(block.map(|at| open[at].index), inner.first().map(|open| open.index));
        if start == len {
            return if block.is_some() { Context::Statement } else { Context::Item };
        }
        // A number with the cursor directly behind it has no unit yet.
        if self.kind(len - 1) == Some(TokenKind::Number) {
            return Context::Unit;
        }
        match inner.last() {
            Some(open) => self.in_bracket(start, open.index),
            None => self.in_statement(start, has_word),
        }
    }

    /// Returns the brackets that are open at the cursor, outermost first.
    fn open(&self) -> Vec<Open> {
        let mut open: Vec<Open> = Vec::new();
        for index in 0..self.tokens.len() {
            match self.word(index) {
                "{" => {
                    let is_block = open.iter().all(|open| open.is_block) && self.opens_block(index);
                    open.push(Open { index, is_block });
                }
                "(" | "[" => open.push(Open { index, is_block: false }),
                ")" | "]" | "}" => {
                    open.pop();
                }
                // A statement ends: whatever is open in it was forgotten.
                ";" => {
                    while open.last().is_some_and(|open| !open.is_block) {
                        open.pop();
                    }
                }
                _ => {}
            }
        }
        open
    }

    /// Returns whether a brace opens a block of statements, judging by the first word of its statement.
    fn opens_block(&self, brace: usize) -> bool {
        let first =
            (0..brace).rev().find(|&at| matches!(self.word(at), ";" | "{" | "}")).map_or(0, |at| at + 1);
        let starts = |keyword| Keyword::of(self.word(first)) == Some(keyword);
        [Keyword::Network, Keyword::For, Keyword::If, Keyword::Else].into_iter().any(starts)
    }

    /// Returns the index of the first token of the statement at the cursor.
    fn statement(&self, block: Option<usize>, inner: Option<usize>) -> usize {
        let from = block.map_or(0, |block| block + 1);
        let upto = inner.unwrap_or(self.tokens.len());
        let mut start = from;
        let mut depth = 0_usize;
        for at in from..upto {
            match self.word(at) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                "}" => {
                    depth = depth.saturating_sub(1);
                    // A block ends its statement; the fields of a layer or a connection do not.
                    let ends = matches!(
                        Keyword::of(self.word(start)),
                        Some(Keyword::Network | Keyword::For | Keyword::If | Keyword::Else)
                    );
                    if depth == 0 && ends {
                        start = at + 1;
                    }
                }
                ";" => {
                    depth = 0;
                    start = at + 1;
                }
                _ => {}
            }
        }
        start
    }

    fn in_statement(&self, start: usize, has_word: bool) -> Context {
        let len = self.tokens.len();
        let last = self.word(len - 1);
        let after = |at: usize| len - start == at;
        let value = Context::Value { field: None };
        match Keyword::of(self.word(start)) {
            Some(Keyword::Use) => match last {
                "use" => Context::Module,
                "::" => {
                    let module = self.word(len - 2).trim_matches('"');
                    Context::Import((self.word(len - 2) != module).then(|| module.to_owned()))
                }
                _ => Context::Nothing,
            },
            Some(Keyword::Layer) if last == ":" => Context::Neuron,
            Some(Keyword::Neuron) if last == "=" => Context::Neuron,
            Some(Keyword::Net) if last == ":" => Context::Network,
            Some(Keyword::Network) if last == "=" => Context::Network,
            Some(Keyword::Output) if after(1) => Context::OutputLayer,
            Some(Keyword::Output) if last == "." => Context::Quantity,
            Some(Keyword::Dt | Keyword::Input) if last == ":" => value,
            Some(Keyword::Let) if last != "let" && !after(2) => value,
            Some(Keyword::For) if self.kind(start + 2).is_some() => value,
            Some(Keyword::If) => value,
            Some(keyword) if keyword.role() != KeywordRole::Value => Context::Nothing,
            // The first word of a statement that goes on.
            _ if matches!(last, "->" | "+") => Context::Chain,
            _ if has_word && after(0) => Context::Statement,
            _ => Context::Nothing,
        }
    }

    fn in_bracket(&self, start: usize, open: usize) -> Context {
        let len = self.tokens.len();
        let last = self.word(len - 1);
        let owner = if open > 0 { self.word(open - 1) } else { "" };
        let keyword = Keyword::of(self.word(start));
        let is_name = matches!(last, "," | "{" | "(");
        let value = || Context::Value { field: self.field(open) };
        match self.word(open) {
            // The variable of a comprehension is a new name.
            "(" | "[" if Keyword::of(last) == Some(Keyword::For) => Context::Nothing,
            // Only a chain starts with a name; in values, `sum` adds numbers.
            "(" if last == "(" && keyword.is_none() && owner == Function::Sum.name() => Context::Summand,
            "{" if is_name => match keyword {
                Some(Keyword::Layer | Keyword::Neuron) => {
                    Context::Field { neuron: self.neuron(start), set: self.names(open) }
                }
                _ if owner == ChainOperator::Linear.name() => Context::Option { set: self.names(open) },
                _ => value(),
            },
            "(" if is_name && open > start => {
                let is_call = match keyword {
                    Some(Keyword::Net) => self.word(open - 2) == ":",
                    Some(Keyword::Network) => self.word(open - 2) == "=",
                    _ => false,
                };
                match keyword {
                    _ if is_call => Context::Argument { network: owner.to_owned(), set: self.names(open) },
                    // The parameters of a network are new names.
                    Some(Keyword::Network) if open == start + 2 => Context::Nothing,
                    _ => value(),
                }
            }
            _ => value(),
        }
    }

    /// Returns the neuron that the statement names: that of `layer h: name(...)` or `neuron h = name`.
    fn neuron(&self, start: usize) -> String {
        let separator = (start..self.tokens.len()).find(|&at| matches!(self.word(at), ":" | "="));
        separator.map_or("", |at| self.word(at + 1)).to_owned()
    }

    /// Returns the names before a `:` directly within a bracket.
    fn names(&self, open: usize) -> Vec<String> {
        let is_name = |at: &usize| self.kind(*at) == Some(TokenKind::Identifier) && self.word(at + 1) == ":";
        self.directly_within(open).into_iter().filter(is_name).map(|at| self.word(at).to_owned()).collect()
    }

    /// Returns the field or argument whose value stands at the cursor.
    fn field(&self, open: usize) -> Option<String> {
        let direct = self.directly_within(open);
        let from = direct.iter().rposition(|&at| self.word(at) == ",").map_or(0, |at| at + 1);
        let name = *direct.get(from)?;
        (self.word(name + 1) == ":").then(|| self.word(name).to_owned())
    }

    /// Returns the tokens within a bracket, but not within brackets in it.
    fn directly_within(&self, open: usize) -> Vec<usize> {
        let mut depth = 0_usize;
        let mut direct = Vec::new();
        for at in open + 1..self.tokens.len() {
            match self.word(at) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ if depth == 0 => direct.push(at),
                _ => {}
            }
        }
        direct
    }
}

#[cfg(test)]
mod tests {
    use super::{Context, context};

    /// Returns the context at the `|` of a source.
    fn at(source: &str) -> Context {
        let offset = source.find('|').expect("the source has a cursor");
        context(&source.replace('|', ""), offset).0
    }

    #[test]
    fn contexts_follow_from_what_is_written() {
        let network =
            |statement: &str| at(&format!("use std::SynNet;\nnetwork N(n = 3) {{ dt: 1 ms; {statement} }}"));
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let value = |field: Option<&str>| Context::Value { field: field.map(str::to_owned) };
        for (statement, expected) in [
            ("|", Context::Statement),
            ("lay|", Context::Statement),
            ("layer h: |", Context::Neuron),
            ("layer h: l| x -> h;", Context::Neuron),
            ("layer h: lif(|", value(None)),
            ("layer h: lif(3) { | };", Context::Field { neuron: "lif".into(), set: set(&[]) }),
            (
                "layer h: lif(3) { tau_mem: 3 ms, t|",
                Context::Field { neuron: "lif".into(), set: set(&["tau_mem"]) },
            ),
            ("layer h: lif(3) { tau_mem: |", value(Some("tau_mem"))),
            ("layer h: lif(3) { tau_mem: 3 |", Context::Unit),
            ("layer h: lif(3) { surrogate: p| };", value(Some("surrogate"))),
            ("neuron f = al|", Context::Neuron),
            ("neuron f = alif { |", Context::Field { neuron: "alif".into(), set: set(&[]) }),
            ("x -> |", Context::Chain),
            ("x -> linear { bias: true, |", Context::Option { set: set(&["bias"]) }),
            ("x -> linear { init: |", value(Some("init"))),
            ("x -> dropout(|", value(None)),
            ("sum(|) -> linear -> h;", Context::Summand),
            ("x + sum(h| -> y;", Context::Summand),
            ("sum(h[|", value(None)),
            ("sum(h[i] for |", Context::Nothing),
            ("sum(h[i] for i in |", value(None)),
            ("let a = sum(|", value(None)),
            ("let a = [i for |", Context::Nothing),
            ("net b: |", Context::Network),
            (
                "net b: SynNet(n_classes: 3, |)",
                Context::Argument { network: "SynNet".into(), set: set(&["n_classes"]) },
            ),
            ("net b: SynNet(n_classes: |)", value(Some("n_classes"))),
            ("output |", Context::OutputLayer),
            ("output h.|", Context::Quantity),
            ("let a = |", value(None)),
            ("let |", Context::Nothing),
            ("for i in |", value(None)),
            ("for i in 0..3 { | }", Context::Statement),
            (
                "for i in 0..3 { layer h[i]: lif(3) { | } }",
                Context::Field { neuron: "lif".into(), set: set(&[]) },
            ),
            ("if n > 1 { } |", Context::Statement),
            ("// comment |", Context::Nothing),
            ("assert(n > |", value(None)),
            ("assert(n > 0, \"|\");", Context::Nothing),
        ] {
            assert_eq!(network(statement), expected, "{statement}");
        }
        for (source, expected) in [
            ("|", Context::Item),
            ("use |", Context::Module),
            ("use std::|", Context::Import(None)),
            ("use std::Syn|", Context::Import(None)),
            ("use \"parts.snn\"::|", Context::Import(Some("parts.snn".into()))),
            ("network N = |", Context::Network),
            ("network N = SynNet(|", Context::Argument { network: "SynNet".into(), set: Vec::new() }),
            ("network N(a, |", Context::Nothing),
            ("network N { } |", Context::Item),
        ] {
            assert_eq!(at(source), expected, "{source}");
        }
    }
}
