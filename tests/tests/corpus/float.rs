//! The interpreter and training.

use std::fmt::Write as _;

use synnet_ir::Network;
use synnet_ir::graph::{Neuron, Quantity};
use synnet_runtime::Run;
use synnet_runtime::tape::Tape;
use synnet_tests::corpus::Case;
use synnet_tests::engines::{compiled, gradients_kept_and_recomputed, interpret, run_tape};
use synnet_tests::reference::{Inputs, Reference};
use synnet_tests::{Random, equations};

use crate::{assert_snapshot, digest_of, for_each, rounded};

/// Minimum distance from a boundary of the spike count or of the surrogate; below it, rounding decides.
const MARGIN: f64 = 1e-5;
/// Number of inputs, of which the one with the largest distance from boundaries is used.
const CANDIDATES: u64 = 8;
/// Maximum difference of an output or a gradient, relative to the maximum of its tensor.
const TOLERANCE: f64 = 1e-3;

#[test]
fn spikes_and_gradients_match_snapshots_and_references() {
    for_each(|case| {
        let network = compiled(case).network;
        let mut text = interpreter(case, &network);
        text += &training(case, &network);
        assert_snapshot("float", case, &text);
    });
}

/// Describes the spikes of each layer, with a digest of all states and outputs.
fn interpreter(case: &Case, network: &Network) -> String {
    let raster = Random(case.settings.seed).values(case.settings.steps * network.graph.input.channels);
    let run = interpret(network, &raster);
    let mut text = format!("interpreter, {} steps\n", case.settings.steps);
    if is_noisy(network) {
        text += "  not compared with the equations, which have no noise\n";
    } else {
        assert_follows_the_equations(network, &raster, &run);
    }
    assert!(run.output.data.iter().any(|&x| x != 0.0), "there is no output");
    for (layer, trace) in network.graph.layers.iter().zip(&run.layers) {
        let Some(spikes) = &trace.spikes else { continue };
        let total: f32 = spikes.data.iter().sum();
        let active =
            (0..layer.size).filter(|n| spikes.data.iter().skip(*n).step_by(layer.size).any(|&x| x > 0.0));
        let most = spikes.data.iter().fold(0.0, |most: f32, &x| most.max(x));
        let name = &layer.name;
        let _ = match active.count() {
            0 => writeln!(text, "  {name}: no spikes of {} neurons", layer.size),
            n => {
                writeln!(
                    text,
                    "  {name}: {total} spikes of {n} of {} neurons, at most {most} in a step",
                    layer.size
                )
            }
        };
        let is_readout = network.graph.layer(network.graph.output.layer).name == *name;
        let may = is_readout && network.graph.output.quantity != Quantity::Spikes;
        let silent = case.settings.silent.contains(name);
        assert!(total > 0.0 || may || silent, "layer `{name}` never spikes");
        assert!(total == 0.0 || !silent, "layer `{name}` spikes, against its setting");
    }
    let states = run.layers.iter().flat_map(|trace| {
        let optional = [&trace.vmem, &trace.spikes];
        trace.isyn.data.iter().chain(optional.into_iter().flatten().flat_map(|states| &states.data))
    });
    let (low, high) =
        run.output.data.iter().fold((f32::MAX, f32::MIN), |(low, high), &x| (low.min(x), high.max(x)));
    let _ = writeln!(text, "  output from {} to {}", rounded(low.into()), rounded(high.into()));
    let _ = writeln!(text, "  digest {}", digest_of(states.chain(&run.output.data)));
    text
}

fn is_noisy(network: &Network) -> bool {
    network.graph.layers.iter().filter_map(|layer| layer.as_lif()).any(|lif| lif.noise_std != 0.0)
}

/// Compares every state of every step, bit for bit.
fn assert_follows_the_equations(network: &Network, raster: &[f32], run: &Run) {
    for (t, step) in equations::run(network, raster).iter().enumerate() {
        let same = |what: &str, expected: &[f32], found: &[f32]| {
            let bits = |states: &[f32]| states.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(found), bits(expected), "{what}, step {t}: {found:?} is not {expected:?}");
        };
        same("output", &step.output, run.output.row(0, t));
        for (trace, expected) in run.layers.iter().zip(&step.layers) {
            same(&format!("{}.isyn", trace.name), &expected.isyn, trace.isyn.row(0, t));
            if let (Some(vmem), Some(spikes)) = (&trace.vmem, &trace.spikes) {
                same(&format!("{}.vmem", trace.name), &expected.vmem, vmem.row(0, t));
                same(&format!("{}.spikes", trace.name), &expected.spikes, spikes.row(0, t));
            }
        }
    }
}

