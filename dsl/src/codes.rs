//! The rules of the language. The explanations that `snnc explain` prints are in `codes/`, one file each.
//!
//! `E01..` syntax, `E02..` names, `E03..` values and units, `E04..` structure; `W` warnings, numbered alike. The
//! rules of all graphs, wherever they come from, are in [`synnet_ir::codes`](mod@synnet_ir::codes).

pub(crate) use synnet_ir::codes::{DUPLICATE_NAME, LENGTH, OUTPUT, RANGE, TIME_STEP, TOO_LARGE, WIDTH};

synnet_ir::codes! {
    SYNTAX = "E0101", "a syntax error";
    MISSING_DELIMITER = "E0102", "a missing `;` or bracket";
    NESTING_TOO_DEEP = "E0103", "brackets or an expression nest too deep";
    SOURCE_TOO_LONG = "E0104", "the source is too long";
    UNTERMINATED_STRING = "E0105", "an unterminated string literal";
    UNTERMINATED_COMMENT = "E0106", "an unterminated block comment";
    UNKNOWN_NAME = "E0201", "an unknown name";
    IMPORT = "E0203", "an import that cannot be resolved";
    UNKNOWN_FIELD = "E0204", "an unknown field, option or parameter";
    MISSING_ARGUMENT = "E0205", "a missing argument";
    AMBIGUOUS_NETWORK = "E0206", "an ambiguous or missing network";
    UNIT = "E0301", "a missing or wrong unit";
    TYPE = "E0302", "a value of the wrong type";
    ARITHMETIC = "E0304", "a calculation without a result";
    INDEX = "E0306", "an index out of range";
    UNKNOWN_UNIT = "E0307", "an unknown unit";
    ARGUMENTS = "E0308", "wrong arguments";
    MISSING_FIELD = "E0309", "a missing field of a neuron";
    DUPLICATE_SETTING = "E0310", "a field, option or argument that is set twice";
    LEARN = "E0311", "`learn` in the wrong place";
    TIME_CONSTANT = "E0312", "a time constant that is too short for the time step";
    ASSERTION = "E0313", "a requirement that is not met";
    INPUT = "E0402", "a missing, second or misused input";
    CHAIN = "E0406", "a chain of connections in the wrong order";
    INSTANCE = "E0407", "a wrong connection of an instance";
    RECURSION = "E0408", "a network that contains itself";
    UNUSED = "W0201", "an unused declaration";
    SHADOWED = "W0202", "a name that hides another";
    BACKWARD_RANGE = "W0302", "a range that ends before it starts";
}
