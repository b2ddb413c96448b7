//! The tables of names agree with `docs/language.md`, with what editors highlight, and with what the compiler does.

use std::collections::BTreeSet;
use std::path::Path;

use synnet_dsl::vocabulary::{
    ChainOperator, Dimension, Field, Function, Keyword, LinearOption, Symbol, Unit, describe, fields,
};
use synnet_dsl::{CompileOptions, NoImports, compile};
use synnet_ir::Sources;
use synnet_ir::graph::NeuronKind;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn reference() -> String {
    read("docs/language.md")
}

/// The messages about a network with these statements.
fn messages(statements: &str) -> String {
    let text = format!(
        "network N {{ dt: 1 ms; input a: 2; {statements} layer o: expsyn(2) {{ tau_syn: 9 ms }}; a -> o; output o; }}"
    );
    let mut sources = Sources::new();
    let root = sources.add("net.snn", text.as_str());
    let result = compile(&mut sources, root, &CompileOptions::default(), &mut NoImports);
    result.diagnostics.iter().map(|diagnostic| format!("{}\n", diagnostic.message)).collect()
}

#[test]
fn the_reference_lists_every_function_with_its_parameters() {
    let reference = reference();
    for function in Function::ALL {
        let signature = function.signature();
        let parameters = signature.parameters.join(", ");
        let more = if signature.is_variadic { ", ..." } else { "" };
        let call = format!("`{}({parameters}{more})`", function.name());
        assert!(reference.contains(&call), "docs/language.md lacks {call}");
    }
}

#[test]
fn the_reference_lists_every_field_with_its_default() {
    let reference = reference();
    for kind in NeuronKind::ALL {
        for field in fields(kind) {
            // The row of a leak starts with the name of its time constant, and lists the other forms.
            let name = format!("`{}`", field.name());
            let row = reference.lines().find(|line| {
                line.starts_with("| `") && line.split('|').nth(1).is_some_and(|cell| cell.contains(&name))
            });
            let row = row.unwrap_or_else(|| panic!("docs/language.md lacks {name}"));
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let of = cells[2];
            assert!(of == "all" || of.contains(&format!("`{}`", kind.name())), "{row}");
            let written = cells[3].trim_matches('`');
            let default = field.default_text().unwrap_or_else(|| "none".to_owned());
            let same = match (written.parse::<f64>(), default.parse::<f64>()) {
                (Ok(written), Ok(default)) => written == default,
                _ => written == default,
            };
            assert!(same, "{name} is {default} by default: {row}");
        }
    }
}

#[test]
fn the_reference_lists_units_words_and_operators() {
    let reference = reference();
    let names =
        Unit::names().chain(Symbol::names()).chain(ChainOperator::names()).chain(LinearOption::names());
    for name in names {
        let found = ["`", "(", ":"].iter().any(|end| reference.contains(&format!("`{name}{end}")));
        assert!(found, "docs/language.md lacks {name}");
    }
}

/// The lists of names that editors highlight.
fn highlighted() -> [(&'static str, BTreeSet<&'static str>); 5] {
    // `dt` is a value in expressions.
    let constants = Symbol::names().chain([Keyword::Dt.name()]);
    [
        ("functions", Function::names().collect()),
        ("quantity", Unit::names().collect()),
        ("chain-operators", ChainOperator::names().collect()),
        ("kinds", NeuronKind::ALL.map(NeuronKind::name).into()),
        ("constants", constants.collect()),
    ]
}

/// Returns the words of the groups `(a|b|c)` in an entry of a TextMate grammar's repository.
fn textmate_words<'a>(grammar: &'a str, entry: &str) -> BTreeSet<&'a str> {
    let start =
        grammar.find(&format!("\n    \"{entry}\": {{")).unwrap_or_else(|| panic!("no entry `{entry}`"));
    let rest = &grammar[start + 6..];
    let entry = &rest[..rest.find("\n    \"").unwrap_or(rest.len())];
    let groups = entry.split('(').filter_map(|group| group.split_once(')')).map(|(group, _)| group);
    let is_list = |group: &&str| {
        !group.is_empty() && group.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '|')
    };
    groups.filter(is_list).flat_map(|group| group.split('|')).collect()
}

#[test]
fn the_textmate_grammar_has_the_names_of_the_language() {
    let grammar = read("editors/vscode/syntaxes/snn.tmLanguage.json");
    for (entry, names) in highlighted() {
        assert_eq!(textmate_words(&grammar, entry), names, "{entry}");
    }
    let words = |entries: &[&str]| -> BTreeSet<&str> {
        entries.iter().flat_map(|entry| textmate_words(&grammar, entry)).collect()
    };
    let keywords = |accept: fn(&Keyword) -> bool| -> BTreeSet<&str> {
        Keyword::ALL.iter().copied().filter(accept).map(Keyword::name).collect()
    };
    assert_eq!(words(&["keywords", "literals"]), keywords(|keyword| keyword.is_reserved()));
    // The others are keywords at the start of a statement only.
    let starters = words(&["contextual", "declarations"]);
    let contextual: BTreeSet<&str> = starters.difference(&words(&["keywords"])).copied().collect();
    assert_eq!(contextual, keywords(|keyword| !keyword.is_reserved()));
}

