//! The files in `src` are what `grammar.js` generates.

use std::fs;
use std::path::Path;

use tree_sitter_generate::{OptLevel, generate_parser_in_directory};

use crate::updates;

/// Version of the format of parsers. Neovim 0.7 reads it, and so do Helix and Zed.
const ABI_VERSION: usize = 14;

const FILES: [&str; 4] = ["grammar.json", "node-types.json", "parser.c", "tree_sitter/parser.h"];

#[test]
fn the_parser_is_generated_from_the_grammar() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated");
    fs::create_dir_all(&folder).expect("a folder for the parser");
    let mut diagnostics = Vec::new();
    generate_parser_in_directory(
        package,
        Some(&folder),
        Some(package.join("grammar.js")),
        ABI_VERSION,
        None,
        Some("native"),
        true,
        OptLevel::default(),
        &mut diagnostics,
    )
    .expect("the grammar has no conflicts");
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    for file in FILES {
        let generated = fs::read_to_string(folder.join(file)).expect("a generated file");
        let path = package.join("src").join(file);
        if updates() {
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(&path, &generated).expect("a file that can be written");
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == generated, "src/{file} is out of date: SYNNET_UPDATE=1 writes it");
    }
}
