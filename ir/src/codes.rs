//! The rules of graphs, engines and weights. The explanations that `snnc explain` prints are in `codes/`, one file
//! each.
//!
//! `E02..`: names, `E03..`: values and units, `E04..`: structure, `E05..`: engines, `E06..`: weights; `W`:
//! warnings, with the same numbers. The language adds its own (`synnet_dsl::codes`).

crate::codes! {
    DUPLICATE_NAME = "E0202", "a name that is declared twice or taken";
    RANGE = "E0303", "a value out of range";
    LENGTH = "E0305", "a list of the wrong length";
    TIME_STEP = "E0401", "a missing, second or different time step";
    OUTPUT = "E0403", "a missing, second or impossible output";
    WIDTH = "E0404", "a connection between different sizes";
    DUPLICATE_CONNECTION = "E0405", "a connection that is declared twice";
    TOO_LARGE = "E0409", "the network is too large";
    GRAPH_FILE = "E0410", "an invalid graph";
    MORE_ERRORS = "E0411", "more errors than are listed";
    UNSUPPORTED_FEATURE = "E0501", "a feature that the engine or target does not support";
    MISSING_TENSOR = "E0601", "a missing tensor";
    UNKNOWN_TENSOR = "E0602", "an unknown tensor";
    TENSOR_SHAPE = "E0603", "a tensor of the wrong shape";
    TENSOR_NOT_FINITE = "E0604", "a tensor with NaN or infinity";
    TENSOR_RANGE = "E0605", "a tensor with a value out of range";
    OTHER_NETWORK = "E0606", "weights trained for a different network";
    SHORT_TIME_CONSTANT = "W0301", "a time constant shorter than the time step";
    NO_INPUT = "W0401", "a layer without incoming connections";
    NO_EFFECT = "W0402", "a layer or input without a path to the output";
    MORE_WARNINGS = "W0403", "more warnings than are listed";
    REPLACED_CONSTANT = "W0601", "a constant overridden by the weights";
    SHORT_NUMBERS = "W0602", "weights of 16 bits";
}
