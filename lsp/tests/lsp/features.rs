//! Answers at a cursor.

use lsp_types::{Position, Range};
use synnet_lsp::Settings;

use crate::support::{Editor, position, uri};

const NET: &str = "/// Two layers.
network Net {
    dt: 10 ms;
    input audio: 16;
    neuron hidden = lif { tau_mem: 20 ms, max_spikes: 31 };
    layer h[0]: hidden(60) { tau_syn: 30 ms };
    layer out: expsyn(4) { tau_syn: 40 ms };
    audio -> linear -> h[0] -> linear { bias: true } -> out;
    output out.isyn;
}
";

const PARTS: &str = "/// A part.\nnetwork Part(size, tau = 20 ms) {\n    dt: 1 ms;\n    input x: 4;\n    \
    layer h: lif(size) { tau_mem: tau, tau_syn: tau };\n    x -> linear -> h;\n    output h;\n}\n";

/// Puts the cursor before the `n`th occurrence of a word, counted from 0.
fn at(source: &str, word: &str, n: usize) -> String {
    let (offset, _) = source.match_indices(word).nth(n).expect("the word occurs");
    format!("{}|{}", &source[..offset], &source[offset..])
}

#[test]
fn a_network_without_errors_has_no_diagnostics() {
    assert_eq!(Editor::new(NET).messages(), [""; 0]);
    // Nor has a part whose parameters have no values.
    assert_eq!(Editor::new(PARTS).messages(), [""; 0]);
    // Nor has a file with several networks.
    let two = format!("{NET}\n{}", NET.replace("network Net", "network Other"));
    assert_eq!(Editor::new(&two).messages(), [""; 0]);
}

#[test]
fn every_network_of_a_file_is_checked() {
    let wrong = NET.replace("20 ms", "20");
    let two = format!("{wrong}\n{}", wrong.replace("network Net", "network Other"));
    assert_eq!(Editor::new(&two).messages().len(), 2);
}

#[test]
fn diagnostics_have_columns_in_utf16() {
    // The character before the error takes two UTF-16 code units and four bytes.
    let mut editor = Editor::new("network Net { /* \u{1f9e0} */ dt: 1; input x: 2; }");
    let published = editor.workspace.refresh();
    let found = published[0].diagnostics.iter().find(|d| d.message.contains("time")).expect("`1` is no time");
    assert_eq!(editor.slice(found.range), "1");
    assert_eq!(found.range.start, Position::new(0, 27));
}

#[test]
fn rules_of_the_target_are_checked() {
    let mut editor = Editor::new(NET);
    let value = serde_json::json!({ "target": "tiny" });
    editor.workspace.configure(Settings::from_json(&value, "/").unwrap()).unwrap();
    let published = editor.workspace.refresh();
    let [found] = published[0].diagnostics.as_slice() else { panic!("one layer is too many: {published:?}") };
    assert_eq!(found.message, "tiny targets have one layer");
    assert_eq!(editor.slice(found.range), "layer out: expsyn(4) { tau_syn: 40 ms };");
    let unknown = serde_json::json!({ "target": "huge" });
    assert!(editor.workspace.configure(Settings::from_json(&unknown, "/").unwrap()).is_err());
    assert!(editor.messages().is_empty());
}

#[test]
fn errors_of_imported_files_are_shown_at_the_import() {
    let broken = PARTS.replace("20 ms", "20 mss");
    let source = "use \"parts.snn\"::Part;\nnetwork Net = Part(size: 3);\n";
    let mut editor = Editor::with_files(source, &[("/parts.snn", &broken)]);
    let published = editor.workspace.refresh();
    let [found] = published[0].diagnostics.as_slice() else { panic!("{published:?}") };
    assert!(found.message.starts_with("in `parts.snn`: `mss` is not a unit"), "{}", found.message);
    let related = found.related_information.as_ref().expect("the place in the file");
    assert_eq!(related[0].location.uri, uri("/parts.snn"));
    // The document that is open comes before the file, and a change of it checks the importer again.
    editor.workspace.open(&uri("/parts.snn"), 1, PARTS.to_owned());
    assert!(editor.messages().is_empty());
}

