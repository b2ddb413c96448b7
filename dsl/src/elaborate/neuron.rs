//! Kinds of neurons, their fields, and what a layer makes of them.

use std::collections::BTreeMap;

use synnet_ir::graph::{
    Adaptation, ExpSyn,
    LayerParameter::{self, AhpLeak, MemLeak, SynLeak},
    Leak, LeakUnit, Lif, Neuron, NeuronKind, Parameter, Surrogate, SurrogateKind,
};
use synnet_ir::{Diagnostic, Span, nearest};

use super::evaluator::Evaluator;
use super::value::{List, Number, Placed, Value};
use crate::codes;
use crate::limits::MAX_SYNAPSES;
use crate::syntax::tree;
use crate::vocabulary::{DefaultValue, Dimension, Field, Word, fields};

/// The kind of neuron with a name.
pub(crate) fn kind(name: &str) -> Option<NeuronKind> {
    NeuronKind::ALL.into_iter().find(|kind| kind.name() == name)
}

/// A kind of neuron with some of its fields set: `neuron hidden = lif { ... };`.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    kind: NeuronKind,
    fields: BTreeMap<Field, Placed>,
    /// Fields that were probably meant by unknown ones: they have been reported and are not missing.
    misspelt: Vec<Field>,
}

impl Template {
    /// A kind with no fields set.
    pub(crate) fn of(kind: NeuronKind) -> Self {
        Self { kind, fields: BTreeMap::new(), misspelt: Vec::new() }
    }

    /// The template with further fields, which replace its own.
    pub(crate) fn with(&self, fields: &[tree::Field], eval: &mut Evaluator<'_>) -> Self {
        let mut result = self.clone();
        let mut written: Vec<(Field, Span)> = Vec::new();
        for field in fields {
            let (placed, _) = eval.traced(&field.value);
            let Some(which) = known(self.kind, &field.name.text) else {
                result.misspelt.extend(unknown_field(eval, self.kind, &field.name));
                continue;
            };
            if let Some((other, place)) = written.iter().find(|(other, _)| other.replaces(which)) {
                let name = which.name();
                let message = if *other == which {
                    format!("`{name}` is given twice")
                } else {
                    format!("`{}` and `{name}` give the same leak", other.name())
                };
                eval.report.push(
                    Diagnostic::error(&codes::CONFLICT, field.name.span, message)
                        .with_note(*place, "first given here")
                        .with_help("keep one of them"),
                );
                continue;
            }
            result.fields.retain(|other, _| !other.replaces(which));
            written.push((which, field.name.span));
            result.fields.insert(which, placed);
        }
        result
    }

    /// The neurons of a layer of `size` (0 where it is unknown), declared at `span`.
    pub(crate) fn build(&self, size: usize, span: Span, eval: &mut Evaluator<'_>) -> Neuron {
        let mut builder = Builder { template: self, size, span, eval };
        match self.kind {
            NeuronKind::ExpSyn => Neuron::ExpSyn(ExpSyn { syn: builder.leak(SynLeak, 1) }),
            NeuronKind::Lif => Neuron::Lif(builder.lif(None)),
            NeuronKind::Alif => {
                let leak = builder.leak(AhpLeak, 1);
                builder.require(Field::AhpWeight, "-0.5");
                let w_ahp = builder.numbers(Field::AhpWeight);
                Neuron::Lif(builder.lif(Some(Adaptation { leak, w_ahp })))
            }
        }
    }
}

/// The field of a kind with a name.
fn known(kind: NeuronKind, name: &str) -> Option<Field> {
    fields(kind).iter().copied().find(|field| field.name() == name)
}

