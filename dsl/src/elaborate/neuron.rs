//! Kinds of neurons, their fields, and what a layer makes of them.

use std::collections::BTreeMap;

use synnet_ir::graph::{
    Adaptation, ExpSyn,
    LayerParameter::{self, AhpLeak, MemLeak, SynLeak},
    Leak, LeakUnit, Lif, Neuron, Parameter, Surrogate, SurrogateKind,
};
use synnet_ir::{Diagnostic, Span, nearest};

use super::expression::Evaluator;
use super::functions::not_a_time;
use super::value::{List, Number, Placed, Value};
use crate::codes;
use crate::syntax::tree::Field;

/// Most synapses of a neuron.
const MAX_SYNAPSES: i64 = 64;
/// Rockpool's `LIF` fires at most this often per step where nothing else is said.
const DEFAULT_MAX_SPIKES: u32 = 65_536;
const DEFAULT_WINDOW: f64 = 0.5;

/// The kinds of neurons that the language knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Lif,
    Alif,
    ExpSyn,
}

/// The kinds' names.
pub(crate) const KINDS: &[(&str, Kind)] =
    &[("lif", Kind::Lif), ("alif", Kind::Alif), ("expsyn", Kind::ExpSyn)];

const LIF_FIELDS: &[&str] =
    &["synapses", "threshold", "bias", "noise_std", "max_spikes", "surrogate", "window"];

impl Kind {
    fn fields(self) -> Vec<&'static str> {
        match self {
            Self::Lif => [&leaks(MemLeak)[..], &leaks(SynLeak), LIF_FIELDS].concat(),
            Self::Alif => {
                [&leaks(MemLeak)[..], &leaks(SynLeak), &leaks(AhpLeak), &["w_ahp"], LIF_FIELDS].concat()
            }
            Self::ExpSyn => leaks(SynLeak).to_vec(),
        }
    }

    fn name(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

/// The names of a leak in its three units.
fn leaks(which: LayerParameter) -> [&'static str; 3] {
    which.leak_names().expect("only leaks are asked for")
}

/// A kind of neuron with some of its fields set: `neuron hidden = lif { ... };`.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    kind: Kind,
    fields: BTreeMap<&'static str, Placed>,
    /// Fields that were probably meant by unknown ones: they have been reported and are not missing.
    misspelt: Vec<&'static str>,
}

impl Template {
    /// A kind with no fields set.
    pub(crate) fn of(kind: Kind) -> Self {
        Self { kind, fields: BTreeMap::new(), misspelt: Vec::new() }
    }

