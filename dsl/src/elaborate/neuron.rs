//! Kinds of neurons, their fields, and the neurons of a layer.

use std::collections::BTreeMap;

use synnet_ir::display::{format_exact, pluralize};
use synnet_ir::graph::{
    Adaptation, ExpSyn,
    LayerParameter::{self, AhpLeak, MemLeak, SynLeak},
    Leak, LeakUnit, Lif, LifSpans, Neuron, NeuronKind, Parameter, Range, Reset, Surrogate, SurrogateKind,
};
use synnet_ir::{Diagnostic, Span, nearest};

use super::evaluator::Evaluator;
use super::value::{List, Number, Spanned, Value};
use crate::codes;
use crate::limits::MAX_SYNAPSES;
use crate::syntax::tree;
use crate::vocabulary::{DefaultValue, Dimension, Field, Symbol, fields, listed, one_of};

/// Returns the kind of neuron with a name.
pub(crate) fn kind(name: &str) -> Option<NeuronKind> {
    NeuronKind::ALL.into_iter().find(|kind| kind.name() == name)
}

/// A kind of neuron with some of its fields set: `neuron hidden = lif { ... };`.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    kind: NeuronKind,
    fields: BTreeMap<Field, Spanned>,
    /// Fields that misspelled ones probably stand for. They have been reported, so they are not missing as well.
    misspelled: Vec<Field>,
}

impl Template {
    /// Creates a template of a kind without fields.
    pub(crate) fn of(kind: NeuronKind) -> Self {
        Self { kind, fields: BTreeMap::new(), misspelled: Vec::new() }
    }

    /// Returns the template with further fields, which replace its own.
    pub(crate) fn with(&self, fields: &[tree::Field], eval: &mut Evaluator<'_>) -> Self {
        let mut result = self.clone();
        let mut written: Vec<(Field, Span)> = Vec::new();
        for field in fields {
            let (placed, _) = eval.traced(&field.value);
            // The value is evaluated before the name is checked: errors in both are reported.
            let Some(which) = known(self.kind, &field.name.text) else {
                result.misspelled.extend(unknown_field(eval, self.kind, &field.name));
                continue;
            };
            if let Some((other, place)) = written.iter().find(|(other, _)| other.replaces(which)) {
                let name = which.name();
                let message = if *other == which {
                    format!("`{name}` is set twice")
                } else {
                    format!("`{}` and `{name}` both set the same leak", other.name())
                };
                eval.report.push(
                    Diagnostic::error(&codes::DUPLICATE_SETTING, field.name.span, message)
                        .with_note(*place, "first set here")
                        .with_help("remove one of them"),
                );
                continue;
            }
            // Another form of a leak replaces that of the template: `alpha` overrides `tau_mem`.
            result.fields.retain(|other, _| !other.replaces(which));
            written.push((which, field.name.span));
            result.fields.insert(which, placed);
        }
        result
    }

    /// Builds the neurons of a layer of `size` neurons, 0 if that is unknown. Missing fields are reported at `span`.
    pub(crate) fn build(&self, size: usize, span: Span, eval: &mut Evaluator<'_>) -> Neuron {
        let mut builder = NeuronBuilder { template: self, size, eval, missing: Vec::new() };
        let neuron = builder.neuron();
        builder.report_missing(span);
        neuron
    }
}

impl NeuronBuilder<'_, '_> {
    fn neuron(&mut self) -> Neuron {
        match self.template.kind {
            NeuronKind::ExpSyn => Neuron::ExpSyn(ExpSyn { syn: self.leak(SynLeak, 1) }),
            NeuronKind::Lif => Neuron::Lif(self.lif(None)),
            NeuronKind::Alif => {
                // In the order of the documentation, in which missing fields are listed.
                let leak = self.declared_leak(AhpLeak, 1);
                self.require(Field::AhpWeight, "-0.5");
                let w_ahp = self.numbers(Field::AhpWeight);
                Neuron::Lif(self.lif(Some(Adaptation { leak, w_ahp })))
            }
        }
    }

    /// Reports all missing fields as one error.
    fn report_missing(&mut self, span: Span) {
        let names: Vec<&str> = self.missing.iter().map(|(name, _)| *name).collect();
        let fields: Vec<String> =
            self.missing.iter().map(|(name, example)| format!("{name}: {example}")).collect();
        if names.is_empty() {
            return;
        }
        let kind = self.template.kind.name();
        let noun = if names.len() == 1 { "field" } else { "fields" };
        let message = format!("missing {noun} {} of `{kind}`", listed(names));
        let help = format!("add `{}`", fields.join(", "));
        self.eval.report.error_help(&codes::MISSING_FIELD, span, message, help);
    }
}

