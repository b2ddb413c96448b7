//! Every rule from both sides: a network that breaks it, and its nearest correct neighbor.

use std::path::{Path, PathBuf};

use synnet_dsl::{CompileOptions, NoImports, compile};
use synnet_ir::{Diagnostics, Sources};
use synnet_xylo::chip::Chip;
use synnet_xylo::{codes, rules};

/// Codes that no graph breaks: of specifications (`rules.rs`), of quantized weights (`quantize.rs`, `rockpool.rs`), and
/// of the built arrays (`target.rs`).
const NOT_OF_GRAPHS: [&str; 8] = ["X0109", "X0110", "X0401", "X0402", "X0403", "X0404", "X0405", "X0406"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/codes")
}

fn findings(text: &str, chip: &Chip) -> Diagnostics {
    let mut sources = Sources::new();
    let root = sources.add("net.snn", text);
    let compiled = compile(&mut sources, root, &CompileOptions::default(), &mut NoImports);
    let graph = compiled.graph.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics));
    rules::check(&graph, chip)
}

/// Each file has the name of the code that its network breaks. It opens with `// on CHIP` and `// fix: OLD => NEW`, a
/// replacement after which the chip finds nothing.
#[test]
fn each_network_breaks_the_rule_of_its_name_alone() {
    for code in codes::CODES.iter().filter(|code| !NOT_OF_GRAPHS.contains(&code.id)) {
        let path = folder().join(format!("{}.snn", code.id));
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut lines = text.lines();
        let mut setting =
            |prefix| lines.next().and_then(|line| line.strip_prefix(prefix)).expect("a setting");
        let chip = Chip::find(setting("// on ")).expect("it is supported");
        let (old, new) = setting("// fix: ").split_once(" => ").expect("a replacement");
        let network: String = lines.map(|line| format!("{line}\n")).collect();
        assert_eq!(network.matches(old).count(), 1, "{}: `{old}`", code.id);

        let found = findings(&network, chip);
        assert!(!found.is_empty(), "{}: nothing is found", code.id);
        assert!(found.iter().all(|finding| finding.code.id == code.id), "{}: {found:#?}", code.id);
        let left = findings(&network.replace(old, new), chip);
        assert!(left.is_empty(), "{}, mended: {left:#?}", code.id);
    }
}

#[test]
fn every_file_is_of_a_code() {
    for entry in std::fs::read_dir(folder()).expect("the folder is readable") {
        let path = entry.expect("as is its entry").path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        assert!(codes::CODES.iter().any(|code| code.id == stem), "{}: there is no such code", path.display());
    }
}
