//! The script that hands a specification to Rockpool, and through it to a board.

use crate::chip::Chip;

/// A short Python script that reads the specification file `file` (a name beside the script) and builds the chip's
/// configuration and Rockpool's simulator from it. The same arguments give the same text.
pub fn loader(network: &str, file: &str, chip: &Chip) -> String {
    TEMPLATE
        .replace("@NETWORK@", &literal(network))
        .replace("@FILE@", &literal(file))
        .replace("@CHIP@", &chip.title)
        .replace("@PART@", &chip.part)
        .replace("@PACKAGE@", chip.rockpool.as_deref().unwrap_or_default())
}

/// Text within a Python string or comment.
fn literal(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(plain).collect::<String>().replace('\\', "\\\\").replace('"', "\\\"")
}

const TEMPLATE: &str = include_str!("loader.py");
