//! Words for what the grammar does not accept: the language's own, never the grammar's.

use pest::Parser;
use pest::error::{Error, ErrorVariant, InputLocation};
use synnet_ir::{Diagnostic, SourceId, Span, nearest};

use super::grammar::{Grammar, Rule};
use super::keywords::{Keyword, KeywordRole};
use super::lexer::Lexed;
use crate::codes;

const CHAIN: &str = "connections are written `audio -> linear -> h0 -> dropout(0.1) -> linear -> h1;`";

/// The keyword that a statement starts with or was probably meant to start with; `None` for connections.
pub(super) fn statement_keyword(first: &str) -> Option<Keyword> {
    nearest(first, Keyword::starters()).and_then(Keyword::of)
}

/// Explains a swallowed statement.
pub(super) fn explain_statement(
    source: SourceId,
    text: &str,
    lexed: &Lexed,
    start: usize,
    end: usize,
) -> Diagnostic {
    if text[start..].starts_with(';') {
        let span = Span::new(source, start, start + 1);
        return Diagnostic::error(&codes::SYNTAX, span, "this `;` ends nothing").with_help("remove it");
    }
    match Grammar::parse(Rule::statement, &text[start..]) {
        Err(error) => explain(source, text, lexed, start, end, error),
        Ok(_) => unexpected(source, text, lexed, start),
    }
}

/// Explains what was swallowed outside of networks.
pub(super) fn explain_item(
    source: SourceId,
    text: &str,
    lexed: &Lexed,
    start: usize,
    end: usize,
) -> Diagnostic {
    let first = Keyword::of(word(text, lexed, start));
    if first.is_some_and(|keyword| keyword.role() == KeywordRole::Item)
        && let Err(error) = Grammar::parse(Rule::item, &text[start..])
    {
        return explain(source, text, lexed, start, end, error);
    }
    let span = token_span(source, lexed, start, end);
    let found = word(text, lexed, start);
    if found == ";" {
        return Diagnostic::error(&codes::SYNTAX, span, "this `;` ends nothing").with_help("remove it");
    }
    if found == "}" {
        return Diagnostic::error(&codes::SYNTAX, span, "this `}` closes nothing")
            .with_help("remove it, or look for a `{` that is missing above");
    }
    let diagnostic =
        Diagnostic::error(&codes::SYNTAX, span, format!("expected `use` or `network`, found `{found}`"));
    let is_statement = first.is_some_and(|keyword| keyword.form().is_some());
    match nearest(found, [Keyword::Use, Keyword::Network].map(Keyword::name)) {
        Some(word) if !is_statement => diagnostic.with_help(format!("did you mean `{word}`?")),
        _ => diagnostic.with_help(
            "a file holds `use ...;` and `network Name { ... }`; statements stand inside a network",
        ),
    }
}

/// Signs that other languages use, and what stands for them here.
const HABITS: [(&str, &str); 11] = [
    ("#", "comments start with `//`"),
    ("?", "choices are written `if condition { a } else { b }`"),
    ("then", "choices are written `if condition { a } else { b }`"),
    ("and", "the operators of conditions are `&&`, `||` and `!`"),
    ("or", "the operators of conditions are `&&`, `||` and `!`"),
    ("&", "the operators of conditions are `&&`, `||` and `!`"),
    ("“", "texts stand in double quotes"),
    ("”", "texts stand in double quotes"),
    ("µ", "microseconds are written `us`: `20 us`"),
    ("μ", "microseconds are written `us`: `20 us`"),
    ("'", "texts stand in double quotes"),
];

/// Explains a sign that was forgotten before `at`.
pub(super) fn forgotten(source: SourceId, text: &str, lexed: &Lexed, at: usize, rule: Rule) -> Diagnostic {
    let last = lexed.last_before(at);
    let (start, end) = last.map_or((0, 0), |token| (token.start, token.end));
    let span = Span::new(source, start, end);
    if rule == Rule::missing_brace {
        return Diagnostic::error(&codes::FORGOTTEN, span, "a `{` is never closed; expected `}` after this")
            .with_label("the block goes on to here")
            .with_help("add `}` where the block ends");
    }
    let found = &text[start..end];
    Diagnostic::error(&codes::FORGOTTEN, span, format!("expected `;` after `{found}`"))
        .with_label("`;` belongs behind this")
        .with_help("every statement ends with `;`")
}

