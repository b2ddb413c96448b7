//! Properties of reading: no input makes it panic, and valid files read as `serde_yaml` reads them.

use proptest::prelude::*;
use synnet_ir::{Diagnostics, SourceId, Sources};

use super::scalar::Resolved;
use super::{Node, Value, parse, read};
use crate::recipe::Recipe;
use crate::{ChipCatalog, codes};

fn parsed(text: &str) -> (Option<Node>, Diagnostics) {
    let mut sources = Sources::new();
    let id = sources.add("file.yaml", text);
    parse(&sources, id, 0)
}

/// Converts a tree to a value of `serde_yaml`.
fn to_value(node: &Node) -> serde_yaml::Value {
    match &node.value {
        Value::Sequence(items) => items.iter().map(to_value).collect::<Vec<_>>().into(),
        Value::Mapping(entries) => {
            let mapping: serde_yaml::Mapping =
                entries.iter().map(|entry| (entry.key.clone().into(), to_value(&entry.value))).collect();
            mapping.into()
        }
        Value::Scalar(scalar) => match scalar.resolve() {
            Resolved::Null => serde_yaml::Value::Null,
            Resolved::Bool(value) => value.into(),
            Resolved::Unsigned(value) => value.into(),
            Resolved::Signed(value) => value.into(),
            Resolved::Float(value) => value.into(),
            Resolved::Text(text) => text.into(),
        },
    }
}

/// Returns the locations of all values and keys.
fn spans(node: &Node) -> Vec<(synnet_ir::Span, Option<String>)> {
    let text = match &node.value {
        Value::Scalar(scalar) if !scalar.is_quoted => Some(scalar.text.clone()),
        _ => None,
    };
    let mut all = vec![(node.span, text)];
    match &node.value {
        Value::Sequence(items) => items.iter().for_each(|item| all.extend(spans(item))),
        Value::Mapping(entries) => entries.iter().for_each(|entry| {
            all.push((entry.key_span, None));
            all.extend(spans(&entry.value));
        }),
        Value::Scalar(_) => {}
    }
    all
}

/// Every recipe and chip description of the repository.
fn files() -> Vec<(std::path::PathBuf, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for folder in ["examples/digits", "examples/streaming", "examples/macro", "targets/xylo/chips", "tests"] {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else { continue };
        let paths = entries.map(|entry| entry.unwrap().path());
        for path in paths.filter(|path| path.extension().is_some_and(|e| e == "yaml")) {
            files.push((path.clone(), std::fs::read_to_string(path).unwrap()));
        }
    }
    assert!(files.len() > 5, "{files:?}");
    files
}

#[test]
fn files_have_the_values_of_serde_yaml_at_their_places() {
    for (path, text) in files() {
        for text in [text.clone(), text.replace('\n', "\r\n"), format!("\u{feff}{text}")] {
            let (node, diagnostics) = parsed(&text);
            assert!(diagnostics.is_empty(), "{}: {diagnostics}", path.display());
            let node = node.unwrap();
            let expected: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
            assert_eq!(to_value(&node), expected, "{}", path.display());
            for (span, content) in spans(&node) {
                let found = &text[span.start as usize..span.end as usize];
                // Plain text over several lines is folded, and a missing value has the location of its key.
                let is_plain = |content: &String| !content.contains(' ') && !content.is_empty();
                if let Some(content) = content.filter(is_plain) {
                    assert_eq!(found, content, "{}", path.display());
                }
            }
        }
    }
}

#[test]
fn recipes_read_as_serde_yaml_reads_them() {
    for (path, text) in files() {
        let Ok(expected) = serde_yaml::from_str::<Recipe>(&text) else { continue };
        let (node, _) = parsed(&text);
        let reading = read::<Recipe>(&node.unwrap(), &[], "recipe");
        assert!(reading.diagnostics.is_empty(), "{}: {}", path.display(), reading.diagnostics);
        assert_eq!(format!("{:?}", reading.value.unwrap()), format!("{expected:?}"), "{}", path.display());
    }
}

#[test]
fn anchors_repeat_values_within_limits() {
    let (node, diagnostics) = parsed("a: &x {b: 1}\nc: *x\nd: &y text\ne: [*y, *y]\n");
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let expected: serde_yaml::Value =
        serde_yaml::from_str("{a: {b: 1}, c: {b: 1}, d: text, e: [text, text]}").unwrap();
    assert_eq!(to_value(&node.unwrap()), expected);
    // Each line repeats the one before ten times.
    let lines = (1..30).map(|i| format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 10].join(", ")));
    let bomb = format!("a0: &a0 x\n{}", lines.collect::<String>());
    let (node, diagnostics) = parsed(&bomb);
    assert!(node.is_none() && diagnostics[0].code == &codes::UNSUPPORTED_YAML, "{diagnostics}");
    for deep in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000), "? ".repeat(10_000)] {
        let (node, diagnostics) = parsed(&deep);
        assert!(node.is_none() && diagnostics.has_errors(), "{}", &deep[..20]);
    }
}

/// Fragments that mean something in YAML and in recipes.
fn fragment() -> impl Strategy<Value = String> {
    let words = [
        "network",
        "data",
        "training",
        "loss",
        "kind",
        "mse",
        "steps",
        "build",
        "quantize",
        "aware",
        ": ",
        ":",
        "- ",
        "\n",
        "\n  ",
        "\r\n",
        "\t",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "'",
        "\"",
        "#",
        " # ",
        "&a ",
        "*a",
        "!t ",
        "<<",
        "? ",
        "|",
        ">-",
        "---",
        "...",
        "%",
        "@",
        "1",
        "-1",
        "0x1f",
        "1.5",
        ".nan",
        "true",
        "~",
        "null",
        "\u{feff}",
        "\u{e9}",
        "\u{1f9e0}",
        "\\",
        "\u{0}",
        "\u{85}",
        "\u{2028}",
    ];
    prop::sample::select(words.to_vec()).prop_map(str::to_owned)
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(parts in prop::collection::vec(fragment(), 0..60)) {
        let text = parts.concat();
        let recipe = Recipe::parse(text.clone(), std::path::Path::new("r.yaml"), &[], &ChipCatalog::default());
        if let Err(error) = recipe {
            prop_assert!(!error.to_string().is_empty());
        }
        let _ = ChipCatalog::default().add("c.yaml", text);
    }

    #[test]
    fn no_characters_make_the_reader_panic(text in any::<String>()) {
        let (node, diagnostics) = parsed(&text);
        prop_assert!(node.is_some() || diagnostics.has_errors());
    }

    /// Any single change of a recipe gives a recipe or diagnostics with locations.
    #[test]
    fn a_change_of_a_recipe_is_accepted_or_reported(at in 0usize..900, length in 0usize..30, with in fragment()) {
        let (_, text) = &files()[0];
        let border = |mut at: usize| {
            at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (start, end) = (border(at), border(at + length));
        let changed = format!("{}{with}{}", &text[..start], &text[end.max(start)..]);
        if let Err(error) = Recipe::parse(changed, std::path::Path::new("r.yaml"), &[], &ChipCatalog::default()) {
            let crate::Error::Diagnostics(found) = error else { panic!("{error}") };
            for diagnostic in &found.diagnostics {
                prop_assert!(diagnostic.span.is_some_and(|span| span.source == SourceId(0)), "{found}");
            }
        }
    }
}
