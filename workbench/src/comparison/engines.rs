//! One sample on three engines, aligned in time and in the same units.

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
/// Index of the trained network in f32.
pub(super) const FLOAT: usize = 0;
/// Index of the network in f32 with the quantized weights, thresholds and leaks of the chip.
pub(super) const QUANTIZED: usize = 1;
/// Index of the chip, whose states are integers.
pub(super) const CHIP: usize = 2;

/// The three engines. Every sample starts from their initial state.
#[derive(Clone)]
pub(super) struct Engines<'a> {
    graph: &'a Graph,
    build: &'a Build,
    dataset: &'a Dataset,
    /// The float network and the quantized one.
    interpreters: [Interpreter; 2],
    chip: Simulator,
    /// Layers in the order of the graph.
    layers: Vec<&'a MappedLayer>,
    /// Silent steps after a sample: the maximum lag of a layer.
    padding: usize,
    /// For each hidden neuron of the chip, the neurons whose spikes are added to its own.
    alias_sources: Vec<Vec<usize>>,
}

/// The activity of all engines in one sample.
pub(super) struct SampleRun {
    /// Activity on each engine, for each layer in the order of the graph.
    pub layers: Vec<[LayerActivity; ENGINES]>,
    /// Number of steps in which each neuron saturates on the chip, for each layer.
    pub saturations: Vec<Vec<u32>>,
    /// The network's output on each engine, `[steps, outputs]`.
    pub outputs: [Vec<f32>; ENGINES],
    /// Number of input events.
    pub input_events: u64,
    /// Input events that the chip dropped.
    pub clipped_events: u64,
}

