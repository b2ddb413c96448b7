//! The lexer and the grammar agree on where tokens end.
//!
//! The lexer serves what the grammar forgets (comments, the ends of what it matched) and guards it against hostile
//! depth; so there are two descriptions of a token. For any source that the lexer accepts:
//! * wherever the lexer sees a token, each rule of the grammar that matches a token there ends with it, and
//! * each pair of the grammar starts and ends with a token, and one that is a token is that of the lexer.

use std::path::{Path, PathBuf};

use pest::Parser;
use pest::iterators::Pair;
use proptest::prelude::*;
use synnet_ir::SourceId;

use super::grammar::{Grammar, Rule};
use super::lexer::{Lexed, Token, TokenKind, lex};
use super::tree::{Binary, Unary};

/// The rules whose matches are single tokens, except those of keywords and punctuation.
const TOKENS: [Rule; 8] = [
    Rule::name,
    Rule::field_name,
    Rule::word,
    Rule::number,
    Rule::string,
    Rule::operator,
    Rule::prefix,
    Rule::path_separator,
];

const PUNCTUATION: [Rule; 13] = [
    Rule::semicolon,
    Rule::colon,
    Rule::comma,
    Rule::dot,
    Rule::equals,
    Rule::arrow,
    Rule::plus,
    Rule::open_paren,
    Rule::close_paren,
    Rule::open_bracket,
    Rule::close_bracket,
    Rule::open_brace,
    Rule::close_brace,
];

const KEYWORDS: [Rule; 18] = [
    Rule::kw_use,
    Rule::kw_network,
    Rule::kw_layer,
    Rule::kw_neuron,
    Rule::kw_net,
    Rule::kw_let,
    Rule::kw_for,
    Rule::kw_in,
    Rule::kw_if,
    Rule::kw_else,
    Rule::kw_true,
    Rule::kw_false,
    Rule::kw_none,
    Rule::kw_learn,
    Rule::contextual_dt,
    Rule::contextual_input,
    Rule::contextual_output,
    Rule::contextual_assert,
];

fn token_rules() -> impl Iterator<Item = Rule> {
    TOKENS.into_iter().chain(PUNCTUATION).chain(KEYWORDS)
}

/// Returns where lexer and grammar disagree about a source; `None` if they agree or the lexer refuses the source.
fn disagreement(text: &str) -> Option<String> {
    let lexed = lex(SourceId::default(), text).ok()?;
    let starts = lexed.tokens.iter().filter(|token| !token.kind.is_comment());
    for token in starts {
        if let Some(found) = wrong_end(text, token) {
            return Some(found);
        }
    }
    match Grammar::parse(Rule::file, text) {
        Ok(pairs) => pairs.into_iter().find_map(|pair| wrong_pair(text, &lexed, pair)),
        Err(error) => Some(format!("the grammar fails as a whole: {error}")),
    }
}

/// Returns a rule of a token that matches at the start of `token` and ends elsewhere.
fn wrong_end(text: &str, token: &Token) -> Option<String> {
    let lexeme = &text[token.start..token.end];
    let mut matches = false;
    for rule in token_rules() {
        let Ok(mut pairs) = Grammar::parse(rule, &text[token.start..]) else { continue };
        let end = token.start + pairs.next().map_or(0, |pair| pair.as_span().end());
        if end != token.end {
            return Some(format!("{rule:?} matches `{}`, the token is `{lexeme}`", &text[token.start..end]));
        }
        matches = true;
    }
    // Punctuation of other languages is a token, so that it can be reported.
    let is_foreign = token.kind == TokenKind::Punctuation && !"()[]{};:,.=+-*/%<>!".contains(lexeme);
    (!matches && !is_foreign).then(|| format!("no rule matches the token `{lexeme}`"))
}

