//! One recording on three engines, at the same time and in the same units.

use synnet_ir::graph::Quantity;
use synnet_ir::{Graph, Network};
use synnet_runtime::{Dataset, Interpreter, LayerTrace, Sequence, Tracing};
use synnet_xylo::Build;
use synnet_xylo::MappedLayer;
use synnet_xylo::simulate::{PopulationTrace, Record, Simulator};

use super::discrepancy::LayerActivity;
use crate::chip_evaluation;
use crate::error::Error;

/// Number of engines.
pub(super) const ENGINES: usize = 3;
/// Their indices: the network as it was trained; the same with the chip's weights, thresholds and leaks, computed in
/// float numbers; the chip.
pub(super) const FLOAT: usize = 0;
/// See [`FLOAT`].
pub(super) const QUANTIZED: usize = 1;
/// See [`FLOAT`].
pub(super) const CHIP: usize = 2;

/// The three engines, at rest.
#[derive(Clone)]
pub(super) struct Engines<'a> {
    graph: &'a Graph,
    build: &'a Build,
    dataset: &'a Dataset,
    /// The float network, and that with the chip's numbers.
    interpreters: [Interpreter; 2],
    chip: Simulator,
    /// Layers in the order of the graph.
    layers: Vec<&'a MappedLayer>,
    /// Silent steps behind a recording, for the layer that is the latest on the chip.
    silence: usize,
    /// Of each hidden neuron of the chip those that hand it their spikes.
    alias_sources: Vec<Vec<usize>>,
}

/// What the engines did in one recording.
pub(super) struct SampleRun {
    /// Of each layer, in the order of the graph, what each engine did.
    pub layers: Vec<[LayerActivity; ENGINES]>,
    /// Of each layer in how many steps each neuron met a rail on the chip.
    pub saturations: Vec<Vec<u32>>,
    /// The network's output on each engine, `[steps, outputs]`.
    pub outputs: [Vec<f32>; ENGINES],
    /// Input events.
    pub input_events: u64,
    /// Those of them that the chip dropped.
    pub clipped_events: u64,
}

impl<'a> Engines<'a> {
    /// `quantized` is `network` with the numbers of `build`.
    pub(super) fn new(
        network: &'a Network,
        quantized: &Network,
        build: &'a Build,
        dataset: &'a Dataset,
    ) -> Result<Self, Error> {
        let chip = build.simulator().map_err(Error::input)?;
        let mut layers: Vec<&MappedLayer> = build.float.layers.iter().collect();
        layers.sort_by_key(|layer| layer.layer);
        Ok(Self {
            graph: &network.graph,
            build,
            dataset,
            interpreters: [Interpreter::new(network), Interpreter::new(quantized)],
            chip,
            silence: layers.iter().map(|layer| layer.lag).max().unwrap_or(0),
            layers,
            alias_sources: chip_evaluation::alias_sources(build),
        })
    }

    /// The layers in the order of the graph, which is that of [`SampleRun::layers`].
    pub(super) fn layers(&self) -> &[&'a MappedLayer] {
        &self.layers
    }

    /// Silent steps behind a recording on the chip.
    pub(super) fn silence(&self) -> usize {
        self.silence
    }

    /// Runs recording `i` from rest on each engine.
    pub(super) fn run_sample(&mut self, i: usize) -> Result<SampleRun, Error> {
        let steps = self.dataset.steps();
        let events = chip_evaluation::raster(self.dataset, i, self.silence)?;
        let mut input_events = 0;
        (0..steps).for_each(|t| events.visit_step(t, |_, count| input_events += count as u64));
        self.chip.reset();
        let on_chip = self.chip.run(&events, Record::All).map_err(Error::input)?;
        let input = input(self.dataset, i);
        let run = |interpreter: &Interpreter| {
            let run = interpreter.run_from(&input, Tracing::On, 0, i as u64);
            run.map_err(Error::input)
        };
        let [float, quantized] = &self.interpreters;
        let (float, quantized) = (run(float)?, run(quantized)?);

        let (mut layers, mut saturations) = (Vec::new(), Vec::new());
        for layer in &self.layers {
            let record = if layer.readout { Some(&on_chip.readout) } else { on_chip.hidden.as_ref() };
            let record = record.ok_or_else(|| Error::Input("the chip recorded no hidden neurons".into()))?;
            let traced = |trace: &LayerTrace| traced(trace, layer, self.quantity(layer), steps);
            let index = layer.layer.index();
            let chip = self.recorded(record, layer, steps);
            layers.push([traced(&float.layers[index]), traced(&quantized.layers[index]), chip]);
            saturations
                .push(layer.ids.clone().map(|id| record.saturations.get(id).copied().unwrap_or(0)).collect());
        }
        let on_chip_output = self.output(&layers);
        Ok(SampleRun {
            layers,
            saturations,
            outputs: [float.output.data, quantized.output.data, on_chip_output],
            input_events,
            clipped_events: on_chip.clipped_events,
        })
    }

