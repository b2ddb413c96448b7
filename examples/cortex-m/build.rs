//! Links what starts the program: on a developer's machine the C library, which the compiler omits for programs without
//! the standard library; on a microcontroller the code at the places of `link.ld`.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=link.ld");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "none") {
        let folder = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
        println!("cargo::rustc-link-arg-bins=-T{folder}/link.ld");
    } else {
        println!("cargo::rustc-link-arg-bins=-lc");
    }
}
