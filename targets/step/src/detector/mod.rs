//! The decision of a keyword spotter: from the outputs of a network, step by step, to detections.
//!
//! Per step, with `x[j]` the output `j` of the network:
//!
//! ```text
//! sum[j]   = x[j] + the same output in the last `window` - 1 steps       zero before the first step
//! level[j] = sum[j] * weight[j] / 2^15, toward zero                      `margin` in integers; otherwise sum[j]
//! score[k] = level[k]                                                    `value`
//!            level[k] - the largest level of another output              `margin`
//! keyword k is detected if score[k] >= threshold[k], and it was not detected in the last `refractory` steps
//! ```
//!
//! Keywords are decided on independently. With `margin` and thresholds above 0, at most one is detected per step.
//!
//! Sums are f32 for outputs in f32, and integers of 32 bits for outputs in integers. A sum is added up anew in each
//! step, in the order of the ring buffer that holds the outputs: sums in f32 collect no rounding errors, and every
//! engine gets the same bits. [`Smoother`] and [`Trigger`] are the definition; generated code equals them bit for bit.

mod json;

use std::fmt;

use synnet_ir::graph::Quantity;
use synnet_ir::{Diagnostic, Diagnostics, Graph, codes};

use crate::numbers::Numbers;
use crate::program::{Program, Scalar};

pub use json::DetectorFileError;

/// Maximum length of the window, in steps. The sums of 16-bit outputs over it, and their differences, fit 32 bits.
pub const MAX_WINDOW: usize = 1000;

/// The weight that leaves the level of an output as it is.
pub const UNIT_WEIGHT: u16 = 1 << 15;

/// The rules of a decision. The [module](self) defines their meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct Detector {
    /// Name of the network whose outputs it takes.
    pub network: String,
    /// Type of an output: `F32`, `I16` or `U8`.
    pub numbers: Scalar,
    /// Number of outputs of the network.
    pub outputs: usize,
    /// Score of a keyword.
    pub score: Score,
    /// Number of steps over which outputs are summed, 1 to [`MAX_WINDOW`].
    pub window: usize,
    /// Number of steps after a detection in which the same keyword is not detected.
    pub refractory: u32,
    /// Weights of the outputs for [`Score::Margin`] in integers, up to [`UNIT_WEIGHT`], `[outputs]`. They bring outputs
    /// of different scales to one scale. Empty for equal scales.
    pub weights: Vec<u16>,
    /// The keywords.
    pub keywords: Vec<Keyword>,
}

/// A keyword.
#[derive(Clone, Debug, PartialEq)]
pub struct Keyword {
    /// Label of its class.
    pub label: String,
    /// Index of its output.
    pub output: usize,
    /// Minimum score of a detection: `window` times the mean. A number of f32, or an integer of 32 bits.
    pub threshold: f64,
}

/// What is compared with the threshold of a keyword.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Score {
    /// The smoothed output of the keyword.
    #[default]
    Value,
    /// Its distance to the largest other output, for networks that were trained to tell classes apart.
    Margin,
}

