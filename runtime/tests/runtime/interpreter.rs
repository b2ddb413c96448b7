//! The interpreter against the text of `synnet_ir::graph`, written out neuron by neuron.

use synnet_ir::Network;
use synnet_ir::graph::*;

use crate::build::*;
use synnet_runtime::{Interpreter, Recording, Sequence, initial_params};

/// Everything that a graph can hold, in one network.
fn everything() -> Graph {
    let several = Lif { synapses: 2, syn: tau(&[4e-3, 9e-3, 2e-3, 3e-3, 7e-3, 5e-3]), ..lif() };
    let adaptive = Lif {
        bias: parameter(&[0.05, -0.02, 0.1, 0.0], false),
        threshold: parameter(&[0.8, 1.0, 1.3, 0.6], false),
        mem: Leak { unit: LeakUnit::BitShift, parameter: parameter(&[2.5], false) },
        syn: Leak { unit: LeakUnit::Decay, parameter: parameter(&[0.7], false) },
        max_spikes: 3,
        adaptation: Some(Adaptation { leak: tau(&[30e-3]), w_ahp: parameter(&[-0.2], false) }),
        ..lif()
    };
    let expsyn = Neuron::ExpSyn(ExpSyn { syn: tau(&[6e-3]) });
    Net::new(4)
        .layer(3, Neuron::Lif(several), Quantity::Spikes)
        .layer(4, Neuron::Lif(adaptive), Quantity::Spikes)
        .layer(4, Neuron::Lif(Lif { max_spikes: 1, ..lif() }), Quantity::Spikes)
        .layer(2, expsyn, Quantity::Isyn)
        .connect(&[Endpoint::Input], 0, 0, linear())
        .connect(&[layer(2), layer(1)], 0, 1, linear_with_bias())
        .connect(&[layer(0)], 1, 0, linear())
        .connect(&[layer(1)], 1, 2, linear())
        .connect(&[Endpoint::Input, layer(1)], 2, 0, Operator::Identity)
        .connect(&[Endpoint::Input], 2, 3, linear())
        .dropout(0.5)
        .connect(&[layer(2)], 3, 0, linear_with_bias())
        .connect(&[layer(3)], 3, 0, linear())
        .0
}

fn input(batch: usize, time: usize, channels: usize) -> Sequence {
    let counts = (0..batch * time * channels).map(|i| [2.0, 0.0, 0.0, 1.0, 0.0, 3.0, 0.0][i * i % 61 % 7]);
    Sequence::new(batch, time, channels, counts.collect()).unwrap()
}

/// The text of the graph, one number at a time.
fn emitted_by_the_text(network: &Network, input: &Sequence) -> Vec<Vec<Vec<f32>>> {
    let graph = &network.graph;
    let dt = graph.dt;
    let zeros =
        |n: &dyn Fn(&Layer) -> usize| graph.layers.iter().map(|l| vec![0.0_f32; n(l)]).collect::<Vec<_>>();
    let (mut isyn, mut vmem) = (zeros(&Layer::input_columns), zeros(&|l| l.size));
    let mut iahp = zeros(&|l| l.size);
    let mut emitted: Vec<Vec<Vec<f32>>> = vec![];
    for t in 0..input.time {
        emitted.push(zeros(&|l| l.size));
        for (id, layer) in graph.layers_with_ids() {
            let l = id.index();
            let mut columns = vec![0.0_f32; layer.input_columns()];
            for (i, connection) in graph.connections_into(id) {
                let weights = network.weights[i].as_ref();
                if let Some(bias) = weights.and_then(|w| w.bias.as_ref()) {
                    columns.iter_mut().zip(bias).for_each(|(c, b)| *c += b);
                }
                for row in 0..graph.source_width(connection) {
                    let mut count = 0.0;
                    for &source in &connection.sources {
                        let lag = connection.delay as usize + usize::from(graph.is_recurrent(source, id));
                        let Some(then) = t.checked_sub(lag) else { continue };
                        count += match source {
                            Endpoint::Input => input.row(0, then)[row],
                            Endpoint::Layer(from) => emitted[then][from.index()][row],
                        };
                    }
                    match weights {
                        None => columns[row] += count,
                        Some(w) => {
                            let width = columns.len();
                            for (c, column) in columns.iter_mut().enumerate() {
                                *column += count * w.matrix.data[row * width + c];
                            }
                        }
                    }
                }
            }
            for n in 0..layer.size {
                let Neuron::Lif(lif) = &layer.neuron else {
                    let Neuron::ExpSyn(expsyn) = &layer.neuron else { unreachable!() };
                    isyn[l][n] = (isyn[l][n] + columns[n]) * expsyn.syn.decay(n, dt) as f32;
                    emitted[t][l][n] = isyn[l][n];
                    continue;
                };
                let mut current = 0.0;
                for s in 0..lif.synapses {
                    let c = n * lif.synapses + s;
                    isyn[l][c] = (isyn[l][c] + columns[c]) * lif.syn.decay(c, dt) as f32;
                    current += isyn[l][c];
                }
                if let Some(adaptation) = &lif.adaptation {
                    let before = if t > 0 { emitted[t - 1][l][n] } else { 0.0 };
                    let fed = before * adaptation.w_ahp.get(n) as f32;
                    iahp[l][n] = (iahp[l][n] + fed) * adaptation.leak.decay(n, dt) as f32;
                    current += iahp[l][n];
                }
                current += lif.bias.get(n) as f32;
                let threshold = lif.threshold.get(n) as f32;
                let v = vmem[l][n] * lif.mem.decay(n, dt) as f32 + current;
                let spikes =
                    if v >= threshold { (v / threshold).floor().min(lif.max_spikes as f32) } else { 0.0 };
                vmem[l][n] = v - spikes * threshold;
                emitted[t][l][n] = spikes;
            }
        }
    }
    emitted
}

