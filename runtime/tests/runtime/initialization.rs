//! Initial weights that are scaled to the data.

use rayon::ThreadPoolBuilder;
use synnet_ir::Graph;
use synnet_ir::graph::*;
use synnet_runtime::train::FluctuationDriven;
use synnet_runtime::*;

use crate::build::*;
use crate::toy_tasks::*;

const XI: f64 = 1.5;

fn driven() -> TrainOptions {
    options(Readout::MeanVmem).with_init(FluctuationDriven::default().with_xi(XI))
}

/// Two synapses, a bias, and a readout that never spikes.
fn network() -> Graph {
    let readout = Lif { threshold: parameter(&[32767.0], false), ..lif() };
    Net::new(6)
        .layer(12, Neuron::Lif(Lif { threshold: parameter(&[0.7], false), ..lif() }), Quantity::Spikes)
        .layer(
            5,
            Neuron::Lif(Lif { synapses: 2, syn: Some(tau(&[5e-3, 9e-3].repeat(5))), ..lif() }),
            Quantity::Spikes,
        )
        .layer(3, Neuron::Lif(readout), Quantity::Vmem)
        .connect(&[Endpoint::Input], 0, 0, linear_with_bias())
        .connect(&[layer(0)], 1, 1, linear())
        .connect(&[layer(1)], 2, 0, linear())
        .0
}

fn initialized(graph: &Graph, dataset: &Dataset) -> Trainer {
    let mut trainer = Trainer::new(graph, initial_params(graph, 1), driven()).unwrap();
    trainer.initialize(dataset).unwrap();
    trainer
}

/// Mean and standard deviation of the membrane potential of each neuron over all samples, without biases, if the layer
/// has a threshold that it does not reach.
fn free_membranes(network: &synnet_ir::Network, layer: usize, dataset: &Dataset) -> Vec<(f64, f64)> {
    let mut network = network.clone();
    let Neuron::Lif(lif) = &mut network.graph.layers[layer].neuron else { panic!("every layer spikes") };
    (lif.threshold, lif.bias) = (parameter(&[1e30], false), parameter(&[0.0], false));
    for (connection, weights) in network.graph.connections.iter().zip(&mut network.weights) {
        if connection.target.index() == layer {
            weights.iter_mut().filter_map(|weights| weights.bias.as_mut()).for_each(|bias| bias.fill(0.0));
        }
    }
    let (samples, steps, channels) = (dataset.samples().len(), dataset.steps(), dataset.channels());
    let mut data = vec![0.0; samples * steps * channels];
    data.chunks_mut(steps * channels).enumerate().for_each(|(i, raster)| dataset.write_sample(i, raster));
    let input = Sequence::new(samples, steps, channels, data).unwrap();
    let run = Interpreter::new(&network).run(&input, Tracing::On, 0).unwrap();
    let vmem = run.layers[layer].vmem.as_ref().unwrap();
    let neurons = network.graph.layers[layer].size;
    let of_neuron = |n: usize| {
        let rows = (0..samples).flat_map(|b| (0..steps).map(move |t| (b, t)));
        let values: Vec<f64> = rows.map(|(b, t)| f64::from(vmem.row(b, t)[n])).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
        (mean, variance.sqrt())
    };
    (0..neurons).map(of_neuron).collect()
}

#[test]
fn fluctuations_reach_the_threshold_in_every_layer() {
    let (graph, dataset) = (network(), toy(48, 3));
    let trainer = initialized(&graph, &dataset);
    for (layer, threshold) in [0.7, 1.0, 1.0].into_iter().enumerate() {
        let membranes = free_membranes(trainer.network(), layer, &dataset);
        assert!(membranes.iter().any(|&(_, std)| std > 0.0), "layer {layer} has input");
        for (neuron, (mean, std)) in membranes.into_iter().enumerate().filter(|(_, (_, std))| *std > 0.0) {
            assert!(mean.abs() < 1e-4 * threshold, "layer {layer}, neuron {neuron}: the mean is {mean}");
            assert!(
                (XI * std / threshold - 1.0).abs() < 1e-4,
                "layer {layer}, neuron {neuron}: {XI} * {std} is not {threshold}"
            );
        }
    }
}

#[test]
fn the_first_batch_scales_the_weights_once() {
    let (graph, dataset) = (network(), toy(48, 3));
    let before = initialized(&graph, &dataset);
    let fresh = || Trainer::new(&graph, initial_params(&graph, 1), driven()).unwrap();
    let epoch = |mut trainer: Trainer| {
        trainer.epoch(&dataset, &mut |_| Control::Continue).unwrap();
        trainer.params()
    };
    let trained = epoch(fresh());
    // Also after a checkpoint before or after it.
    for trainer in [&fresh(), &before] {
        let resumed = Trainer::resume(&trainer.checkpoint(), &graph, driven()).unwrap();
        assert_eq!(epoch(resumed), trained);
    }
    assert_eq!(epoch(before), trained);
    let mut stepped = fresh();
    for samples in stepped.batches(&dataset) {
        stepped.step(&dataset, &samples).unwrap();
    }
    assert_eq!(stepped.params(), trained);
    // Weights that were trained before stay.
    let mut kept = fresh().with_weights_kept();
    kept.initialize(&dataset).unwrap();
    assert_eq!(kept.params(), initial_params(&graph, 1));
}

#[test]
fn scaled_weights_do_not_depend_on_the_number_of_threads() {
    let (graph, dataset) = (network(), toy(48, 3));
    let with = |threads: usize| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| initialized(&graph, &dataset).params())
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn data_that_does_not_fit_is_an_error() {
    let graph = network();
    let mut trainer = Trainer::new(&graph, initial_params(&graph, 1), driven()).unwrap();
    let narrow =
        Dataset::new(2, 1, vec![DenseSample { raster: vec![0.0; 2], steps: 1, label: Label::Class(0) }]);
    let Err(TrainError::Data(found)) = trainer.initialize(&narrow.unwrap()) else {
        panic!("it has 2 channels")
    };
    assert!(found.to_string().contains("the data has 2 channels"), "{found}");
    let wrong = Trainer::new(
        &graph,
        initial_params(&graph, 1),
        driven().with_init(FluctuationDriven::default().with_xi(0.0)),
    );
    assert!(wrong.err().unwrap().to_string().contains("`init.xi` is 0; it must be positive"));
}
