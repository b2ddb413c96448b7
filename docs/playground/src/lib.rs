//! The compiler for a web page: a request in JSON, an answer in JSON.
//!
//! A request is `{"source": TEXT, "chip": NAME}`, and an empty name stands for no chip. The answer holds the names of
//! all chips, the diagnostics with their places, and for a sound network the picture and the table of `snnc show`, and a
//! run of the untrained network on a built-in sample.

#![allow(unsafe_code, reason = "a page finds functions by their plain names only")]

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use synnet_dsl::{CompileOptions, NoImports, compile};
use synnet_ir::picture::{Subject, to_svg};
use synnet_ir::{Diagnostic, Graph, Network, Sources, Span, to_table};
use synnet_runtime::{Interpreter, Sequence, Tracing, initial_params};
use synnet_xylo::chip::Chip;
use synnet_xylo::rules;

/// Time steps of the built-in sample.
const STEPS: usize = 200;

/// Larger networks are not run: a page should answer while its user types.
const MAX_NEURONS: usize = 20_000;

/// The request, then the answer to it.
static BUFFER: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn with_buffer<T>(act: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    act(&mut BUFFER.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Sets the length of the request or of its answer and returns its address.
#[unsafe(no_mangle)]
pub extern "C" fn buffer(len: usize) -> *mut u8 {
    with_buffer(|buffer| {
        buffer.resize(len, 0);
        buffer.as_mut_ptr()
    })
}

/// Puts the answer in the place of the request and returns its length.
#[unsafe(no_mangle)]
pub extern "C" fn answer() -> usize {
    with_buffer(|buffer| {
        let request = serde_json::from_slice(buffer).unwrap_or_default();
        *buffer = respond(&request).to_string().into_bytes();
        buffer.len()
    })
}

fn respond(request: &Value) -> Value {
    let mut sources = Sources::new();
    let root = sources.add("network.snn", request["source"].as_str().unwrap_or_default());
    let compilation = compile(&mut sources, root, &CompileOptions::default(), &mut NoImports);
    let mut diagnostics = compilation.diagnostics;
    let chip = request["chip"].as_str().and_then(Chip::find);
    if let (Some(graph), Some(chip)) = (&compilation.graph, chip) {
        diagnostics.extend(rules::check(graph, chip));
    }
    diagnostics.sort();
    let place = |span: Span| (span.source == root).then(|| sources.line_column(span).0);
    let describe = |diagnostic: &Diagnostic| {
        json!({
            "isError": diagnostic.is_error(),
            "code": diagnostic.code.id,
            "message": diagnostic.message,
            "help": diagnostic.help,
            "line": diagnostic.span.and_then(place),
        })
    };
    json!({
        "chips": Chip::all().iter().map(|chip| &chip.name).collect::<Vec<_>>(),
        "diagnostics": diagnostics.iter().map(describe).collect::<Vec<_>>(),
        "picture": compilation.graph.as_ref().map(|graph| to_svg(&Subject::new(graph))),
        "table": compilation.graph.as_ref().map(to_table),
        "run": compilation.graph.as_ref().and_then(run),
    })
}

/// Runs the network with initial weights on two sweeps over its channels, one rising and one falling.
fn run(graph: &Graph) -> Option<Value> {
    let neurons: usize = graph.layers.iter().map(|layer| layer.size).sum();
    let channels = graph.input.channels;
    if neurons.max(channels) > MAX_NEURONS {
        return None;
    }
    let network = Network::bind(graph, &initial_params(graph, 0)).ok()?;
    let mut input = vec![0.0; STEPS * channels];
    for (t, row) in input.chunks_exact_mut(channels).enumerate() {
        let rising = t * 2 * channels / STEPS;
        row[if rising < channels { rising } else { 2 * channels - 1 - rising }] = 5.0;
    }
    let input = Sequence::new(1, STEPS, channels, input).ok()?;
    let run = Interpreter::new(&network).run(&input, Tracing::On, 0).ok()?;
    let events = |sequence: &Sequence| -> Vec<(usize, usize)> {
        let row = |t| sequence.row(0, t).iter().enumerate().filter(|(_, count)| **count > 0.0);
        (0..STEPS).flat_map(|t| row(t).map(move |(neuron, _)| (t, neuron))).collect()
    };
    let raster = |name: &str, sequence: &Sequence| json!({ "name": name, "size": sequence.width, "events": events(sequence) });
    let layers = run.layers.iter().filter_map(|layer| Some(raster(&layer.name, layer.spikes.as_ref()?)));
    let output: Vec<&[f32]> = (0..STEPS).map(|t| run.output.row(0, t)).collect();
    Some(json!({
        "steps": STEPS,
        "rasters": std::iter::once(raster(&graph.input.name, &input)).chain(layers).collect::<Vec<_>>(),
        "output": output,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_network_is_shown_and_run() {
        let source = include_str!("../../../examples/digits/digits.snn");
        let answer = respond(&json!({ "source": source, "chip": "xylo-audio3" }));
        assert_eq!(answer["diagnostics"], json!([]));
        assert!(answer["picture"].as_str().is_some_and(|svg| svg.starts_with("<svg") && svg.contains("h2")));
        let rasters = answer["run"]["rasters"].as_array().expect("rasters");
        assert!(rasters[..3].iter().all(|raster| raster["events"].as_array().is_some_and(|e| !e.is_empty())));
    }

    #[test]
    fn errors_of_language_and_chip_have_lines() {
        let too_wide = "use std::SynNet;\nnetwork N = SynNet(n_channels: 20, n_classes: 2);";
        for (source, code) in [("network N {\n    dt: 10;\n}", "E0301"), (too_wide, "X0101")] {
            let answer = respond(&json!({ "source": source, "chip": "xylo-audio3" }));
            let found =
                answer["diagnostics"].as_array().and_then(|all| all.iter().find(|d| d["code"] == code));
            assert_eq!(found.map(|found| &found["line"]), Some(&json!(2)), "{answer}");
        }
    }

    #[test]
    fn a_request_that_is_no_json_gets_an_answer() {
        buffer(3);
        let len = answer();
        assert!(with_buffer(|buffer| buffer.starts_with(b"{") && buffer.len() == len));
    }
}
