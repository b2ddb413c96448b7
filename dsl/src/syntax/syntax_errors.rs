//! Explains what the grammar does not accept, in the terms of the language and never of the grammar.

use pest::Parser;
use pest::error::Error;
use synnet_ir::{Diagnostic, Span, nearest};

use super::grammar::{Grammar, Rule};
use super::habits;
use super::keywords::{Keyword, KeywordRole};
use super::lexer::{Token, TokenKind};
use super::stop::{Bracket, Stop};
use super::tokenized::Tokenized;
use crate::codes;

/// Help for a statement that starts like a connection, or like nothing.
const CONNECTION: &str = "write connections as `audio -> linear -> h0 -> dropout(0.1) -> linear -> h1;`";
const ITEMS: &str = "a file holds `use ...;` and `network Name { ... }`; put statements inside a network";

/// Returns the keyword that a statement starts with, or was probably meant to start with; `None` for connections.
pub(super) fn statement_keyword(first: &str) -> Option<Keyword> {
    nearest(first, Keyword::starters()).and_then(Keyword::of)
}

/// Explains a statement that was skipped.
pub(super) fn explain_statement(text: &Tokenized, start: usize, end: usize) -> Diagnostic {
    match Grammar::parse(Rule::statement, &text.text[start..]) {
        _ if text.text[start..].starts_with(';') => extra_semicolon(text, start),
        Err(error) => explain(text, start, end, error),
        Ok(_) => {
            let token = first_token(text, start, end);
            let message = format!("a statement cannot start with `{}`", text.word(token));
            Diagnostic::error(&codes::SYNTAX, text.token_span(token), message).with_help(CONNECTION)
        }
    }
}

/// Explains what was skipped outside of networks.
pub(super) fn explain_item(text: &Tokenized, start: usize, end: usize) -> Diagnostic {
    let token = first_token(text, start, end);
    let found = text.word(token);
    let first = Keyword::of(found);
    if first.is_some_and(|keyword| keyword.role() == KeywordRole::Item)
        && let Err(error) = Grammar::parse(Rule::item, &text.text[start..])
    {
        return explain(text, start, end, error);
    }
    let error = |message: String| Diagnostic::error(&codes::SYNTAX, text.token_span(token), message);
    match found {
        ";" => return extra_semicolon(text, start),
        "}" => {
            return error("unmatched `}`".to_owned()).with_help("remove it, or add the `{` that it closes");
        }
        _ if found.starts_with('#') => return habits::comment(text, token),
        _ => {}
    }
    let diagnostic = error(format!("expected `use` or `network`, found `{found}`"));
    if let Some(help) = habits::item(found) {
        return diagnostic.with_help(help);
    }
    let is_statement = first.is_some_and(|keyword| keyword.form().is_some());
    let near = nearest(found, [Keyword::Use, Keyword::Network].map(Keyword::name));
    diagnostic.with_suggestion(near.filter(|_| !is_statement), || ITEMS.to_owned())
}

/// Returns whether an item that was skipped from `start` is an import, whatever it imports.
pub(super) fn is_import(text: &Tokenized, start: usize) -> bool {
    let word = text.lexed.first_from(start).map_or("", |&token| text.word(token));
    Keyword::of(word) == Some(Keyword::Use) || word.starts_with("#include") || habits::is_import(word)
}

/// Explains punctuation that is missing before `at`.
pub(super) fn missing_delimiter(text: &Tokenized, at: usize, rule: Rule) -> Diagnostic {
    let last = text.lexed.last_before(at).copied().unwrap_or(Token {
        kind: TokenKind::Punctuation,
        start: 0,
        end: 0,
    });
    let span = text.token_span(last);
    if rule == Rule::missing_brace {
        return Diagnostic::error(&codes::MISSING_DELIMITER, span, "expected `}` after this")
            .with_help("add `}` where the block ends");
    }
    let diagnostic = Diagnostic::error(
        &codes::MISSING_DELIMITER,
        span,
        format!("expected `;` after `{}`", text.word(last)),
    )
    .with_label("add `;` after this");
    // `7 // 2;` hides its `;` in a comment.
    let behind = text.lexed.tokens.partition_point(|token| token.end <= last.end);
    let comment = text.lexed.tokens.get(behind).filter(|comment| {
        let is_near = comment.kind == TokenKind::LineComment && text.same_line(last.end, comment.start);
        is_near && text.word(**comment).trim_end().ends_with(';')
    });
    match comment {
        Some(_) => {
            diagnostic.with_help("move the `;` out of the comment; for whole division write `floor(a / b)`")
        }
        None => {
            let end = Span { start: span.end, ..span };
            diagnostic.with_help("end every statement with `;`").with_fix(end, ";")
        }
    }
}

/// Explains why a source does not parse from `start`, by the furthest place that the grammar reached.
pub(super) fn explain(text: &Tokenized, start: usize, end: usize, error: Error<Rule>) -> Diagnostic {
    let stop = Stop::new(text, start, end, error);
    RULES.iter().find_map(|rule| rule(&stop)).unwrap_or_else(|| expected(&stop))
}