/// Returns a pair, or one within it, that does not start and end with tokens.
fn wrong_pair(text: &str, lexed: &Lexed, pair: Pair<'_, Rule>) -> Option<String> {
    let (rule, span) = (pair.as_rule(), pair.as_span());
    let (start, end) = (span.start(), span.end());
    // What is forgotten is empty; the file starts with its blanks and ends with its end.
    let is_empty = start == end || matches!(rule, Rule::file | Rule::EOI);
    let shown = || format!("{rule:?} `{}`", &text[start..end]);
    if !is_empty {
        let first = lexed.first_from(start).filter(|token| token.start == start);
        let Some(first) = first else { return Some(format!("{} does not start with a token", shown())) };
        // Behind its last token, a pair may have blanks and comments.
        let split = lexed.tokens.iter().find(|token| {
            let is_cut = token.start < end && end < token.end;
            is_cut && !token.kind.is_comment()
        });
        if let Some(split) = split {
            return Some(format!("{} ends inside `{}`", shown(), &text[split.start..split.end]));
        }
        let is_token = rule == Rule::unit || token_rules().any(|token| token == rule);
        if is_token && end != first.end {
            return Some(format!("{} is not the token `{}`", shown(), &text[first.start..first.end]));
        }
    }
    pair.into_inner().find_map(|inner| wrong_pair(text, lexed, inner))
}

/// Returns every network file of the tests and of the standard library.
fn corpus() -> Vec<PathBuf> {
    let mut folders = vec!["tests".into(), "std".into()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join::<PathBuf>(folder);
        for entry in std::fs::read_dir(folder).expect("the folder exists") {
            let path = entry.expect("the folder is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "snn") {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 10, "there are network files");
    files
}

#[test]
fn lexer_and_grammar_agree_on_the_files_of_the_tests() {
    for path in corpus() {
        let text = std::fs::read_to_string(&path).expect("the file is readable");
        assert_eq!(disagreement(&text), None, "{}", path.display());
    }
}

#[test]
fn lexer_and_grammar_agree_on_edge_cases() {
    for text in [
        "network N { let a = 1e5let b = 2; }",
        "x 1_let y = 2;",
        "x 1e5network N { }",
        "network N { let x = 1..2; let y = 1.5..2.5; let z = 1...2; }",
        "network N { let x = a-->b; let y = a<-b; let z = !!=b; }",
        "network N { a : :b -> c; output o . . spikes; let x = = 1; let y == 2; }",
        "network N { let x = 10 /* ms */ ms; let y = 10// ms\nms; let z = 10\u{feff}ms; }",
        "/* /* */ /*/ */*/ */ network N { }",
        "/* a /*/ b */ c */ network N { }",
        "// a\r\nnetwork N { // b\r\n}",
        "network N { assert(a, \"// no comment \r /* none */\"); }",
        "network é { let µ = 1; }",
    ] {
        assert_eq!(disagreement(text), None, "{text:?}");
    }
}

#[test]
fn the_tree_has_the_operators_of_the_grammar() {
    let characters = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    let pairs = characters.chars().flat_map(|a| characters.chars().map(move |b| format!("{a}{b}")));
    for text in characters.chars().map(String::from).chain(pairs) {
        let token = |rule| Grammar::parse(rule, &text).ok().and_then(|mut pairs| pairs.next());
        if let Some(pair) = token(Rule::operator) {
            assert!(Binary::of(pair.as_str()).is_some(), "{text}");
        } else {
            assert_eq!(Binary::of(&text), None);
        }
        if let Some(pair) = token(Rule::prefix) {
            assert!(Unary::of(pair.as_str()).is_some(), "{text}");
        } else {
            assert_eq!(Unary::of(&text), None);
        }
    }
}

#[test]
fn lexer_and_grammar_reject_an_unterminated_comment() {
    for text in ["/*", "/* a", "/*/", "/* /* */", "/* /*/", "x /* /* */ /*/ "] {
        assert!(lex(SourceId::default(), text).is_err(), "{text:?}");
        let at = text.find('/').expect("a comment starts");
        // Blanks and comments stand before the end of a file.
        assert!(
            Grammar::parse(Rule::standalone_expression, &format!("1 {}", &text[at..])).is_err(),
            "{text:?}"
        );
    }
}

/// Tokens and pieces of tokens, some of them of other languages.
fn piece() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "network", "use", "layer", "neuron", "net", "let", "for", "in", "if", "else", "true", "none",
        "learn", "dt", "input", "output", "assert", "linear", "x", "h0", "_a", "networks", "ms", "e5", "E",
        "(", ")", "[", "]", "{", "}", ";", ":", "::", ",", ".", "..", "=", "==", "!=", "!", "<", "<=", ">",
        ">=", "&&", "||", "&", "|", "+", "-", "->", "*", "/", "%", "//", "/*", "*/", "/**/", "///", "////",
        "\"", "\"a\"", "\"//\"", "\\", "'", "#", "é", "µ", "\u{feff}", " ", "\t", "\n", "\r\n", "\r",
        "\u{a0}",
    ]);
    let number = "[0-9]{1,2}(_[0-9_]{0,2})?(\\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?( ?(ms|Hz|e5|let))?";
    prop_oneof![
        6 => fixed.prop_map(str::to_owned),
        2 => number,
        1 => "\"[^\"\\\\\n]{0,6}\"",
        1 => "/\\*[*/ a\n]{0,6}\\*/",
        1 => "//[/* a\r]{0,4}\n",
        1 => "\\PC",
    ]
}