#[test]
fn hover_describes_layers_with_rounded_time_constants_and_the_target() {
    let mut editor = Editor::new(&at(NET, "h[0]", 1));
    let value = serde_json::json!({ "synnet": { "target": "tiny" } });
    let text = editor.hover();
    assert!(text.contains("| `h0` | 60 | lif |"), "{text}");
    // exp(-10 / 20) = 0.607 is nearest to 1 - 2^-1; 1 - 2^-2 is the decay of 34.8 ms.
    assert!(text.contains("`tau_mem` 20 ms, as bit shift 1: 14.43 ms"), "{text}");
    assert!(text.contains("`tau_syn` 30 ms, as bit shift 2: 34.76 ms"), "{text}");
    editor.workspace.configure(Settings::from_json(&value, "/").unwrap()).unwrap();
    // A network that breaks a rule of its target is described nevertheless.
    assert!(editor.hover().contains("`h0`: place 0 of tiny"), "{}", editor.hover());
    let mut editor = Editor::new(&at(NET, "Net", 0));
    let text = editor.hover();
    assert!(text.contains("Two layers.") && text.contains("2 layers, 64 neurons"), "{text}");
}

#[test]
fn hover_documents_std_parameters_fields_functions_and_codes() {
    let std = "use std::SynNet;\nnetwork Words = SynNet(n_channels: 16, n_classes: 10, p_dropout: 0.1);\n";
    let text = Editor::new(&at(std, "SynNet", 1)).hover();
    for part in ["Rockpool's class `SynNet`", "tau_syn_base = 2 ms", "n_classes"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = Editor::new(&at(std, "p_dropout", 0)).hover();
    assert!(text.contains("p_dropout = 0.0") && text.contains("`SynNet`"), "{text}");
    for (word, part) in [
        ("max_spikes", "Maximum number of spikes"),
        ("linear", "weight matrix"),
        ("bias", "bias per column"),
        ("layer h", "layer of neurons"),
        ("ms", "Milliseconds"),
        ("expsyn", "without spikes"),
    ] {
        let text = Editor::new(&at(NET, word, 0)).hover();
        assert!(text.contains(part), "{word}: {text}");
    }
    let text = Editor::new(&at(&NET.replace("30 ms", "30"), "30", 0)).hover();
    assert!(text.contains("**E0301: a missing or wrong unit**"), "{text}");
}

#[test]
fn completion_offers_what_fits() {
    let network = |statement: &str| NET.replace("    output out.isyn;", statement);
    let cases: [(&str, &[&str], &[&str]); 13] = [
        ("layer x: hidden(3) { |", &["tau_syn", "alpha", "threshold"], &["tau_ahp", "lif"]),
        ("layer x: lif(3) { tau_mem: 3 ms, |", &["tau_syn", "bias"], &["tau_mem", "alpha"]),
        ("layer x: |", &["hidden", "lif", "expsyn"], &["h", "audio"]),
        ("audio -> |", &["h", "out", "linear", "dropout"], &["hidden", "sqrt"]),
        ("sum(|", &["h", "out", "audio"], &["linear", "sqrt"]),
        ("audio -> linear -> h[0];\n    s|", &["sum", "layer", "audio"], &["sqrt"]),
        ("layer x: lif(3) { tau_mem: 3 |", &["ms", "us"], &["h"]),
        ("layer x: lif(3) { tau_mem: |", &["none", "geometric"], &["h"]),
        ("layer x: lif(3) { reset: |", &["zero", "subtract"], &["h"]),
        ("let x = [i for |", &[], &["sqrt"]),
        ("let x = |", &["sqrt", "geometric", "dt", "true"], &["h", "layer"]),
        ("net b: |", &["SynNet"], &["lif", "Net"]),
        ("output out.|", &["spikes", "vmem", "isyn"], &["out"]),
    ];
    for (statement, wanted, unwanted) in cases {
        let labels = Editor::new(&network(statement)).labels();
        for word in wanted {
            assert!(labels.iter().any(|label| label == word), "{statement}: {word} in {labels:?}");
        }
        for word in unwanted {
            assert!(labels.iter().all(|label| label != word), "{statement}: no {word} in {labels:?}");
        }
    }
    // What fits best comes first.
    for (value, first) in
        [("tau_mem: |", "none"), ("reset: |", "subtract"), ("surrogate: |", "periodic_exponential")]
    {
        assert_eq!(Editor::new(&network(&format!("layer x: lif(3) {{ {value}"))).labels()[0], first);
    }
    let mut editor = Editor::new("use std::SynNet;\nnetwork Words = SynNet(n_channels: 16, |);\n");
    let labels = editor.labels();
    assert!(
        labels.contains(&"n_classes".to_owned()) && !labels.contains(&"n_channels".to_owned()),
        "{labels:?}"
    );
    assert_eq!(Editor::new("use std::|").labels(), ["SynNet", "WaveSense"]);
    // A name of the library brings its import along.
    let mut editor = Editor::new("network Words = |\n");
    let items = editor.workspace.completion(&editor.uri, editor.cursor);
    let edits = items[0].additional_text_edits.as_ref().expect("an import");
    assert_eq!(edits[0].new_text, "use std::SynNet;\n");
}

#[test]
fn definitions_are_found_in_the_file_in_imports_and_in_std() {
    let mut editor = Editor::new(&at(NET, "hidden(60)", 0));
    let found = editor.workspace.definition(&editor.uri, editor.cursor);
    assert_eq!(found[0].range, Range::new(Position::new(4, 11), Position::new(4, 17)));
    let source = "use \"parts.snn\"::Part;\nnetwork Net = Part(size: 3);\n";
    for (word, n, target) in [("Part(", 0, "Part"), ("size", 0, "size")] {
        let mut editor = Editor::with_files(&at(source, word, n), &[("/parts.snn", PARTS)]);
        let found = editor.workspace.definition(&editor.uri, editor.cursor);
        assert_eq!(found[0].uri, uri("/parts.snn"));
        let offset = PARTS.find(target).unwrap();
        assert_eq!(found[0].range.start, position(PARTS, PARTS[offset..].find(target).unwrap() + offset));
    }
    let std = "use std::SynNet;\nnetwork Words = SynNet(n_channels: 16, n_classes: 10);\n";
    let mut editor = Editor::new(&at(std, "SynNet", 1));
    let found = editor.workspace.definition(&editor.uri, editor.cursor);
    assert_eq!(found[0].uri, uri("/cache/std/synnet.snn"));
    assert_eq!(found[0].range.end.character - found[0].range.start.character, 6);
}

#[test]
#[expect(clippy::mutable_key_type, reason = "the type of the protocol")]
fn references_and_rename_cross_files() {
    let user = "use \"parts.snn\"::Part;\nnetwork Net = Part(size: 3);\n";
    let mut editor = Editor::with_files(&at(user, "Part(", 0), &[("/parts.snn", PARTS), ("/net.snn", user)]);
    let found = editor.workspace.references(&editor.uri, editor.cursor, true);
    assert_eq!(found.len(), 3, "{found:?}");
    let edit = editor.workspace.rename(&editor.uri, editor.cursor, "Piece").unwrap();
    let changes = edit.changes.unwrap();
    assert_eq!((changes[&uri("/net.snn")].len(), changes[&uri("/parts.snn")].len()), (2, 1));
    // A parameter, from its declaration.
    let declaration = at(PARTS, "size", 0);
    let mut editor = Editor::with_files(&declaration, &[("/user.snn", &user.replace("parts", "net"))]);
    let edit = editor.workspace.rename(&editor.uri, editor.cursor, "neurons").unwrap();
    let changes = edit.changes.unwrap();
    assert_eq!((changes[&uri("/net.snn")].len(), changes[&uri("/user.snn")].len()), (2, 1));
    assert!(editor.workspace.rename(&editor.uri, editor.cursor, "a b").is_err());
    let std = "use std::SynNet;\nnetwork Words = SynNet(n_channels: 16, n_classes: 10);\n";
    let mut editor = Editor::new(&at(std, "SynNet", 1));
    assert!(editor.workspace.prepare_rename(&editor.uri, editor.cursor).is_none());
    assert!(editor.workspace.rename(&editor.uri, editor.cursor, "Other").is_err());
}

#[test]
fn rename_changes_all_uses_of_an_indexed_layer() {
    let source = at(&NET.replace("output out.isyn", "output h0.vmem"), "h[0]", 0);
    let mut editor = Editor::new(&source);
    let edit = editor.workspace.rename(&editor.uri, editor.cursor, "body").unwrap();
    let edits = &edit.changes.unwrap()[&editor.uri.clone()];
    assert_eq!(edits.iter().map(|edit| editor.slice(edit.range)).collect::<Vec<_>>(), ["h"; 3]);
}

#[test]
fn outline_lists_networks_with_their_layers() {
    let mut editor = Editor::new(NET);
    let [network] = editor.workspace.document_symbols(&editor.uri).try_into().expect("one network");
    assert_eq!(network.name, "Net");
    let names: Vec<String> = network.children.unwrap().into_iter().map(|child| child.name).collect();
    assert_eq!(names, ["audio", "h[...]", "out", "hidden"]);
}

#[test]
fn formatting_changes_only_lines_that_differ() {
    let mut editor = Editor::new(&NET.replace("    input audio: 16;", "  input   audio:16;"));
    let edits = editor.workspace.format(&editor.uri).expect("it parses");
    assert_eq!(edits.len(), 1);
    assert_eq!(editor.slice(edits[0].range), "  input   audio:16;\n");
    assert_eq!(edits[0].new_text, "    input audio: 16;\n");
    assert!(Editor::new("network {").workspace.format(&uri("/net.snn")).is_none());
    editor = Editor::new(NET);
    assert_eq!(editor.workspace.format(&editor.uri), Some(Vec::new()));
}

#[test]
fn hints_show_shapes() {
    let mut editor = Editor::new(NET);
    let hints =
        editor.workspace.inlay_hints(&editor.uri, Range::new(Position::new(0, 0), Position::new(99, 0)));
    let labels: Vec<String> = hints
        .iter()
        .map(|hint| match &hint.label {
            lsp_types::InlayHintLabel::String(label) => label.clone(),
            lsp_types::InlayHintLabel::LabelParts(_) => String::new(),
        })
        .collect();
    assert_eq!(labels, ["16 x 60", "60 x 4"]);
    assert_eq!(hints[0].position, Position::new(7, 19));
}

#[test]
fn actions_apply_the_fix_of_a_diagnostic() {
    let cases = [
        ("tau_mem", "tau_men", "replace `tau_men` with `tau_mem`"),
        ("tau_syn: 30 ms", "tau_syn: 30", "replace `30` with `30 ms`"),
        ("input audio: 16;", "input audio: 16", "insert `;`"),
        ("    output", "    let spare = 3;\n    output", "remove `let spare = 3;`"),
        ("    output", "    let spare = 3;\n    output", "insert `_`"),
        ("network Net {", "network Net(spare = 3) {", "insert `_`"),
        (
            "network Net {",
            "network Other = SynNet(n_channels: 2, n_classes: 2);\nnetwork Net {",
            "insert `use std::SynNet;`",
        ),
    ];
    for (good, bad, title) in cases {
        let mut editor = Editor::new(&NET.replacen(good, bad, 1));
        let everything = Range::new(Position::new(0, 0), Position::new(99, 0));
        let actions = editor.workspace.code_actions(&editor.uri, everything);
        let action = actions.iter().find(|action| action.title == title);
        let action = action.unwrap_or_else(|| panic!("{title} in {actions:?}"));
        let edit = &action.edit.as_ref().unwrap().changes.as_ref().unwrap()[&editor.uri.clone()][0];
        let change = lsp_types::TextDocumentContentChangeEvent {
            range: Some(edit.range),
            range_length: None,
            text: edit.new_text.clone(),
        };
        editor.workspace.change(&editor.uri.clone(), 2, vec![change]);
        assert_eq!(editor.messages(), [""; 0], "{title}");
    }
}

#[test]
fn recipes_have_diagnostics_at_their_line() {
    let mut editor = Editor::new("");
    let recipe = uri("/recipe.yaml");
    editor.workspace.open(&recipe, 1, "network: net.snn\ntraining: { epoch: 3 }\n".to_owned());
    let published = editor.workspace.refresh();
    let found = &published.iter().find(|p| p.uri == recipe).expect("it is open").diagnostics[0];
    assert_eq!(found.range, Range::new(Position::new(1, 0), Position::new(1, 22)));
}

/// Opens a recipe with a cursor.
fn recipe(source: &str) -> Editor {
    let mut editor = Editor::new("");
    let offset = source.find('|').expect("the recipe has a cursor");
    editor.text = source.replacen('|', "", 1);
    editor.cursor = position(&editor.text, offset);
    editor.uri = uri("/recipe.yaml");
    editor.workspace.open(&editor.uri.clone(), 1, editor.text.clone());
    editor
}

#[test]
fn recipes_complete_keys_and_values() {
    let cases: [(&str, &[&str]); 7] = [
        ("network: net.snn\n|", &["training"]),
        ("network: net.snn\ntraining:\n  e|", &["epochs", "optimizer"]),
        ("network: net.snn\ntraining:\n  epochs: 3\n  |\n", &["optimizer"]),
        ("network: net.snn\ntraining:\n  optimizer: { kind: |", &["sgd", "adam"]),
        ("network: net.snn\ntraining:\n  optimizer: { kind: sgd, |}", &["momentum"]),
        ("network: net.snn\ntraining:\n  optimizer:\n    |\n    kind: adam\n", &["eps"]),
        ("network: net.snn # |", &[]),
    ];
    for (source, labels) in cases {
        assert_eq!(recipe(source).labels(), labels, "{source}");
    }
    let mut editor = recipe("network: net.snn\ntraining:\n  ep|");
    let item = editor.workspace.completion(&editor.uri, editor.cursor).remove(0);
    let Some(lsp_types::CompletionTextEdit::Edit(edit)) = item.text_edit else { panic!("items are edits") };
    assert_eq!((editor.slice(edit.range), edit.new_text.as_str()), ("ep", "epochs: "));
    assert_eq!(item.detail.as_deref(), Some("required"));
}

#[test]
fn hover_describes_keys_of_recipes() {
    let hover = recipe("network: net.snn\ntraining:\n  optimizer: { kind: adam, |eps: 1e-7 }\n").hover();
    assert_eq!(hover, "```yaml\ntraining.optimizer.eps\n```\n\nA positive number. Default: 1e-8.");
    let hover = recipe("networ|k: net.snn\n").hover();
    assert_eq!(hover, "```yaml\nnetwork\n```\n\nThe path of a network file. Required.");
}

#[test]
fn a_request_before_the_check_does_not_hide_diagnostics() {
    let mut editor = Editor::new("network Net { dt: 1; }");
    // The request analyzes the document, which the editor has not heard about yet.
    editor.workspace.document_symbols(&editor.uri);
    assert!(editor.messages().iter().any(|message| message.contains("`dt` must be a time")));
    assert_eq!(editor.workspace.refresh(), []);
}
