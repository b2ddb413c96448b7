//! Sources that grow in one way each, so that a pass that is not linear in them shows.

/// A kind of source of any size.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    /// Returns a source with about `n` of what the name says.
    pub(crate) source: fn(n: usize) -> String,
}

/// All shapes.
pub(crate) const SHAPES: &[Shape] = &[
    Shape { name: "equal errors on one line", source: |n| body(&"let x = q; ".repeat(n)) },
    Shape { name: "errors on one line", source: |n| body(&each(n, " ", |i| format!("let x{i} = q{i};"))) },
    Shape { name: "errors", source: |n| body(&each(n, "\n", |i| format!("let x{i} = q{i};"))) },
    Shape { name: "syntax errors", source: |n| body(&each(n, "\n", |i| format!("let x{i} = = 1;"))) },
    Shape { name: "missing semicolons", source: |n| body(&each(n, "\n", |i| format!("let x{i} = {i}"))) },
    Shape { name: "unused parameters", source: unused_parameters },
    Shape { name: "unknown arguments", source: unknown_arguments },
    Shape { name: "duplicate connections", source: |n| body(&"    h -> linear -> h;\n".repeat(n)) },
    Shape { name: "unknown layers", source: |n| body(&each(n, "\n", |i| format!("h -> linear -> g{i};"))) },
    Shape { name: "a chain", source: |n| body(&format!("a{};", " -> linear -> h".repeat(n))) },
    Shape { name: "a sum", source: |n| body(&format!("a{} -> linear -> h;", " + h".repeat(n))) },
    Shape { name: "values", source: |n| body(&each(n, "\n", |i| format!("let x{i} = {i};"))) },
    Shape { name: "values of values", source: values_of_values },
    Shape { name: "neurons", source: neurons },
    Shape { name: "a list", source: |n| body(&format!("let x = [{}];", each(n, ", ", |i| i.to_string()))) },
    Shape {
        name: "comments",
        source: |n| body(&each(n, "\n", |i| format!("/// Number {i}.\n// And more."))),
    },
    Shape { name: "branches", source: branches },
    Shape { name: "networks", source: networks },
    Shape { name: "imports", source: |n| format!("{}{}", "use std::SynNet;\n".repeat(n), body("")) },
    Shape { name: "duplicates of a loop", source: duplicates_of_a_loop },
    Shape { name: "connections of a loop", source: connections_of_a_loop },
    Shape { name: "errors of a loop", source: errors_of_a_loop },
    Shape { name: "steps of a loop", source: |n| body(&format!("for i in 0..{n} {{ let _x = i; }}")) },
];

/// Returns a network with an input `a`, a layer `h`, and other statements.
fn body(statements: &str) -> String {
    format!(
        "network Net {{\n    dt: 1 ms;\n    input a: 1;\n    layer h: lif(1) {{ tau_mem: 20 ms, tau_syn: 20 ms }};\n    \
         a -> linear -> h;\n{statements}\n    output h;\n}}\n"
    )
}

fn each(n: usize, separator: &str, item: impl Fn(usize) -> String) -> String {
    (0..n).map(item).collect::<Vec<_>>().join(separator)
}

fn unused_parameters(n: usize) -> String {
    body("").replacen("Net", &format!("Net({})", each(n, ", ", |i| format!("p{i} = {i}"))), 1)
}

fn unknown_arguments(n: usize) -> String {
    let parameters = each(n, ", ", |i| format!("p{i} = {i}"));
    let arguments = each(n, ", ", |i| format!("r{i}: {i}"));
    let inner = body("").replacen("Net", &format!("Inner({parameters})"), 1);
    format!("{inner}{}", body(&format!("net inner: Inner({arguments}); h -> inner;")))
}

fn values_of_values(n: usize) -> String {
    let values = each(n, "\n", |i| format!("let x{} = x{i} + 1;", i + 1));
    body(&format!("let x0 = 0;\n{values}\nassert(x{n} == {n}, \"they add up\");"))
}

fn neurons(n: usize) -> String {
    body(&each(n, "\n", |i| {
        let base = if i == 0 { "lif".to_owned() } else { format!("n{}", i - 1) };
        format!("neuron n{i} = {base} {{ tau_mem: 20 ms }};")
    }))
}

fn branches(n: usize) -> String {
    body(&format!("if h == 0 {{}}{}", each(n, "", |i| format!(" else if {i} == {n} {{ let x = {i}; }}"))))
}

fn networks(n: usize) -> String {
    let others = each(n, "", |i| body("").replacen("Net", &format!("N{i}"), 1));
    let uses = each(n.min(9_000), "\n", |i| format!("net n{i}: N{i}(); h -> n{i};"));
    format!("{others}{}", body(&uses))
}

fn duplicates_of_a_loop(n: usize) -> String {
    let side = n.isqrt();
    body(&format!("for i in 0..{side} {{ for j in 0..{side} {{ a -> linear -> h; }} }}"))
}

fn connections_of_a_loop(n: usize) -> String {
    let side = n.isqrt();
    body(&format!(
        "for i in 0..{side} {{ layer h[i]: lif(1) {{ tau_mem: 20 ms, tau_syn: 20 ms }}; h -> linear -> h[i]; \
         h[i] -> linear -> h; }}\n    \
         for i in 0..{side} {{ for j in 0..{side} {{ h[i] -> linear -> h[j]; }} }}"
    ))
}

fn errors_of_a_loop(n: usize) -> String {
    let side = n.isqrt();
    body(&format!("for i in 1..{side} {{ for i in 1..{side} {{ dt: 1 ms; let x = q; h[i] -> h; }} }}"))
}
