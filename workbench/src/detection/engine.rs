//! The engines that run a network on a stream, with the first half of the detector behind them.

use synnet_audio::audio3::Frame;
use synnet_ir::Network;
use synnet_ir::graph::Quantity;
use synnet_runtime::Interpreter;
use synnet_step::Scalar;
use synnet_step::detector::{Score, Smoother, UNIT_WEIGHT};
use synnet_xylo::Build;
use synnet_xylo::simulate::Simulator;

use crate::error::Error;

/// An engine in its initial state. Streams run on copies of it.
pub(super) struct Engine {
    /// `float`, or the name of a chip.
    pub(super) name: String,
    /// Type of an output.
    pub(super) numbers: Scalar,
    /// Weights of the outputs for margins; empty for equal scales.
    pub(super) weights: Vec<u16>,
    kind: Kind,
}

enum Kind {
    Float(Interpreter),
    Chip(Box<Simulator>, Quantity),
}

/// The smoothing of the outputs.
#[derive(Clone, Debug)]
pub(super) struct Smoothing {
    pub(super) window: usize,
    pub(super) score: Score,
    /// Outputs of the keywords.
    pub(super) outputs: Vec<usize>,
}

impl Engine {
    pub(super) fn float(network: &Network) -> Self {
        let kind = Kind::Float(Interpreter::new(network));
        Self { name: crate::Engine::FLOAT.to_owned(), numbers: Scalar::F32, weights: Vec::new(), kind }
    }

    /// # Errors
    /// Returns an error if the build is inconsistent.
    pub(super) fn chip(name: &str, build: &Build, network: &Network, score: Score) -> Result<Self, Error> {
        let simulator = build.simulator().map_err(Error::input)?;
        let quantity = network.graph.output.quantity;
        let numbers = if quantity == Quantity::Spikes { Scalar::U8 } else { Scalar::I16 };
        let weights = match score {
            Score::Margin if quantity != Quantity::Spikes => weights(&build.report.scale_out),
            Score::Margin | Score::Value => Vec::new(),
        };
        Ok(Self { name: name.to_owned(), numbers, weights, kind: Kind::Chip(Box::new(simulator), quantity) })
    }

    /// Starts a stream.
    pub(super) fn start(&self, smoothing: &Smoothing, outputs: usize) -> Run {
        let Smoothing { window, score, outputs: keywords } = smoothing;
        match &self.kind {
            Kind::Float(interpreter) => {
                let mut net = interpreter.clone();
                net.reset();
                let smoother = Smoother::new(*window, outputs, *score, &self.weights, keywords);
                Run::Float { net, smoother, input: Vec::new() }
            }
            Kind::Chip(simulator, quantity) => {
                let mut chip = simulator.clone();
                chip.reset();
                let smoother = Smoother::new(*window, outputs, *score, &self.weights, keywords);
                Run::Chip { chip, quantity: *quantity, smoother, output: Vec::new() }
            }
        }
    }

    /// Returns the next number above a score.
    pub(super) fn above(&self) -> fn(f64) -> f64 {
        match self.kind {
            Kind::Float(_) => |score| f64::from((score as f32).next_up()),
            Kind::Chip(..) => |score| score + 1.0,
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
pub(super) enum Run {
    Float { net: Interpreter, smoother: Smoother<f32>, input: Vec<f32> },
    Chip { chip: Box<Simulator>, quantity: Quantity, smoother: Smoother<i16>, output: Vec<i16> },
}

impl Run {
    /// Advances by a step, and appends the scores of the keywords.
    pub(super) fn step(&mut self, frame: &Frame, scores: &mut Vec<f64>) {
        match self {
            Self::Float { net, smoother, input } => {
                input.clear();
                input.extend(frame.iter().map(|&count| f32::from(count)));
                scores.extend(smoother.step(net.step(input)).iter().map(|&score| f64::from(score)));
            }
            Self::Chip { chip, quantity, smoother, output } => {
                chip.step(frame);
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
