//! What engines do in streams: spikes of their layers, and the activity of a chip.

use synnet_ir::Graph;
use synnet_ir::graph::Quantity;
use synnet_runtime::Interpreter;
use synnet_xylo::cost::ActivityCounts;
use synnet_xylo::simulate::Simulator;
use synnet_xylo::{Build, MappedLayer};

use crate::chip_evaluation::{alias_sources, own_spikes};

/// A layer whose spikes are counted.
#[derive(Clone, Debug)]
struct CountedLayer<P> {
    name: String,
    neurons: usize,
    /// Where the engine has it.
    place: P,
}

/// The layers of the float network whose spikes are counted: all but an output that is no spikes.
#[derive(Clone, Debug)]
pub(super) struct FloatLayers(Vec<CountedLayer<usize>>);

/// The same layers of a chip.
#[derive(Clone, Debug)]
pub(super) struct ChipLayers {
    layers: Vec<CountedLayer<MappedLayer>>,
    alias_sources: Vec<Vec<usize>>,
    hidden: usize,
}

/// The activity of an engine over streams, as sums that can be merged in any order.
#[derive(Clone, Debug, Default)]
pub(super) struct StreamActivity {
    steps: u64,
    /// Spikes of each layer.
    spikes: Vec<u64>,
    /// Activity of channels and hidden neurons of a chip.
    pub(super) chip: ActivityCounts,
}

impl FloatLayers {
    pub(super) fn new(graph: &Graph) -> Self {
        let counted = graph.layers.iter().enumerate().filter(|(i, _)| is_counted(graph, *i));
        let layer = |(place, layer): (usize, &synnet_ir::graph::Layer)| CountedLayer {
            name: layer.name.clone(),
            neurons: layer.size,
            place,
        };
        Self(counted.map(layer).collect())
    }

    /// Adds the last step of a network.
    pub(super) fn count(&self, net: &Interpreter, activity: &mut StreamActivity) {
        let states = net.states();
        let spikes = self.0.iter().map(|layer| states.spikes(layer.place).iter().map(|&n| n as u64).sum());
        activity.add(spikes);
    }

    /// Returns the name of each layer with its spikes per neuron and step.
    pub(super) fn rates(&self, activity: &StreamActivity) -> Vec<(String, f64)> {
        rates(&self.0, activity)
    }
}

impl ChipLayers {
    pub(super) fn new(build: &Build, graph: &Graph) -> Self {
        let counted = build.float.layers.iter().filter(|layer| is_counted(graph, layer.layer.index()));
        let layer = |mapped: &MappedLayer| CountedLayer {
            name: mapped.name.clone(),
            neurons: mapped.ids.len(),
            place: mapped.clone(),
        };
        Self {
            layers: counted.map(layer).collect(),
            alias_sources: alias_sources(build),
            hidden: build.specification.dimensions.hidden,
        }
    }

    /// Returns an activity without steps.
    pub(super) fn start(&self) -> StreamActivity {
        StreamActivity { chip: ActivityCounts::new(self.hidden), ..StreamActivity::default() }
    }

    /// Adds the last step of a chip, with the input that it took.
    pub(super) fn count(&self, chip: &Simulator, input: &[u8], activity: &mut StreamActivity) {
        activity.chip.add_input(input.iter().filter(|&&count| count > 0).count(), input.len());
        activity.chip.add_hidden(chip.hidden_spikes());
        activity.add(self.layers.iter().map(|layer| own_spikes(chip, &layer.place, &self.alias_sources)));
    }

    /// Returns the name of each layer with its spikes per neuron and step.
    pub(super) fn rates(&self, activity: &StreamActivity) -> Vec<(String, f64)> {
        rates(&self.layers, activity)
    }
}

impl StreamActivity {
    fn add(&mut self, spikes: impl ExactSizeIterator<Item = u64>) {
        self.steps += 1;
        self.spikes.resize(spikes.len(), 0);
        self.spikes.iter_mut().zip(spikes).for_each(|(sum, spikes)| *sum += spikes);
    }

    /// Adds the activity of the same engine in another stream.
    pub(super) fn merge(mut self, other: Self) -> Self {
        self.steps += other.steps;
        self.spikes.iter_mut().zip(&other.spikes).for_each(|(sum, spikes)| *sum += spikes);
        self.chip.merge(&other.chip);
        self
    }
}

fn is_counted(graph: &Graph, layer: usize) -> bool {
    let is_output = graph.output.layer.index() == layer;
    !is_output || graph.output.quantity == Quantity::Spikes
}

fn rates<P>(layers: &[CountedLayer<P>], activity: &StreamActivity) -> Vec<(String, f64)> {
    let rate = |(layer, &spikes): (&CountedLayer<P>, &u64)| {
        let steps = (activity.steps * layer.neurons as u64).max(1);
        (layer.name.clone(), spikes as f64 / steps as f64)
    };
    layers.iter().zip(&activity.spikes).map(rate).collect()
}