    /// The state of a layer that is compared.
    fn quantity(&self, layer: &MappedLayer) -> Quantity {
        if layer.readout { self.graph.output.quantity } else { Quantity::Vmem }
    }

    /// A layer on the chip. The first steps, by which it is late, are left out; spikes that other neurons handed to it
    /// are not its own.
    fn recorded(&self, record: &PopulationTrace, layer: &MappedLayer, steps: usize) -> LayerActivity {
        let report = &self.build.report;
        let scales = if layer.readout { &report.scale_out } else { &report.scale };
        let values = if self.quantity(layer) == Quantity::Isyn { &record.isyn } else { &record.vmem };
        let places = steps * layer.ids.len();
        let (mut spikes, mut states) = (Vec::with_capacity(places), Vec::with_capacity(places));
        for t in layer.lag..layer.lag + steps {
            let row = t * record.neurons..(t + 1) * record.neurons;
            let (counts, values) = (&record.spikes[row.clone()], &values[row]);
            for id in layer.ids.clone() {
                let own = match self.alias_sources.get(id) {
                    Some(sources) if !layer.readout => chip_evaluation::unaliased_spikes(counts, id, sources),
                    _ => counts[id].into(),
                };
                spikes.push(own as f32);
                states.push((f64::from(values[id]) / scales[id]) as f32);
            }
        }
        LayerActivity { neurons: layer.ids.len(), spikes, states }
    }

    /// The chip's output as the network gives it.
    fn output(&self, layers: &[[LayerActivity; ENGINES]]) -> Vec<f32> {
        let width = self.graph.outputs();
        let mut output = vec![0.0; self.dataset.steps() * width];
        for (layer, activities) in self.layers.iter().zip(layers).filter(|(layer, _)| layer.readout) {
            let activity = &activities[CHIP];
            let spikes = self.graph.output.quantity == Quantity::Spikes;
            let values = if spikes { &activity.spikes } else { &activity.states };
            let rows = values.chunks_exact(activity.neurons.max(1));
            for (row, output) in rows.zip(output.chunks_exact_mut(width.max(1))) {
                layer.neurons.iter().zip(row).for_each(|(&neuron, &value)| output[neuron] = value);
            }
        }
        output
    }
}

/// Recording `i` as the float network sees it: cut, or filled with silence.
fn input(dataset: &Dataset, i: usize) -> Sequence {
    let (time, width) = (dataset.steps(), dataset.channels());
    let mut data = vec![0.0; time * width];
    dataset.write_sample(i, &mut data);
    Sequence { batch: 1, time, width, data }
}

/// The neurons of a layer that the chip has, in the float interpreter.
fn traced(trace: &LayerTrace, layer: &MappedLayer, quantity: Quantity, steps: usize) -> LayerActivity {
    let pick = |sequence: Option<&Sequence>| -> Vec<f32> {
        let Some(sequence) = sequence else { return vec![0.0; steps * layer.neurons.len()] };
        let rows = sequence.data.chunks_exact(sequence.width.max(1));
        rows.flat_map(|row| layer.neurons.iter().map(move |&neuron| row[neuron])).collect()
    };
    let states = match quantity {
        // Readout neurons have one synapse on every chip.
        Quantity::Isyn => pick(Some(&trace.isyn)),
        _ => pick(trace.vmem.as_ref()),
    };
    LayerActivity { neurons: layer.neurons.len(), spikes: pick(trace.spikes.as_ref()), states }
}

#[cfg(test)]
mod tests {
    use synnet_dsl::{NoImports, Options};
    use synnet_ir::Sources;
    use synnet_runtime::{DenseSample, Label, initial_params};
    use synnet_xylo::quantize::dequantize;
    use synnet_xylo::{Chip, QuantizeOptions};

    use super::super::discrepancy::{Discrepancy, Metric};
    use super::*;