    /// The template with further fields, which replace its own.
    pub(crate) fn with(&self, fields: &[Field], eval: &mut Evaluator<'_>) -> Self {
        let mut result = self.clone();
        let mut written: Vec<(&'static str, Span)> = Vec::new();
        let known = self.kind.fields();
        for field in fields {
            let (placed, _) = eval.traced(&field.value);
            let Some(name) = known.iter().find(|name| **name == field.name.text) else {
                result.misspelt.extend(unknown_field(eval, self.kind, &known, field));
                continue;
            };
            let group = [MemLeak, SynLeak, AhpLeak].map(leaks).into_iter().find(|group| group.contains(name));
            let rival = written
                .iter()
                .find(|(other, _)| other == name || group.is_some_and(|group| group.contains(other)));
            if let Some((other, place)) = rival {
                let message = if other == name {
                    format!("`{name}` is given twice")
                } else {
                    format!("`{other}` and `{name}` give the same leak")
                };
                eval.report.push(
                    Diagnostic::error(&codes::CONFLICT, field.name.span, message)
                        .with_note(*place, "first given here")
                        .with_help("keep one of them"),
                );
                continue;
            }
            for name in group.into_iter().flatten() {
                result.fields.remove(name);
            }
            written.push((name, field.name.span));
            result.fields.insert(name, placed);
        }
        result
    }

    /// The neurons of a layer of `size` (0 where it is unknown), declared at `span`.
    pub(crate) fn build(&self, size: usize, span: Span, eval: &mut Evaluator<'_>) -> Neuron {
        let mut builder = Builder { template: self, size, span, eval };
        match self.kind {
            Kind::ExpSyn => Neuron::ExpSyn(ExpSyn { syn: builder.leak(SynLeak, 1) }),
            Kind::Lif => Neuron::Lif(builder.lif(None)),
            Kind::Alif => {
                let leak = builder.leak(AhpLeak, 1);
                builder.require("w_ahp", "w_ahp: -0.5");
                let w_ahp = builder.numbers("w_ahp", 0.0);
                Neuron::Lif(builder.lif(Some(Adaptation { leak, w_ahp })))
            }
        }
    }
}

/// Reports a field that the kind does not have; returns the one that was probably meant.
fn unknown_field(
    eval: &mut Evaluator<'_>,
    kind: Kind,
    known: &[&'static str],
    field: &Field,
) -> Option<&'static str> {
    let message = format!("`{}` has no field `{}`", kind.name(), field.name.text);
    let diagnostic = Diagnostic::error(&codes::UNKNOWN_FIELD, field.name.span, message);
    let near = nearest(&field.name.text, known.iter().copied());
    eval.report.push(match near {
        Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
        None => diagnostic.with_help(format!("the fields of `{}` are {}", kind.name(), known.join(", "))),
    });
    near.and_then(|near| known.iter().find(|name| **name == near).copied())
}

/// Makes the constants of one layer.
struct Builder<'a, 'e> {
    template: &'a Template,
    size: usize,
    span: Span,
    eval: &'a mut Evaluator<'e>,
}

impl Builder<'_, '_> {
    fn lif(&mut self, adaptation: Option<Adaptation>) -> Lif {
        let synapses = self.whole("synapses", 1, 1, MAX_SYNAPSES) as usize;
        Lif {
            synapses,
            mem: self.leak(MemLeak, 1),
            syn: self.leak(SynLeak, synapses),
            threshold: self.numbers("threshold", 1.0),
            bias: self.numbers("bias", 0.0),
            noise_std: self.number("noise_std", 0.0),
            max_spikes: self.whole("max_spikes", i64::from(DEFAULT_MAX_SPIKES), 1, i64::from(u32::MAX))
                as u32,
            surrogate: Surrogate { kind: self.surrogate(), window: self.number("window", DEFAULT_WINDOW) },
            adaptation,
        }
    }

    fn field(&self, name: &str) -> Option<&Placed> {
        self.template.fields.get(name)
    }

    /// Reports a field that has no default and is not given.
    fn require(&mut self, name: &str, example: &str) {
        if self.field(name).is_none() && !self.template.misspelt.contains(&name) {
            let message = format!("`{name}` is missing");
            let help = format!("`{}` needs it: add `{example}`", self.template.kind.name());
            self.eval.report.error_help(&codes::MISSING_FIELD, self.span, message, help);
        }
    }

    /// One of the leaks, for `synapses` columns per neuron.
    fn leak(&mut self, which: LayerParameter, synapses: usize) -> Leak {
        let names = leaks(which);
        let given = names.iter().zip(LeakUnit::ALL).find(|(name, _)| self.field(name).is_some());
        let Some((&name, unit)) = given else {
            if !names.iter().any(|name| self.template.misspelt.contains(name)) {
                self.require(names[0], &format!("{}: 20 ms", names[0]));
            }
            return Leak { unit: LeakUnit::BitShift, parameter: Parameter::uniform(1.0) };
        };
        let time = i32::from(unit == LeakUnit::TimeConstant);
        match self.parameter(name, time, synapses) {
            Some(parameter) => Leak { unit, parameter },
            // A bit shift of 1 breaks no rule.
            None => Leak { unit: LeakUnit::BitShift, parameter: Parameter::uniform(1.0) },
        }
    }

    fn numbers(&mut self, name: &'static str, default: f64) -> Parameter {
        self.parameter(name, 0, 1).unwrap_or_else(|| Parameter::uniform(default))
    }

    fn parameter(&mut self, name: &str, time: i32, synapses: usize) -> Option<Parameter> {
        let Placed { value, span } = self.field(name)?.clone();
        let (value, learn) = match value {
            Value::Learn(inner) => ((*inner).clone(), true),
            value => (value, false),
        };
        let values = match &value {
            Value::List(list) if synapses > 1 => self.columns(name, list, time, synapses, span)?,
            value => self.per_neuron(name, value, time, span)?,
        };
        Some(Parameter { values, learn, span })
    }

