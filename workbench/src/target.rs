//! Targets and engines by name: what a network can be built for, and what can run it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use synnet_c::{COptions, CTarget};
use synnet_ir::{Diagnostics, Graph};
use synnet_nir::{ExportDialect, NirTarget};
use synnet_rockpool::RockpoolTarget;
use synnet_rust::{Detector, Numbers, RustOptions, RustTarget};
use synnet_xylo::{BuildOptions, XyloTarget, chip::Chip, map::MapOptions, quantize::QuantizeOptions};

use crate::unknown::UnknownName;

/// Options of all targets. Each target uses those that concern it ([`NamedTarget::accepts`]).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TargetOptions {
    /// Quantization, for chips and integer code.
    pub quantize: QuantizeOptions,
    /// Whether to remove hidden neurons without effect, for chips; `false` by default.
    pub remove_dead: bool,
    /// Measured events per channel or neuron per step, by the name of the input or a layer, for f32 code; empty by
    /// default.
    pub rates: BTreeMap<String, f64>,
    /// Whether to write a single file, for targets that can; `false` by default.
    pub one_file: bool,
    /// Tools that a NIR file is written for; `euler` by default.
    pub dialect: ExportDialect,
    /// Detector that is generated beside the network, for Rust and C; none by default.
    pub detector: Option<Detector>,
}

impl TargetOptions {
    /// Returns the default options.
    pub fn new() -> Self {
        Self::default()
    }
}

/// An option that not every target accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetOption {
    /// [`TargetOptions::quantize`].
    Quantize,
    /// [`TargetOptions::remove_dead`].
    RemoveDead,
    /// [`TargetOptions::rates`].
    Rates,
    /// [`TargetOptions::dialect`].
    Dialect,
    /// [`TargetOptions::detector`].
    Detector,
}

/// Returns the targets that are not chips. A new target is added here.
fn built_in() -> Vec<NamedTarget> {
    let c = |options: &TargetOptions, c_options: COptions| {
        let target = CTarget::new(c_options.with_detector(options.detector.clone()));
        Box::new(if options.one_file { target.with_single_file() } else { target })
    };
    let rust = |options: &TargetOptions, rust_options: RustOptions| {
        let target = RustTarget::new(rust_options.with_detector(options.detector.clone()));
        Box::new(if options.one_file { target.with_single_file() } else { target })
    };
    vec![
        NamedTarget::new(&[TargetOption::Rates, TargetOption::Detector], None, move |options| {
            rust(options, RustOptions::new().with_rates(options.rates.clone()))
        }),
        NamedTarget::new(&[TargetOption::Quantize, TargetOption::Detector], None, move |options| {
            let numbers = Numbers::Integer(options.quantize.clone());
            rust(options, RustOptions::new().with_numbers(numbers))
        }),
        NamedTarget::new(&[TargetOption::Rates, TargetOption::Detector], None, move |options| {
            c(options, COptions::new().with_rates(options.rates.clone()))
        }),
        NamedTarget::new(&[TargetOption::Quantize, TargetOption::Detector], None, move |options| {
            let numbers = synnet_c::Numbers::Integer(options.quantize.clone());
            c(options, COptions::new().with_numbers(numbers))
        }),
        NamedTarget::new(&[TargetOption::Dialect], None, |options| Box::new(NirTarget::new(options.dialect))),
        NamedTarget::new(&[], None, |_| Box::new(RockpoolTarget)),
    ]
}

/// Creates a target with options.
type Factory = dyn Fn(&TargetOptions) -> Box<dyn synnet_ir::Target> + Send + Sync;

/// A target selected by its name. Targets with the same name are equal.
#[derive(Clone)]
pub struct NamedTarget {
    name: String,
    accepts: &'static [TargetOption],
    chip: Option<Arc<Chip>>,
    factory: Arc<Factory>,
}

