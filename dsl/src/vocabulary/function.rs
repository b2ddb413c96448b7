//! Functions.

use crate::names::names;

names! {
    /// A function of the language.
    Function {
        /// The square root of a number that is at least 0 and has an even power of time.
        Sqrt = "sqrt",
        /// The exponential of a number without a unit.
        Exp = "exp",
        /// The natural logarithm of a positive number without a unit.
        Ln = "ln",
        /// The logarithm to base 2 of a positive number without a unit.
        Log2 = "log2",
        /// The absolute value, in the same unit.
        Abs = "abs",
        /// The largest integer that is not above a number without a unit.
        Floor = "floor",
        /// The smallest integer that is not below a number without a unit.
        Ceil = "ceil",
        /// The nearest integer; halves go to the even one.
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
        /// The list, repeated for as many elements as needed.
        Repeat = "repeat",
        /// Time constants `(base / dt)^j * dt` for `j` from 1 to `k`, repeated; `base` must be longer than `dt`.
        Geometric = "geometric",
        /// The nearest time constant that an integer bit shift expresses.
        Quantized = "quantized",
        /// Initial values drawn uniformly between two bounds.
        Uniform = "uniform",
        /// Initial values from a normal distribution.
        Normal = "normal",
        /// The same initial value everywhere.
        Constant = "constant",
    }
}

/// The parameters of a [`Function`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Names of the parameters, for documentation; arguments are positional.
    pub parameters: &'static [&'static str],
    /// Whether the function takes any number of arguments, none included.
    pub is_variadic: bool,
}

impl Signature {
    const fn new(parameters: &'static [&'static str]) -> Self {
        Self { parameters, is_variadic: false }
    }

    /// Returns whether the function accepts `count` arguments.
    pub const fn accepts(&self, count: usize) -> bool {
        self.is_variadic || self.parameters.len() == count
    }

    /// Returns the number of arguments in words, to complete "takes ...".
    pub(crate) fn takes(&self) -> String {
        match self.parameters.len() {
            _ if self.is_variadic => "any number of arguments".to_owned(),
            1 => "1 argument".to_owned(),
            count => format!("{count} arguments"),
        }
    }
}

impl Function {
    /// Returns the parameters of the function.
    pub const fn signature(self) -> Signature {
        match self {
            Self::Sqrt | Self::Exp | Self::Ln | Self::Log2 | Self::Abs => Signature::new(&["x"]),
            Self::Floor | Self::Ceil | Self::Round | Self::IsList => Signature::new(&["x"]),
            Self::Len | Self::Repeat => Signature::new(&["list"]),
            Self::Quantized => Signature::new(&["tau"]),
            Self::Min | Self::Max | Self::Sum => Signature { parameters: &["a"], is_variadic: true },
            Self::Geometric => Signature::new(&["base", "k"]),
            Self::Uniform => Signature::new(&["low", "high"]),
            Self::Normal => Signature::new(&["mean", "std"]),
            Self::Constant => Signature::new(&["x"]),
        }
    }
}
