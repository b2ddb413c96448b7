//! The keywords of the language, in one table.
//!
//! The grammar has to spell them once more; a test compares both.

use crate::names::names;

names! {
    /// A word that the grammar knows; those that start statements come first, then those that start items.
    Keyword {
        /// The time step.
        Dt = "dt",
        /// The input.
        Input = "input",
        /// The output.
        Output = "output",
        /// A value with a name.
        Let = "let",
        /// A neuron with some of its fields set.
        Neuron = "neuron",
        /// A layer of neurons.
        Layer = "layer",
        /// Another network inside this one.
        Net = "net",
        /// A loop, or a list made of one.
        For = "for",
        /// A choice between blocks, or between values.
        If = "if",
        /// A requirement.
        Assert = "assert",
        /// An import.
        Use = "use",
        /// A network.
        Network = "network",
        /// Between the name of a loop and its range.
        In = "in",
        /// The other branch of a choice.
        Else = "else",
        /// Marks a parameter that training changes.
        Learn = "learn",
        /// The true Boolean.
        True = "true",
        /// The false Boolean.
        False = "false",
        /// An absent value.
        None = "none",
    }
}

/// Where a [`Keyword`] can stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeywordRole {
    /// At the start of a statement, and elsewhere as a name: `dt`, `input`.
    Contextual,
    /// At the start of a statement: `let`, `layer`.
    Statement,
    /// At the start of an item of a file: `use`, `network`.
    Item,
    /// Inside a statement or an expression: `in`, `learn`.
    Connective,
    /// As a value: `true`, `none`.
    Value,
}

impl Keyword {
    /// Returns where it can stand.
    pub const fn role(self) -> KeywordRole {
        match self {
            Self::Dt | Self::Input | Self::Output | Self::Assert => KeywordRole::Contextual,
            Self::Let | Self::Neuron | Self::Layer | Self::Net | Self::For | Self::If => {
                KeywordRole::Statement
            }
            Self::Use | Self::Network => KeywordRole::Item,
            Self::In | Self::Else | Self::Learn => KeywordRole::Connective,
            Self::True | Self::False | Self::None => KeywordRole::Value,
        }
    }

    /// Returns how the statement or item that it starts is written, as a sentence with an example.
    pub const fn form(self) -> Option<&'static str> {
        Some(match self {
            Self::Dt => "`dt` needs a colon and a time: `dt: 10 ms;`",
            Self::Input => "`input` needs a name, a colon and a number of channels: `input audio: 16;`",
            Self::Output => "`output` needs a layer and one of its quantities: `output out.spikes;`",
            Self::Let => "`let` needs a name, `=` and a value: `let n = 60;`",
            Self::Neuron => {
                "`neuron` needs a name, `=` and a kind: `neuron hidden = lif { tau_mem: 20 ms, tau_syn: 10 ms };`"
            }
            Self::Layer => {
                "`layer` needs a name, a colon and a neuron: `layer h0: lif(60) { tau_mem: 20 ms, tau_syn: 10 ms };`"
            }
            Self::Net => {
                "`net` needs a name, a colon and a network: `net body: SynNet(n_channels: 16, n_classes: 10);`"
            }
            Self::For => "`for` needs a name, `in`, a range and a block: `for i in 0..3 { ... }`",
            Self::If => "`if` needs a condition and a block: `if n > 1 { ... } else { ... }`",
            Self::Assert => "`assert` needs a condition and a text: `assert(n > 0, \"`n` is positive\");`",
            Self::Use => "imports are written `use std::SynNet;` or `use \"file.snn\"::Name;`",
            Self::Network => {
                "`network` needs a name and a block: `network Name(parameters) { ... }`, or `network Name = Other(...);`"
            }
            Self::In | Self::Else | Self::Learn | Self::True | Self::False | Self::None => return None,
        })
    }

    /// Whether the word can be no name.
    pub const fn is_reserved(self) -> bool {
        match self.role() {
            KeywordRole::Contextual => false,
            KeywordRole::Statement | KeywordRole::Item | KeywordRole::Connective | KeywordRole::Value => true,
        }
    }

    /// The spellings of those that start statements and items, in the order of [`ALL`](Self::ALL).
    pub(crate) fn starters() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().filter(|keyword| keyword.form().is_some()).map(|keyword| keyword.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Keyword, KeywordRole};

    const GRAMMAR: &str = include_str!("grammar.pest");

    /// The words between quotation marks in the rule `name` of the grammar.
    fn words(name: &str) -> BTreeSet<&'static str> {
        let start = GRAMMAR.find(&format!("\n{name} = ")).expect("the grammar has the rule");
        let rule = &GRAMMAR[start..start + GRAMMAR[start..].find('}').expect("rules end")];
        rule.split('"').skip(1).step_by(2).collect()
    }

    fn keywords(accept: fn(Keyword) -> bool) -> BTreeSet<&'static str> {
        Keyword::ALL.iter().copied().filter(|&keyword| accept(keyword)).map(Keyword::name).collect()
    }

    #[test]
    fn the_grammar_reserves_the_same_words() {
        assert_eq!(words("reserved"), keywords(Keyword::is_reserved));
        assert_eq!(words("statement_word"), keywords(|keyword| !keyword.is_reserved()));
    }

    #[test]
    fn the_grammar_has_a_rule_for_each_keyword() {
        let rules = |prefix: &str| -> BTreeSet<&str> {
            let starts = GRAMMAR.lines().filter_map(|line| line.strip_prefix(prefix));
            starts.filter_map(|rest| rest.split_once(" = ")).map(|(name, _)| name).collect()
        };
        assert_eq!(rules("kw_"), keywords(Keyword::is_reserved));
        assert_eq!(rules("word_"), keywords(|keyword| !keyword.is_reserved()));
        for keyword in Keyword::ALL {
            let prefix = if keyword.is_reserved() { "kw" } else { "word" };
            let rule = format!("\n{prefix}_{0} = @{{ \"{0}\" ~ !ident_rest }}\n", keyword.name());
            assert!(GRAMMAR.contains(&rule), "the grammar lacks {rule}");
        }
    }

    #[test]
    fn statements_and_items_have_forms() {
        for keyword in Keyword::ALL {
            let starts = match keyword.role() {
                KeywordRole::Contextual | KeywordRole::Statement | KeywordRole::Item => true,
                KeywordRole::Connective | KeywordRole::Value => false,
            };
            assert_eq!(keyword.form().is_some(), starts, "{keyword:?}");
        }
    }
}