impl Score {
    /// Returns the name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Margin => "margin",
        }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Detector {
    /// Returns the first reason why the rules cannot be applied, such as an output that does not exist.
    pub fn fault(&self) -> Option<String> {
        let weights = self.weights.len();
        let is_integer = self.numbers != Scalar::F32;
        if !matches!(self.numbers, Scalar::F32 | Scalar::I16 | Scalar::U8) {
            return Some("outputs must be f32, i16 or u8".into());
        }
        if !(1..=MAX_WINDOW).contains(&self.window) {
            return Some(format!("the window is {}; it must be from 1 to {MAX_WINDOW} steps", self.window));
        }
        if self.keywords.is_empty() {
            return Some("there are no keywords".into());
        }
        if self.score == Score::Margin && self.outputs < 2 {
            return Some("a margin needs two outputs or more".into());
        }
        if weights > 0 && (weights != self.outputs || !is_integer || self.score != Score::Margin) {
            return Some("weights must be one per output, for margins in integers".into());
        }
        if self.weights.iter().any(|&weight| weight > UNIT_WEIGHT) {
            return Some(format!("a weight is above {UNIT_WEIGHT}"));
        }
        let wrong = |keyword: &&Keyword| {
            let Keyword { output, threshold, .. } = **keyword;
            let exact = if is_integer {
                f64::from(threshold as i32) == threshold
            } else {
                threshold.is_finite() && f64::from(threshold as f32) == threshold
            };
            output >= self.outputs || !exact
        };
        let wrong = self.keywords.iter().find(wrong)?;
        Some(format!("keyword `{}` has an output or a threshold that does not exist", wrong.label))
    }

    /// Returns an error, without a place, if the detector cannot take the outputs of code for a graph in these numbers.
    pub fn check(&self, graph: &Graph, numbers: &Numbers) -> Diagnostics {
        let scalar = match (numbers, graph.output.quantity) {
            (Numbers::Float, _) => Scalar::F32,
            (Numbers::Integer(_), Quantity::Spikes) => Scalar::U8,
            (Numbers::Integer(_), Quantity::Vmem | Quantity::Isyn) => Scalar::I16,
        };
        let Some(mismatch) = self.mismatch_with(&graph.name, graph.outputs(), Some(scalar)) else {
            return Diagnostics::new();
        };
        let message = format!("the detector does not fit: {mismatch}");
        let diagnostic = Diagnostic::error_without_span(&codes::UNSUPPORTED_FEATURE, message);
        diagnostic.with_help("write one for this network and these numbers with `snnc detect`").into()
    }

    /// Returns why the detector cannot take the outputs of a program, if it cannot.
    pub fn mismatch(&self, program: &Program) -> Option<String> {
        let numbers = program.output_state().map(|state| state.scalar);
        self.mismatch_with(&program.name, program.outputs(), numbers)
    }

    fn mismatch_with(&self, network: &str, outputs: usize, numbers: Option<Scalar>) -> Option<String> {
        if let Some(fault) = self.fault() {
            return Some(fault);
        }
        if self.network != network {
            return Some(format!("it belongs to network `{}`, not to `{network}`", self.network));
        }
        if self.outputs != outputs {
            return Some(format!("it takes {} outputs, but the network has {outputs}", self.outputs));
        }
        (numbers != Some(self.numbers)).then(|| {
            let found = numbers.map_or("none", Scalar::name);
            format!("it takes outputs in {}, but those of the code are in {found}", self.numbers.name())
        })
    }
}

/// A number that a detector takes.
pub trait Level: Copy + Default {
    /// Type of sums and scores.
    type Sum: Copy + PartialOrd + fmt::Debug + Into<f64>;
    /// The sum of nothing.
    const ZERO: Self::Sum;
    /// Adds the number to a sum.
    fn add_to(self, sum: Self::Sum) -> Self::Sum;
    /// Multiplies a sum with a weight.
    fn weighted(sum: Self::Sum, weight: u16) -> Self::Sum;
    /// Subtracts a level from another one.
    fn difference(a: Self::Sum, b: Self::Sum) -> Self::Sum;
}

impl Level for f32 {
    type Sum = f32;
    const ZERO: f32 = 0.0;
    fn add_to(self, sum: f32) -> f32 {
        sum + self
    }
    fn weighted(sum: f32, _weight: u16) -> f32 {
        sum
    }
    fn difference(a: f32, b: f32) -> f32 {
        a - b
    }
}

impl Level for i16 {
    type Sum = i32;
    const ZERO: i32 = 0;
    fn add_to(self, sum: i32) -> i32 {
        sum + i32::from(self)
    }
    fn weighted(sum: i32, weight: u16) -> i32 {
        (i64::from(sum) * i64::from(weight) / i64::from(UNIT_WEIGHT)) as i32
    }
    fn difference(a: i32, b: i32) -> i32 {
        a - b
    }
}

/// The first half of a detector: from outputs to the scores of the keywords.
///
/// ```
/// use synnet_step::detector::{Score, Smoother};
///
/// let mut smoother = Smoother::<i16>::new(2, 2, Score::Margin, &[], &[0]);
/// assert_eq!(smoother.step(&[10, 4]), [6]);
/// assert_eq!(smoother.step(&[20, 1]), [25]); // 10 + 20 - (4 + 1)
/// assert_eq!(smoother.step(&[0, 0]), [19]);
/// ```
#[derive(Clone, Debug)]
pub struct Smoother<N: Level> {
    score: Score,
    weights: Vec<u16>,
    /// Outputs of the keywords.
    keywords: Vec<usize>,
    /// Outputs of the last steps, `[window][outputs]`.
    history: Vec<N>,
    /// Row of the next step.
    next: usize,
    levels: Vec<N::Sum>,
    scores: Vec<N::Sum>,
}

