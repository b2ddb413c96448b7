//! What a network can be built for, and what can run it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use synnet_ir::{Diagnostics, Graph};
use synnet_rust::{Numbers, RustOptions, RustTarget};
use synnet_xylo::{BuildOptions, Chip, MapOptions, QuantizeOptions, XyloTarget};

use crate::unknown::UnknownName;

/// What targets can be told. Each takes the settings that concern it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TargetOptions {
    /// How numbers become integers.
    pub quantize: QuantizeOptions,
    /// Whether hidden neurons without effect are left out.
    pub remove_dead: bool,
    /// Mean number of events per channel or neuron and step, by the name of the input or of a layer, if it was measured.
    pub rates: BTreeMap<String, f64>,
    /// Whether the result has to be a single file, if the target can.
    pub one_file: bool,
}

impl TargetOptions {
    /// The defaults of every target.
    pub fn new() -> Self {
        Self::default()
    }
}

/// A setting that not every target takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetOption {
    /// [`TargetOptions::quantize`].
    Quantize,
    /// [`TargetOptions::remove_dead`].
    RemoveDead,
    /// [`TargetOptions::rates`].
    Rates,
}

/// The targets that are not chips: a new back end has its line here.
fn built_in() -> Vec<Target> {
    let rust = |settings: &TargetOptions, options| {
        let target = RustTarget::new(options);
        Box::new(if settings.one_file { target.with_single_file() } else { target })
    };
    vec![
        Target::new(&[TargetOption::Rates], None, move |settings| {
            rust(settings, RustOptions::new().with_rates(settings.rates.clone()))
        }),
        Target::new(&[TargetOption::Quantize], None, move |settings| {
            let numbers = Numbers::Integer(settings.quantize.clone());
            rust(settings, RustOptions::new().with_numbers(numbers))
        }),
    ]
}

/// Makes the back end with its settings.
type Factory = dyn Fn(&TargetOptions) -> Box<dyn synnet_ir::Target> + Send + Sync;

/// A back end, chosen by its name.
#[derive(Clone)]
pub struct Target {
    name: String,
    takes: &'static [TargetOption],
    chip: Option<Arc<Chip>>,
    make: Arc<Factory>,
}

impl Target {
    fn new<T: synnet_ir::Target + 'static>(
        takes: &'static [TargetOption],
        chip: Option<Arc<Chip>>,
        make: impl Fn(&TargetOptions) -> Box<T> + Send + Sync + 'static,
    ) -> Self {
        let name = make(&TargetOptions::new()).name().to_owned();
        Self { name, takes, chip, make: Arc::new(move |settings| make(settings)) }
    }

    /// All targets; one for each of the chips stands behind the others.
    pub fn all<'a>(chips: impl IntoIterator<Item = &'a Arc<Chip>>) -> Vec<Self> {
        built_in().into_iter().chain(chips.into_iter().cloned().map(Self::from)).collect()
    }

    /// The target of that name: a built-in one, or that of one of the chips.
    ///
    /// # Errors
    /// If there is no such target.
    pub fn named<'a>(
        name: &str,
        chips: impl IntoIterator<Item = &'a Arc<Chip>>,
    ) -> Result<Self, UnknownName> {
        let mut all = Self::all(chips);
        match all.iter().position(|target| target.name == name) {
            Some(place) => Ok(all.swap_remove(place)),
            None => Err(UnknownName::new("target", name, all.iter().map(Self::name))),
        }
    }

    /// Its name on the command line and in recipes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The chip, if it is one.
    pub fn chip(&self) -> Option<&Arc<Chip>> {
        self.chip.as_ref()
    }

    /// Whether a setting makes a difference.
    pub fn takes(&self, setting: TargetOption) -> bool {
        self.takes.contains(&setting)
    }

    /// What of a network the target cannot express, and warnings.
    pub fn check(&self, graph: &Graph) -> Diagnostics {
        self.with(&TargetOptions::new()).check(graph)
    }

    /// The back end with these settings.
    pub fn with(&self, settings: &TargetOptions) -> Box<dyn synnet_ir::Target> {
        (self.make)(settings)
    }
}

impl From<Arc<Chip>> for Target {
    fn from(chip: Arc<Chip>) -> Self {
        let own = Arc::clone(&chip);
        Self::new(&[TargetOption::Quantize, TargetOption::RemoveDead], Some(chip), move |settings| {
            let map = MapOptions::new().with_remove_dead(settings.remove_dead);
            let options = BuildOptions::new().with_map(map).with_quantize(settings.quantize.clone());
            Box::new(XyloTarget::new(Chip::clone(&own), options))
        })
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Target").field(&self.name).finish()
    }
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Target {}

/// What runs a network in an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub enum Engine {
    /// The float interpreter.
    Float,
    /// The simulator of a chip.
    Chip(Arc<Chip>),
}

/// The name of the float interpreter as an engine.
const FLOAT: &str = "float";

impl Engine {
    /// The engine of that name: `float`, or one of the chips.
    ///
    /// # Errors
    /// If there is no such engine.
    pub fn named<'a>(
        name: &str,
        chips: impl IntoIterator<Item = &'a Arc<Chip>>,
    ) -> Result<Self, UnknownName> {
        if name == FLOAT {
            return Ok(Self::Float);
        }
        let mut known = vec![FLOAT];
        for chip in chips {
            if chip.name == name {
                return Ok(Self::Chip(Arc::clone(chip)));
            }
            known.push(&chip.name);
        }
        Err(UnknownName::new("engine", name, known))
    }
}

/// Whether a name means a target or an engine that is no chip.
pub(crate) fn is_taken(name: &str) -> bool {
    name == FLOAT || built_in().iter().any(|target| target.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_named_by_their_back_ends() {
        let chip = Arc::new(Chip::find("xylo-imu").unwrap().clone());
        let names: Vec<String> = Target::all([&chip]).iter().map(|target| target.name.clone()).collect();
        assert_eq!(names, ["rust", "rust-int", "xylo-imu"]);
        assert!(is_taken("rust-int") && is_taken("float") && !is_taken("xylo-imu"));
        let target = Target::named("xylo-imu", [&chip]).unwrap();
        assert!(
            target.chip().is_some()
                && target.takes(TargetOption::RemoveDead)
                && !target.takes(TargetOption::Rates)
        );
        let error = Target::named("rust-in", [&chip]).unwrap_err();
        assert_eq!(error.suggestion.as_deref(), Some("rust-int"));
    }
}