/// Explanations, from the most special to the most general. The first that applies is taken.
const RULES: &[fn(&Stop<'_>) -> Option<Diagnostic>] = &[
    habits::foreign_comment,
    habits::foreign_arrow,
    habits::foreign_letter,
    habits::foreign_name,
    habits::foreign_number,
    habits::foreign_operator,
    reserved_name,
    habits::foreign_statement,
    habits::foreign_quote,
    misplaced_keyword,
    misspelled_keyword,
    habits::assignment,
    colon_or_equals,
    comma,
    unclosed,
    habits::foreign_value,
    first_token_of_nothing,
];

/// Explains a keyword in the place of a name.
fn reserved_name(stop: &Stop<'_>) -> Option<Diagnostic> {
    let word = stop.word(0);
    let is_reserved = Keyword::of(word).is_some_and(Keyword::is_reserved);
    let names = stop.expects("an identifier") && !stop.is_at_first();
    // `for` and `if` may start the next statement, where the present one merely ends too early.
    (is_reserved && names).then(|| {
        let message = format!("expected an identifier after `{}`, found the keyword `{word}`", stop.word(-1));
        stop.error(stop.span(), message).with_help("choose another name")
    })
}

/// Explains a keyword at the start of a statement that it cannot start here.
fn misplaced_keyword(stop: &Stop<'_>) -> Option<Diagnostic> {
    if !stop.is_at_first() {
        return None;
    }
    const MISPLACED: [(Keyword, &str, &str); 3] = [
        (Keyword::Use, "a network cannot contain an import", "move it to the top of the file"),
        (
            Keyword::Network,
            "a network cannot be declared inside another",
            "move it out, and use it here with `net name: Name();`",
        ),
        (Keyword::Else, "`else` without `if`", "put it directly after the block of an `if`"),
    ];
    let keyword = stop.keyword()?;
    let (_, message, help) = MISPLACED.into_iter().find(|(misplaced, ..)| *misplaced == keyword)?;
    Some(stop.error(stop.span(), message).with_help(help))
}

/// Explains a first word that is nearly a keyword.
fn misspelled_keyword(stop: &Stop<'_>) -> Option<Diagnostic> {
    let first = stop.first_word();
    if !stop.expects("`->`")
        || stop.keyword().is_some()
        || stop.word(-1) != first
        || matches!(stop.word(0), "=" | ":")
    {
        return None;
    }
    let near = nearest(first, Keyword::starters())?;
    let message = format!("unknown statement `{first}`");
    Some(stop.error(stop.range(-1, -1), message).with_suggestion(Some(near), String::new))
}

/// Explains `=` and `:` in each other's place: arguments and fields take `:`, parameters take `=`.
fn colon_or_equals(stop: &Stop<'_>) -> Option<Diagnostic> {
    let bracket = stop.bracket()?;
    let name = stop.word(-1);
    if !stop.is(-1, TokenKind::Identifier) || bracket.token.end > stop.token(-1)?.start {
        return None;
    }
    let declares = stop.keyword() == Some(Keyword::Network)
        && stop.text.step(bracket.index, -2).is_some_and(|index| index == stop.first);
    let (written, wanted) = if declares { (":", "=") } else { ("=", ":") };
    if stop.word(0) != written || bracket.closing == "]" {
        return None;
    }
    let separator = if declares { " = " } else { ": " };
    let diagnostic =
        stop.error(stop.span(), format!("expected `{wanted}` after `{name}`, found `{written}`"));
    // `n: int = 4` has a type of another language before its value.
    let value = if declares && stop.word(2) == "=" { stop.value_from(3) } else { stop.value_from(1) };
    Some(match value {
        Some(value) => diagnostic.with_help(format!("write `{name}{separator}{value}`")),
        None => diagnostic.with_help(format!("write `{name}{separator}value`")),
    })
}

/// Explains a `,` that is missing, doubled, or written as `;`.
fn comma(stop: &Stop<'_>) -> Option<Diagnostic> {
    let bracket = stop.bracket()?;
    let what = contents(stop, bracket);
    let separate = format!("separate {what} with `,`");
    if stop.word(0) == "," {
        if !stop.expects("`,`") && matches!(stop.word(-1), "," | "(" | "[" | "{") {
            return Some(stop.unexpected().with_help("remove it"));
        }
        return None;
    }
    if stop.word(0) == ";" && stop.expects("`,`") && stop.closes_on_line(bracket) {
        let help = match (bracket.closing, stop.value_from(1)) {
            ("]", Some(count)) if !bracket.has_comma => {
                let value = stop.text.text[bracket.token.end..stop.token(0)?.start].trim();
                format!("separate elements with `,`, or repeat a value: `[{value} for i in 0..{count}]`")
            }
            _ => separate,
        };
        return Some(stop.error(stop.span(), "expected `,`, found `;`").with_help(help));
    }
    // `4 tau_syn:` reads like a number with a unit, up to the `:`.
    let is_late =
        matches!(stop.word(0), ":" | "=") && stop.is(-1, TokenKind::Identifier) && stop.ends_value(-2);
    let gap = if is_late { -2 } else { -1 };
    let is_gap = is_late || (stop.expects("`,`") && stop.ends_value(-1) && stop.starts_value(0));
    if !is_gap || stop.text.lexed.tokens[bracket.index].end > stop.token(gap)?.start {
        return None;
    }
    let (before, after) = (stop.token(gap)?, stop.token(gap + 1)?);
    let is_short = stop.text.same_line(before.end, after.start);
    let span = stop.text.span(before.end, if is_short { after.start } else { before.end });
    Some(stop.error(span, format!("expected `,` after `{}`", stop.text.word(before))).with_help(separate))
}

/// Explains a `(` or `[` without its partner.
fn unclosed(stop: &Stop<'_>) -> Option<Diagnostic> {
    let bracket = stop.bracket()?;
    let closing = bracket.closing;
    let is_wanted = stop.expects(&format!("`{closing}`")) || stop.expects("`,`");
    if !is_wanted || stop.word(0) == "," || (stop.word(0) != ";" && stop.closes_on_line(bracket)) {
        return None;
    }
    let opening = stop.text.word(bracket.token);
    let last = stop.token(-1)?;
    if matches!(stop.word(0), ")" | "]" | "}") {
        let message = format!("expected `{closing}` after `{}`, found `{}`", stop.word(-1), stop.word(0));
        return Some(
            stop.error(stop.span(), message)
                .with_note(stop.text.token_span(bracket.token), format!("this `{opening}` is open"))
                .with_help(format!("close it with `{closing}`")),
        );
    }
    let span = stop.text.token_span(bracket.token);
    let unclosed = Diagnostic::error(&codes::MISSING_DELIMITER, span, format!("unclosed `{opening}`"))
        .with_help(format!("close it with `{closing}`"));
    if last == bracket.token {
        return Some(unclosed);
    }
    Some(unclosed.with_note(stop.text.token_span(last), format!("expected `{closing}` after this")))
}

/// Explains a first token that starts no statement.
fn first_token_of_nothing(stop: &Stop<'_>) -> Option<Diagnostic> {
    if !stop.is_at_first() || stop.word(0).is_empty() || stop.keyword().is_some() {
        return None;
    }
    let (message, help) = match stop.word(0) {
        "->" => ("a connection needs a source before `->`".to_owned(), CONNECTION),
        "{" => ("unexpected `{`".to_owned(), "write blocks after `if`, `else` or `for`"),
        word => (format!("a statement cannot start with `{word}`"), CONNECTION),
    };
    Some(stop.error(stop.span(), message).with_help(help))
}

/// Explains all other places: what could stand here, with the help that suits the surroundings.
fn expected(stop: &Stop<'_>) -> Diagnostic {
    let diagnostic = stop.expected_error();
    let wants_value = stop.expected == ["a value"];
    let help = match stop.expected.as_slice() {
        ["`in`"] => Some("write the range of the loop after `in`: `for i in 0..3`"),
        ["`else`"] => Some("add `else { ... }`: a value needs both branches"),
        _ => None,
    };
    if let Some(help) = help {
        return diagnostic.with_help(help);
    }
    // The parentheses of `assert` hold a fixed pair; its form says more than "arguments".
    let bracket = stop.bracket().filter(|_| stop.keyword() != Some(Keyword::Assert));
    if let Some(bracket) = bracket {
        let what = contents(stop, bracket);
        return diagnostic.with_help(match what {
            "fields" => "write fields as `name: value`, separated by `,`".to_owned(),
            _ if wants_value => "write a value, such as `4`, `2 ms` or `[60, 30]`".to_owned(),
            _ => format!("write {what}, separated by `,`, and close them with `{}`", bracket.closing),
        });
    }
    let is_expression = matches!(stop.keyword(), Some(Keyword::Let | Keyword::Dt | Keyword::Input))
        && stop.at > stop.first + 2;
    if is_expression && wants_value {
        return diagnostic.with_help("write a value, such as `4`, `2 ms` or `[60, 30]`");
    }
    if is_expression && stop.expects("`;`") && !stop.is_end {
        return diagnostic.with_help("end the statement with `;`, or join values with an operator");
    }
    match stop.keyword().and_then(Keyword::form) {
        Some(form) => diagnostic.with_help(form),
        None => diagnostic.with_help(CONNECTION),
    }
}

/// Returns what a bracket holds, in the plural.
fn contents(stop: &Stop<'_>, bracket: Bracket) -> &'static str {
    let is_before = |steps| stop.text.step(bracket.index, steps).is_some_and(|index| index == stop.first);
    match bracket.closing {
        "]" => "elements",
        "}" => "fields",
        _ if stop.keyword() == Some(Keyword::Network) && is_before(-2) => "parameters",
        _ => "arguments",
    }
}

fn extra_semicolon(text: &Tokenized, start: usize) -> Diagnostic {
    Diagnostic::error(&codes::SYNTAX, text.span(start, start + 1), "unexpected `;`").with_help("remove it")
}

fn first_token(text: &Tokenized, start: usize, end: usize) -> Token {
    let none = Token { kind: TokenKind::Punctuation, start, end };
    text.lexed.first_from(start).copied().unwrap_or(none)
}