/// Returns the field of a kind with a name.
fn known(kind: NeuronKind, name: &str) -> Option<Field> {
    fields(kind).iter().copied().find(|field| field.name() == name)
}

/// Reports a field that the kind does not have; returns the one that was probably meant.
fn unknown_field(eval: &mut Evaluator<'_>, kind: NeuronKind, name: &tree::Name) -> Option<Field> {
    let message = format!("`{}` has no field `{}`", kind.name(), name.text);
    let diagnostic = Diagnostic::error(&codes::UNKNOWN_FIELD, name.span, message);
    let names: Vec<&str> = fields(kind).iter().map(|field| field.name()).collect();
    // The field of another kind is no misspelling: `tau_ahp` of a `lif` is not `tau_mem`.
    let others = NeuronKind::ALL.into_iter().find(|&other| known(other, &name.text).is_some());
    let near = nearest(&name.text, names.iter().copied()).filter(|_| others.is_none());
    eval.report.push(diagnostic.with_suggestion(near, || match others {
        Some(other) => format!("remove it, or use `{}`, which has it", other.name()),
        None => one_of(names),
    }));
    near.and_then(|near| known(kind, near))
}

/// Builds the neurons of one layer.
struct NeuronBuilder<'a, 'e> {
    template: &'a Template,
    /// Neurons of the layer; 0 if that is unknown.
    size: usize,
    eval: &'a mut Evaluator<'e>,
    /// Names of fields that are missing, each with an example of its value.
    missing: Vec<(&'static str, &'static str)>,
}

impl NeuronBuilder<'_, '_> {
    fn lif(&mut self, adaptation: Option<Adaptation>) -> Lif {
        // The synapses come first: they decide how many values the synaptic leak has.
        let synapses = self.synapses();
        let reset = self.reset();
        let place = |placed: Option<&Spanned>| placed.map_or_else(Span::default, |placed| placed.span);
        let none = |which| {
            let tau = self.field(Field::Leak(which, LeakUnit::TimeConstant));
            place(tau.filter(|tau| matches!(tau.value, Value::None)))
        };
        let spans =
            LifSpans { no_mem: none(MemLeak), no_syn: none(SynLeak), reset: place(self.field(Field::Reset)) };
        Lif {
            synapses: synapses as usize,
            mem: self.leak(MemLeak, 1),
            syn: self.leak(SynLeak, synapses as usize),
            threshold: self.numbers(Field::Threshold),
            bias: self.numbers(Field::Bias),
            noise_std: self.number(Field::NoiseStd, Lif::NOISE_STD),
            reset,
            max_spikes: self.max_spikes(reset),
            surrogate: Surrogate { kind: self.surrogate(), window: self.number(Field::Window, Lif::WINDOW) },
            adaptation,
            spans,
        }
    }

    /// Returns the number of synapses. Without filter, several of them would all be the same.
    fn synapses(&mut self) -> u32 {
        let synapses = self.whole(Field::Synapses, MAX_SYNAPSES);
        let tau = self.field(Field::Leak(SynLeak, LeakUnit::TimeConstant)).cloned();
        let Some(tau) = tau.filter(|tau| synapses > 1 && matches!(tau.value, Value::None)) else {
            return synapses;
        };
        let message = format!("neurons without synaptic filter have one synapse, not {synapses}");
        let mut diagnostic = Diagnostic::error(&codes::RANGE, tau.span, message)
            .with_help("remove `synapses`, or write a list of time constants with one for each synapse");
        if let Some(count) = self.field(Field::Synapses) {
            diagnostic = diagnostic.with_note(count.span, "`synapses` is set here");
        }
        self.eval.report.push(diagnostic);
        1
    }

    /// Returns the maximum number of spikes per step. A reset to zero leaves nothing for a second spike, so it
    /// implies 1.
    fn max_spikes(&mut self, reset: Reset) -> u32 {
        let zero = reset == Reset::Zero;
        let Some(placed) = self.field(Field::MaxSpikes).cloned() else {
            return if zero { 1 } else { self.whole(Field::MaxSpikes, u32::MAX) };
        };
        let max = self.whole(Field::MaxSpikes, u32::MAX);
        if !zero || max == 1 || matches!(placed.value, Value::Error) {
            return if zero { 1 } else { max };
        }
        let message =
            format!("`max_spikes` is {max}, but neurons with `reset: zero` spike at most once per step");
        let mut diagnostic = Diagnostic::error(&codes::RANGE, placed.span, message)
            .with_help("remove `max_spikes`, or write `reset: subtract`");
        if let Some(reset) = self.field(Field::Reset) {
            diagnostic = diagnostic.with_note(reset.span, "the reset is set here");
        }
        self.eval.report.push(diagnostic);
        1
    }

