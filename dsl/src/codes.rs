//! The rules of the language. The long forms that `snnc explain` prints are in `codes/`, one file each.
//!
//! `E01..` syntax, `E02..` names, `E03..` values and units, `E04..` structure; `W` warnings, numbered alike. Rules
//! that every graph keeps, wherever it comes from, are in [`synnet_ir::codes`](mod@synnet_ir::codes).

pub(crate) use synnet_ir::codes::{DUPLICATE_NAME, LENGTH, OUTPUT, RANGE, TIME_STEP, TOO_LARGE, WIDTH};

macro_rules! codes_with_explanations {
    ($($name:ident = $id:literal, $title:literal;)*) => {
        synnet_ir::codes! { $($name = $id, $title, include_str!(concat!("codes/", $id, ".md"));)* }
    };
}

codes_with_explanations! {
    SYNTAX = "E0101", "the text is not written as the language asks";
    FORGOTTEN = "E0102", "a `;` or `}` is missing";
    TOO_DEEP = "E0103", "an expression or a nesting of brackets is too deep";
    TEXT_TOO_LONG = "E0104", "the text is too long";
    OPEN_TEXT = "E0105", "a text in quotes does not end";
    OPEN_COMMENT = "E0106", "a comment does not end";
    UNKNOWN_NAME = "E0201", "a name that nothing has";
    IMPORT = "E0203", "an import that leads nowhere";
    UNKNOWN_FIELD = "E0204", "a field, option or parameter that does not exist";
    MISSING_ARGUMENT = "E0205", "a parameter without a value";
    WHICH_NETWORK = "E0206", "it is not clear which network is meant";
    UNIT = "E0301", "a unit is missing or does not fit";
    TYPE = "E0302", "a value of the wrong kind";
    ARITHMETIC = "E0304", "a calculation without a result";
    INDEX = "E0306", "an index outside its list";
    UNKNOWN_UNIT = "E0307", "a unit that does not exist";
    ARGUMENTS = "E0308", "the wrong arguments";
    MISSING_FIELD = "E0309", "a field that a neuron needs is missing";
    CONFLICT = "E0310", "something is given twice";
    LEARN = "E0311", "`learn` where nothing can be learned";
    TIME_CONSTANT = "E0312", "a time constant that does not fit the time step";
    ASSERTION = "E0313", "a network's own requirement is not met";
    INPUT = "E0402", "a network has exactly one input";
    CHAIN = "E0406", "a chain of connections in the wrong order";
    INSTANCE = "E0407", "an instance is connected in a way that it cannot be";
    RECURSION = "E0408", "a network that contains itself";
    UNUSED = "W0201", "something is declared and never used";
}
