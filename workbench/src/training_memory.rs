//! Memory estimate of a run, and the check against the available memory.

use std::fmt;

use synnet_ir::Network;
use synnet_ir::display::{format_bytes, pluralize};
use synnet_runtime::tape::Tape;
use synnet_runtime::train::MAX_GRADIENT_SUMS;
use synnet_runtime::{Dataset, Interpreter};
use synnet_xylo::layout::Layout;

use crate::available_memory::available_memory;
use crate::error::Error;
use crate::experiment::Experiment;
use crate::observer::Observer;
use crate::plan::Plan;
use crate::report;

/// Number of samples in which event rates are measured.
const MEASURED_SAMPLES: usize = 4;
/// Maximum number of steps of a sample in which event rates are measured.
const MEASURED_STEPS: usize = 2000;
/// Bytes per weight of a chip while a network is built for it: the weights in f64, the statistics of the quantizer, and
/// the integers.
const CHIP_WEIGHT: u64 = 60;
/// Bytes per weight of a chip after the build: the weights in f64, and the integers.
const BUILT_WEIGHT: u64 = 9;
/// The divisor of the smaller of two phases, of which the allocator keeps about this part while the larger one runs.
const KEPT: u64 = 3;

/// An estimate of the memory that a run needs: for its data, for training, and for the evaluation that follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrainingMemory {
    /// Bytes of the training, validation and test set.
    pub data: u64,
    /// Bytes per thread for the states and events of one sample, at the event rates of the untrained network.
    pub per_thread: u64,
    /// Like `per_thread`, if every neuron spikes in every step.
    pub max_per_thread: u64,
    /// Bytes for weights, gradients, moments and checkpoints, for all threads together.
    pub shared: u64,
    /// Bytes for sound augmentation, which prepares the next epoch during training.
    pub augmentation: u64,
    /// Bytes for evaluation, the build for a chip, and the report. Training has ended by then.
    pub evaluation: u64,
    /// Number of threads, 1 or more.
    pub threads: u64,
}

impl TrainingMemory {
    /// Returns the minimum for the runs of a plan, whatever the data and the event rates.
    pub fn minimum(plan: &Plan, threads: usize) -> Self {
        let silent = vec![0.0; plan.loaded.graph.layers.len() + 1];
        Self::at_rates(plan, &silent, threads)
    }

    /// Estimates the memory for the runs of an experiment. `network` has the initial weights, at which event rates are
    /// measured in a few samples of the training set.
    pub fn estimate(experiment: &Experiment, network: &Network, threads: usize) -> Self {
        let rates = event_rates(network, &experiment.corpus.train);
        let data = experiment.corpus.bytes();
        let augmentation = experiment.corpus.augmentation_bytes();
        Self { data, augmentation, ..Self::at_rates(&experiment.plan, &rates, threads) }
    }

    fn at_rates(plan: &Plan, rates: &[f64], threads: usize) -> Self {
        let (graph, options) = (&plan.loaded.graph, &plan.recipe.training);
        let steps = plan.recipe.data.steps;
        let tape = Tape::new(graph);
        let memory = tape.memory_at_rates(steps, options.recompute, rates);
        let worst = tape.memory(steps, options.recompute);
        let threads = (threads.max(1) as u64).min(options.batch.min(MAX_GRADIENT_SUMS) as u64);
        let sums = options.batch.min(MAX_GRADIENT_SUMS) as u64;
        let bytes = |learned: bool| {
            let tensors = graph.tensors().into_iter().filter(|spec| spec.learn || !learned);
            4 * tensors.map(|spec| spec.shape.iter().product::<usize>() as u64).sum::<u64>()
        };
        let (all, learned) = (bytes(false), bytes(true));
        // The network, the initial parameters, the values before and after an update, the gradients, the best epoch,
        // and twice the two moments of Adam; then a checkpoint of parameters, moments and best epoch, as tensors and as
        // the bytes of a file.
        let copies = (2 * all).saturating_add(8 * learned).saturating_add(2 * (all + 3 * learned));
        Self {
            data: 0,
            per_thread: memory.states.saturating_add(memory.events),
            max_per_thread: worst.states.saturating_add(worst.events),
            shared: memory.weights.saturating_add(memory.sums.saturating_mul(sums)).saturating_add(copies),
            augmentation: 0,
            evaluation: evaluation(plan, steps).saturating_add(3 * all),
            threads,
        }
    }

    /// Returns the total in bytes: the data, the larger of training and evaluation, and a third of the smaller one.
    pub fn bytes(self) -> u64 {
        self.with_training(self.per_thread)
    }

    /// Returns the total in bytes if every neuron spikes in every step.
    pub fn max_bytes(self) -> u64 {
        self.with_training(self.max_per_thread)
    }

    fn with_training(self, per_thread: u64) -> u64 {
        let training = self.training(per_thread);
        let (smaller, larger) = (training.min(self.evaluation), training.max(self.evaluation));
        larger.saturating_add(smaller / KEPT).saturating_add(self.data)
    }