    fn field(&self, field: Field) -> Option<&Spanned> {
        self.template.fields.get(&field)
    }

    /// Notes a field that has no default and is not set.
    fn require(&mut self, field: Field, example: &'static str) {
        if self.field(field).is_none() && !self.template.misspelled.contains(&field) {
            self.missing.push((field.name(), example));
        }
    }

    /// Builds one of the leaks, with `synapses` values per neuron; `None` if the field says `none`.
    fn leak(&mut self, which: LayerParameter, synapses: usize) -> Option<Leak> {
        let tau = Field::Leak(which, LeakUnit::TimeConstant);
        let is_none = self.field(tau).is_some_and(|placed| matches!(placed.value, Value::None));
        if is_none && tau.can_be_none() { None } else { Some(self.declared_leak(which, synapses)) }
    }

    fn declared_leak(&mut self, which: LayerParameter, synapses: usize) -> Leak {
        // A bit shift of 1 breaks no rule, so that one error does not cause others.
        let harmless = || Leak { unit: LeakUnit::BitShift, parameter: Parameter::uniform(1.0) };
        let forms = LeakUnit::ALL.map(|unit| (unit, Field::Leak(which, unit)));
        let Some((unit, field)) = forms.into_iter().find(|(_, field)| self.field(*field).is_some()) else {
            if !forms.iter().any(|(_, field)| self.template.misspelled.contains(field)) {
                self.require(forms[0].1, "20 ms");
            }
            return harmless();
        };
        match self.parameter(field, synapses) {
            Some(parameter) => Leak { unit, parameter },
            None => harmless(),
        }
    }

    /// Returns the values of a field that can differ between neurons.
    fn numbers(&mut self, field: Field) -> Parameter {
        let default = default_number(field);
        self.parameter(field, 1).unwrap_or_else(|| Parameter::uniform(default))
    }

    fn parameter(&mut self, field: Field, synapses: usize) -> Option<Parameter> {
        let Spanned { value, span } = self.field(field)?.clone();
        // `learn` stands outermost: a list cannot contain it.
        let (value, learn) = match value {
            Value::Learn(inner) => ((*inner).clone(), true),
            value => (value, false),
        };
        // With several synapses, the outer list is over synapses; the lists in it are over neurons.
        let values = match &value {
            Value::List(list) if synapses > 1 => self.columns(field, list, synapses, span)?,
            value => self.per_neuron(field, value, span)?,
        };
        Some(Parameter { values, learn, span })
    }

    /// Returns one value per neuron and synapse, laid out as `neuron * synapses + synapse`, from one list or number
    /// per synapse.
    fn columns(&mut self, field: Field, list: &List, synapses: usize, span: Span) -> Option<Vec<f64>> {
        if list.repeats || list.items.len() != synapses {
            let message = format!(
                "`{}` is {}, but the layer has {synapses} synapses",
                field.name(),
                Value::List(list.clone()).describe()
            );
            let help = "write a list with one entry per synapse, each a value or a list with one per neuron: \
                        `tau_syn: [2 ms, geometric(2 ms, 4)]`";
            self.eval.report.error_help(&codes::LENGTH, span, message, help);
            return None;
        }
        let mut rows = Vec::with_capacity(synapses);
        for item in list.items.iter() {
            rows.push(self.per_neuron(field, item, span)?);
        }
        let count = self.size.checked_mul(synapses)?;
        if !self.eval.report.consume_fuel(count, span) {
            return None;
        }
        // The layout of weights files: all synapses of a neuron are neighbors.
        let value = |neuron: usize, row: &Vec<f64>| if row.len() == 1 { row[0] } else { row[neuron] };
        Some((0..count).map(|column| value(column / synapses, &rows[column % synapses])).collect())
    }

