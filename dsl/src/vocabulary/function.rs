//! Functions.

use crate::names::names;

names! {
    /// A function of the language.
    Function {
        /// The square root of a number that is at least 0 and has an even power of time.
        Sqrt = "sqrt",
        /// The exponential of a bare number.
        Exp = "exp",
        /// The natural logarithm of a positive bare number.
        Ln = "ln",
        /// The logarithm to base 2 of a positive bare number.
        Log2 = "log2",
        /// The absolute value, in the same unit.
        Abs = "abs",
        /// The largest whole number that is not above a bare number.
        Floor = "floor",
        /// The smallest whole number that is not below a bare number.
        Ceil = "ceil",
        /// The nearest whole number; halves go to the even one.
        Round = "round",
        /// The smallest of the arguments, or of one list.
        Min = "min",
        /// The largest of the arguments, or of one list.
        Max = "max",
        /// The number of elements of a list or range.
        Len = "len",
        /// The sum of the arguments, or of one list.
        Sum = "sum",
        /// Whether a value is a list.
        IsList = "is_list",
        /// The list, over and over, for as many elements as are needed.
        Repeat = "repeat",
        /// Time constants `(base / dt)^j * dt` for `j` from 1 to `k`, over and over; `base` is longer than `dt`.
        Geometric = "geometric",
        /// The nearest time constant that a whole bit shift can express.
        Quantized = "quantized",
        /// Initial values drawn evenly between two bounds.
        Uniform = "uniform",
        /// Initial values from a normal distribution.
        Normal = "normal",
        /// The same initial value everywhere.
        Constant = "constant",
    }
}

/// The arguments of a [`Function`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Names of the parameters; arguments are given by position.
    pub parameters: &'static [&'static str],
    /// Whether any number of arguments is taken, none included.
    pub is_variadic: bool,
    /// The arguments in words that complete "takes ...".
    pub(crate) takes: &'static str,
}

impl Signature {
    const fn new(parameters: &'static [&'static str], takes: &'static str) -> Self {
        Self { parameters, is_variadic: false, takes }
    }

    /// Whether a call with `count` arguments has as many as the function takes.
    pub const fn accepts(&self, count: usize) -> bool {
        self.is_variadic || self.parameters.len() == count
    }
}

impl Function {
    /// Returns the arguments that the function takes.
    pub const fn signature(self) -> Signature {
        match self {
            Self::Sqrt | Self::Exp | Self::Ln | Self::Log2 | Self::Abs => {
                Signature::new(&["x"], "one argument")
            }
            Self::Floor | Self::Ceil | Self::Round | Self::IsList => Signature::new(&["x"], "one argument"),
            Self::Len | Self::Repeat => Signature::new(&["list"], "one argument"),
            Self::Quantized => Signature::new(&["tau"], "one argument"),
            Self::Min | Self::Max | Self::Sum => {
                Signature { parameters: &["a"], is_variadic: true, takes: "any number of arguments" }
            }
            Self::Geometric => Signature::new(&["base", "k"], "a time and a number: `geometric(2 ms, 8)`"),
            Self::Uniform => Signature::new(&["low", "high"], "two numbers"),
            Self::Normal => Signature::new(&["mean", "std"], "two numbers"),
            Self::Constant => Signature::new(&["x"], "one number"),
        }
    }
}
