//! Says which processors lack a product of 32-bit numbers with a 64-bit result: rustc does not tell the source.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(no_long_multiplication)");
    let target = std::env::var("TARGET").unwrap_or_default();
    // Armv6-M and the baseline of Armv8-M.
    if ["thumbv6m", "thumbv8m.base"].iter().any(|processor| target.starts_with(processor)) {
        println!("cargo::rustc-cfg=no_long_multiplication");
    }
}
