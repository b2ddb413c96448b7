//! Valid uses of the macro: with a file, inline, in a function, twice in one module.

use synnet_macros::synnet;

synnet!("tests/nets/two.snn", name = "First", params(count = 2 + 3));

mod second {
    synnet_macros::synnet!("tests/nets/two.snn", name = "Second");
}

synnet! {
    #![weights = "tests/nets/clicks.safetensors"]
    #![detector = "tests/nets/clicks.json"]
    #![name = "Clicks"]

    /// Kept as documentation.
    network Clicks { // but this is not
        dt: 10 ms;
        input button: 1; /* nor this */
        layer click: lif(2) { tau_mem: 100 ms, tau_syn: 10 ms, max_spikes: 1 };
        button -> linear
               -> click;
        output click.spikes;
    }

    network Other {
        dt: 10 ms;
        input button: 1;
        layer click: lif(2) { tau_mem: 2 ms, tau_syn: 2 ms };
        button -> linear -> click;
        output click.spikes;
    }
}

#[allow(deprecated, reason = "the mismatch is a warning")]
mod slower {
    synnet_macros::synnet! {
        #![weights = "tests/nets/trained.safetensors"]
        #![allow_mismatch = true]

        network Slower {
            dt: 10 ms;
            input button: 1;
            layer click: lif(2) { tau_mem: 200 ms, tau_syn: 10 ms, max_spikes: 1 };
            button -> linear -> click;
            output click.spikes;
        }
    }
}

/// Asserts that bytes are refused as weights.
fn is_refused<T, E: std::fmt::Display>(made: Result<T, E>, message: &str) {
    let Err(error) = made else { panic!("zeros are not the weights of a network") };
    assert_eq!(error.to_string(), message);
}

/// Networks that are named like primitive types, beside each other.
#[deny(warnings)]
mod primitive_types {
    macro_rules! networks {
        ($($name:ident)*) => {
            $(synnet_macros::synnet! {
                network $name {
                    dt: 10 ms;
                    input x: 2;
                    layer str: lif(2) { tau_mem: 100 ms, tau_syn: 10 ms };
                    layer f32: lif(2) { tau_mem: 100 ms, tau_syn: 10 ms };
                    x -> linear -> str -> delay(2) -> linear { bias: true } -> f32;
                    output f32.spikes;
                }
            })*
            /// Sizes of the outputs.
            pub(super) const OUTPUTS: &[usize] = &[$($name::OUTPUTS),*];
        };
    }

    networks!(Bool Char Str I8 I16 I32 I64 I128 Isize U8 U16 U32 U64 U128 Usize F16 F32 F64 F128 Never);
}

#[test]
fn networks_can_be_named_like_primitive_types() {
    assert!(primitive_types::OUTPUTS.iter().all(|&outputs| outputs == 2));
    let weights = [0; primitive_types::U8::WEIGHTS];
    is_refused(primitive_types::U8::with_weights(&weights), "these are weights of another network than `U8`");
}

#[test]
fn a_network_is_selected_by_name() {
    assert_eq!((First::INPUTS, First::OUTPUTS), (2, 2));
    assert_eq!(First::WEIGHTS, 16 + 4 * (2 * 5 + 5 * 2));
    is_refused(
        First::with_weights(&[0; First::WEIGHTS]),
        "these are weights of another network than `First`",
    );
    assert_eq!(second::Second::WEIGHTS, 16 + 4 * 2 * 2);
    is_refused(second::Second::with_weights(&[]), "the weights of `Second` are 32 bytes, not 0");
}

#[test]
fn an_inline_network_has_its_weights() {
    let mut net = Clicks::new();
    assert_eq!(Clicks::DT, 0.01);
    assert_eq!(net.step(&[1.0]), [1.0, 0.0]);
    assert_eq!(net.click().spikes, [1.0, 0.0]);
}

#[test]
fn detectors_are_beside_their_networks() {
    assert_eq!((ClicksDetector::LABELS, ClicksDetector::WINDOW), (["double"], 3));
    let mut detector = ClicksDetector::new();
    let outputs = [[0.0, 1.0], [0.0, 0.0], [0.0, 1.0], [0.0, 1.0]];
    let detected = outputs.map(|output| detector.step(&output));
    assert_eq!(detected, [[false], [false], [true], [false]]);
}

/// In integers: the network of the digits example, with its weights.
mod integers {
    synnet_macros::synnet!(
        "../examples/digits/digits.snn",
        weights = "../examples/digits/digits.safetensors",
        numbers = "integer"
    );
}

/// The same network as `Clicks`, with weights at run time.
mod at_run_time {
    synnet_macros::synnet! {
        network Clicks {
            dt: 10 ms;
            input button: 1;
            layer click: lif(2) { tau_mem: 100 ms, tau_syn: 10 ms, max_spikes: 1 };
            button -> linear -> click;
            output click.spikes;
        }
    }
}