/// Describes the gradients by the root mean square of each tensor.
///
/// The reference has neither noise nor dropout, so training runs without them, too. Among some inputs, the one with the
/// largest distance from boundaries is used. If rounding decides a spike in all of them, nothing is compared.
fn training(case: &Case, network: &Network) -> String {
    let tape = Tape::new(&network.graph);
    let mut text = String::from("training\n");
    if tape.learned().specs().is_empty() {
        return text + "  skipped: nothing learns\n";
    }
    let inputs: Vec<Inputs> = (0..CANDIDATES)
        .map(|i| Inputs::draw(&network.graph, case.settings.steps, &mut Random(case.settings.seed + i)))
        .collect();
    assert_segments_match(network, &inputs[0]);

    let mut quiet = network.clone();
    if is_noisy(network) {
        text += "  without noise, which the reference does not have\n";
        for layer in &mut quiet.graph.layers {
            if let Neuron::Lif(lif) = &mut layer.neuron {
                lif.noise_std = 0.0;
            }
        }
    }
    let spikes = |run: &Run| -> Vec<Vec<f32>> {
        run.layers
            .iter()
            .map(|trace| trace.spikes.as_ref().map_or(Vec::new(), |spikes| spikes.data.clone()))
            .collect()
    };
    let found = inputs.iter().map(|inputs| {
        let reference = Reference::forward(&quiet, inputs);
        let spikes = spikes(&interpret(&quiet, &inputs.input));
        (reference, inputs, spikes)
    });
    let clear =
        found.filter(|(reference, _, spikes)| reference.margin() > MARGIN && reference.agrees(spikes));
    let Some((reference, inputs, spikes)) = clear.max_by(|a, b| a.0.margin().total_cmp(&b.0.margin())) else {
        return text + "  skipped: rounding decides spikes in every input\n";
    };

    let run_tape = run_tape(&tape, &quiet, inputs);
    for ((layer, expected), found) in quiet.graph.layers.iter().zip(&spikes).zip(&run_tape.spikes) {
        assert!(
            layer.as_lif().is_none() || expected == found,
            "training's spikes of `{}` differ",
            layer.name
        );
    }
    assert_near(&run_tape.output, &reference.output(), "output");
    let _ = writeln!(text, "  nearest boundary {} thresholds away", rounded(reference.margin()));
    let expected = reference.backward(&tape);
    for ((spec, found), expected) in
        tape.learned().specs().iter().zip(&run_tape.gradients.tensors).zip(&expected)
    {
        assert_near(found, expected, &spec.name);
        let mean_square = expected.iter().map(|g| g * g).sum::<f64>() / expected.len().max(1) as f64;
        let _ = writeln!(text, "  {}: gradient {}", spec.name, rounded(mean_square.sqrt()));
    }
    text
}

/// Gradients with dropout and noise everywhere, bit for bit.
fn assert_segments_match(network: &Network, inputs: &Inputs) {
    let mut random = network.clone();
    for connection in &mut random.graph.connections {
        connection.dropout = connection.dropout.max(0.2);
    }
    for layer in &mut random.graph.layers {
        if let Neuron::Lif(lif) = &mut layer.neuron {
            lif.noise_std = lif.noise_std.max(1.0);
        }
    }
    let tape = Tape::new(&random.graph);
    let [kept, recomputed] = gradients_kept_and_recomputed(&tape, &random, inputs);
    assert_eq!(kept, recomputed, "segments give the same gradients");
}

fn assert_near(found: &[f32], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let greatest = expected.iter().fold(1e-6_f64, |greatest, x| greatest.max(x.abs()));
    for (i, (&f, &e)) in found.iter().zip(expected).enumerate() {
        let difference = (f64::from(f) - e).abs();
        assert!(difference < TOLERANCE * greatest, "{what}[{i}]: {f}, not {e} (greatest {greatest})");
    }
}
