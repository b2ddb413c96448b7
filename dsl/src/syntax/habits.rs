//! Habits from other languages: what a beginner writes, and what stands for it here.

use synnet_ir::graph::NeuronKind;
use synnet_ir::{Diagnostic, Span};

use super::keywords::Keyword;
use super::lexer::{Token, TokenKind};
use super::stop::Stop;
use super::tokenized::Tokenized;
use crate::vocabulary::Function;

const CHOICE: &str = "write `if condition { a } else { b }`";
const LIST: &str = "write lists in brackets: `[1, 2]`";
const ARROWS: [&str; 5] = ["→", "⟶", "➔", "⇒", "➡"];

/// Returns whether a word of another language starts an import.
pub(super) fn is_import(word: &str) -> bool {
    matches!(word, "import" | "from" | "include" | "using" | "require")
}

/// Returns the help for a word of another language at the start of an item.
pub(super) fn item(word: &str) -> Option<&'static str> {
    Some(match word {
        _ if is_import(word) => "import networks with `use std::SynNet;` or `use \"file.snn\"::Name;`",
        "class" | "struct" | "model" | "module" | "def" | "fn" => {
            "declare networks with `network Name { ... }`"
        }
        _ => return None,
    })
}

/// Returns the help for a word of another language at the start of a statement.
fn statement(word: &str) -> Option<&'static str> {
    Some(match word {
        "while" | "loop" | "foreach" | "repeat" | "do" => "repeat statements with `for i in 0..3 { ... }`",
        "match" | "switch" | "case" => "choose with `if n > 1 { ... } else { ... }`",
        "elif" | "elseif" | "elsif" => "write `else if n > 1 { ... }` after the block of an `if`",
        "fn" | "def" | "function" | "func" => {
            "name values with `let`; for a part that is used several times, declare a network with parameters"
        }
        "return" => "name the output: `output out;`",
        "connect" => "write connections as `source -> linear -> target;`",
        "print" | "println" | "echo" => "remove it; `snnc show` prints a network",
        "int" | "float" | "double" | "bool" | "var" | "const" | "auto" | "val" => {
            "declare values with `let`: `let n = 60;`"
        }
        _ => return None,
    })
}

/// Explains a comment that starts with `#`.
pub(super) fn comment(text: &Tokenized, token: Token) -> Diagnostic {
    let word = text.word(token);
    let is_include = word.starts_with("#include");
    let len = if is_include { "#include".len() } else { 1 };
    let span = text.span(token.start, token.start + len);
    let message = format!("unexpected `{}`", &word[..len]);
    Diagnostic::error(&crate::codes::SYNTAX, span, message).with_help(if is_include {
        "import networks with `use \"file.snn\"::Name;`"
    } else {
        "start comments with `//`"
    })
}

/// Explains comments that start with `#`, `--` or `%`.
pub(super) fn foreign_comment(stop: &Stop<'_>) -> Option<Diagnostic> {
    if stop.word(0).starts_with('#') {
        return Some(comment(stop.text, stop.token(0)?));
    }
    let span = match (stop.word(0), stop.word(1)) {
        _ if !stop.is_at_first() => return None,
        ("-", "-") => stop.range(0, 1),
        ("%", _) => stop.span(),
        _ => return None,
    };
    let message = if stop.word(0) == "%" { "unexpected `%`" } else { "unexpected `--`" };
    Some(stop.error(span, message).with_help("start comments with `//`"))
}

/// Explains arrows of other forms.
pub(super) fn foreign_arrow(stop: &Stop<'_>) -> Option<Diagnostic> {
    if ARROWS.contains(&stop.word(0)) {
        return Some(stop.unexpected().with_help("write `->`"));
    }
    if !stop.expects("`->`") || stop.token(-1).is_none() {
        return None;
    }
    let (span, found, help) = match (stop.word(0), stop.word(1)) {
        ("-", ">" | "->") | ("=", ">") | ("~", ">") => (stop.range(0, 1), stop.slice(0, 1), "write `->`"),
        ("|" | ">" | ">>", _) => (stop.span(), stop.word(0), "write `->`"),
        ("<", "-") => {
            (stop.range(0, 1), stop.slice(0, 1), "write connections from source to target, with `->`")
        }
        (".", _) if stop.is(1, TokenKind::Identifier) => (
            stop.range(0, 1),
            stop.slice(0, 1),
            "name the layer alone: connections carry its spikes (of `expsyn`, its currents)",
        ),
        _ => return None,
    };
    Some(stop.error(span, format!("unexpected `{found}`")).with_help(help))
}

