//! Definitions and references of a source.

use synnet_ir::Span;
use synnet_ir::graph::NeuronKind;

use crate::vocabulary::{ChainOperator, Field, Function, LinearOption, Symbol, Unit};

/// The definitions and references of a source.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    /// What the source declares, in source order.
    pub definitions: Vec<Definition>,
    /// Every name with a meaning, declarations included, sorted by place. They do not overlap.
    pub occurrences: Vec<Occurrence>,
    /// The imports, in source order.
    pub imports: Vec<Import>,
}

/// Handle of a symbol: the index of its first definition. Several layers `h[i]` are one symbol `h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SymbolId(pub usize);

/// A declaration of a name.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The kind of declaration.
    pub kind: DefinitionKind,
    /// The declared name, without an index.
    pub name: String,
    /// Place of the name.
    pub span: Span,
    /// Place of the whole declaration: statement, parameter with its default, or network.
    pub whole: Span,
    /// Where the name can be used.
    pub scope: Span,
    /// Lines of the `///` comment before it.
    pub docs: Vec<String>,
    /// The network that contains it, by the index of its definition.
    pub network: Option<usize>,
    /// The symbol that the definition belongs to.
    pub symbol: SymbolId,
    /// The neuron of a layer or neuron, or the network of an instance or alias; else empty.
    pub base: String,
    /// Whether an index belongs to the name: `h[i]`.
    pub is_indexed: bool,
}

/// The kinds of declarations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DefinitionKind {
    /// `use std::Name;`.
    Import,
    /// `network Name`.
    Network,
    /// A parameter of a network.
    Parameter,
    /// `input name`.
    Input,
    /// `let name`.
    Value,
    /// The variable of a loop or list.
    Variable,
    /// `neuron name`.
    Neuron,
    /// `layer name`.
    Layer,
    /// `net name`.
    Instance,
}

impl DefinitionKind {
    /// Returns what stands for it in a sentence, without an article.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Network => "network",
            Self::Parameter => "parameter",
            Self::Input => "input",
            Self::Value => "value",
            Self::Variable => "loop variable",
            Self::Neuron => "neuron",
            Self::Layer => "layer",
            Self::Instance => "instance",
        }
    }
}

/// A name at a place.
#[derive(Clone, Debug)]
pub struct Occurrence {
    /// Place of the name. That of `h0`, if only `h[i]` is declared, is `h`.
    pub span: Span,
    /// What the name means.
    pub meaning: Meaning,
}

/// The meaning of a name.
#[derive(Clone, Debug, PartialEq)]
pub enum Meaning {
    /// A declared name.
    Symbol(SymbolId),
    /// The name of an argument: a parameter of the network `network`.
    Argument {
        /// Name of the network, as this file knows it.
        network: String,
        /// Name of the parameter.
        parameter: String,
    },
    /// A field of a neuron.
    Field(Field),
    /// A kind of neuron.
    NeuronKind(NeuronKind),
    /// An operator of a chain.
    Operator(ChainOperator),
    /// An option of `linear`.
    Option(LinearOption),
    /// A function.
    Function(Function),
    /// A constant.
    Constant(Symbol),
    /// A unit.
    Unit(Unit),
    /// The module of an import, by the index of the import.
    Module(usize),
}

/// An import.
#[derive(Clone, Debug)]
pub struct Import {
    /// `std`, or the path of a file.
    pub module: String,
    /// Whether the module is a path.
    pub is_path: bool,
    /// The imported network.
    pub name: String,
    /// Place of the import, without its semicolon if that is missing.
    pub whole: Span,
}

impl Symbols {
    /// Returns the name at a byte of the source, or the one that ends there.
    pub fn at(&self, offset: usize) -> Option<&Occurrence> {
        let upto = self.occurrences.partition_point(|occurrence| occurrence.span.start as usize <= offset);
        self.occurrences[..upto].last().filter(|occurrence| offset <= occurrence.span.end as usize)
    }

    /// Returns the first definition of a symbol.
    pub fn definition(&self, symbol: SymbolId) -> Option<&Definition> {
        self.definitions.get(symbol.0)
    }

    /// Returns all definitions of a symbol.
    pub fn definitions_of(&self, symbol: SymbolId) -> impl Iterator<Item = &Definition> {
        self.definitions.iter().filter(move |definition| definition.symbol == symbol)
    }

    /// Returns the places of a symbol, declarations included.
    pub fn references(&self, symbol: SymbolId) -> impl Iterator<Item = Span> {
        let of_symbol = move |o: &&Occurrence| o.meaning == Meaning::Symbol(symbol);
        self.occurrences.iter().filter(of_symbol).map(|occurrence| occurrence.span)
    }

    /// Returns the network that contains a byte, by the index of its definition.
    pub fn network_at(&self, offset: usize) -> Option<usize> {
        let at = offset as u32;
        self.definitions.iter().position(|definition| {
            definition.kind == DefinitionKind::Network
                && definition.whole.start <= at
                && at <= definition.whole.end
        })
    }

    /// Returns the definitions whose names can be used at a byte, those of inner blocks last.
    pub fn visible_at(&self, offset: usize) -> impl Iterator<Item = &Definition> {
        let at = offset as u32;
        self.definitions.iter().filter(move |d| d.scope.start <= at && at <= d.scope.end)
    }

    /// Returns the network with a name that the source declares.
    pub fn network(&self, name: &str) -> Option<(usize, &Definition)> {
        let mut networks = self.definitions.iter().enumerate();
        networks.find(|(_, d)| d.kind == DefinitionKind::Network && d.name == name)
    }

    /// Returns the parameters of a network, by the index of its definition.
    pub fn parameters(&self, network: usize) -> impl Iterator<Item = &Definition> {
        let of_network =
            move |d: &&Definition| d.kind == DefinitionKind::Parameter && d.network == Some(network);
        self.definitions.iter().filter(of_network)
    }

    /// Returns the kind of neuron that a name means at a byte: a kind, or that of a `neuron` above.
    pub fn neuron_kind(&self, name: &str, offset: usize) -> Option<NeuronKind> {
        let mut name = name;
        // Each neuron has another one as its base, declared above it; a cycle ends at the number of definitions.
        for _ in 0..=self.definitions.len() {
            if let Some(kind) = crate::elaborate::neuron_kind(name) {
                return Some(kind);
            }
            let visible = self.visible_at(offset).filter(|d| d.kind == DefinitionKind::Neuron);
            name = &visible.filter(|d| d.name == name).last()?.base;
        }
        None
    }
}
