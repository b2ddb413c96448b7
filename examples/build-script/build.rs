//! Compiles the network to `OUT_DIR/sweep.rs`.

fn main() -> Result<(), synnet_build::Error> {
    synnet_build::Config::new().weights("nets/sweep.safetensors").compile("nets/sweep.snn")
}
