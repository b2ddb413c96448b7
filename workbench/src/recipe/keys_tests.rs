//! The table of keys is that of the types: names, defaults, and the page of the documentation.

use std::fmt::Write as _;
use std::path::Path;

use synnet_ir::Sources;

use super::source::set;
use super::{KEYS, Recipe};
use crate::yaml::{self, Key, KeyPath, Node};

const DATA: &str = "{path: p, steps: 1, validation: {take: [1]}, augmentation: {noise: {snr: [1, 2]}}}";
const LOSSES: [&str; 4] = [
    "{kind: cross_entropy, readout: mean_vmem}",
    "{kind: mse}",
    "{kind: peak, level: 1, window: 1}",
    "{kind: binary_cross_entropy, readout: mean_vmem}",
];
const OPTIMIZERS: [&str; 4] = ["{kind: sgd}", "{kind: adam}", "{kind: adamw}", "{kind: adam}"];
const SCHEDULES: [&str; 4] =
    ["{kind: constant}", "{kind: cosine}", "{kind: step, every: 1}", "{kind: one_cycle}"];

/// Former names that are still accepted.
const FORMER_NAMES: [&str; 1] = ["checkpoint"];

/// Recipes that together have every section and every kind.
fn recipes() -> Vec<Node> {
    let recipe = |i: usize| {
        format!(
            "network: n.snn\ndata: {DATA}\nfront_end: {{kind: xylo_audio3}}\nquantize: {{aware: {{from_epoch: 1}}}}\n\
             detection: {{keywords: [a], streams: {{seed: 0}}, tables: {{validation: v, test: t}}}}\n\
             training:\n  loss: {}\n  epochs: 2\n  batch: 1\n  optimizer: {}\n  schedule: {}\n  bounds: {{}}\n  \
             augmentation: {{}}\n  averaging: {{epochs: 1}}\n  rate_regularizer: {{weight: 1, target: 1}}\n  \
             membrane_regularizer: {{weight: 1, low: 0, high: 1}}\n  weight_regularizer: {{}}\n  \
             selection: {{by: loss}}\n",
            LOSSES[i], OPTIMIZERS[i], SCHEDULES[i]
        )
    };
    (0..LOSSES.len()).map(|i| tree(&recipe(i))).collect()
}

fn tree(text: &str) -> Node {
    let mut sources = Sources::new();
    let id = sources.add("r.yaml", text);
    let (tree, diagnostics) = yaml::parse(&sources, id, 0);
    assert!(diagnostics.is_empty(), "{text}: {diagnostics}");
    tree.unwrap()
}

/// Returns the recipe and its messages, without the table of keys.
fn read(tree: &Node) -> (Option<Recipe>, String) {
    let reading = yaml::read::<Recipe>(tree, &[], "recipe");
    let messages = reading.diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    (reading.value, messages)
}

/// Returns a tree with another value of a key.
fn with(tree: &Node, path: &str, value: &str) -> Node {
    let mut tree = tree.clone();
    assert!(set(&mut tree, path, self::tree(value), Default::default()).is_none(), "{path}");
    tree
}

/// The paths of all mappings of a tree.
fn mappings(node: &Node, path: &KeyPath, all: &mut Vec<KeyPath>) {
    if node.text().is_none() && !node.entries().is_empty() {
        all.push(path.clone());
    }
    node.entries().iter().for_each(|entry| mappings(&entry.value, &path.join(&entry.key), all));
}

fn plain(path: &str) -> String {
    path.split('.').map(|part| part.split('[').next().unwrap_or(part)).collect::<Vec<_>>().join(".")
}

#[test]
fn keys_are_those_of_the_types() {
    for recipe in recipes() {
        let (value, messages) = read(&recipe);
        assert!(value.is_some() && messages.is_empty(), "{messages}");
        let mut all = vec![KeyPath::default()];
        mappings(&recipe, &KeyPath::default(), &mut all);
        for path in all {
            if path == KeyPath::dotted("data.validation") {
                continue;
            }
            // The message about an unknown key lists all keys that the type has.
            let unknown = "zzzzzzzzzzzzzzzz";
            let (_, message) = read(&with(&recipe, &path.join(unknown).to_string(), "1"));
            let known = message.split("use one of ").nth(1).unwrap_or_default();
            let of_type: Vec<&str> = known
                .split(", ")
                .map(|name| name.trim_matches(['`', ')', '(']))
                .filter(|n| !n.is_empty())
                .collect();
            let is_here = |key: &&Key| {
                Key::find(KEYS, &recipe, &path.join(key.name())).is_some_and(|found| found.path == key.path)
            };
            let of_table: Vec<&str> = KEYS.iter().filter(is_here).map(Key::name).collect();
            for name in of_type.iter().filter(|name| !FORMER_NAMES.contains(name)) {
                assert!(of_table.contains(name), "`{path}.{name}` is not in the table");
            }
            for name in of_table.iter().filter(|name| !["kind", "aware"].contains(name)) {
                assert!(
                    of_type.contains(name) || message.contains("remove it"),
                    "`{path}` has no `{name}`: {message}"
                );
            }
        }
    }
}

