//! The rules of recipes and chip descriptions. The explanations that `snnc explain` prints are in `codes/`, one file
//! each.
//!
//! `R01..`: YAML, `R02..`: keys and types, `R03..`: values.

synnet_ir::codes! {
    SYNTAX = "R0101", "invalid YAML";
    TAB = "R0102", "a tab in the indentation";
    DUPLICATE_KEY = "R0103", "a duplicate key";
    UNSUPPORTED_YAML = "R0104", "a feature of YAML that recipes do not use";
    UNKNOWN_KEY = "R0201", "an unknown key";
    MISSING_KEY = "R0202", "a missing key";
    TYPE = "R0203", "a value of the wrong type";
    UNKNOWN_NAME = "R0204", "an unknown name";
    RANGE = "R0301", "a value out of range";
    CONFLICT = "R0302", "keys that contradict each other or have no effect";
    DUPLICATE_VALUE = "R0303", "a duplicate or taken value";
    NETWORK_MISMATCH = "R0304", "a recipe that does not fit its network";
    FILE = "R0305", "a file that cannot be used";
    NO_SAMPLE = "R0401", "a value that no sample has";
    UNUSABLE_SAMPLE = "R0402", "samples that cannot be used";
}