    /// One list or number per synapse, laid out as `neuron * synapses + synapse`.
    fn columns(
        &mut self,
        name: &str,
        list: &List,
        time: i32,
        synapses: usize,
        span: Span,
    ) -> Option<Vec<f64>> {
        if list.repeats || list.items.len() != synapses {
            let message =
                format!("`{name}` has {} for {synapses} synapses", Value::List(list.clone()).describe());
            let help = "with several synapses, give a list with one entry per synapse, each a value or a list \
                        per neuron: `tau_syn: [2 ms, geometric(2 ms, 4)]`";
            self.eval.report.error_help(&codes::LENGTH, span, message, help);
            return None;
        }
        let mut rows = Vec::with_capacity(synapses);
        for item in list.items.iter() {
            rows.push(self.per_neuron(name, item, time, span)?);
        }
        let count = self.size.checked_mul(synapses)?;
        if !self.eval.report.spend(count, span) {
            return None;
        }
        let value = |neuron: usize, row: &Vec<f64>| if row.len() == 1 { row[0] } else { row[neuron] };
        Some((0..count).map(|column| value(column / synapses, &rows[column % synapses])).collect())
    }

    /// One value for all neurons, or one for each.
    fn per_neuron(&mut self, name: &str, value: &Value, time: i32, span: Span) -> Option<Vec<f64>> {
        match value {
            Value::List(list) => {
                let len = list.items.len();
                if self.size == 0 {
                    return None;
                }
                if len != self.size && !list.repeats {
                    let message = format!("`{name}` has {len} values for {} neurons", self.size);
                    let help = if len < self.size && len > 0 {
                        "`repeat(list)` goes on from the start of a list".to_owned()
                    } else {
                        format!("give one value, or {}", self.size)
                    };
                    self.eval.report.error_help(&codes::LENGTH, span, message, help);
                    return None;
                }
                if !self.eval.report.spend(self.size, span) {
                    return None;
                }
                let mut values = Vec::with_capacity(self.size);
                for i in 0..self.size {
                    values.push(self.plain(name, &list.items[i % len], time, span)?);
                }
                Some(values)
            }
            value => Some(vec![self.plain(name, value, time, span)?]),
        }
    }

    fn plain(&mut self, name: &str, value: &Value, time: i32, span: Span) -> Option<f64> {
        match value {
            Value::Number(Number { value, time: unit }) if *unit == time => Some(*value),
            other => {
                let what = format!("`{name}`");
                if time == 1 {
                    not_a_time(self.eval, &what, other, span);
                } else {
                    self.eval.wrong_type(span, &what, "a bare number", other);
                }
                None
            }
        }
    }

    fn constant(&mut self, name: &str) -> Option<Placed> {
        let placed = self.field(name)?.clone();
        if matches!(placed.value, Value::Learn(_)) {
            let message = format!("`{name}` cannot be learnt");
            let help = "leaks, `threshold`, `bias` and `w_ahp` can";
            self.eval.report.error_help(&codes::LEARN, placed.span, message, help);
            return None;
        }
        Some(placed)
    }

    fn number(&mut self, name: &'static str, default: f64) -> f64 {
        let Some(placed) = self.constant(name) else { return default };
        self.plain(name, &placed.value, 0, placed.span).unwrap_or(default)
    }

    fn whole(&mut self, name: &str, default: i64, least: i64, most: i64) -> i64 {
        let Some(placed) = self.constant(name) else { return default };
        let what = format!("`{name}`");
        let Some(value) = self.eval.whole_value(&placed.value, placed.span, &what) else { return default };
        if value < least || value > most {
            let message = format!("`{name}` lies between {least} and {most}; it is {value}");
            let help = format!("choose a number from {least} on");
            self.eval.report.error_help(&codes::RANGE, placed.span, message, help);
            return default;
        }
        value
    }

    fn surrogate(&mut self) -> SurrogateKind {
        let default = SurrogateKind::PiecewiseLinear;
        let Some(placed) = self.constant("surrogate") else { return default };
        match placed.value {
            Value::Word("periodic_exponential") => SurrogateKind::PeriodicExponential,
            Value::Word("piecewise_linear") | Value::Error => default,
            other => {
                let wanted = "`periodic_exponential` or `piecewise_linear`";
                self.eval.wrong_type(placed.span, "`surrogate`", wanted, &other);
                default
            }
        }
    }
}