impl NamedTarget {
    fn new<T: synnet_ir::Target + 'static>(
        accepts: &'static [TargetOption],
        chip: Option<Arc<Chip>>,
        factory: impl Fn(&TargetOptions) -> Box<T> + Send + Sync + 'static,
    ) -> Self {
        let name = factory(&TargetOptions::new()).name().to_owned();
        Self { name, accepts, chip, factory: Arc::new(move |options| factory(options)) }
    }

    /// Returns all targets: the built-in ones, then one for each chip.
    pub fn all<'a>(chips: impl IntoIterator<Item = &'a Arc<Chip>>) -> Vec<Self> {
        built_in().into_iter().chain(chips.into_iter().cloned().map(Self::from)).collect()
    }

    /// Returns the target of this name: a built-in one, or one of the chips.
    ///
    /// # Errors
    /// Returns an error with all names, and a suggestion, if there is no such target.
    pub fn from_name<'a>(
        name: &str,
        chips: impl IntoIterator<Item = &'a Arc<Chip>>,
    ) -> Result<Self, UnknownName> {
        let mut all = Self::all(chips);
        match all.iter().position(|target| target.name == name) {
            Some(i) => Ok(all.swap_remove(i)),
            None => Err(UnknownName::new("target", name, all.iter().map(Self::name))),
        }
    }

    /// Returns the name on the command line and in recipes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the chip, if the target is one.
    pub fn chip(&self) -> Option<&Arc<Chip>> {
        self.chip.as_ref()
    }

    /// Returns whether an option has an effect on the target.
    pub fn accepts(&self, option: TargetOption) -> bool {
        self.accepts.contains(&option)
    }

    /// Checks a network against the features and rules of the target. Returns errors and warnings.
    pub fn check(&self, graph: &Graph) -> Diagnostics {
        self.instantiate(&TargetOptions::new()).check(graph)
    }

    /// Creates the target with these options.
    pub fn instantiate(&self, options: &TargetOptions) -> Box<dyn synnet_ir::Target> {
        (self.factory)(options)
    }
}

impl From<Arc<Chip>> for NamedTarget {
    fn from(chip: Arc<Chip>) -> Self {
        let captured = Arc::clone(&chip);
        Self::new(&[TargetOption::Quantize, TargetOption::RemoveDead], Some(chip), move |options| {
            let map = MapOptions::new().with_remove_dead(options.remove_dead);
            let build = BuildOptions::new().with_map(map).with_quantize(options.quantize.clone());
            Box::new(XyloTarget::new(Chip::clone(&captured), build))
        })
    }
}

impl fmt::Debug for NamedTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NamedTarget").field(&self.name).finish()
    }
}

impl PartialEq for NamedTarget {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for NamedTarget {}

/// An engine that runs a network in an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub enum Engine {
    /// The float interpreter.
    Float,
    /// The simulator of a chip.
    Chip(Arc<Chip>),
}

impl Engine {
    /// The name of the float interpreter.
    pub const FLOAT: &'static str = "float";

    /// Returns the engine of this name: `float`, or one of the chips.
    ///
    /// # Errors
    /// Returns an error with all names, and a suggestion, if there is no such engine.
    pub fn from_name<'a>(
        name: &str,
        chips: impl IntoIterator<Item = &'a Arc<Chip>>,
    ) -> Result<Self, UnknownName> {
        if name == Self::FLOAT {
            return Ok(Self::Float);
        }
        let mut known = vec![Self::FLOAT];
        for chip in chips {
            if chip.name == name {
                return Ok(Self::Chip(Arc::clone(chip)));
            }
            known.push(&chip.name);
        }
        Err(UnknownName::new("engine", name, known))
    }
}

/// Returns whether a name is that of a target or engine other than a chip, so that no chip may have it.
pub(crate) fn is_reserved(name: &str) -> bool {
    name == Engine::FLOAT || built_in().iter().any(|target| target.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_named_by_their_back_ends() {
        let chip = Arc::new(Chip::find("xylo-imu").unwrap().clone());
        let names: Vec<String> = NamedTarget::all([&chip]).iter().map(|target| target.name.clone()).collect();
        assert_eq!(names, ["rust", "rust-int", "c", "c-int", "nir", "rockpool", "xylo-imu"]);
        assert!(is_reserved("rust-int") && is_reserved("float") && !is_reserved("xylo-imu"));
        let target = NamedTarget::from_name("xylo-imu", [&chip]).unwrap();
        assert!(
            target.chip().is_some()
                && target.accepts(TargetOption::RemoveDead)
                && !target.accepts(TargetOption::Rates)
        );
        let error = NamedTarget::from_name("rust-in", [&chip]).unwrap_err();
        assert_eq!(error.suggestion.as_deref(), Some("rust-int"));
    }
}
