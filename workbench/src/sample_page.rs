//! The page of one sample: events and states of every layer of the float network.

use maud::{Markup, html};
use synnet_ir::Network;
use synnet_ir::display::{format_significant, format_thousands, format_time_rounded};
use synnet_ir::graph::{Layer, LayerId, Quantity};
use synnet_runtime::Interpreter;

use crate::error::Error;
use crate::html::{
    EventPanel, LineStyle, MAX_COLORS, Panel, Trace, Traces, beside, document, raster, section, table, tiles,
};
use crate::input_events::InputEvents;

/// Maximum number of states of a layer to draw, spread evenly over its neurons.
const MAX_LINES: usize = 24;
/// Maximum number of recorded values: their memory, 4 bytes each, is limited.
const MAX_VALUES: usize = 1 << 26;

/// Returns a self-contained HTML page of a sequence: the input, and spikes and membrane potentials of every layer.
/// `name` is the title. `seed` is the seed of the membrane noise.
///
/// # Errors
/// Returns an error if the sequence is too long to be drawn, or if there is no such sequence.
pub fn sample_page(
    network: &Network,
    events: &InputEvents,
    sequence: usize,
    seed: u64,
    name: &str,
) -> Result<String, Error> {
    let graph = &network.graph;
    let recording = Recording::new(network, events, sequence, seed)?;
    let note = format!("{} steps", format_thousands(events.time as f64));
    let [spikes, states] = [("Events", recording.events(network)), ("States", recording.states(network))]
        .map(|(title, panels)| raster(title, &note, events.time, graph.dt, &panels));
    let which = match events.batch {
        1 => String::new(),
        batch => format!("Sequence {} of {batch}. ", sequence + 1),
    };
    let lead = format!(
        "{which}Events are shown by channel or neuron, the first at the top; stronger marks are more events per step. \
         Membrane potentials are those after reset. Of layers with more than {MAX_COLORS} neurons, gray lines are \
         neurons spread evenly; the blue one has the highest mean."
    );
    let body = html! {
        h1 { (name) }
        p.lead { "Network " code { (graph.name) } " in float, in time steps of " (format_time_rounded(graph.dt)) "." }
        (tiles(&recording.key_numbers(network)))
        (section("Sample", &lead, &beside(&spikes, &states)))
        (section("Activity", "", &recording.activity(network)))
    };
    Ok(document(&format!("{name}: {}", graph.name), &body).into_string())
}

/// States of one sequence.
struct Recording {
    steps: usize,
    /// `[steps, channels]`.
    input: Vec<f32>,
    layers: Vec<LayerRecording>,
}

/// States of a layer.
struct LayerRecording {
    /// `[steps, neurons]`; empty for leaky integrators.
    spikes: Vec<f32>,
    /// The neurons whose states are drawn, from 0.
    drawn: Vec<usize>,
    /// For each of them, the membrane potential in each step, or the current of a leaky integrator.
    states: Vec<Vec<f32>>,
}

impl Recording {
    fn new(network: &Network, events: &InputEvents, sequence: usize, seed: u64) -> Result<Self, Error> {
        let graph = &network.graph;
        let steps = events.time;
        let neurons: usize = graph.layers.iter().map(|layer| layer.size).sum();
        if steps.saturating_mul(neurons + events.channels) > MAX_VALUES {
            return Err(Error::Input(format!(
                "the sequence has {steps} steps; with {neurons} neurons, a page shows at most {}",
                MAX_VALUES / (neurons + events.channels)
            )));
        }
        let width = events.channels;
        let length = steps * width;
        let values = events.data.get(sequence * length..(sequence + 1) * length).ok_or_else(|| {
            Error::Input(format!("there is no sequence {sequence}; the input has {}", events.batch))
        })?;
        let input: Vec<f32> = values.iter().map(|&x| x as f32).collect();
        let layers = graph.layers.iter().map(|layer| {
            let every = layer.size.div_ceil(MAX_LINES).max(1);
            let drawn: Vec<usize> = (0..layer.size).step_by(every).collect();
            LayerRecording { spikes: Vec::new(), states: vec![Vec::with_capacity(steps); drawn.len()], drawn }
        });
        let mut layers: Vec<LayerRecording> = layers.collect();
        let write_input = |t: usize, row: &mut [f32]| row.copy_from_slice(&input[t * width..(t + 1) * width]);
        let interpreter = Interpreter::new(network);
        interpreter.visit_steps(steps, seed, sequence as u64, write_input, |states| {
            for (i, layer) in layers.iter_mut().enumerate() {
                layer.spikes.extend_from_slice(states.spikes(i));
                let membranes = states.vmem(i);
                let row = if membranes.is_empty() { states.isyn(i) } else { membranes };
                for (trace, &neuron) in layer.states.iter_mut().zip(&layer.drawn) {
                    trace.push(row[neuron]);
                }
            }
        });
        Ok(Self { steps, input, layers })
    }