/// Explains letters outside of ASCII.
pub(super) fn foreign_letter(stop: &Stop<'_>) -> Option<Diagnostic> {
    let token = stop.token(0)?;
    let letter = stop.word(0).chars().next()?;
    if letter.is_ascii() || !letter.is_alphabetic() {
        return None;
    }
    // The lexer ends a word before such a letter; the whole name is what was meant.
    let text = &stop.text.text;
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    let end = token.end + text[token.end..].find(|c| !is_letter(c)).unwrap_or(text.len() - token.end);
    if matches!(letter, 'µ' | 'μ') && stop.is(-1, TokenKind::Number) {
        let unit = text[token.end..end].trim_start_matches(letter);
        let message = format!("`{}` is not a unit", &text[token.start..end]);
        let help = format!("write `{} u{unit}`", stop.word(-1));
        return Some(stop.error(stop.text.span(token.start, end), message).with_help(help));
    }
    let start = text[..token.start]
        .rfind(|c| !is_letter(c))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let message = format!("`{}` is not a valid name", &text[start..end]);
    let help = "use only ASCII letters, digits and `_` in names";
    Some(stop.error(stop.text.span(start, end), message).with_help(help))
}

/// Explains numbers in forms of other languages.
pub(super) fn foreign_number(stop: &Stop<'_>) -> Option<Diagnostic> {
    let is_number = |steps| stop.is(steps, TokenKind::Number);
    let (from, to, help) = match stop.word(0) {
        "." if is_number(1) && stop.touches_next(0) && !is_number(-1) && stop.word(-1) != ".." => {
            (0, 1, format!("write `0.{}`", stop.word(1)))
        }
        "." if is_number(-1) && stop.touches_next(-1) && !stop.is(1, TokenKind::Identifier) => {
            (-1, 0, format!("write `{}`", stop.word(-1)))
        }
        "'" if is_number(-1) && is_number(1) => {
            (-1, 1, format!("write `{}_{}`", stop.word(-1), stop.word(1)))
        }
        "," if is_number(-1) && is_number(1) && stop.expects("`;`") => {
            (-1, 1, format!("write `{}.{}`", stop.word(-1), stop.word(1)))
        }
        _ if stop.word(-1) == "%" && is_number(-2) && !stop.starts_value(0) => {
            let percent: f64 = stop.word(-2).replace('_', "").parse().ok()?;
            (-2, -1, format!("write `{}`", percent / 100.0))
        }
        _ => return None,
    };
    let message = format!("`{}` is not a number", stop.slice(from, to));
    Some(stop.error(stop.range(from, to), message).with_help(help))
}

