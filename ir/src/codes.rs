//! The rules that graphs, engines and weights keep. The long forms that `snnc explain` prints are in
//! `codes/`, one file each.
//!
//! `E02..` names, `E03..` values and units, `E04..` structure, `E05..` engines, `E06..` weights; `W` warnings,
//! numbered alike. The language adds its own (`synnet_dsl::codes`).

macro_rules! codes_with_explanations {
    ($($name:ident = $id:literal, $title:literal;)*) => {
        crate::codes! { $($name = $id, $title, include_str!(concat!("codes/", $id, ".md"));)* }
    };
}

codes_with_explanations! {
    DUPLICATE_NAME = "E0202", "a name that is given twice";
    RANGE = "E0303", "a value outside its range";
    LENGTH = "E0305", "a list of the wrong length";
    TIME_STEP = "E0401", "the time step is missing, given twice or not the same everywhere";
    OUTPUT = "E0403", "a network has exactly one output, which its layer must have";
    WIDTH = "E0404", "the ends of a connection have different widths";
    DUPLICATE_CONNECTION = "E0405", "two connections between the same ends";
    TOO_LARGE = "E0409", "the network is too large";
    GRAPH_FILE = "E0410", "a file that is no graph";
    UNSUPPORTED_FEATURE = "E0501", "the engine or target cannot do what the network asks";
    MISSING_TENSOR = "E0601", "a tensor is missing from the weights";
    UNKNOWN_TENSOR = "E0602", "the weights hold a tensor that the network does not have";
    TENSOR_SHAPE = "E0603", "a tensor has the wrong shape";
    TENSOR_NOT_FINITE = "E0604", "a tensor holds NaN or infinity";
    TENSOR_RANGE = "E0605", "a tensor holds a value that its parameter cannot take";
    SHORT_TIME_CONSTANT = "W0301", "a time constant is shorter than the time step";
    NO_INPUT = "W0401", "a layer receives nothing";
    NO_EFFECT = "W0402", "a layer or the input does not reach the output";
}
