//! What users read: networks as text, and the findings beside their lines.

use std::path::Path;

use synnet_dsl::{CompileOptions, NoImports, compile};
use synnet_ir::{Sources, render};
use synnet_xylo::{chip::Chip, rules};

/// Each network of `diagnostics/` names its chip in the first line: `// on xylo-audio3`.
#[test]
fn diagnostics_point_at_the_offending_spans() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    for path in entries {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let chip = text.lines().next().and_then(|line| line.strip_prefix("// on ")).and_then(Chip::find);
        let mut sources = Sources::new();
        let root = sources.add(format!("{name}.snn"), text.clone());
        let compiled = compile(&mut sources, root, &CompileOptions::default(), &mut NoImports);
        let graph = compiled.graph.unwrap_or_else(|| panic!("{name}: {:?}", compiled.diagnostics));
        let found = rules::check(&graph, chip.unwrap());
        insta::assert_snapshot!(name.as_str(), render(&found, &sources, false));
    }
}
