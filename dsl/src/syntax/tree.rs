//! The syntax tree: what is written, before names and values are known.

use synnet_ir::Span;

use super::keywords::Keyword;

/// A whole source.
#[derive(Clone, Debug, Default)]
pub(crate) struct File {
    pub(crate) imports: Vec<Import>,
    pub(crate) networks: Vec<Network>,
    /// Identifiers in syntax errors: names that may be declared there.
    pub(crate) broken: Vec<String>,
    /// Whether an import has a syntax error: unknown networks may be imported there.
    pub(crate) hides_imports: bool,
}

/// A name at its place.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// `use std::SynNet;` or `use "file.snn"::Name;`.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    pub(crate) from: Module,
    pub(crate) name: Name,
}

/// The module that an import names.
#[derive(Clone, Debug)]
pub(crate) enum Module {
    /// A word, of which only `std` means something.
    Symbol(Name),
    /// The path of a file.
    Path(Name),
}

/// `network Name(parameters) { ... }` or `network Name = Other(...);`.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub(crate) name: Name,
    pub(crate) docs: Vec<String>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Body,
    /// From `network` to the end of its head.
    pub(crate) head: Span,
    /// From `network` to its end.
    pub(crate) whole: Span,
}

/// The body of a network.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Block(Vec<Statement>),
    Alias(Call),
}

/// A parameter of a network, with its default.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: Name,
    pub(crate) default: Option<Expr>,
}

/// A statement of a network.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) kind: StatementKind,
    pub(crate) docs: Vec<String>,
    pub(crate) span: Span,
}

/// The kinds of statements.
#[derive(Clone, Debug)]
pub(crate) enum StatementKind {
    Dt(Expr),
    Input {
        name: Name,
        channels: Expr,
    },
    Output {
        layer: Reference,
        quantity: Option<Name>,
    },
    Let {
        name: Name,
        value: Expr,
    },
    Neuron {
        name: Name,
        base: Name,
        fields: Vec<Field>,
    },
    Layer {
        name: Reference,
        neuron: Name,
        size: Expr,
        fields: Vec<Field>,
    },
    Net {
        name: Reference,
        call: Call,
    },
    For {
        name: Name,
        range: Expr,
        body: Vec<Statement>,
    },
    If {
        arms: Vec<(Expr, Vec<Statement>)>,
        otherwise: Vec<Statement>,
    },
    Assert {
        condition: Expr,
        message: String,
    },
    Chain(Vec<Vec<Element>>),
    /// A statement with a syntax error, which has been reported.
    Invalid {
        /// The keyword that it probably starts with.
        keyword: Option<Keyword>,
        /// The name that it certainly declares, if it is a declaration.
        name: Option<String>,
        /// Its identifiers: what it may declare or use.
        words: Vec<String>,
    },
}

/// The name of a layer, an instance or an input: `h0` or `h[i]`.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) name: Name,
    pub(crate) index: Option<Box<Expr>>,
    pub(crate) span: Span,
}

/// A link of a chain: a reference, or an operator such as `linear { ... }` or `dropout(p)`.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    pub(crate) reference: Reference,
    pub(crate) arguments: Option<Vec<Argument>>,
    pub(crate) fields: Option<Vec<Field>>,
    pub(crate) span: Span,
}

/// `name: value` within braces.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: Name,
    pub(crate) value: Expr,
}

/// `name(arguments)`.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: Name,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) span: Span,
}

/// An argument, with its name if it has one.
#[derive(Clone, Debug)]
pub(crate) struct Argument {
    pub(crate) name: Option<Name>,
    pub(crate) value: Expr,
}

/// An expression.
#[derive(Clone, Debug)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) span: Span,
    /// Height of the tree, limited so that no walk over it exhausts the stack.
    pub(crate) height: u32,
}

/// The kinds of expressions.
#[derive(Clone, Debug)]
pub(crate) enum ExprKind {
    /// An expression with a syntax error, which has been reported.
    Invalid,
    Number {
        value: f64,
        unit: Option<Name>,
    },
    Bool(bool),
    None,
    Name(String),
    Call {
        name: Name,
        arguments: Vec<Argument>,
    },
    List(Vec<Expr>),
    Comprehension {
        value: Box<Expr>,
        name: Name,
        range: Box<Expr>,
    },
    Index {
        list: Box<Expr>,
        index: Box<Expr>,
    },
    Unary {
        operator: Unary,
        operand: Box<Expr>,
    },
    Binary {
        operator: Binary,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    If {
        arms: Vec<(Expr, Expr)>,
        otherwise: Box<Expr>,
    },
    Learn(Box<Expr>),
}

/// Operators before an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unary {
    Negate,
    Not,
}

impl Unary {
    const ALL: [Self; 2] = [Self::Negate, Self::Not];

    /// Returns the characters of the token.
    pub(crate) const fn token(self) -> &'static str {
        match self {
            Self::Negate => "-",
            Self::Not => "!",
        }
    }

    /// Returns the operator of a token of the grammar.
    pub(crate) fn of(token: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.token() == token)
    }
}

/// Operators between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Range,
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Binary {
    const ALL: [Self; 14] = [
        Self::Range,
        Self::Or,
        Self::And,
        Self::Equal,
        Self::Unequal,
        Self::Less,
        Self::LessEqual,
        Self::Greater,
        Self::GreaterEqual,
        Self::Add,
        Self::Subtract,
        Self::Multiply,
        Self::Divide,
        Self::Remainder,
    ];

    /// Returns the characters of the token.
    pub(crate) const fn token(self) -> &'static str {
        match self {
            Self::Range => "..",
            Self::Or => "||",
            Self::And => "&&",
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }

    /// Returns the operator of a token of the grammar.
    pub(crate) fn of(token: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.token() == token)
    }

    /// Returns how tightly it binds, from 0 for the loosest. Operators of one level associate to the left.
    pub(crate) fn level(self) -> u8 {
        match self {
            Self::Range => 0,
            Self::Or => 1,
            Self::And => 2,
            Self::Equal | Self::Unequal => 3,
            Self::Less | Self::LessEqual | Self::Greater | Self::GreaterEqual => 3,
            Self::Add | Self::Subtract => 4,
            Self::Multiply | Self::Divide | Self::Remainder => 5,
        }
    }
}
