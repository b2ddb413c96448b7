//! From a tree to YAML text, with every scalar as it was written.

use super::scalar::Resolved;
use super::{Node, Value};

/// Returns a tree as YAML in block style.
pub(crate) fn to_text(root: &Node) -> String {
    let mut text = String::new();
    write(root, 0, &mut text);
    text
}

/// Writes a value that begins on a line of its own.
fn write(node: &Node, indent: usize, text: &mut String) {
    match &node.value {
        Value::Mapping(entries) if !entries.is_empty() => {
            for entry in entries {
                text.push_str(&format!("{:indent$}{}:", "", scalar(&entry.key, is_plain(&entry.key))));
                write_behind(&entry.value, indent + 2, text);
            }
        }
        Value::Sequence(items) if !items.is_empty() => {
            for item in items {
                text.push_str(&format!("{:indent$}-", ""));
                write_behind(item, indent + 2, text);
            }
        }
        _ => text.push_str(&format!("{:indent$}{}\n", "", inline(node))),
    }
}

/// Writes a value behind `key:` or `-`.
fn write_behind(node: &Node, indent: usize, text: &mut String) {
    if node.len() == 0 {
        text.push_str(&format!(" {}\n", inline(node)));
    } else {
        text.push('\n');
        write(node, indent, text);
    }
}

fn inline(node: &Node) -> String {
    match &node.value {
        // Numbers, Booleans and null would become text in quotes.
        Value::Scalar(content) if !matches!(content.resolve(), Resolved::Text(_)) => content.text.clone(),
        Value::Scalar(content) => scalar(&content.text, !content.is_quoted && is_plain(&content.text)),
        Value::Sequence(_) => "[]".to_owned(),
        Value::Mapping(_) => "{}".to_owned(),
    }
}

fn scalar(text: &str, is_plain: bool) -> String {
    // Strings of JSON are strings of YAML.
    if is_plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// Returns whether text keeps its meaning without quotes, wherever it stands.
fn is_plain(text: &str) -> bool {
    let is_safe = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '-' | '+' | ' ');
    text.starts_with(char::is_alphanumeric) && text.chars().all(is_safe) && !text.ends_with(' ')
}

#[cfg(test)]
mod tests {
    use super::to_text;
    use crate::yaml::parse;
    use synnet_ir::Sources;

    #[test]
    fn written_text_has_the_same_values() {
        let text = "a: {b: 1e-3, c: '1', d: .inf, e: -.5, f: ~, g: [], h: {}}\nx y: [0x1f, 007, [1, 'a: b'], {k: \"q\\\"\"}]\n\
                    '- z': '{label}_#.wav'\n";
        let read = |text: &str| {
            let mut sources = Sources::new();
            let id = sources.add("t", text);
            let (node, diagnostics) = parse(&sources, id, 0);
            assert!(diagnostics.is_empty(), "{diagnostics}");
            (node.unwrap(), serde_yaml::from_str::<serde_yaml::Value>(text).unwrap())
        };
        let (node, value) = read(text);
        let written = to_text(&node);
        let (again, same) = read(&written);
        assert_eq!(value, same, "{written}");
        assert_eq!(to_text(&again), written);
    }
}
