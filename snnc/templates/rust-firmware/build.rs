//! Compiles the network and its weights to `OUT_DIR/presses.rs`, in integers.

use synnet_build::{Config, Numbers};

fn main() -> Result<(), synnet_build::Error> {
    Config::new().weights("nets/presses.safetensors").numbers(Numbers::Integer).compile("nets/presses.snn")
}