/// Reports a field that the kind does not have; returns the one that was probably meant.
fn unknown_field(eval: &mut Evaluator<'_>, kind: NeuronKind, name: &tree::Name) -> Option<Field> {
    let message = format!("`{}` has no field `{}`", kind.name(), name.text);
    let diagnostic = Diagnostic::error(&codes::UNKNOWN_FIELD, name.span, message);
    let names: Vec<&str> = fields(kind).iter().map(|field| field.name()).collect();
    let near = nearest(&name.text, names.iter().copied());
    eval.report.push(match near {
        Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
        None => diagnostic.with_help(format!("the fields of `{}` are {}", kind.name(), names.join(", "))),
    });
    near.and_then(|near| known(kind, near))
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
        let synapses = self.whole(Field::Synapses, MAX_SYNAPSES);
        Lif {
            synapses: synapses as usize,
            mem: self.leak(MemLeak, 1),
            syn: self.leak(SynLeak, synapses as usize),
            threshold: self.numbers(Field::Threshold),
            bias: self.numbers(Field::Bias),
            noise_std: self.number(Field::NoiseStd),
            max_spikes: self.whole(Field::MaxSpikes, u32::MAX),
            surrogate: Surrogate { kind: self.surrogate(), window: self.number(Field::Window) },
            adaptation,
        }
    }

    fn field(&self, field: Field) -> Option<&Placed> {
        self.template.fields.get(&field)
    }

    /// Reports a field that has no default and is not given.
    fn require(&mut self, field: Field, example: &str) {
        if self.field(field).is_none() && !self.template.misspelt.contains(&field) {
            let name = field.name();
            let message = format!("`{name}` is missing");
            let help = format!("`{}` needs it: add `{name}: {example}`", self.template.kind.name());
            self.eval.report.error_help(&codes::MISSING_FIELD, self.span, message, help);
        }
    }

    /// One of the leaks, for `synapses` columns per neuron.
    fn leak(&mut self, which: LayerParameter, synapses: usize) -> Leak {
        // A bit shift of 1 breaks no rule.
        let harmless = || Leak { unit: LeakUnit::BitShift, parameter: Parameter::uniform(1.0) };
        let forms = LeakUnit::ALL.map(|unit| (unit, Field::Leak(which, unit)));
        let Some((unit, field)) = forms.into_iter().find(|(_, field)| self.field(*field).is_some()) else {
            if !forms.iter().any(|(_, field)| self.template.misspelt.contains(field)) {
                self.require(forms[0].1, "20 ms");
            }
            return harmless();
        };
        match self.parameter(field, synapses) {
            Some(parameter) => Leak { unit, parameter },
            None => harmless(),
        }
    }

    /// The values of a field that neurons can have one by one.
    fn numbers(&mut self, field: Field) -> Parameter {
        let default = default_number(field);
        self.parameter(field, 1).unwrap_or_else(|| Parameter::uniform(default))
    }

    fn parameter(&mut self, field: Field, synapses: usize) -> Option<Parameter> {
        let Placed { value, span } = self.field(field)?.clone();
        let (value, learn) = match value {
            Value::Learn(inner) => ((*inner).clone(), true),
            value => (value, false),
        };
        let values = match &value {
            Value::List(list) if synapses > 1 => self.columns(field, list, synapses, span)?,
            value => self.per_neuron(field, value, span)?,
        };
        Some(Parameter { values, learn, span })
    }

    /// One list or number per synapse, laid out as `neuron * synapses + synapse`.
    fn columns(&mut self, field: Field, list: &List, synapses: usize, span: Span) -> Option<Vec<f64>> {
        if list.repeats || list.items.len() != synapses {
            let message = format!(
                "`{}` has {} for {synapses} synapses",
                field.name(),
                Value::List(list.clone()).describe()
            );
            let help = "with several synapses, give a list with one entry per synapse, each a value or a list \
                        per neuron: `tau_syn: [2 ms, geometric(2 ms, 4)]`";
            self.eval.report.error_help(&codes::LENGTH, span, message, help);
            return None;
        }
        let mut rows = Vec::with_capacity(synapses);
        for item in list.items.iter() {
            rows.push(self.per_neuron(field, item, span)?);
        }
        let count = self.size.checked_mul(synapses)?;
        if !self.eval.report.spend(count, span) {
            return None;
        }
        let value = |neuron: usize, row: &Vec<f64>| if row.len() == 1 { row[0] } else { row[neuron] };
        Some((0..count).map(|column| value(column / synapses, &rows[column % synapses])).collect())
    }

    /// One value for all neurons, or one for each.
    fn per_neuron(&mut self, field: Field, value: &Value, span: Span) -> Option<Vec<f64>> {
        match value {
            Value::List(list) => {
                let len = list.items.len();
                if self.size == 0 {
                    return None;
                }
                if len != self.size && !list.repeats {
                    let message = format!("`{}` has {len} values for {} neurons", field.name(), self.size);
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
                    values.push(self.plain(field, &list.items[i % len], span)?);
                }
                Some(values)
            }
            value => Some(vec![self.plain(field, value, span)?]),
        }
    }

    fn plain(&mut self, field: Field, value: &Value, span: Span) -> Option<f64> {
        let what = format!("`{}`", field.name());
        let power = match field.dimension() {
            Dimension::Time => 1,
            Dimension::Number | Dimension::Count | Dimension::Surrogate => 0,
        };
        match value {
            Value::Number(Number { value, time }) if *time == power => return Some(*value),
            other if power == 1 => self.eval.not_a_time(&what, other, span),
            other => self.eval.wrong_type(span, &what, "a bare number", other),
        }
        None
    }

    /// The value of a field that all neurons share.
    fn constant(&mut self, field: Field) -> Option<Placed> {
        let placed = self.field(field)?.clone();
        if matches!(placed.value, Value::Learn(_)) {
            let message = format!("`{}` cannot be learned", field.name());
            let help = "leaks, `threshold`, `bias` and `w_ahp` can";
            self.eval.report.error_help(&codes::LEARN, placed.span, message, help);
            return None;
        }
        Some(placed)
    }

    fn number(&mut self, field: Field) -> f64 {
        let default = default_number(field);
        let Some(placed) = self.constant(field) else { return default };
        self.plain(field, &placed.value, placed.span).unwrap_or(default)
    }

    /// A whole number from 1 to `most`.
    fn whole(&mut self, field: Field, most: u32) -> u32 {
        let default = match field.default() {
            DefaultValue::Count(count) => count,
            DefaultValue::Required | DefaultValue::Number(_) | DefaultValue::Surrogate(_) => 1,
        };
        let Some(placed) = self.constant(field) else { return default };
        let what = format!("`{}`", field.name());
        let Some(value) = self.eval.whole_value(&placed.value, placed.span, &what) else { return default };
        match u32::try_from(value) {
            Ok(value) if (1..=most).contains(&value) => value,
            Ok(_) | Err(_) => {
                let message = format!("{what} lies between 1 and {most}; it is {value}");
                let help = format!("choose a number from 1 to {most}");
                self.eval.report.error_help(&codes::RANGE, placed.span, message, help);
                default
            }
        }
    }

    fn surrogate(&mut self) -> SurrogateKind {
        let default = match Field::Surrogate.default() {
            DefaultValue::Surrogate(kind) => kind,
            DefaultValue::Required | DefaultValue::Number(_) | DefaultValue::Count(_) => {
                SurrogateKind::PiecewiseLinear
            }
        };
        let Some(placed) = self.constant(Field::Surrogate) else { return default };
        match placed.value {
            Value::Word(Word::Surrogate(kind)) => kind,
            Value::Error => default,
            other => {
                let names = SurrogateKind::ALL.map(|kind| format!("`{}`", kind.name()));
                self.eval.wrong_type(placed.span, "`surrogate`", &names.join(" or "), &other);
                default
            }
        }
    }
}

/// The default of a field that is a number; that of a required one breaks no rule.
fn default_number(field: Field) -> f64 {
    match field.default() {
        DefaultValue::Number(value) => value,
        DefaultValue::Required | DefaultValue::Count(_) | DefaultValue::Surrogate(_) => 0.0,
    }
}
