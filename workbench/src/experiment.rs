//! A plan with its data: an experiment, which evaluates networks on the test set.

use std::collections::BTreeMap;
use std::sync::Arc;

use synnet_ir::Network;
use synnet_ir::display::pluralize;
use synnet_runtime::{Evaluation, Readout, Validation};
use synnet_xylo::{Build, chip::Chip, quantize::QuantizeOptions};

use crate::calibration;
use crate::chip_evaluation::{self, ChipEvaluation};
use crate::data::Corpus;
use crate::error::Error;
use crate::observer::Observer;
use crate::plan::Plan;

/// The part of the provenance that stands for the data.
pub(crate) const DATASET: &str = "dataset";

/// A recipe with its compiled network and its data.
pub struct Experiment {
    /// Recipe and network.
    pub plan: Plan,
    /// Training, validation and test set.
    pub corpus: Corpus,
}

/// The results of the float network on the test set.
pub struct FloatEvaluation {
    /// Loss, accuracy if the loss defines it, and firing rates.
    pub measured: Validation,
    /// Predictions and confusion matrix, if samples are classified.
    pub classified: Option<Evaluation>,
}

impl FloatEvaluation {
    /// Returns the fraction of samples that are classified correctly, or `None` if the loss does not define it.
    pub fn accuracy(&self) -> Option<f64> {
        self.classified.as_ref().map(|classified| classified.accuracy).or(self.measured.accuracy)
    }
}

/// The results of a network on a chip.
pub struct ChipResult {
    /// The chip.
    pub chip: Arc<Chip>,
    /// The quantized network.
    pub build: Build,
    /// The results of the test set on the chip's simulator.
    pub result: ChipEvaluation,
}

impl Experiment {
    /// Returns hashes of everything besides the options that training depends on: network, data, augmentation and
    /// quantization. A checkpoint stores them, so that training resumes with the same ones only.
    pub fn provenance(&self) -> BTreeMap<String, String> {
        let mut provenance = self.plan.provenance();
        provenance.insert(DATASET.to_owned(), format!("{:032x}", self.corpus.fingerprint()));
        provenance
    }

    /// Evaluates the float network on the test set.
    ///
    /// # Errors
    /// Returns an error if the loss or the readout does not fit the network.
    pub fn evaluate(&self, network: &Network) -> Result<FloatEvaluation, Error> {
        let (plan, test) = (&self.plan, &self.corpus.test);
        let measured = synnet_runtime::validate(network, test, &plan.recipe.training.loss);
        let measured = measured.map_err(|d| plan.loaded.error(d))?;
        let classified = plan.readout().map(|readout| synnet_runtime::evaluate(network, test, readout));
        Ok(FloatEvaluation {
            measured,
            classified: classified.transpose().map_err(|d| plan.loaded.error(d))?,
        })
    }

    /// Returns the readout that scores the classes, if samples are classified.
    pub fn readout(&self) -> Option<Readout> {
        self.plan.readout()
    }

    /// Returns the quantization options of the recipe. If they use weight shifts, the ranges of the states are measured
    /// on the training set.
    ///
    /// # Errors
    /// Returns an error if the training set does not fit the network.
    pub fn quantize_options(&self, network: &Network) -> Result<QuantizeOptions, Error> {
        let quantize = &self.plan.recipe.quantize;
        let measured = quantize.measure_ranges.then(|| calibration::on_dataset(network, &self.corpus.train));
        let ranges = measured.transpose().map_err(Error::input)?;
        Ok(quantize.options.clone().with_ranges(ranges))
    }

    /// Quantizes a network for a chip with the options of the recipe.
    ///
    /// # Errors
    /// Returns every rule of the chip that the network breaks.
    pub fn build_for_chip(
        &self,
        network: &Network,
        chip: &Chip,
        observer: &dyn Observer,
    ) -> Result<Build, Error> {
        self.build_with(network, chip, &self.quantize_options(network)?, observer)
    }

    /// Quantizes a network for a chip with the given options.
    ///
    /// # Errors
    /// Returns every rule of the chip that the network breaks.
    pub fn build_with(
        &self,
        network: &Network,
        chip: &Chip,
        options: &QuantizeOptions,
        observer: &dyn Observer,
    ) -> Result<Build, Error> {
        let build = synnet_xylo::build(network, chip, options);
        let build = build.map_err(|d| self.plan.loaded.error(d))?;
        self.plan.loaded.accept(&build.warnings, observer)?;
        Ok(build)
    }

    /// Quantizes a network for a chip and evaluates it on the test set with the chip's simulator.
    ///
    /// # Errors
    /// Returns an error if samples are not classified, if the network does not fit the chip, or if a sample has event
    /// counts that a chip cannot take.
    pub fn evaluate_on_chip(
        &self,
        network: &Network,
        chip: &Arc<Chip>,
        observer: &dyn Observer,
    ) -> Result<ChipResult, Error> {
        let readout = self.plan.readout().ok_or_else(|| {
            let remedy = if self.corpus.classes.is_empty() {
                "name an output for each class with `data.classes`"
            } else {
                "for a network with one output, measure misses and false alarms with `snnc detect`"
            };
            Error::Input(format!("chips are evaluated by the classes of samples; {remedy}"))
        })?;
        let build = self.build_for_chip(network, chip, observer)?;
        let result = chip_evaluation::evaluate(&build, network, &self.corpus.test, readout)?;
        if result.dropped_events > 0 {
            let events = pluralize(result.dropped_events as usize, "input event");
            observer.warning(&format!(
                "{events} dropped on {}: it accepts at most {} per channel per step",
                chip.name, chip.events.input
            ));
        }
        Ok(ChipResult { chip: Arc::clone(chip), build, result })
    }
}
