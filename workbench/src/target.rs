//! What a network can be built for.

use synnet_xylo::Chip;

use crate::chips;
use crate::error::Error;

/// A back end.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// An f32 module in Rust.
    Rust,
    /// A module in Rust that computes in integers, as the chips do.
    RustInt,
    /// The configuration of a chip.
    Chip(&'static Chip),
}

impl Target {
    /// The target that was named, or else the chip that the user described.
    ///
    /// # Errors
    /// If the user described several chips and named none.
    pub fn or_chosen(named: Option<&Self>) -> Result<Option<Self>, Error> {
        match named {
            Some(named) => Ok(Some(named.clone())),
            None => Ok(chips::chosen()?.map(Self::Chip)),
        }
    }

    /// Its name on the command line and in recipes.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::RustInt => "rust-int",
            Self::Chip(chip) => &chip.name,
        }
    }
}

impl std::str::FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "rust" => Ok(Self::Rust),
            "rust-int" => Ok(Self::RustInt),
            _ => chips::find(text)
                .map(Self::Chip)
                .ok_or_else(|| chips::unknown(text, "target", &["rust", "rust-int"])),
        }
    }
}
