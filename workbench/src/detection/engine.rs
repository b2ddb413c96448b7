//! The engines that run a network on a stream, with the first half of the detector behind them.

use synnet_audio::audio3::Frame;
use synnet_ir::Network;
use synnet_ir::graph::Quantity;
use synnet_runtime::Interpreter;
use synnet_step::Scalar;
use synnet_step::detector::{Score, Smoother, UNIT_WEIGHT};
use synnet_xylo::Build;
use synnet_xylo::chip::Chip;
use synnet_xylo::simulate::Simulator;

use super::activity::{ChipLayers, FloatLayers, StreamActivity};
use crate::cost::ContinuousCost;
use crate::error::Error;

/// An engine in its initial state. Streams run on copies of it.
pub(super) struct Engine<'a> {
    /// `float`, or the name of a chip.
    pub(super) name: String,
    /// Type of an output.
    pub(super) numbers: Scalar,
    /// Weights of the outputs for margins; empty for equal scales.
    pub(super) weights: Vec<u16>,
    kind: Kind<'a>,
}

enum Kind<'a> {
    Float {
        net: Interpreter,
        layers: FloatLayers,
    },
    Chip {
        simulator: Box<Simulator>,
        quantity: Quantity,
        layers: ChipLayers,
        chip: &'a Chip,
        build: &'a Build,
    },
}

/// The smoothing of the outputs.
#[derive(Clone, Debug)]
pub(super) struct Smoothing {
    pub(super) window: usize,
    pub(super) score: Score,
    /// Outputs of the keywords.
    pub(super) outputs: Vec<usize>,
}

impl<'a> Engine<'a> {
    pub(super) fn float(network: &Network) -> Self {
        let kind = Kind::Float { net: Interpreter::new(network), layers: FloatLayers::new(&network.graph) };
        Self { name: crate::Engine::FLOAT.to_owned(), numbers: Scalar::F32, weights: Vec::new(), kind }
    }

    /// # Errors
    /// Returns an error if the build is inconsistent.
    pub(super) fn chip(
        chip: &'a Chip,
        build: &'a Build,
        network: &Network,
        score: Score,
    ) -> Result<Self, Error> {
        let simulator = Box::new(build.simulator().map_err(Error::input)?);
        let quantity = network.graph.output.quantity;
        let numbers = if quantity == Quantity::Spikes { Scalar::U8 } else { Scalar::I16 };
        let weights = match score {
            Score::Margin if quantity != Quantity::Spikes => weights(&build.report.scale_out),
            Score::Margin | Score::Value => Vec::new(),
        };
        let layers = ChipLayers::new(build, &network.graph);
        let kind = Kind::Chip { simulator, quantity, layers, chip, build };
        Ok(Self { name: chip.name.clone(), numbers, weights, kind })
    }

    /// Starts a stream.
    pub(super) fn start(&self, smoothing: &Smoothing, outputs: usize) -> Run<'_> {
        let Smoothing { window, score, outputs: keywords } = smoothing;
        match &self.kind {
            Kind::Float { net, layers } => {
                let mut net = net.clone();
                net.reset();
                let smoother = Smoother::new(*window, outputs, *score, &self.weights, keywords);
                Run::Float { net, smoother, input: Vec::new(), layers, activity: StreamActivity::default() }
            }
            Kind::Chip { simulator, quantity, layers, .. } => {
                let mut chip = simulator.clone();
                chip.reset();
                let smoother = Smoother::new(*window, outputs, *score, &self.weights, keywords);
                let (quantity, activity) = (*quantity, layers.start());
                Run::Chip { chip, quantity, smoother, output: Vec::new(), layers, activity }
            }
        }
    }

    /// Returns the name of each layer with its spikes per neuron and step. An output that is no spikes is left out.
    pub(super) fn rates(&self, activity: &StreamActivity) -> Vec<(String, f64)> {
        match &self.kind {
            Kind::Float { layers, .. } => layers.rates(activity),
            Kind::Chip { layers, .. } => layers.rates(activity),
        }
    }

    /// Returns the cost on the chip; `None` for the float network.
    pub(super) fn cost(&self, activity: &StreamActivity) -> Option<ContinuousCost> {
        match &self.kind {
            Kind::Float { .. } => None,
            Kind::Chip { chip, build, .. } => {
                Some(ContinuousCost::new(build, chip, activity.chip.activity().as_ref()))
            }
        }
    }

    /// Returns the next number above a score.
    pub(super) fn above(&self) -> fn(f64) -> f64 {
        match self.kind {
            Kind::Float { .. } => |score| f64::from((score as f32).next_up()),
            Kind::Chip { .. } => |score| score + 1.0,
        }
    }
}

/// Returns the factors that bring outputs to the scale of the one with the smallest.
fn weights(scales: &[f64]) -> Vec<u16> {
    let smallest = scales.iter().copied().fold(f64::INFINITY, f64::min);
    let weight = |scale: &f64| (f64::from(UNIT_WEIGHT) * smallest / scale).round() as u16;
    let weights: Vec<u16> = scales.iter().map(weight).collect();
    if weights.iter().all(|&weight| weight == UNIT_WEIGHT) { Vec::new() } else { weights }
}

/// An engine on a stream.
#[allow(clippy::large_enum_variant, reason = "there is one per stream")]
pub(super) enum Run<'a> {
    Float {
        net: Interpreter,
        smoother: Smoother<f32>,
        input: Vec<f32>,
        layers: &'a FloatLayers,
        activity: StreamActivity,
    },
    Chip {
        chip: Box<Simulator>,
        quantity: Quantity,
        smoother: Smoother<i16>,
        output: Vec<i16>,
        layers: &'a ChipLayers,
        activity: StreamActivity,
    },
}

impl Run<'_> {
    /// Advances by a step, and appends the scores of the keywords.
    pub(super) fn step(&mut self, frame: &Frame, scores: &mut Vec<f64>) {
        match self {
            Self::Float { net, smoother, input, layers, activity } => {
                input.clear();
                input.extend(frame.iter().map(|&count| f32::from(count)));
                scores.extend(smoother.step(net.step(input)).iter().map(|&score| f64::from(score)));
                layers.count(net, activity);
            }
            Self::Chip { chip, quantity, smoother, output, layers, activity } => {
                chip.step(frame);
                layers.count(chip, frame, activity);
                output.clear();
                match quantity {
                    Quantity::Spikes => output.extend(chip.readout_spikes().iter().map(|&n| i16::from(n))),
                    Quantity::Vmem => output.extend_from_slice(chip.readout_vmem()),
                    Quantity::Isyn => output.extend_from_slice(chip.readout_isyn()),
                }
                scores.extend(smoother.step(output).iter().map(|&score| f64::from(score)));
            }
        }
    }

    /// Ends the stream. Returns what the engine did in it.
    pub(super) fn finish(self) -> StreamActivity {
        match self {
            Self::Float { activity, .. } | Self::Chip { activity, .. } => activity,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_relative_to_the_smallest_scale() {
        assert!(weights(&[3.0, 3.0]).is_empty());
        assert_eq!(weights(&[2.0, 4.0, 8.0]), [UNIT_WEIGHT, UNIT_WEIGHT / 2, UNIT_WEIGHT / 4]);
    }
}