/// Statements that parse, whose tokens are joined by any blanks and comments.
fn statement() -> impl Strategy<Value = Vec<&'static str>> {
    let forms: Vec<&'static str> = vec![
        "let x = 10 ms + 1 .. 2 * - 3 ;",
        "let y = if a >= 1.5e-3 { learn [ 1 , 2 ] } else { none } ;",
        "layer h [ i ] : lif ( 60 ) { tau_mem : 20 ms , tau_syn : geometric ( 2 ms , 4 ) , } ;",
        "net b : Body ( n : 4 ) ;",
        "h [ 0 ] + g -> dropout ( 0.1 ) -> linear { bias : true } -> h [ 1 ] ;",
        "for i in 0 .. n { a -> b ; }",
        "if a == b && ! c || d != e { } else { }",
        "assert ( a < b , \"text // and /* text\" ) ;",
        "dt : 1_000 us ;",
        "output h . vmem ;",
    ];
    prop::sample::select(forms).prop_map(|form| {
        // The string literal is one token.
        let mut parts = form.split('"');
        let mut tokens: Vec<&str> = parts.next().map_or(Vec::new(), |part| part.split(' ').collect());
        if let (Some(_), Some(rest)) = (parts.next(), parts.next()) {
            tokens.push("\"text // and /* text\"");
            tokens.extend(rest.split(' '));
        }
        tokens
    })
}

fn program() -> impl Strategy<Value = String> {
    let gap = prop::sample::select(vec![
        "",
        " ",
        "\n",
        "\r\n",
        "\t",
        "/**/",
        "/* /* */ */",
        "//\n",
        "// a\r\n",
        "/*/*/**/*/*/",
        "\u{feff}",
        "/* \" */",
    ]);
    let statements = prop::collection::vec(statement(), 1..4).prop_map(|statements| statements.concat());
    statements.prop_flat_map(move |tokens| {
        let gaps = prop::collection::vec(gap.clone(), tokens.len());
        (Just(tokens), gaps).prop_map(|(tokens, gaps)| {
            let mut body = String::new();
            for (token, gap) in tokens.iter().zip(gaps) {
                let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
                if body.ends_with(is_word) && token.starts_with(is_word) {
                    body.push(' ');
                }
                body += token;
                body += gap;
            }
            format!("network N {{ {body} }}")
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn lexer_and_grammar_agree_on_token_soup(pieces in prop::collection::vec(piece(), 0..24), inside in any::<bool>()) {
        let soup = pieces.concat();
        let text = if inside { format!("network N {{ {soup} }}") } else { soup };
        prop_assert_eq!(disagreement(&text), None);
    }

    #[test]
    fn lexer_and_grammar_agree_on_statements_with_any_blanks(text in program()) {
        prop_assert_eq!(disagreement(&text), None);
    }
}