#[test]
fn the_tree_sitter_query_has_the_names_of_the_language() {
    fn quoted(text: &str) -> BTreeSet<&str> {
        text.split('"').skip(1).step_by(2).collect()
    }
    let query = read("editors/tree-sitter-snn/queries/highlights.scm");
    let lists = query.split("any-of? ").skip(1).filter_map(|rest| rest.split_once(')'));
    let lists: BTreeSet<_> = lists.map(|(list, _)| quoted(list)).collect();
    assert_eq!(lists, BTreeSet::from(highlighted().map(|(_, names)| names)));

    let (keywords, _) = query.split_once("] @keyword").expect("keywords come first");
    let mut keywords = quoted(keywords);
    keywords.extend(quoted(query.lines().find(|line| line.contains("boolean")).expect("Booleans")));
    // A single word that is a value is a node of its own.
    keywords.extend(query.contains("\n(none) @").then_some("none"));
    assert_eq!(keywords, Keyword::names().collect());
}

#[test]
fn names_are_unique_where_they_meet() {
    let reserved = Keyword::ALL.iter().filter(|keyword| keyword.is_reserved()).map(|keyword| keyword.name());
    let values: Vec<&str> = reserved.chain(Symbol::names()).collect();
    let functions: Vec<&str> = Function::names().collect();
    let chains: Vec<&str> = ChainOperator::names().chain(NeuronKind::ALL.map(NeuronKind::name)).collect();
    for mut names in [values, functions, chains, Unit::names().collect()] {
        let len = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), len);
    }
}

#[test]
fn every_name_has_one_sentence_of_documentation() {
    let docs = Keyword::ALL.iter().map(|name| name.doc());
    let docs = docs.chain(Function::ALL.iter().map(|name| name.doc()));
    let docs = docs.chain(Unit::ALL.iter().map(|name| name.doc()));
    let docs = docs.chain(ChainOperator::ALL.iter().map(|name| name.doc()));
    let docs = docs.chain(LinearOption::ALL.iter().map(|name| name.doc()));
    let docs = docs.chain(Symbol::all().map(Symbol::doc)).chain(NeuronKind::ALL.map(describe));
    let docs = docs.chain(fields(NeuronKind::Alif).iter().map(|field| field.doc()));
    for doc in docs {
        assert!(doc.ends_with('.') && doc.trim() == doc && !doc.contains("  "), "{doc:?}");
    }
}

#[test]
fn functions_take_as_many_arguments_as_their_signatures_say() {
    for function in Function::ALL {
        let (name, signature) = (function.name(), function.signature());
        for count in 0..4 {
            let arguments = vec!["1"; count].join(", ");
            let messages = messages(&format!("let _x = {name}({arguments});"));
            let refused =
                messages.contains(&format!("`{name}` takes ")) && messages.contains(&format!("not {count}"));
            assert_eq!(refused, !signature.accepts(count), "{name}({arguments}): {messages}");
            assert!(!messages.contains("no function"), "{messages}");
        }
    }
}

#[test]
fn fields_take_the_values_that_they_document() {
    for kind in NeuronKind::ALL {
        for &field in fields(kind) {
            let name = field.name();
            let value = match field.dimension() {
                Dimension::Time => "9 ms",
                Dimension::Number => "0.5",
                Dimension::Count => "2",
                Dimension::Surrogate => "piecewise_linear",
                Dimension::Reset => "zero",
            };
            let needed = fields(kind).iter().copied();
            let needed = needed.filter(|other| !other.replaces(field) && other.default_text().is_none());
            let mut given: Vec<Field> = Vec::new();
            for other in needed {
                if !given.iter().any(|known| known.replaces(other)) {
                    given.push(other);
                }
            }
            let others: String = given
                .iter()
                .map(|other| match other.dimension() {
                    Dimension::Time => format!(", {}: 9 ms", other.name()),
                    Dimension::Number | Dimension::Count | Dimension::Surrogate | Dimension::Reset => {
                        format!(", {}: 0.5", other.name())
                    }
                })
                .collect();
            let layer = |value: &str| {
                let kind = kind.name();
                messages(&format!(
                    "layer h: {kind}(2) {{ {name}: {value}{others} }}; a -> linear -> h -> linear -> o;"
                ))
            };
            assert_eq!(layer(value), "", "{}.{name}", kind.name());
            let learned = layer(&format!("learn {value}"));
            assert_eq!(learned.contains("learn"), !field.is_learnable(), "{}.{name}: {learned}", kind.name());
            assert_eq!(layer("none").is_empty(), field.can_be_none(), "{}.{name}", kind.name());
        }
    }
}