impl<'a> Engines<'a> {
    /// Creates the engines. `quantized` is `network` with the quantized parameters of `build`.
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
            padding: layers.iter().map(|layer| layer.lag).max().unwrap_or(0),
            layers,
            alias_sources: chip_evaluation::alias_sources(build),
        })
    }

    /// Returns the layers in the order of the graph, which is the order of [`SampleRun::layers`].
    pub(super) fn layers(&self) -> &[&'a MappedLayer] {
        &self.layers
    }

    /// Returns the number of silent steps after a sample on the chip.
    pub(super) fn padding(&self) -> usize {
        self.padding
    }

    /// Runs sample `i` on each engine, from the initial state.
    pub(super) fn run_sample(&mut self, i: usize) -> Result<SampleRun, Error> {
        let steps = self.dataset.steps();
        let events = chip_evaluation::raster(self.dataset, i, self.padding)?;
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
            let population = if layer.readout { Some(&on_chip.readout) } else { on_chip.hidden.as_ref() };
            let population =
                population.ok_or_else(|| Error::Input("the simulator traced no hidden neurons".into()))?;
            let activity = |trace: &LayerTrace| float_activity(trace, layer, self.quantity(layer), steps);
            let index = layer.layer.index();
            let chip = self.chip_activity(population, layer, steps);
            layers.push([activity(&float.layers[index]), activity(&quantized.layers[index]), chip]);
            saturations.push(
                layer.ids.clone().map(|id| population.saturations.get(id).copied().unwrap_or(0)).collect(),
            );
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

    /// Returns the state by which a layer is compared.
    fn quantity(&self, layer: &MappedLayer) -> Quantity {
        if layer.readout { self.graph.output.quantity } else { Quantity::Vmem }
    }

    /// Returns the activity of a layer on the chip, aligned with the float network: the first `lag` steps are skipped,
    /// and aliased spikes are subtracted. States are divided by the quantizer's scales.
    fn chip_activity(
        &self,
        population: &PopulationTrace,
        layer: &MappedLayer,
        steps: usize,
    ) -> LayerActivity {
        let report = &self.build.report;
        let scales = if layer.readout { &report.scale_out } else { &report.scale };
        let values = if self.quantity(layer) == Quantity::Isyn { &population.isyn } else { &population.vmem };
        let len = steps * layer.ids.len();
        let (mut spikes, mut states) = (Vec::with_capacity(len), Vec::with_capacity(len));
        for t in layer.lag..layer.lag + steps {
            let row = t * population.neurons..(t + 1) * population.neurons;
            let (counts, values) = (&population.spikes[row.clone()], &values[row]);
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

    /// Returns the output of the chip in the order of the network's outputs. Outputs whose neurons were removed are 0.
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

/// Returns sample `i` at the length of the dataset: cut, or padded with silence.
fn input(dataset: &Dataset, i: usize) -> Sequence {
    let (time, width) = (dataset.steps(), dataset.channels());
    let mut data = vec![0.0; time * width];
    dataset.write_sample(i, &mut data);
    Sequence { batch: 1, time, width, data }
}

/// Returns the activity of a layer in the float interpreter, for the neurons that the chip has.
fn float_activity(
    trace: &LayerTrace,
    layer: &MappedLayer,
    quantity: Quantity,
    steps: usize,
) -> LayerActivity {
    let pick = |sequence: Option<&Sequence>| -> Vec<f32> {
        let Some(sequence) = sequence else { return vec![0.0; steps * layer.neurons.len()] };
        let rows = sequence.data.chunks_exact(sequence.width.max(1));
        rows.flat_map(|row| layer.neurons.iter().map(move |&neuron| row[neuron])).collect()
    };
    let states = match quantity {
        // Currents are compared for the readout only, whose neurons have one synapse on every chip.
        Quantity::Isyn => pick(Some(&trace.isyn)),
        _ => pick(trace.vmem.as_ref()),
    };
    LayerActivity { neurons: layer.neurons.len(), spikes: pick(trace.spikes.as_ref()), states }
}

#[cfg(test)]
mod tests {
    use synnet_dsl::{CompileOptions, NoImports};
    use synnet_ir::Sources;
    use synnet_runtime::{DenseSample, Label, initial_params};
    use synnet_xylo::quantize::dequantize;
    use synnet_xylo::{chip::Chip, quantize::QuantizeOptions};

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

    /// A chain of three hidden layers with one sample.
    fn chain() -> (Network, Build, Dataset) {
        let mut sources = Sources::new();
        let root = sources.add("chain.snn", TEXT);
        let compiled = synnet_dsl::compile(&mut sources, root, &CompileOptions::default(), &mut NoImports);
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
        engines.run_sample(0).expect("the sample fits")
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
        let aligned = agreement(&build);
        assert!(aligned.iter().all(|agreement| *agreement > 0.8), "{aligned:?}");
        build.float.layers.iter_mut().for_each(|layer| layer.lag = 0);
        let shifted = agreement(&build);
        assert_eq!(aligned[0], shifted[0], "the first layer is not late");
        let late = aligned.iter().zip(&shifted).skip(1);
        assert!(
            late.into_iter().all(|(aligned, shifted)| *shifted < aligned - 0.05),
            "{aligned:?} {shifted:?}"
        );
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
        let trace = chip.run(&events, Record::All).expect("the chip has four channels");
        let scaled = trace.readout.vmem[9..].iter().zip(build.report.scale_out.iter().cycle());
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
        let aliased = run_sample(&network, &build, &dataset);
        assert_eq!(totals(&aliased), totals(&plain));
        assert_ne!(aliased.outputs[CHIP], plain.outputs[CHIP], "the readout receives the aliased spikes");
    }

    #[test]
    fn only_neurons_on_the_chip_are_compared() {
        let (network, build, dataset) = chain();
        let mut layer =
            build.float.layers.iter().find(|layer| layer.name == "h1").expect("it is mapped").clone();
        layer.neurons = vec![1, 4, 11];
        let input = input(&dataset, 0);
        let run = Interpreter::new(&network).run(&input, Tracing::On, 0).expect("the input fits");
        let trace = &run.layers[1];
        let activity = float_activity(trace, &layer, Quantity::Vmem, 50);
        assert_eq!((activity.neurons, activity.spikes.len(), activity.states.len()), (3, 150, 150));
        let vmem = &trace.vmem.as_ref().expect("it has membranes").data;
        assert_eq!(activity.states[7 * 3 + 1], vmem[7 * 12 + 4]);
    }
}
