//! The grammar in `docs/language.md` is the grammar of the parser, without what serves error messages.
//!
//! Left out are the rules for what was forgotten or is nothing else, and lookaheads, which choose between alternatives
//! but add no form. Rules that are one fixed text are replaced by it.

use std::collections::BTreeMap;
use std::fmt::Write;

use pest_meta::ast::Expr;
use pest_meta::parser::{Rule, consume_rules, parse};

use crate::cases::{read, updates};
use crate::documentation::in_repository;

const SOURCE: &str = include_str!("../../src/syntax/grammar.pest");

const WIDTH: usize = 110;

type Rules = BTreeMap<String, Expr>;

/// Returns an expression without what serves error messages, or `None` if nothing is left.
fn cleaned(expr: &Expr) -> Option<Expr> {
    let both = |left: &Expr, right: &Expr, join: fn(Box<Expr>, Box<Expr>) -> Expr| match (
        cleaned(left),
        cleaned(right),
    ) {
        (Some(left), Some(right)) => Some(join(Box::new(left), Box::new(right))),
        (one, None) | (None, one) => one,
    };
    let inner = |expr: &Expr, wrap: fn(Box<Expr>) -> Expr| cleaned(expr).map(|expr| wrap(Box::new(expr)));
    match expr {
        Expr::Ident(name) => {
            let serves_errors = name.starts_with("bad_") || name.starts_with("missing_");
            (!serves_errors && name != "SOI" && name != "EOI").then(|| expr.clone())
        }
        // `!x ~ ANY` is a set of characters.
        Expr::Seq(left, right) => match (&**left, &**right) {
            (Expr::NegPred(_), Expr::Ident(any)) if any == "ANY" => Some(expr.clone()),
            _ => both(left, right, Expr::Seq),
        },
        Expr::Choice(left, right) => both(left, right, Expr::Choice),
        Expr::PosPred(_) | Expr::NegPred(_) => None,
        Expr::Opt(expr) => inner(expr, Expr::Opt),
        Expr::Rep(expr) => inner(expr, Expr::Rep),
        Expr::RepOnce(expr) => inner(expr, Expr::RepOnce),
        other => Some(other.clone()),
    }
}

/// Replaces rules that are one fixed text.
fn inlined(expr: &Expr, rules: &Rules) -> Expr {
    expr.clone().map_top_down(|expr| {
        let mut expr = expr;
        while let Expr::Ident(name) = &expr {
            match rules.get(name) {
                Some(fixed @ Expr::Str(_)) => expr = fixed.clone(),
                Some(Expr::Ident(other))
                    if rules.get(other).is_some_and(|rule| matches!(rule, Expr::Str(_))) =>
                {
                    expr = Expr::Ident(other.clone());
                }
                _ => break,
            }
        }
        expr
    })
}

/// Writes an expression. `outer` binds tighter than a choice (1) or a sequence (2).
fn written(expr: &Expr, outer: u8) -> String {
    let parenthesized = |text: String, own: u8| if own < outer { format!("({text})") } else { text };
    match expr {
        Expr::Str(text) => format!("{text:?}"),
        Expr::Ident(name) => match name.as_str() {
            "ASCII_ALPHA" => "[A-Za-z]".to_owned(),
            "ASCII_DIGIT" => "[0-9]".to_owned(),
            "ASCII_ALPHANUMERIC" => "[A-Za-z0-9]".to_owned(),
            _ => name.clone(),
        },
        Expr::Seq(left, right) => match &**left {
            Expr::NegPred(set) => format!("[^{}]", characters(set)),
            _ => parenthesized(format!("{} {}", written(left, 1), written(right, 1)), 1),
        },
        Expr::Choice(left, right) => {
            parenthesized(format!("{} | {}", written(left, 0), written(right, 0)), 0)
        }
        Expr::Opt(expr) => written(expr, 2) + "?",
        Expr::Rep(expr) => written(expr, 2) + "*",
        Expr::RepOnce(expr) => written(expr, 2) + "+",
        other => panic!("the grammar has a new kind of expression: {other}"),
    }
}

/// Writes a choice of single characters as the inside of a set.
fn characters(expr: &Expr) -> String {
    match expr {
        Expr::Str(text) => text.escape_debug().to_string().replace("\\\"", "\""),
        Expr::Choice(left, right) => characters(left) + &characters(right),
        other => panic!("no set of characters: {other}"),
    }
}

/// Breaks a rule between alternatives, or else between parts of a sequence, where it would be too wide.
fn wrapped(rule: &str) -> String {
    let mut lines = String::new();
    let mut line = String::new();
    for part in rule.split(' ') {
        if line.len() + 1 + part.len() > WIDTH {
            let _ = writeln!(lines, "{}", line.trim_end());
            line = "   ".to_owned();
        }
        line += if line.is_empty() { "" } else { " " };
        line += part;
    }
    lines + &line + "\n"
}

/// Returns the rules that are reachable from a file, in the order of the parser's grammar.
fn grammar() -> String {
    let pairs = parse(Rule::grammar_rules, SOURCE).expect("the grammar is one of pest");
    let all = consume_rules(pairs).expect("the grammar has meaning");
    let rules: Rules =
        all.iter().filter_map(|rule| Some((rule.name.clone(), cleaned(&rule.expr)?))).collect();
    let rules: Rules = rules.iter().map(|(name, expr)| (name.clone(), inlined(expr, &rules))).collect();
    let mut reached = vec!["file".to_owned()];
    let mut at = 0;
    while let Some(name) = reached.get(at).cloned() {
        at += 1;
        for expr in rules.get(&name).into_iter().flat_map(|expr| expr.iter_top_down()) {
            if let Expr::Ident(other) = expr
                && rules.contains_key(&other)
                && !reached.contains(&other)
            {
                reached.push(other);
            }
        }
    }
    let shown = all.iter().filter(|rule| reached.contains(&rule.name));
    shown.map(|rule| wrapped(&format!("{} = {}", rule.name, written(&rules[&rule.name], 0)))).collect()
}

#[test]
fn the_reference_has_the_grammar_of_the_parser() {
    const START: &str = "\n## Grammar\n";
    let path = in_repository("docs/language.md");
    let text = read(&path);
    let (before, rest) = text.split_once(START).expect("the reference has a grammar");
    let (prose, rest) = rest.split_once("\n```text\n").expect("the grammar is a code block");
    let (found, after) = rest.split_once("```\n").expect("code blocks end");
    let grammar = grammar();
    if updates() {
        let page = format!("{before}{START}{prose}\n```text\n{grammar}```\n{after}");
        std::fs::write(&path, page).expect("the page can be written");
    } else {
        assert_eq!(found, grammar, "docs/language.md is out of date: SYNNET_UPDATE=1 writes it");
    }
}
