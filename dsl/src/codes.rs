//! Every rule of the language and its inputs. The long forms that `snnc explain` prints stand in
//! `codes/`, one file each.
//!
//! `E01..` syntax, `E02..` names, `E03..` values and units, `E04..` structure, `E05..` engines,
//! `E06..` weights; `W` warnings, numbered alike.

macro_rules! codes_with_files {
    ($($name:ident = $id:literal, $title:literal;)*) => {
        crate::codes! { $($name = $id, $title, include_str!(concat!("codes/", $id, ".md"));)* }
    };
}

codes_with_files! {
    SYNTAX = "E0101", "the text is not written as the language asks";
    FORGOTTEN = "E0102", "a `;` or `}` is missing";
    TOO_DEEP = "E0103", "an expression or a nesting of brackets is too deep";
    TEXT_TOO_LONG = "E0104", "the text is too long";
    OPEN_TEXT = "E0105", "a text in quotes does not end";
    OPEN_COMMENT = "E0106", "a comment does not end";
    UNKNOWN_NAME = "E0201", "a name that nothing has";
    DUPLICATE_NAME = "E0202", "a name that is given twice";
    IMPORT = "E0203", "an import that leads nowhere";
    UNKNOWN_FIELD = "E0204", "a field, option or parameter that does not exist";
    MISSING_ARGUMENT = "E0205", "a parameter without a value";
    WHICH_NETWORK = "E0206", "it is not clear which network is meant";
    UNIT = "E0301", "a unit is missing or does not fit";
    TYPE = "E0302", "a value of the wrong kind";
    RANGE = "E0303", "a value outside its range";
    ARITHMETIC = "E0304", "a calculation without a result";
    LENGTH = "E0305", "a list of the wrong length";
    INDEX = "E0306", "an index outside its list";
    UNKNOWN_UNIT = "E0307", "a unit that does not exist";
    ARGUMENTS = "E0308", "the wrong arguments";
    MISSING_FIELD = "E0309", "a field that a neuron needs is missing";
    CONFLICT = "E0310", "something is given twice";
    LEARN = "E0311", "`learn` where nothing can be learnt";
    TIME_CONSTANT = "E0312", "a time constant that does not fit the time step";
    ASSERTION = "E0313", "a network's own requirement is not met";
    STEP = "E0401", "the time step is missing, given twice or not the same everywhere";
    INPUT = "E0402", "a network has exactly one input";
    OUTPUT = "E0403", "a network has exactly one output, which its layer must have";
    WIDTH = "E0404", "the ends of a connection have different widths";
    DUPLICATE_CONNECTION = "E0405", "two connections between the same ends";
    CHAIN = "E0406", "a chain of connections in the wrong order";
    INSTANCE = "E0407", "an instance is connected in a way that it cannot be";
    RECURSION = "E0408", "a network that contains itself";
    TOO_LARGE = "E0409", "the network is too large";
    GRAPH_FILE = "E0410", "a file that is no graph";
    UNSUPPORTED_FEATURE = "E0501", "the engine or target cannot do what the network asks";
    MISSING_TENSOR = "E0601", "a tensor is missing from the weights";
    UNKNOWN_TENSOR = "E0602", "the weights hold a tensor that the network does not have";
    TENSOR_SHAPE = "E0603", "a tensor has the wrong shape";
    TENSOR_NOT_FINITE = "E0604", "a tensor holds NaN or infinity";
    TENSOR_RANGE = "E0605", "a tensor holds a value that its parameter cannot take";
    UNUSED = "W0201", "something is declared and never used";
    SHORT_TIME_CONSTANT = "W0301", "a time constant is shorter than the time step";
    NO_INPUT = "W0401", "a layer receives nothing";
    NO_EFFECT = "W0402", "a layer or the input does not reach the output";
}