    /// Returns one value for all neurons, or one for each.
    fn per_neuron(&mut self, field: Field, value: &Value, span: Span) -> Option<Vec<f64>> {
        match value {
            Value::List(list) => {
                let len = list.items.len();
                // A size that could not be understood has been reported.
                if self.size == 0 {
                    return None;
                }
                if len != self.size && !list.repeats {
                    let message = format!(
                        "`{}` has {}, but the layer has {}",
                        field.name(),
                        pluralize(len, "value"),
                        pluralize(self.size, "neuron")
                    );
                    let help = if len < self.size && len > 0 {
                        "write `repeat(list)` to start over from the first value".to_owned()
                    } else {
                        format!("write one value, or a list of {}", self.size)
                    };
                    self.eval.report.error_help(&codes::LENGTH, span, message, help);
                    return None;
                }
                if !self.eval.report.consume_fuel(self.size, span) {
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
            Dimension::Number | Dimension::Count | Dimension::Surrogate | Dimension::Reset => 0,
        };
        match value {
            Value::Number(Number { value, time }) if *time == power => return Some(*value),
            Value::None if none_form(field).is_some() => {
                let kind = if power == 1 { "a time" } else { "a number without a unit" };
                let message = format!("{what} must be {kind}, not `none`");
                let form = none_form(field).unwrap_or_default();
                let help = format!("write `{form}: none` and nothing else for neurons without this leak");
                self.eval.report.error_help(&codes::TYPE, span, message, help);
            }
            other if power == 1 => self.eval.not_a_time(&what, other, span),
            other => self.eval.wrong_type(span, &what, "a number without a unit", other),
        }
        None
    }

    /// Returns the value of a field that all neurons share.
    fn constant(&mut self, field: Field) -> Option<Spanned> {
        let placed = self.field(field)?.clone();
        // Gradients reach the fields that differ between neurons, and no others.
        if matches!(placed.value, Value::Learn(_)) {
            let message = format!("`{}` cannot be learned", field.name());
            let help = "remove `learn`: only leaks, `threshold`, `bias` and `w_ahp` can be learned";
            self.eval.report.error_help(&codes::LEARN, placed.span, message, help);
            return None;
        }
        Some(placed)
    }

    fn number(&mut self, field: Field, range: Range) -> f64 {
        let default = default_number(field);
        let Some(placed) = self.constant(field) else { return default };
        let Some(value) = self.plain(field, &placed.value, placed.span) else { return default };
        if range.allows(value) {
            return value;
        }
        // The graph has no place for this number, so the check of graphs could only point at the whole layer.
        let message = format!("`{}` cannot be {}", field.name(), format_exact(value));
        self.eval.report.error_help(&codes::RANGE, placed.span, message, range.remedy(value));
        default
    }

    /// Returns an integer from 1 to `max`.
    fn whole(&mut self, field: Field, max: u32) -> u32 {
        let default = match field.default() {
            DefaultValue::Count(count) => count,
            DefaultValue::Required | DefaultValue::Number(_) => 1,
            DefaultValue::Surrogate(_) | DefaultValue::Reset(_) => 1,
        };
        let Some(placed) = self.constant(field) else { return default };
        let what = format!("`{}`", field.name());
        let value = self.eval.whole_within(&placed.value, placed.span, &what, 1..=i64::from(max));
        value.and_then(|value| u32::try_from(value).ok()).unwrap_or(default)
    }

    fn surrogate(&mut self) -> SurrogateKind {
        let choose = |symbol| if let Symbol::Surrogate(kind) = symbol { Some(kind) } else { None };
        let default = match Field::Surrogate.default() {
            DefaultValue::Surrogate(kind) => kind,
            _ => SurrogateKind::PiecewiseLinear,
        };
        let names = SurrogateKind::ALL.map(SurrogateKind::name);
        self.symbol(Field::Surrogate, "the name of a surrogate gradient", &names, choose).unwrap_or(default)
    }

    fn reset(&mut self) -> Reset {
        let choose = |symbol| if let Symbol::Reset(reset) = symbol { Some(reset) } else { None };
        let names = Reset::ALL.map(Reset::name);
        self.symbol(Field::Reset, &either(&names), &names, choose).unwrap_or_default()
    }

    /// Returns the constant that a field is set to. `names` are those that `choose` accepts, `wanted` says what they
    /// are.
    fn symbol<T>(
        &mut self,
        field: Field,
        wanted: &str,
        names: &[&str],
        choose: fn(Symbol) -> Option<T>,
    ) -> Option<T> {
        let placed = self.constant(field)?;
        if let Value::Symbol(symbol) = placed.value
            && let Some(chosen) = choose(symbol)
        {
            return Some(chosen);
        }
        if !matches!(placed.value, Value::Error) {
            let message = format!("`{}` must be {wanted}, not {}", field.name(), placed.value.describe());
            let help = format!("write {}", either(names));
            self.eval.report.error_help(&codes::TYPE, placed.span, message, help);
        }
        None
    }
}

/// Returns the field that takes `none` in place of the leak that a field sets.
fn none_form(field: Field) -> Option<&'static str> {
    let Field::Leak(which, _) = field else { return None };
    let tau = Field::Leak(which, LeakUnit::TimeConstant);
    tau.can_be_none().then_some(tau.name())
}

/// Returns names as alternatives: "`a`, `b` or `c`".
fn either(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        names => names.concat(),
    }
}

/// Returns the default of a field that is a number; 0 for a required one, whose absence has been reported.
fn default_number(field: Field) -> f64 {
    match field.default() {
        DefaultValue::Number(value) => value,
        DefaultValue::Required | DefaultValue::Count(_) => 0.0,
        DefaultValue::Surrogate(_) | DefaultValue::Reset(_) => 0.0,
    }
}