    const TEXT: &str = "network Chain {
        dt: 10 ms;
        input events: 4;
        neuron n = lif { dash_mem: 2, dash_syn: 2, threshold: 1, max_spikes: 31 };
        layer h0: n(12);
        layer h1: n(12) { synapses: 2 };
        layer h2: n(12);
        layer out: n(3) { threshold: 32767, max_spikes: 1 };
        events -> linear { scale: 0.5 } -> h0 -> linear { scale: 0.7 } -> h1 -> linear { scale: 0.7 } -> h2
            -> linear { scale: 0.5 } -> out;
        h1 -> linear { scale: 0.1 } -> h1;
        output out.vmem;
    }";

    /// A chain of three hidden layers with one recording.
    fn chain() -> (Network, Build, Dataset) {
        let mut sources = Sources::new();
        let root = sources.add("chain.snn", TEXT);
        let compiled = synnet_dsl::compile(&mut sources, root, &Options::default(), &mut NoImports);
        let graph = compiled.graph.expect("the text has no errors");
        let network = Network::bind(&graph, &initial_params(&graph, 5)).expect("its own weights fit");
        let chip = Chip::find("xylo-audio3").expect("it is one of the chips");
        let build =
            synnet_xylo::build(&network, chip, &QuantizeOptions::default()).expect("it fits the chip");
        let raster: Vec<f32> =
            (0..50 * 4).map(|i| if i * i % 7 == 1 { (1 + i % 3) as f32 } else { 0.0 }).collect();
        let sample = DenseSample { raster, steps: 50, label: Label::Class(0) };
        let dataset = Dataset::new(4, 50, vec![sample]).expect("the raster is whole");
        (network, build, dataset)
    }

    fn run_sample(network: &Network, build: &Build, dataset: &Dataset) -> SampleRun {
        let quantized = dequantize(network, build);
        let mut engines =
            Engines::new(network, &quantized, build, dataset).expect("the build holds together");
        engines.run_sample(0).expect("the recording fits")
    }

    #[test]
    fn layers_agree_only_at_their_lag() {
        let (network, mut build, dataset) = chain();
        let agreement = |build: &Build| -> Vec<f64> {
            let sample_run = run_sample(&network, build, &dataset);
            let discrepancies = sample_run.layers.iter().take(3);
            discrepancies
                .map(|activities| {
                    let discrepancy =
                        Discrepancy::between(&activities[QUANTIZED], &activities[CHIP], Metric::Spikes);
                    discrepancy.spikes().expect("every layer spikes")
                })
                .collect()
        };
        let fair = agreement(&build);
        assert!(fair.iter().all(|share| *share > 0.8), "{fair:?}");
        build.float.layers.iter_mut().for_each(|layer| layer.lag = 0);
        let unfair = agreement(&build);
        assert_eq!(fair[0], unfair[0], "the first layer is not late");
        let late = fair.iter().zip(&unfair).skip(1);
        assert!(late.into_iter().all(|(fair, unfair)| *unfair < fair - 0.05), "{fair:?} {unfair:?}");
    }

    #[test]
    fn outputs_match_separate_engines() {
        let (network, build, dataset) = chain();
        let sample_run = run_sample(&network, &build, &dataset);
        let input = input(&dataset, 0);
        let float = Interpreter::new(&network).run(&input, Tracing::Off, 0).expect("the input fits");
        assert_eq!(sample_run.outputs[FLOAT], float.output.data);
        let events = dataset.samples()[0].raster.resized(53);
        let mut chip = build.simulator().expect("it holds together");
        let recording = chip.run(&events, Record::All).expect("the chip has four channels");
        let scaled = recording.readout.vmem[9..].iter().zip(build.report.scale_out.iter().cycle());
        let expected: Vec<f32> = scaled.map(|(&v, scale)| (f64::from(v) / scale) as f32).collect();
        assert_eq!(sample_run.outputs[CHIP], expected);
        let deviation = sample_run.outputs[CHIP].iter().zip(&sample_run.outputs[QUANTIZED]);
        assert!(
            deviation.clone().any(|(a, b)| a != b) && deviation.clone().all(|(a, b)| (a - b).abs() < 2.0)
        );
    }

    #[test]
    fn aliased_spikes_are_excluded() {
        let (network, mut build, dataset) = chain();
        let plain = run_sample(&network, &build, &dataset);
        let last =
            build.float.layers.iter().find(|layer| layer.name == "h2").expect("it is mapped").ids.clone();
        let totals = |sample_run: &SampleRun| -> Vec<f32> {
            let activity = &sample_run.layers[2][CHIP];
            (0..12).map(|n| activity.spikes.iter().skip(n).step_by(12).sum()).collect()
        };
        let source = totals(&plain).iter().position(|&n| n > 0.0).expect("a neuron spikes");
        let target = (source + 1) % 12;
        build.specification.alias_target[last.start + source] = Some(last.start + target);
        let handed = run_sample(&network, &build, &dataset);
        assert_eq!(totals(&handed), totals(&plain));
        assert_ne!(handed.outputs[CHIP], plain.outputs[CHIP], "the readout receives what was handed over");
    }

    #[test]
    fn only_neurons_that_the_chip_has_are_compared() {
        let (network, build, dataset) = chain();
        let mut layer =
            build.float.layers.iter().find(|layer| layer.name == "h1").expect("it is mapped").clone();
        layer.neurons = vec![1, 4, 11];
        let input = input(&dataset, 0);
        let run = Interpreter::new(&network).run(&input, Tracing::On, 0).expect("the input fits");
        let trace = &run.layers[1];
        let activity = traced(trace, &layer, Quantity::Vmem, 50);
        assert_eq!((activity.neurons, activity.spikes.len(), activity.states.len()), (3, 150, 150));
        let vmem = &trace.vmem.as_ref().expect("it has membranes").data;
        assert_eq!(activity.states[7 * 3 + 1], vmem[7 * 12 + 4]);
    }
}