/// Explains operators of other languages.
pub(super) fn foreign_operator(stop: &Stop<'_>) -> Option<Diagnostic> {
    let (found, before) = (stop.word(0), stop.word(-1));
    let touches = stop.touches_next(-1);
    let is_value = stop.expects("a value");
    let (from, to, help) = match (before, found) {
        ("*", "*") if touches => (-1, 0, "multiply instead, as in `x * x`: there is no power operator"),
        (_, "^") => (0, 0, "multiply instead, as in `x * x`: there is no power operator"),
        ("==", "=") if touches => (-1, 0, "write `==`"),
        ("<", ">") if touches => (-1, 0, "write `!=`"),
        ("..", "=") if touches => (-1, 0, "write `0..n`, which excludes `n`"),
        ("..", ".") if touches => (-1, 0, "write `0..n`, which excludes `n`"),
        // A word after a number reads like its unit, up to the next value.
        ("and", _) if stop.starts_value(0) => (-1, -1, "write `&&`"),
        ("or", _) if stop.starts_value(0) => (-1, -1, "write `||`"),
        ("not", _) if stop.starts_value(0) => (-1, -1, "write `!`"),
        ("then", _) if stop.starts_value(0) || found == "{" => (-1, -1, CHOICE),
        (_, "and" | "&") => (0, 0, "write `&&`"),
        (_, "or") => (0, 0, "write `||`"),
        (_, "|") if !is_value => (0, 0, "write `||`"),
        (_, "?" | "then") => (0, 0, CHOICE),
        // `n++` is an assignment.
        ("+", "+") if stop.keyword().is_none() => return None,
        (_, "+") if is_value => (0, 0, "remove it: positive numbers have no sign"),
        (_, "=") if compares(stop) => (0, 0, "compare values with `==`"),
        _ => return None,
    };
    let operator = stop.slice(from, to);
    let is_unknown = !matches!(operator, "+" | "=" | "then");
    let message = if is_unknown {
        format!("unknown operator `{operator}`")
    } else {
        format!("unexpected `{operator}`")
    };
    Some(stop.error(stop.range(from, to), message).with_help(help))
}

/// Returns whether a `=` stands between values, where the language has no use for it.
fn compares(stop: &Stop<'_>) -> bool {
    let is_expression = match stop.keyword() {
        Some(Keyword::If | Keyword::Assert) => true,
        // Behind the first `=` of a `let`.
        Some(Keyword::Let) => stop.expects("`;`"),
        Some(_) | None => false,
    };
    is_expression && stop.ends_value(-1) && stop.starts_value(1)
}

/// Explains string literals in single or typographic quotes, and string literals as values or names.
pub(super) fn foreign_quote(stop: &Stop<'_>) -> Option<Diagnostic> {
    if matches!(stop.word(0), "'" | "“" | "”" | "‘" | "’" | "„" | "`") {
        return Some(stop.unexpected().with_help("put string literals in double quotes: `\"...\"`"));
    }
    if !stop.is(0, TokenKind::StringLiteral) {
        return None;
    }
    let inner = stop.word(0).trim_matches('"');
    let is_name = inner.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !inner.is_empty();
    if stop.expects("an identifier") && is_name && !stop.is_at_first() {
        return Some(stop.expected_error().with_help(format!("remove the quotes: `{inner}`")));
    }
    if stop.expects("a value") {
        let message = "a string literal is not a value";
        return Some(stop.error(stop.span(), message).with_help("write it only in `use` and `assert`"));
    }
    None
}

/// Explains a first word of another language.
pub(super) fn foreign_statement(stop: &Stop<'_>) -> Option<Diagnostic> {
    let first = stop.first_word();
    let help = statement(first)?;
    // The name of a layer may be such a word.
    let is_name = matches!(
        stop.text.step(stop.first, 1).map(|index| stop.text.word(stop.text.lexed.tokens[index])),
        Some("->" | "+" | ":" | "=")
    );
    if is_name {
        return None;
    }
    let token = stop.text.lexed.tokens[stop.first];
    Some(stop.error(stop.text.token_span(token), format!("unknown statement `{first}`")).with_help(help))
}

/// Explains declarations without their keyword, and assignments.
pub(super) fn assignment(stop: &Stop<'_>) -> Option<Diagnostic> {
    if stop.keyword().is_some() || stop.is_at_first() || stop.bracket().is_some() {
        return None;
    }
    let first = stop.text.lexed.tokens[stop.first];
    let name = stop.text.word(first);
    let place: Span = stop.text.token_span(first);
    let is_second = stop.text.step(stop.first, 1) == Some(stop.at);
    let is_neuron = NeuronKind::ALL.iter().any(|kind| kind.name() == stop.word(1));
    let (message, help) = match (stop.word(-1), stop.word(0)) {
        (_, found) if is_second && (found == ":" || (found == "=" && is_neuron)) => (
            format!("expected `layer` before `{name}`"),
            format!("declare layers with `layer`: `layer {name}: lif(60) {{ ... }};`"),
        ),
        (_, "=") if is_second && stop.word(1) != ">" => {
            let value = stop.value_from(1).unwrap_or("value");
            (
                format!("expected `let` before `{name}`"),
                format!("declare values with `let`: `let {name} = {value};`"),
            )
        }
        ("+" | "-" | "*" | "/", "=") | ("+", "+") => (
            format!("`{name}` cannot be changed"),
            "give the new value a name of its own with `let`".to_owned(),
        ),
        _ => return None,
    };
    Some(stop.error(place, message).with_help(help))
}