#[test]
fn every_feature_follows_the_text_bit_for_bit() {
    let graph = everything();
    for seed in 0..20 {
        let network = Network::bind(&graph, &initial_params(&graph, seed)).unwrap();
        let input = input(1, 40, 4);
        let expected = emitted_by_the_text(&network, &input);
        let run = Interpreter::new(&network).run(&input, Recording::On, 0).unwrap();
        let mut active = 0;
        for (l, trace) in run.layers.iter().enumerate() {
            let found = trace.spikes.as_ref().unwrap_or(&trace.isyn);
            for (t, row) in expected.iter().enumerate() {
                assert_eq!(found.row(0, t), row[l], "seed {seed}, layer {l}, step {t}");
                active += usize::from(row[l].iter().any(|x| *x != 0.0));
            }
        }
        assert!(active > 20, "seed {seed}: a silent network shows nothing");
    }
}

#[test]
fn steps_carry_state_and_give_what_a_run_gives() {
    let graph = everything();
    let network = Network::bind(&graph, &initial_params(&graph, 3)).unwrap();
    let mut interpreter = Interpreter::new(&network);
    let input = input(2, 30, 4);
    let run = interpreter.run(&input, Recording::Off, 0).unwrap();
    assert!(run.layers.is_empty());
    for b in 0..2 {
        interpreter.reset();
        for t in 0..30 {
            assert_eq!(interpreter.step(input.row(b, t)), run.output.row(b, t));
        }
    }
}

#[test]
fn noise_follows_the_seed_and_the_place_in_the_batch() {
    let noisy = Lif { noise_std: 3.0, ..lif() };
    let graph = Net::new(1)
        .layer(50, Neuron::Lif(noisy), Quantity::Vmem)
        .connect(&[Endpoint::Input], 0, 0, linear())
        .0;
    let network = Network::bind(&graph, &initial_params(&graph, 0)).unwrap();
    let mut interpreter = Interpreter::new(&network);
    let silence = Sequence::new(2, 200, 1, vec![0.0; 400]).unwrap();
    let run = |seed| interpreter.run(&silence, Recording::Off, seed).unwrap().output;
    let first = run(1);
    assert_eq!(first, run(1));
    assert_ne!(first, run(2));
    assert_ne!(first.sample(0), first.sample(1));
    // In the first step the membrane is the noise itself: 3 * sqrt(1 ms).
    let mean_square =
        (0..200).map(|seed| run(seed).row(0, 0).iter().map(|x| x * x).sum::<f32>() / 50.0).sum::<f32>()
            / 200.0;
    assert!((mean_square.sqrt() / (3.0 * 1e-3_f32.sqrt()) - 1.0).abs() < 0.05, "{mean_square}");
    interpreter.reset_with_seed(1);
    assert_eq!(interpreter.step(&[0.0]), first.row(0, 0));
}

#[test]
fn an_input_of_another_width_is_an_error() {
    let graph = everything();
    let network = Network::bind(&graph, &initial_params(&graph, 0)).unwrap();
    let error = Interpreter::new(&network).run(&input(1, 2, 3), Recording::Off, 0).unwrap_err();
    assert_eq!(error.to_string(), "the input has 3 channels; network `Test` takes 4");
}

#[test]
fn a_long_delay_costs_memory_only_as_time_passes() {
    let graph = Net::new(1)
        .layer(1, Neuron::Lif(lif()), Quantity::Spikes)
        .connect(&[Endpoint::Input], 0, u32::MAX, Operator::Identity)
        .0;
    let network = Network::bind(&graph, &initial_params(&graph, 0)).unwrap();
    let run = Interpreter::new(&network).run(&input(1, 10, 1), Recording::Off, 0).unwrap();
    assert_eq!(run.output.data, [0.0; 10]);
}