    fn key_numbers(&self, network: &Network) -> Vec<(String, String)> {
        let spikes: f64 = self.layers.iter().flat_map(|layer| &layer.spikes).map(|&x| f64::from(x)).sum();
        let events: f64 = self.input.iter().map(|&x| f64::from(x)).sum();
        vec![
            (format_time_rounded(self.steps as f64 * network.graph.dt), "of input".to_owned()),
            (format_thousands(events), "input events".to_owned()),
            (format_thousands(spikes), "spikes".to_owned()),
        ]
    }

    /// Returns the input and the spikes of every layer.
    fn events(&self, network: &Network) -> Vec<Panel> {
        let graph = &network.graph;
        let events = |name: &str, width, counts: &[f32]| {
            Panel::Events(EventPanel {
                name: name.to_owned(),
                width,
                counts: counts.to_vec(),
                marks: Vec::new(),
            })
        };
        let layers = graph.layers_with_ids().filter(|(id, _)| self.spikes_are_used(network, *id));
        let layers =
            layers.map(|(id, layer)| events(&layer.name, layer.size, &self.layers[id.index()].spikes));
        std::iter::once(events(&graph.input.name, graph.input.channels, &self.input)).chain(layers).collect()
    }

    /// Returns the membrane potentials, or the currents, of every layer.
    fn states(&self, network: &Network) -> Vec<Panel> {
        let traces = |(layer, recording): (&Layer, &LayerRecording)| {
            let quantity = if layer.as_lif().is_some() { "membrane" } else { "current" };
            Panel::Traces(Traces { name: layer.name.clone(), quantity, lines: recording.lines() })
        };
        network.graph.layers.iter().zip(&self.layers).map(traces).collect()
    }

    /// Returns whether a layer spikes and its spikes are used: those of a readout by its membrane are not.
    fn spikes_are_used(&self, network: &Network, id: LayerId) -> bool {
        let output = &network.graph.output;
        !self.layers[id.index()].spikes.is_empty()
            && (output.quantity == Quantity::Spikes || id != output.layer)
    }

    /// Returns the spikes per neuron of each layer as a table.
    fn activity(&self, network: &Network) -> Markup {
        let mut rows =
            vec![["layer", "spikes", "per neuron per second", "silent neurons"].map(str::to_owned).to_vec()];
        let seconds = self.steps as f64 * network.graph.dt;
        let spiking = network.graph.layers_with_ids().filter(|(id, _)| self.spikes_are_used(network, *id));
        for (id, layer) in spiking {
            let spikes = &self.layers[id.index()].spikes;
            let total: f64 = spikes.iter().map(|&x| f64::from(x)).sum();
            let is_silent = |n: usize| spikes.iter().skip(n).step_by(layer.size).all(|&x| x == 0.0);
            let silent = (0..layer.size).filter(|&n| is_silent(n)).count();
            rows.push(vec![
                layer.name.clone(),
                format_thousands(total),
                format_significant(total / layer.size as f64 / seconds.max(f64::MIN_POSITIVE)),
                format!("{silent} of {}", layer.size),
            ]);
        }
        if rows.len() == 1 {
            html! { p.lead { "No layer spikes." } }
        } else {
            table(&rows)
        }
    }
}

impl LayerRecording {
    /// Returns the lines to draw, the most important ones last.
    fn lines(&self) -> Vec<Trace> {
        let trace = |values: &Vec<f32>, style| Trace { values: values.clone(), style };
        if self.states.len() <= MAX_COLORS {
            let lines = self.states.iter().enumerate();
            return lines.map(|(i, values)| trace(values, LineStyle::Color(i))).collect();
        }
        let sum = |i: usize| -> f64 {
            self.states[i].iter().filter(|x| x.is_finite()).map(|&x| f64::from(x)).sum()
        };
        let most = (0..self.states.len()).max_by(|&a, &b| sum(a).total_cmp(&sum(b)));
        let others = (0..self.states.len()).filter(|i| Some(*i) != most);
        let mut lines: Vec<Trace> = others.map(|i| trace(&self.states[i], LineStyle::Background)).collect();
        lines.extend(most.map(|i| trace(&self.states[i], LineStyle::Correct)));
        lines
    }
}