/// Explains names with characters that names cannot have: `h-0`, `body.h0`, `0h`.
pub(super) fn foreign_name(stop: &Stop<'_>) -> Option<Diagnostic> {
    let is_declaration = matches!(
        stop.keyword()?,
        Keyword::Layer | Keyword::Net | Keyword::Let | Keyword::Input | Keyword::Neuron | Keyword::Network
    );
    if !is_declaration {
        return None;
    }
    let (from, to) = if stop.is_at_name() && matches!(stop.word(0), "." | "-") && stop.touches_next(-1) {
        (-1, if stop.touches_next(0) { 1 } else { 0 })
    } else if stop.text.step(stop.first, 1) == Some(stop.at)
        && stop.is(0, TokenKind::Number)
        && stop.touches_next(0)
        && stop.is(1, TokenKind::Identifier)
    {
        (0, 1)
    } else {
        return None;
    };
    let message = format!("`{}` is not a valid name", stop.slice(from, to));
    let help = "use only ASCII letters, digits and `_` in names, and start with a letter";
    Some(stop.error(stop.range(from, to), message).with_help(help))
}

/// Explains values in forms of other languages.
pub(super) fn foreign_value(stop: &Stop<'_>) -> Option<Diagnostic> {
    let bracket = stop.bracket();
    let closing = bracket.map_or("", |bracket| bracket.closing);
    match stop.word(0) {
        "," if closing == ")" && !stop.expects("`,`") => {
            let is_size = stop.keyword() == Some(Keyword::Layer);
            Some(stop.unexpected().with_help(if is_size {
                "give a layer one size, and its fields in braces: `lif(4) { tau_mem: 20 ms, tau_syn: 10 ms }`"
            } else {
                LIST
            }))
        }
        ":" if closing == ")" && stop.keyword() == Some(Keyword::Layer) => {
            let size = stop.value_from(1).unwrap_or("4");
            Some(stop.unexpected().with_help(format!("write the size alone: `lif({size})`")))
        }
        ":" if closing == "]" => {
            Some(stop.unexpected().with_help("lists have no slices: write `[list[i] for i in 0..2]`"))
        }
        "{" if stop.expects("a value") && stop.keyword() != Some(Keyword::If) => {
            Some(stop.unexpected().with_help(LIST))
        }
        // `1 if a else 2` parses up to the `else`, as if a block had to follow.
        "else" if !stop.expects("`else`") => {
            let steps = (1..=12).map(|steps| -steps).find(|&steps| stop.word(steps) == "if")?;
            stop.ends_value(steps - 1)
                .then(|| stop.error(stop.range(steps, steps), "unexpected `if`").with_help(CHOICE))
        }
        "if" if stop.ends_value(-1) => Some(stop.unexpected().with_help(if closing == "]" {
            "remove the condition: the list has one element for each element of the range"
        } else {
            CHOICE
        })),
        "." if stop.expects("`;`") && stop.is(1, TokenKind::Identifier) && !stop.is_at_name() => {
            let message = format!("unexpected `{}`", stop.slice(0, 1));
            let help = match Function::of(stop.word(1)) {
                Some(function) => format!("call the function instead: `{}(...)`", function.name()),
                None => "values have no methods; call a function instead".to_owned(),
            };
            Some(stop.error(stop.range(0, 1), message).with_help(help))
        }
        _ => None,
    }
}