/// Explains why a text from `start` does not parse, from the furthest place that the grammar reached.
pub(super) fn explain(
    source: SourceId,
    text: &str,
    lexed: &Lexed,
    start: usize,
    end: usize,
    error: Error<Rule>,
) -> Diagnostic {
    let offset = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => start + at,
    };
    let expected = match error.variant {
        ErrorVariant::ParsingError { positives, .. } => expectations(&positives),
        ErrorVariant::CustomError { .. } => Vec::new(),
    };
    let found_token = lexed.first_from(offset).filter(|token| token.start < end.max(offset + 1));
    let (found, span) = match found_token {
        Some(token) => {
            (format!("found `{}`", &text[token.start..token.end]), Span::new(source, token.start, token.end))
        }
        None => {
            let last = lexed.last_before(end);
            let span = last.map_or((start, end), |token| (token.start, token.end));
            ("found the end".to_owned(), Span::new(source, span.0, span.1))
        }
    };
    let first = word(text, lexed, start);
    let form = Keyword::of(first).and_then(Keyword::form);
    let found_word = found_token.map_or("", |token| &text[token.start..token.end]);
    let behind = lexed.last_before(offset).filter(|token| token.start >= start);
    let place = behind.map_or(String::new(), |token| format!(" after `{}`", &text[token.start..token.end]));
    let diagnostic = if expected.is_empty() {
        Diagnostic::error(&codes::SYNTAX, span, format!("{found} where nothing like it can stand"))
    } else {
        let message = format!("expected {}{place}, {found}", alternatives(&expected));
        Diagnostic::error(&codes::SYNTAX, span, message)
    };
    let at_first = found_token.is_some_and(|token| token.start == start);
    if Keyword::of(found_word).is_some_and(Keyword::is_reserved) && expected.contains(&"a name") && !at_first
    {
        return diagnostic
            .with_help(format!("`{found_word}` is a word of the language; choose another name"));
    }
    if let Some((_, habit)) = HABITS.iter().find(|(sign, _)| *sign == found_word) {
        return diagnostic.with_help(*habit);
    }
    match (form, found_word) {
        (Some(form), _) => diagnostic.with_help(form),
        (None, "=") if !text[offset..].starts_with("=>") => {
            diagnostic.with_help("values are declared with `let`: `let n = 60;`")
        }
        (None, ":") => diagnostic.with_help("layers are declared with `layer`: `layer h0: lif(60) { ... };`"),
        (None, _) => misspelt(diagnostic, first, &expected),
    }
}

/// Help for a statement whose first word is none of the language's.
fn misspelt(diagnostic: Diagnostic, first: &str, expected: &[&str]) -> Diagnostic {
    match nearest(first, Keyword::starters()) {
        Some(near) if expected.contains(&"`->`") => diagnostic.with_help(format!("did you mean `{near}`?")),
        _ => diagnostic.with_help(CHAIN),
    }
}

fn unexpected(source: SourceId, text: &str, lexed: &Lexed, start: usize) -> Diagnostic {
    let found = word(text, lexed, start);
    let span = token_span(source, lexed, start, start + 1);
    Diagnostic::error(&codes::SYNTAX, span, format!("`{found}` cannot start a statement")).with_help(CHAIN)
}

fn word<'a>(text: &'a str, lexed: &Lexed, start: usize) -> &'a str {
    lexed.first_from(start).map_or("", |token| &text[token.start..token.end])
}

fn token_span(source: SourceId, lexed: &Lexed, start: usize, end: usize) -> Span {
    let token = lexed.first_from(start);
    token.map_or(Span::new(source, start, end), |token| Span::new(source, token.start, token.end))
}

/// The rules that would have gone on, in the words of the language. What merely could go on an
/// expression is left out where anything else is possible.
fn expectations(rules: &[Rule]) -> Vec<&'static str> {
    let mut words: Vec<&'static str> = rules.iter().filter_map(|&rule| wording(rule)).collect();
    if words.is_empty() && rules.iter().any(|&rule| matches!(rule, Rule::operator | Rule::unit | Rule::index))
    {
        words.push("an operator");
    }
    if words.iter().any(|word| *word != "`[`") {
        words.retain(|word| *word != "`[`");
    }
    words.sort_unstable();
    words.dedup();
    words
}

fn wording(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::name | Rule::field_name | Rule::field | Rule::parameter => "a name",
        Rule::element | Rule::sum => "a layer or an operator",
        Rule::expression | Rule::postfix | Rule::number | Rule::quantity | Rule::choice | Rule::argument => {
            "a value"
        }
        Rule::list | Rule::truth | Rule::nothing | Rule::parenthesis | Rule::call_or_name => "a value",
        Rule::prefix => return None,
        Rule::call => "a network with its arguments",
        Rule::block | Rule::open_brace => "`{`",
        Rule::close_brace => "`}`",
        Rule::arguments | Rule::open_paren => "`(`",
        Rule::close_paren => "`)`",
        Rule::open_bracket => "`[`",
        Rule::close_bracket => "`]`",
        Rule::semicolon | Rule::missing_semicolon => "`;`",
        Rule::colon => "`:`",
        Rule::comma => "`,`",
        Rule::dot => "`.`",
        Rule::equals => "`=`",
        Rule::arrow => "`->`",
        Rule::plus => "`+`",
        Rule::path_separator => "`::`",
        Rule::string => "a text in `\"`",
        Rule::kw_in => "`in`",
        Rule::kw_else => "`else`",
        Rule::EOI => "the end",
        Rule::chain
        | Rule::step
        | Rule::input
        | Rule::output
        | Rule::binding
        | Rule::neuron
        | Rule::layer => "a statement",
        Rule::net | Rule::loop_ | Rule::condition | Rule::assertion => "a statement",
        _ => return None,
    })
}

fn alternatives(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