impl<N: Level> Smoother<N> {
    /// Creates a smoother over `window` steps, 1 or more, for a network with this number of outputs. `weights` are
    /// those of a [`Detector`], `keywords` the outputs of the keywords.
    pub fn new(window: usize, outputs: usize, score: Score, weights: &[u16], keywords: &[usize]) -> Self {
        Self {
            score,
            weights: weights.to_vec(),
            keywords: keywords.to_vec(),
            history: vec![N::default(); window.max(1) * outputs],
            next: 0,
            levels: vec![N::ZERO; outputs],
            scores: vec![N::ZERO; keywords.len()],
        }
    }

    /// Takes the outputs of a step. Returns the score of each keyword.
    pub fn step(&mut self, output: &[N]) -> &[N::Sum] {
        let outputs = self.levels.len();
        if let Some(row) = self.history.get_mut(self.next * outputs..(self.next + 1) * outputs) {
            row.iter_mut().zip(output).for_each(|(kept, &new)| *kept = new);
        }
        self.next += 1;
        if self.next * outputs >= self.history.len() {
            self.next = 0;
        }
        self.levels.fill(N::ZERO);
        for row in self.history.chunks_exact(outputs.max(1)) {
            self.levels.iter_mut().zip(row).for_each(|(sum, &x)| *sum = x.add_to(*sum));
        }
        for (level, &weight) in self.levels.iter_mut().zip(&self.weights) {
            *level = N::weighted(*level, weight);
        }
        for (score, &output) in self.scores.iter_mut().zip(&self.keywords) {
            let Some(&level) = self.levels.get(output) else { continue };
            *score = match self.score {
                Score::Value => level,
                Score::Margin => N::difference(level, rival::<N>(&self.levels, output)),
            };
        }
        &self.scores
    }
}

/// Returns the largest level of another output.
fn rival<N: Level>(levels: &[N::Sum], own: usize) -> N::Sum {
    let mut others = levels.iter().enumerate().filter(|(j, _)| *j != own).map(|(_, &level)| level);
    let first = others.next().unwrap_or(N::ZERO);
    others.fold(first, |best, level| if level > best { level } else { best })
}

/// The second half of a detector, for one keyword: from its scores to detections.
#[derive(Clone, Debug)]
pub struct Trigger<S> {
    threshold: S,
    refractory: u32,
    /// Number of steps until the next detection is possible.
    waiting: u32,
}

impl<S: PartialOrd> Trigger<S> {
    /// Creates a trigger with the threshold of a keyword, and the refractory time in steps.
    pub fn new(threshold: S, refractory: u32) -> Self {
        Self { threshold, refractory, waiting: 0 }
    }

    /// Takes the score of a step. Returns whether the keyword is detected.
    pub fn step(&mut self, score: S) -> bool {
        if self.waiting > 0 {
            self.waiting -= 1;
            return false;
        }
        let detected = score >= self.threshold;
        if detected {
            self.waiting = self.refractory;
        }
        detected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn window_forgets_what_is_older() {
        let mut smoother = Smoother::<f32>::new(3, 1, Score::Value, &[], &[0]);
        let sums = [1.0, 2.0, 4.0, 8.0, 0.0].map(|x| smoother.step(&[x])[0]);
        assert_eq!(sums, [1.0, 3.0, 7.0, 14.0, 12.0]);
    }

    #[test]
    fn weights_bring_outputs_to_one_scale() {
        let mut smoother =
            Smoother::<i16>::new(1, 3, Score::Margin, &[UNIT_WEIGHT, UNIT_WEIGHT / 2, 0], &[0, 1]);
        assert_eq!(smoother.step(&[100, 150, 30_000]), [25, -25]);
        assert_eq!(smoother.step(&[-100, -151, 0]), [-100, -75]);
    }

    #[test]
    fn keyword_is_silent_after_a_detection() {
        let mut trigger = Trigger::new(5, 2);
        let detected = [4, 5, 9, 9, 9, 1, 9].map(|score| trigger.step(score));
        assert_eq!(detected, [false, true, false, false, true, false, false]);
        assert!(!Trigger::new(0.0, 0).step(f32::NAN));
    }
}