    /// Returns the bytes of training alone, with `per_thread` bytes for each thread.
    fn training(self, per_thread: u64) -> u64 {
        let threads = per_thread.saturating_mul(self.threads);
        threads.saturating_add(self.shared).saturating_add(self.augmentation)
    }

    /// Lists the parts of the total, each on a line of its own.
    fn parts(self) -> String {
        let data = format!("\n  data        {}", format_bytes(self.data));
        let training = format!(
            "\n  training    {} ({} x {}, weights and gradients {}{})",
            format_bytes(self.training(self.per_thread)),
            pluralize(self.threads as usize, "thread"),
            format_bytes(self.per_thread),
            format_bytes(self.shared),
            match self.augmentation {
                0 => String::new(),
                bytes => format!(", sound augmentation {}", format_bytes(bytes)),
            }
        );
        let evaluation = format!(
            "\n  evaluation  {}, after training; a third of the smaller phase stays allocated",
            format_bytes(self.evaluation)
        );
        let data = if self.data > 0 { data } else { String::new() };
        data + &training + &evaluation
    }

    /// Reports the estimate to the observer.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn report(self, observer: &dyn Observer) -> Result<(), Error> {
        self.check()?;
        observer.note(&self.to_string());
        Ok(())
    }

    /// Checks that as much memory is available. On systems that do not report their available memory, the check passes.
    ///
    /// # Errors
    /// Returns an error if less memory is available.
    pub fn check(self) -> Result<(), Error> {
        match available_memory().filter(|available| self.bytes() - self.data > *available) {
            Some(available) => Err(Error::Refused(format!(
                "training needs about {} of memory, but only {} is available: use fewer threads (`--threads`), \
                 shorter samples (`data.steps`), or gradient checkpointing (`training.recompute: segments`){}",
                format_bytes(self.bytes()),
                format_bytes(available),
                self.parts()
            ))),
            None => Ok(()),
        }
    }
}

impl fmt::Display for TrainingMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "training needs about {} of memory", format_bytes(self.bytes()))?;
        // Without data, event rates are unknown, and the estimate is a minimum.
        if self.data > 0 {
            write!(f, "; at most {} if every neuron spikes in every step", format_bytes(self.max_bytes()))?;
        }
        f.write_str(&self.parts())
    }
}

/// Returns the bytes for the evaluation in float and on the chips of a plan, and for the report.
fn evaluation(plan: &Plan, steps: usize) -> u64 {
    let graph = &plan.loaded.graph;
    // Each thread holds the output of one sample.
    let outputs = (4 * rayon::current_num_threads() as u64)
        .saturating_mul(steps as u64)
        .saturating_mul(graph.outputs() as u64);
    let weights = plan.simulated_chips().into_iter().map(|chip| {
        let d = Layout::new(graph, &chip).dimensions(graph);
        let hidden = (d.inputs * d.input_expansion + d.hidden * d.hidden) * d.synapses;
        (hidden + d.output_expansion * d.outputs) as u64
    });
    let weights: Vec<u64> = weights.collect();
    // One chip at a time is built; the results are kept.
    let (sum, max) = (weights.iter().sum::<u64>(), weights.iter().max().copied().unwrap_or(0));
    let chip = CHIP_WEIGHT.saturating_mul(max).saturating_add(BUILT_WEIGHT.saturating_mul(sum - max));
    outputs.max(report::drawing_memory(graph, steps)).saturating_add(chip)
}

/// Returns the fraction of steps in which a channel of the input (first) and a neuron of each layer has an event.
fn event_rates(network: &Network, dataset: &Dataset) -> Vec<f64> {
    let graph = &network.graph;
    let (samples, steps) = (dataset.samples(), dataset.steps().min(MEASURED_STEPS));
    let mut events = vec![0_u64; graph.layers.len() + 1];
    let count = MEASURED_SAMPLES.min(samples.len());
    let interpreter = Interpreter::new(network);
    let nonzero = |row: &[f32]| row.iter().filter(|x| **x != 0.0).count() as u64;
    for i in (0..count).map(|i| i * samples.len() / count) {
        let raster = &samples[i].raster;
        let (input, layers) = events.split_at_mut(1);
        let write_input = |t: usize, row: &mut [f32]| {
            if t < raster.steps() {
                raster.write_step(t, row);
            } else {
                row.fill(0.0);
            }
            input[0] += nonzero(row);
        };
        interpreter.visit_steps(steps, 0, i as u64, write_input, |states| {
            for (i, events) in layers.iter_mut().enumerate() {
                // Leaky integrators send their currents.
                let is_spiking = graph.layers[i].as_lif().is_some();
                *events += nonzero(if is_spiking { states.spikes(i) } else { states.isyn(i) });
            }
        });
    }
    let sizes = std::iter::once(graph.input.channels).chain(graph.layers.iter().map(|layer| layer.size));
    sizes.zip(events).map(|(size, events)| events as f64 / (size * steps * count).max(1) as f64).collect()
}
