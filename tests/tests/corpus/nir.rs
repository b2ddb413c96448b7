//! NIR files: each network comes back as it was, and other tools would run the same network from the nodes alone.

use synnet_dsl::{to_source, with_identifiers};
use synnet_ir::graph::{Neuron, Quantity};
use synnet_ir::{Graph, Network, to_json};
use synnet_nir::{ExportDialect, ImportOptions, Nir, export, import, read, write};
use synnet_runtime::Run;
use synnet_tests::Random;
use synnet_tests::corpus::Case;
use synnet_tests::engines::{compiled, interpret};

use crate::for_each;

#[test]
fn exported_networks_come_back_as_they_were() {
    for_each(|case| {
        let network = compiled(case).network;
        let imported = import(&exported(&network), &network.graph.name, &ImportOptions::new());
        let imported = imported.unwrap_or_else(|why| panic!("{}: {why}", case.name));
        assert_eq!(to_json(&imported.network.graph), to_json(&network.graph));
        assert_eq!(imported.network.params(), network.params());
    });
}

#[test]
fn nodes_alone_give_the_same_spikes() {
    for_each(|case| {
        let network = compiled(case).network;
        // Noise, and outputs that nodes do not have, are warned about.
        if network.graph.layers.iter().any(|l| l.as_lif().is_some_and(|lif| lif.noise_std != 0.0)) {
            return;
        }
        let mut nir = exported(&network);
        nir.root.metadata.remove("synnet_graph");
        let imported = import(&nir, &network.graph.name, &ImportOptions::new());
        let imported = imported.unwrap_or_else(|why| panic!("{}: {why}", case.name)).network;
        compare(case, &network, &imported);
    });
}

/// Writes a network and reads the file.
fn exported(network: &Network) -> Nir {
    let (nir, _) = export(network, ExportDialect::Euler).unwrap_or_else(|why| panic!("{why}"));
    let bytes = write(&nir).expect("HDF5 holds every network");
    assert_eq!(bytes, write(&nir).expect("as before"), "the bytes are the same each time");
    read(bytes).expect("it was just written")
}

/// Compares the spikes of all layers, and the output, up to the first step in which rounding decides on a spike.
fn compare(case: &Case, network: &Network, imported: &Network) {
    let raster = Random(case.settings.seed).values(case.settings.steps * network.graph.input.channels);
    let [before, after] = [network, imported].map(|network| interpret(network, &raster));
    let mut first: Option<(usize, usize, usize)> = None;
    for (l, (layer, trace)) in network.graph.layers.iter().zip(&before.layers).enumerate() {
        let (Some(spikes), Neuron::Lif(_)) = (&trace.spikes, &layer.neuron) else { continue };
        let Some(other) = counterpart(&imported.graph, &layer.name) else {
            // A readout without spikes is an integrator there.
            assert!(spikes.data.iter().all(|&x| x == 0.0), "{}: no layer `{}`", case.name, layer.name);
            continue;
        };
        let others = after.layers[other].spikes.as_ref().expect("it is a spiking layer");
        let differs = spikes.data.iter().zip(&others.data).position(|(a, b)| a != b);
        let differs = differs.map(|i| (i / layer.size, l, i % layer.size));
        first = first.into_iter().chain(differs).min();
    }
    if let Some((step, l, neuron)) = first {
        // Currents of integrators are added in another order.
        let layer = &network.graph.layers[l];
        let other = counterpart(&imported.graph, &layer.name).expect("it was compared");
        let threshold = layer.as_lif().expect("it spikes").threshold.get(neuron) as f32;
        let place = step * layer.size + neuron;
        let potential = |run: &Run, l: usize| {
            let trace = &run.layers[l];
            let [vmem, spikes] =
                [&trace.vmem, &trace.spikes].map(|t| t.as_ref().expect("it is recorded").data[place]);
            vmem + spikes * threshold
        };
        let [a, b] = [potential(&before, l), potential(&after, other)];
        let source = || to_source(&with_identifiers(&imported.graph).0).unwrap_or_default();
        let (name, layer) = (&case.name, &layer.name);
        assert!(
            (a - b).abs() < 1e-5,
            "{name}: spikes of `{layer}` differ in step {step}: {a} {b}\n{}",
            source()
        );
        return;
    }
    let is_known = match network.graph.output.quantity {
        Quantity::Spikes => true,
        Quantity::Vmem => imported.graph.output.quantity != Quantity::Spikes,
        Quantity::Isyn => network.graph.layer(network.graph.output.layer).as_lif().is_none(),
    };
    if is_known {
        let scale = before.output.data.iter().fold(1e-3, |most: f32, x| most.max(x.abs()));
        let differ = |(a, b): (&f32, &f32)| (a - b).abs() > 1e-4 * scale;
        let first = before.output.data.iter().zip(&after.output.data).position(differ);
        assert_eq!(first, None, "{}: the outputs differ", case.name);
    }
}

/// Returns the spiking layer of a file for a layer of the network.
fn counterpart(graph: &Graph, name: &str) -> Option<usize> {
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    graph.layers.iter().position(|layer| layer.name == name && layer.as_lif().is_some())
}