#[test]
fn weights_at_run_time_give_the_same() {
    let text = "network Clicks {
        dt: 10 ms;
        input button: 1;
        layer click: lif(2) { tau_mem: 100 ms, tau_syn: 10 ms, max_spikes: 1 };
        button -> linear -> click;
        output click.spikes;
    }";
    let mut sources = synnet_ir::Sources::new();
    let root = sources.add("text", text);
    let options = synnet_dsl::CompileOptions::default();
    let compilation = synnet_dsl::compile(&mut sources, root, &options, &mut synnet_dsl::NoImports);
    let graph = compilation.graph.expect("the text has no errors");
    let bytes = std::fs::read("tests/nets/clicks.safetensors").expect("it is there");
    let params = synnet_ir::Params::from_safetensors(&bytes).expect("these are weights");
    let network = synnet_ir::Network::bind(&graph, &params).expect("they are of this network");
    let packed = synnet_rust::weights::pack(&network);

    for at in 0..packed.len() {
        let mut damaged = packed.clone();
        damaged[at] ^= 1;
        let message = match at {
            0..8 => "these are weights of another network than `Clicks`",
            _ => "the weights of `Clicks` are damaged: their checksum does not match",
        };
        is_refused(at_run_time::Clicks::with_weights(&damaged), message);
    }
    let mut later = at_run_time::Clicks::with_weights(&packed).expect("they are of this network");
    let mut at_once = Clicks::new();
    for step in 0..100 {
        let pressed = [f32::from(u8::from(step % 7 == 0))];
        assert_eq!(later.step(&pressed), at_once.step(&pressed));
        assert_eq!(later.click().vmem, at_once.click().vmem);
    }
}

#[test]
fn a_network_is_trained_in_memory() {
    use synnet_runtime::loss::CrossEntropy;
    use synnet_runtime::{
        Control, Dataset, DenseSample, Label, Readout, TrainOptions, Trainer, initial_params,
    };

    let graph = synnet_ir::from_json(at_run_time::Clicks::GRAPH).expect("the macro wrote it");
    let sample = |double: usize| DenseSample {
        raster: (0..10).map(|step| f32::from(u8::from(step == 0 || step == 2 && double == 1))).collect(),
        steps: 10,
        label: Label::Class(double),
    };
    let data = Dataset::new(1, 10, vec![sample(0), sample(1)]).expect("the samples are well formed");
    let loss = CrossEntropy::new(Readout::SpikeCount);
    let params = initial_params(&graph, 0);
    let mut trainer =
        Trainer::new(&graph, params, TrainOptions::new(loss, 30, 2)).expect("it can be trained");
    while !trainer.is_finished() {
        trainer.epoch(&data, &mut |_| Control::Continue).expect("the numbers stay finite");
    }

    let packed = synnet_rust::weights::pack(trainer.network());
    let mut net = at_run_time::Clicks::with_weights(&packed).expect("they are of this network");
    let mut trained = synnet_runtime::Interpreter::new(trainer.network());
    for step in 0..20 {
        let pressed = [f32::from(u8::from(step % 3 == 0))];
        assert_eq!(net.step(&pressed), trained.step(&pressed));
    }
}

#[test]
fn integers_are_another_form() {
    let mut net = integers::Digits::new();
    let output: [i16; integers::Digits::OUTPUTS] = net.step(&[1; integers::Digits::INPUTS]);
    assert_eq!(output, [0; 10], "spikes take a step from layer to layer");
    let mut later = (0..20).map(|_| net.step(&[15; integers::Digits::INPUTS]));
    assert!(later.any(|potentials| potentials != output));
}

#[test]
fn a_network_in_a_function() {
    synnet! {
        network Local {
            dt: 1 ms;
            input events: 1;
            layer h: lif(1) { tau_mem: 2 ms, tau_syn: 2 ms };
            events -> h;
            output h.vmem;
        }
    }
    let [vmem] = Local::new().step(&[0.5]);
    assert_eq!(vmem, 0.5 * (-0.5f64).exp() as f32);
}

/// Positions that a macro's tokens carry are those of its own definition and of its use, mixed.
#[test]
fn a_network_generated_by_another_macro() {
    macro_rules! relay {
        ($name:ident, $channels:literal, $body:tt) => {
            synnet! {
                network $name {
                    dt: 1 ms; input events: $channels;
                    layer h: lif($channels) { tau_mem: 2 ms, tau_syn: 2 ms };
                    events -> h;
                    output h.spikes;
                }
            }
        };
    }
    relay!(Relay, 3, {});
    assert_eq!(Relay::new().step(&[4.0, 0.0, 1.0]), [2.0, 0.0, 0.0]);
}