#[test]
fn every_key_has_its_default() {
    let mut checked = 0;
    for recipe in recipes() {
        for key in KEYS {
            let default = key.default.trim_matches('`');
            let path = plain(key.path);
            let parent = path.rsplit_once('.').map(|(parent, _)| parent).unwrap_or_default();
            let has_parent = recipe.locate(&KeyPath::dotted(parent)).is_some() || parent.is_empty();
            let is_value = !default.is_empty() && (!default.contains(' ') || default.starts_with(['{', '[']));
            if !has_parent || !is_value || default == "none" || path == "quantize.aware" {
                continue;
            }
            let given = with(&recipe, &path, default);
            if Key::find(KEYS, &given, &KeyPath::dotted(&path)).map(|found| found.path) != Some(key.path) {
                continue;
            }
            let mut without = recipe.clone();
            remove(&mut without, &KeyPath::dotted(&path));
            let [given, without] = [given, without].map(|tree| {
                let (value, messages) = read(&tree);
                assert!(messages.is_empty(), "{path}: {messages}");
                let mut value = value.unwrap();
                // A recipe remembers which keys of the quantizer it gives.
                let options = std::mem::take(&mut value.quantize).options;
                value.quantize.options = options;
                format!("{value:?}")
            });
            assert_eq!(given, without, "`{}` has another default than {default}", key.path);
            checked += 1;
        }
    }
    assert!(checked > 100, "only {checked} defaults were checked");
}

fn remove(node: &mut Node, path: &KeyPath) {
    let Some((last, parents)) = path.0.split_last() else { return };
    let parent = parents.iter().try_fold(node, |node, part| node.get_mut(part));
    if let Some(Node { value: yaml::Value::Mapping(entries), .. }) = parent {
        entries.retain(|entry| entry.key != *last);
    }
}

/// The sections of a recipe, which have a table each. Other keys share the first one.
const SECTIONS: [&str; 5] = ["data", "front_end", "training", "quantize", "detection"];

/// The tables of `docs/recipes.md`.
fn tables() -> String {
    let section = |key: &Key| {
        let first = key.path.split(['.', '[']).next().unwrap_or_default();
        SECTIONS.into_iter().find(|section| *section == first && key.path != *section)
    };
    let mut text = String::new();
    for current in [None].into_iter().chain(SECTIONS.map(Some)) {
        let title = current.map_or("Recipe".to_owned(), |section| format!("Section `{section}`"));
        write!(text, "\n### {title}\n\n| key | value | default |\n|---|---|---|\n").unwrap();
        for key in KEYS.iter().filter(|key| section(key) == current) {
            let is_required = key.default.is_empty() && !key.path.ends_with('*');
            let default = if is_required { "required" } else { key.default };
            writeln!(text, "| {} | {} | {default} |", shown(key.path), key.expected).unwrap();
        }
    }
    text
}

/// A path as the page shows it: the kind that has the key stands behind it.
fn shown(path: &str) -> String {
    let kind = path.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map(|(kind, _)| kind);
    let plain = plain(path).replace('*', "NAME");
    kind.map_or_else(|| format!("`{plain}`"), |kind| format!("`{plain}` of `{kind}`"))
}

#[test]
fn the_page_of_the_documentation_has_every_key() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/recipes.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let (start, end) = ("## Keys\n", "\nNext: ");
    let from = text.find(start).unwrap() + start.len();
    let to = from + text[from..].find(end).unwrap();
    let updated = format!("{}{}{}", &text[..from], tables(), &text[to..]);
    if std::env::var_os("SYNNET_UPDATE").is_some() {
        std::fs::write(&page, &updated).unwrap();
    }
    assert!(
        text == updated || std::env::var_os("SYNNET_UPDATE").is_some(),
        "SYNNET_UPDATE=1 rewrites {}",
        page.display()
    );
}

#[test]
fn values_that_can_be_listed_are() {
    let values = |path: &str| KEYS.iter().find(|key| key.path == path).map(Key::values).unwrap_or_default();
    assert_eq!(values("training.optimizer.kind"), ["sgd", "adam", "adamw"]);
    assert_eq!(values("quantize.method"), ["channel", "global", "rockpool-channel", "rockpool-global"]);
    assert_eq!(values("quantize.aware"), ["true", "false"]);
    assert_eq!(values("training.epochs"), [""; 0]);
    assert_eq!(values("training.selection"), [""; 0]);
}
