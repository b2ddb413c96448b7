//! The keywords of the language, in one table. The grammar spells them once more; tests compare both.

use crate::names::names;

names! {
    /// A keyword. Those that start statements come first, then those that start items.
    Keyword {
        /// Sets the time step: `dt: 10 ms;`.
        Dt = "dt",
        /// Declares the input with its channels: `input audio: 16;`.
        Input = "input",
        /// Declares the output, a quantity of a layer: `output out.vmem;`.
        Output = "output",
        /// Names a value: `let n = 60;`.
        Let = "let",
        /// Declares a neuron with some of its fields set: `neuron hidden = lif { max_spikes: 31 };`.
        Neuron = "neuron",
        /// Declares a layer of neurons: `layer h0: hidden(60) { tau_mem: 20 ms };`.
        Layer = "layer",
        /// Declares an instance of another network: `net body: SynNet(...);`.
        Net = "net",
        /// Repeats statements, or the elements of a list: `for i in 0..3 { ... }`.
        For = "for",
        /// Chooses between blocks, or between values: `if n > 1 { ... } else { ... }`.
        If = "if",
        /// States a requirement: `assert(n > 0, "message");`.
        Assert = "assert",
        /// Imports a network: `use std::SynNet;`.
        Use = "use",
        /// Declares a network: `network Name { ... }`.
        Network = "network",
        /// Separates the variable of a loop from its range.
        In = "in",
        /// Starts the other branch of a choice.
        Else = "else",
        /// Marks a parameter as learned: training changes it.
        Learn = "learn",
        /// The Boolean that is true.
        True = "true",
        /// The Boolean that is false.
        False = "false",
        /// The absent value.
        None = "none",
    }
}

/// The positions of a [`Keyword`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeywordRole {
    /// Starts a statement, and is the name of a value elsewhere: `dt`, `output`.
    Contextual,
    /// Starts a statement: `let`, `layer`.
    Statement,
    /// Starts an item of a file: `use`, `network`.
    Item,
    /// Stands inside a statement or an expression: `in`, `learn`.
    Connective,
    /// Is a value: `true`, `none`.
    Value,
}

impl Keyword {
    /// Returns the position of the keyword.
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

    /// Returns how to write the statement or item that the keyword starts: an imperative with an example. `None` if
    /// it starts none.
    pub const fn form(self) -> Option<&'static str> {
        Some(match self {
            Self::Dt => "write the time step as `dt: 10 ms;`",
            Self::Input => "write the input with its number of channels: `input audio: 16;`",
            Self::Output => "write the output as a quantity of one layer: `output out.spikes;`",
            Self::Let => "write a name, `=` and a value: `let n = 60;`",
            Self::Neuron => {
                "write a name, `=` and a neuron: `neuron hidden = lif { tau_mem: 20 ms, tau_syn: 10 ms };`"
            }
            Self::Layer => {
                "write a name, `:`, a neuron and a size: `layer h0: lif(60) { tau_mem: 20 ms, tau_syn: 10 ms };`"
            }
            Self::Net => {
                "write a name, `:` and a network: `net body: SynNet(n_channels: 16, n_classes: 10);`"
            }
            Self::For => "write a variable, a range and a block: `for i in 0..3 { ... }`",
            Self::If => "write a condition and a block: `if n > 1 { ... } else { ... }`",
            Self::Assert => "write a condition and a message: `assert(n > 0, \"`n` is positive\");`",
            Self::Use => "write imports as `use std::SynNet;` or `use \"file.snn\"::Name;`",
            Self::Network => {
                "write a name and a block: `network Name(parameters) { ... }`, or `network Name = Other(...);`"
            }
            Self::In | Self::Else | Self::Learn | Self::True | Self::False | Self::None => return None,
        })
    }

    /// Returns whether the keyword is reserved: nothing can have its name.
    pub const fn is_reserved(self) -> bool {
        match self.role() {
            KeywordRole::Contextual => false,
            KeywordRole::Statement | KeywordRole::Item | KeywordRole::Connective | KeywordRole::Value => true,
        }
    }

    /// Returns the spellings of those that start statements and items, in the order of [`ALL`](Self::ALL).
    pub(crate) fn starters() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().filter(|keyword| keyword.form().is_some()).map(|keyword| keyword.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Keyword, KeywordRole};

    const GRAMMAR: &str = include_str!("grammar.pest");

    /// Returns the words between quotation marks in the rule `name` of the grammar.
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
        assert_eq!(words("statement_keyword_rule"), keywords(|keyword| !keyword.is_reserved()));
    }

    #[test]
    fn the_grammar_has_a_rule_for_each_keyword() {
        let rules = |prefix: &str| -> BTreeSet<&str> {
            let starts = GRAMMAR.lines().filter_map(|line| line.strip_prefix(prefix));
            starts.filter_map(|rest| rest.split_once(" = ")).map(|(name, _)| name).collect()
        };
        assert_eq!(rules("kw_"), keywords(Keyword::is_reserved));
        assert_eq!(rules("contextual_"), keywords(|keyword| !keyword.is_reserved()));
        for keyword in Keyword::ALL {
            let prefix = if keyword.is_reserved() { "kw" } else { "contextual" };
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
