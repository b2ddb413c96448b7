//! Chains of connections: `audio -> linear -> h0 -> dropout(0.1) -> linear -> h1;`.

use std::cell::RefCell;
use std::sync::Arc;

use synnet_ir::display::pluralize;
use synnet_ir::graph::{Connection, Distribution, Init, Layer, LayerParameter, Linear, LinearBias};
use synnet_ir::{Diagnostic, Graph, Span, nearest};

use super::edges::{EdgePlace, Edges, EndPlace, SourceNames, UnresolvedConnection};
use super::evaluator::Evaluator;
use super::reporter::Reporter;
use super::value::{List, Number, Spanned, Value};
use crate::codes;
use crate::limits::{MAX_DELAY, MAX_NAME_BYTES};
use crate::syntax::tree::{Argument, Element, Expr, ExprKind, Field, Name, Reference};
use crate::vocabulary::{ChainOperator, Function, LinearOption, listed, one_of};

/// Bytes of a connection that are counted as unfolded.
const CONNECTION_BYTES: usize = 100;

/// The name of a layer, instance or input: `h[0]` is `h0`.
#[derive(Clone, Debug)]
pub(crate) struct EndpointName {
    pub(crate) name: String,
    pub(crate) span: Span,
    /// Whether a value of that name is visible. Layers are looked up at the end of the network, values are not.
    pub(crate) is_value: bool,
}

/// The options of `linear { ... }`.
#[derive(Clone, Debug, Default)]
struct WrittenOptions {
    learn: Option<Spanned>,
    bias: Option<Spanned>,
    init: Option<Spanned>,
    scale: Option<Spanned>,
}

/// The options of a matrix, checked as far as they do not depend on its ends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LinearOptions {
    learn: bool,
    bias: Option<Distribution>,
    init: Option<Distribution>,
    scale: Option<Scale>,
}

/// The option `scale`.
#[derive(Clone, Debug, PartialEq)]
enum Scale {
    One(f64),
    PerColumn(List, Span),
}

/// The operators between two ends.
#[derive(Default)]
struct PendingOperators {
    delay: Option<u32>,
    dropout: Option<f64>,
    linear: Option<LinearOptions>,
    first: Option<Span>,
    /// Whether one of them is unknown, and may be a layer.
    has_unknown: bool,
}

/// Returns the flat name of a reference: `h[1]` is `h1`; `None` if its index has been reported.
pub(crate) fn flat_name(eval: &mut Evaluator<'_>, reference: &Reference) -> Option<EndpointName> {
    let mut name = reference.name.text.clone();
    if let Some(index) = &reference.index {
        let at = eval.whole(index, "an index")?;
        if at < 0 {
            let message = format!("the index of a layer must be at least 0, not {at}");
            eval.report.error_help(&codes::INDEX, index.span, message, "count layers from 0");
            return None;
        }
        name.push_str(&at.to_string());
    }
    let is_value = eval.scope.place(&reference.name.text).is_some();
    Some(EndpointName { name, span: reference.span, is_value })
}

/// Returns the connections of a chain, without those that have been reported.
pub(crate) fn unresolved_connections(
    eval: &mut Evaluator<'_>,
    edges: &mut Edges,
    sums: &[Vec<Element>],
    docs: &[String],
) -> Vec<UnresolvedConnection> {
    let mut unresolved_connections = Vec::new();
    // `None` after an end with an error: the connection is left out, and the chain goes on from the next layer.
    let mut sources = ends(eval, &sums[0]);
    let mut operators = PendingOperators::default();
    for sum in &sums[1..] {
        let [element] = sum.as_slice() else {
            report_misplaced_sum(eval, sum);
            return unresolved_connections;
        };
        if is_summation(eval, element) {
            report_misplaced_sum(eval, sum);
            return unresolved_connections;
        }
        if is_operator(eval, element) {
            operator(eval, &mut operators, element);
            continue;
        }
        let target = end(eval, element);
        // The operators belong to this connection; the next one starts without any.
        let passed = std::mem::take(&mut operators);
        if let (Some(sources), Some(target)) = (sources, &target) {
            unresolved_connections.extend(connection(eval, edges, &sources, target, passed, docs));
        }
        // The target of this connection is the source of the next.
        sources = target.map(|target| vec![target]);
    }
    if let Some(span) = operators.first.filter(|_| !operators.has_unknown) {
        let message = "the chain ends without a layer";
        eval.report.error_help(&codes::CHAIN, span, message, "add `-> layer` after the last operator");
    }
    unresolved_connections
}

/// Returns a connection between two ends, or `None` if the source unfolds to too much.
fn connection(
    eval: &mut Evaluator<'_>,
    edges: &mut Edges,
    sources: &[EndpointName],
    target: &EndpointName,
    operators: PendingOperators,
    docs: &[String],
) -> Option<UnresolvedConnection> {
    let span = sources[0].span.to(target.span);
    // The other sources of a sum are names without an expression that would count.
    if !eval.report.consume_fuel(sources.len() - 1, span)
        || !eval.report.consume_bytes(CONNECTION_BYTES, span)
    {
        return None;
    }
    let end = |end: &EndpointName| EndPlace { span: end.span, is_value: end.is_value };
    let place = EdgePlace {
        sources: sources.iter().map(end).collect(),
        target: end(target),
        operator: operators.first,
        docs: Arc::default(),
        span,
        last: RefCell::default(),
    };
    let place = edges.place(place, docs, eval.scope.is_in_block());
    let linear = operators.linear.map(|options| place.options(options));
    if let Some((_, false)) = linear
        && !eval.report.consume_bytes(size_of::<LinearOptions>(), span)
    {
        return None;
    }
    let names = match sources {
        [one] => SourceNames::One(edges.id(&one.name)),
        several => SourceNames::Sum(several.iter().map(|source| edges.id(&source.name)).collect()),
    };
    Some(UnresolvedConnection {
        sources: names,
        target: edges.id(&target.name),
        delay: operators.delay.unwrap_or(0),
        dropout: operators.dropout.unwrap_or(0.0),
        linear: linear.map(|(options, _)| options),
        place,
    })
}

/// Returns whether an element stands between layers: it has the name of an operator, or arguments or options as an
/// operator has and no layer.
fn is_operator(eval: &Evaluator<'_>, element: &Element) -> bool {
    let name = &element.reference.name.text;
    let has_options = element.arguments.is_some() || element.fields.is_some();
    ChainOperator::of(name).is_some() || (has_options && !eval.scope.things.contains_key(name))
}

fn report_misplaced_sum(eval: &mut Evaluator<'_>, sum: &[Element]) {
    let span = sum[0].span.to(sum[sum.len() - 1].span);
    let message = "a sum can only start a chain";
    let help = "start another chain with it: `h0 + h1 -> linear -> h2;`";
    eval.report.error_help(&codes::CHAIN, span, message, help);
}

/// Returns the sources of a chain, or `None` if one of them has been reported.
fn ends(eval: &mut Evaluator<'_>, sum: &[Element]) -> Option<Vec<EndpointName>> {
    let mut ends = Some(Vec::with_capacity(sum.len()));
    for element in sum {
        let found = if is_summation(eval, element) {
            summation(eval, element)
        } else {
            end(eval, element).map(|end| vec![end])
        };
        // Errors in the others are reported too.
        ends = ends.zip(found).map(|(mut ends, found)| {
            ends.extend(found);
            ends
        });
    }
    ends
}

/// Returns whether an element is a sum over a list: `sum(h[i] for i in 0..n)`.
fn is_summation(eval: &Evaluator<'_>, element: &Element) -> bool {
    let name = &element.reference.name.text;
    name == Function::Sum.name() && element.arguments.is_some() && !eval.scope.things.contains_key(name)
}

/// Returns the sources that a sum over a list adds, or `None` if it has been reported.
fn summation(eval: &mut Evaluator<'_>, element: &Element) -> Option<Vec<EndpointName>> {
    let example = "write `sum(h[i] for i in 0..n)`, or add layers with `+`";
    if element.reference.index.is_some() || element.fields.is_some() {
        let message = "a sum over layers takes neither an index nor options";
        eval.report.error_help(&codes::CHAIN, element.span, message, example);
        return None;
    }
    let parts = match element.arguments.as_deref() {
        Some([Argument { name: None, value }]) => match &value.kind {
            ExprKind::Comprehension { value, name, range } => {
                layer_reference(value).map(|layer| (layer, name, range))
            }
            _ => None,
        },
        _ => None,
    };
    let Some((layer, name, range)) = parts else {
        let message = "a sum at the start of a chain adds layers of a list";
        eval.report.error_help(&codes::CHAIN, element.span, message, example);
        return None;
    };
    if eval.scope.broken.names.contains(&layer.name.text) {
        return None;
    }
    let elements = eval.elements(range)?;
    let count = elements.size_hint().0;
    if count == 0 {
        let message = "the sum has no layers";
        let help = "sum over at least one, or leave the connection out with `if`";
        eval.report.error_help(&codes::CHAIN, element.span, message, help);
        return None;
    }
    eval.shadows(name, "loop variable");
    if !eval.report.consume_fuel(count, element.span) {
        return None;
    }
    let mut ends = Vec::with_capacity(count);
    for element in elements {
        eval.scope.enter();
        // A fresh level holds no other name.
        let _ = eval.scope.declare(&name.text, element, name.span, None);
        let end = flat_name(eval, &layer);
        eval.scope.leave();
        ends.push(end?);
    }
    Some(ends)
}

/// Returns the layer that an expression names, if it is `h` or `h[i]`.
fn layer_reference(expr: &Expr) -> Option<Reference> {
    let (name, index) = match &expr.kind {
        ExprKind::Index { list, index } => (&**list, Some(index.clone())),
        _ => (expr, None),
    };
    let ExprKind::Name(text) = &name.kind else { return None };
    Some(Reference { name: Name { text: text.clone(), span: name.span }, index, span: expr.span })
}

fn end(eval: &mut Evaluator<'_>, element: &Element) -> Option<EndpointName> {
    let name = &element.reference.name.text;
    // A declaration with an error may declare it.
    if eval.scope.broken.names.contains(name) {
        return None;
    }
    if is_operator(eval, element) {
        let message = format!("a chain must start with a layer or the input, not with `{name}`");
        eval.report.error_help(&codes::CHAIN, element.span, message, "write `source -> linear -> target;`");
        return None;
    }
    if element.arguments.is_some() || element.fields.is_some() {
        let what = eval.scope.things.get(name).map_or("a layer", |thing| thing.describe());
        let message = format!("`{name}` is {what}, and takes no options in a connection");
        let help = format!("give options to `linear`: `-> linear {{ bias: true }} -> {name}`");
        eval.report.error_help(&codes::CHAIN, element.span, message, help);
    }
    flat_name(eval, &element.reference)
}

fn operator(eval: &mut Evaluator<'_>, operators: &mut PendingOperators, element: &Element) {
    let name = &element.reference.name;
    operators.first.get_or_insert(element.span);
    if let Some(index) = &element.reference.index {
        let message = format!("operator `{}` takes no index", name.text);
        eval.report.error_help(&codes::CHAIN, index.span, message, "remove the index");
    }
    match ChainOperator::of(&name.text) {
        Some(ChainOperator::Linear) => {
            if element.arguments.is_some() {
                let help = "remove them; write options in braces: `linear { bias: true }`";
                eval.report.error_help(&codes::CHAIN, element.span, "`linear` takes no arguments", help);
            }
            // The options are evaluated in any case, so that their errors are reported too.
            let options = linear_options(eval, element.fields.as_deref().unwrap_or(&[]));
            if operators.linear.replace(options).is_some() {
                report_duplicate(eval, element, "remove one of them, or put a layer between them");
            }
        }
        Some(ChainOperator::Dropout) => {
            let p = argument(eval, element, "write a probability: `dropout(0.1)`")
                .and_then(|placed| probability(eval, &placed));
            if operators.linear.is_some() {
                report_after_linear(eval, element, "write `dropout(p) -> linear`: dropout acts on spikes");
            } else if operators.dropout.replace(p.unwrap_or(0.0)).is_some() {
                report_duplicate(eval, element, "combine them: `dropout(1 - (1 - p) * (1 - q))`");
            }
        }
        Some(ChainOperator::Delay) => {
            let steps = argument(eval, element, "write a number of steps: `delay(3)`")
                .and_then(|placed| delay(eval, &placed));
            if operators.linear.is_some() {
                report_after_linear(eval, element, "write `delay(n) -> linear`: delays act on spikes");
            } else if operators.delay.replace(steps.unwrap_or(0)).is_some() {
                report_duplicate(eval, element, "combine them into one delay with the sum of the steps");
            }
        }
        None => {
            operators.has_unknown = true;
            report_unknown_operator(eval, name);
        }
    }
}

fn report_after_linear(eval: &mut Evaluator<'_>, element: &Element, help: &str) {
    let message = format!("`{}` must come before `linear`", element.reference.name.text);
    eval.report.error_help(&codes::CHAIN, element.span, message, help);
}

fn report_unknown_operator(eval: &mut Evaluator<'_>, name: &Name) {
    if eval.scope.broken.names.contains(&name.text) {
        return;
    }
    let message = format!("unknown operator `{}`", name.text);
    let diagnostic = Diagnostic::error(&codes::UNKNOWN_NAME, name.span, message);
    let near = nearest(&name.text, ChainOperator::names());
    eval.report.push(diagnostic.with_suggestion(near, || {
        format!("choose one of {}, or declare a layer", listed(ChainOperator::names()))
    }));
}

fn report_duplicate(eval: &mut Evaluator<'_>, element: &Element, help: &str) {
    let message = format!("more than one `{}` between two layers", element.reference.name.text);
    eval.report.error_help(&codes::CHAIN, element.span, message, help);
}

/// Returns the only argument of an operator.
fn argument(eval: &mut Evaluator<'_>, element: &Element, wanted: &str) -> Option<Spanned> {
    let name = &element.reference.name.text;
    match element.arguments.as_deref() {
        Some([argument]) if argument.name.is_none() && element.fields.is_none() => {
            Some(Spanned { value: eval.value(&argument.value), span: argument.value.span })
        }
        _ => {
            let message = format!("`{name}` takes 1 argument in parentheses");
            eval.report.error_help(&codes::ARGUMENTS, element.span, message, wanted);
            None
        }
    }
}

fn probability(eval: &mut Evaluator<'_>, placed: &Spanned) -> Option<f64> {
    match &placed.value {
        // Training compares with the probability in f32.
        Value::Number(Number { value, time: 0 }) if *value >= 0.0 && (*value as f32) < 1.0 => Some(*value),
        Value::Number(Number { value, time: 0 }) => {
            let message = format!("a dropout probability must be at least 0 and less than 1, not {value}");
            let help = if (1.0..=100.0).contains(value) && *value > 1.0 {
                format!("write a fraction instead of a percentage: `dropout({})`", value / 100.0)
            } else {
                "choose a number in [0, 1); 0 drops nothing".to_owned()
            };
            eval.report.error_help(&codes::RANGE, placed.span, message, help);
            None
        }
        other => {
            eval.wrong_type(placed.span, "a dropout probability", "a number without a unit", other);
            None
        }
    }
}

fn delay(eval: &mut Evaluator<'_>, placed: &Spanned) -> Option<u32> {
    // A time is the likely mistake: other tools measure delays in milliseconds.
    if let Value::Number(number @ Number { time: 1, .. }) = &placed.value {
        let message = format!("a delay must be a number of steps, not {}", number.describe());
        let help = "divide by the time step: `delay(round(t / dt))`";
        eval.report.error_help(&codes::UNIT, placed.span, message, help);
        return None;
    }
    let steps = eval.whole_within(&placed.value, placed.span, "a delay in steps", 0..=MAX_DELAY)?;
    u32::try_from(steps).ok()
}

fn linear_options(eval: &mut Evaluator<'_>, fields: &[Field]) -> LinearOptions {
    let mut options = WrittenOptions::default();
    for field in fields {
        let placed = Spanned { value: eval.value(&field.value), span: field.value.span };
        let slot = match LinearOption::of(&field.name.text) {
            Some(LinearOption::Learn) => &mut options.learn,
            Some(LinearOption::Bias) => &mut options.bias,
            Some(LinearOption::Init) => &mut options.init,
            Some(LinearOption::Scale) => &mut options.scale,
            None => {
                let message = format!("`linear` has no option `{}`", field.name.text);
                let diagnostic = Diagnostic::error(&codes::UNKNOWN_FIELD, field.name.span, message);
                let near = nearest(&field.name.text, LinearOption::names());
                eval.report.push(diagnostic.with_suggestion(near, || one_of(LinearOption::names())));
                continue;
            }
        };
        if let Some(earlier) = slot.replace(placed) {
            let message = format!("`{}` is set twice", field.name.text);
            eval.report.push(
                Diagnostic::error(&codes::DUPLICATE_SETTING, field.name.span, message)
                    .with_note(earlier.span, "first set here")
                    .with_help("remove one of them"),
            );
        }
    }
    options.checked(eval)
}

impl WrittenOptions {
    fn checked(self, eval: &mut Evaluator<'_>) -> LinearOptions {
        let learn = match self.learn.as_ref().map(|placed| (&placed.value, placed.span)) {
            None | Some((Value::Error, _)) => true,
            Some((Value::Bool(learn), _)) => *learn,
            Some((other, span)) => {
                eval.wrong_type(span, "`learn`", "`true` or `false`", other);
                true
            }
        };
        let init = self.init.as_ref().and_then(|placed| distribution(eval, placed, "`init`"));
        let scale = self.scale.map(|Spanned { value, span }| match value {
            Value::List(list) => Scale::PerColumn(list, span),
            // A factor with an error is some factor.
            value => Scale::One(factor(eval, &value, span).unwrap_or(1.0)),
        });
        let bias = self.bias.as_ref().and_then(|placed| match &placed.value {
            Value::Bool(false) | Value::Error => None,
            // Biases start at 0, unless a distribution says otherwise.
            Value::Bool(true) => Some(Distribution::Constant(0.0)),
            _ => distribution(eval, placed, "`bias`"),
        });
        LinearOptions { learn, bias, init, scale }
    }
}

impl LinearOptions {
    /// Builds the weight matrix from `sources` neurons or channels (0 if that is unknown) to `target`; `None` if the
    /// source unfolds to too much. `span` is the connection.
    pub(crate) fn linear(
        &self,
        eval: &mut Evaluator<'_>,
        sources: usize,
        target: &Layer,
        dt: f64,
        span: Span,
    ) -> Option<Linear> {
        let learn = self.learn;
        let drawn = self.init.unwrap_or(Distribution::default_of(sources));
        let scale = match &self.scale {
            None => default_scale(eval, target, dt, span)?,
            Some(Scale::One(scale)) => vec![*scale],
            Some(Scale::PerColumn(list, span)) => {
                scales(eval, list, *span, target.input_columns()).unwrap_or_else(|| vec![1.0])
            }
        };
        let bias =
            self.bias.map(|distribution| LinearBias { learn, init: Init { distribution, scale: vec![1.0] } });
        Some(Linear { learn, init: Init { distribution: drawn, scale }, bias })
    }
}

fn distribution(eval: &mut Evaluator<'_>, placed: &Spanned, what: &str) -> Option<Distribution> {
    match &placed.value {
        Value::Distribution(distribution) => Some(*distribution),
        other => {
            let wanted = "`uniform(low, high)`, `normal(mean, std)` or `constant(value)`";
            eval.wrong_type(placed.span, what, wanted, other);
            None
        }
    }
}

/// Returns the default factors of initial weights; `None` if the source unfolds to too much.
fn default_scale(eval: &mut Evaluator<'_>, target: &Layer, dt: f64, span: Span) -> Option<Vec<f64>> {
    let count = LayerParameter::SynLeak.leak(target).map_or(1, |leak| leak.parameter.values.len());
    let affordable = count == 1 || eval.report.consume_fuel(count, span);
    affordable.then(|| Init::default_scale(target, dt))
}

/// Returns a factor of initial weights; `None` after an error that has been reported.
fn factor(eval: &mut Evaluator<'_>, value: &Value, span: Span) -> Option<f64> {
    match value {
        Value::Number(Number { value, time: 0 }) => Some(*value),
        other => {
            eval.wrong_type(span, "`scale`", "a number without a unit, or a list of them", other);
            None
        }
    }
}

fn scales(eval: &mut Evaluator<'_>, list: &List, span: Span, columns: usize) -> Option<Vec<f64>> {
    let len = list.items.len();
    // A target with an error has no columns; its scale cannot be checked.
    if columns == 0 || !eval.report.consume_fuel(columns, span) {
        return None;
    }
    if len != columns && !list.repeats {
        let message = format!(
            "`scale` has {}, but the target has {}",
            pluralize(len, "value"),
            pluralize(columns, "column")
        );
        let help = "write one value, one per neuron and synapse, or `repeat(list)`";
        eval.report.error_help(&codes::LENGTH, span, message, help);
        return None;
    }
    (0..columns).map(|i| factor(eval, &list.items[i % len], span)).collect()
}

/// Names every connection after its ends: `audio->h0`, `h0+h1->out`. Names that would be too long in all are reported,
/// and left out.
pub(crate) fn name_connections(graph: &mut Graph, report: &mut Reporter) {
    let mut total = 0;
    for connection in &graph.connections {
        let target = graph.layer(connection.target).name.as_str();
        total += graph.source_names(connection).chain([target]).map(|name| name.len() + 1).sum::<usize>();
        if total > MAX_NAME_BYTES {
            let message = format!("the names of the connections have more than {} MiB", MAX_NAME_BYTES >> 20);
            report.error_help(&codes::TOO_LARGE, connection.span, message, "use shorter names of layers");
            report.exhaust_fuel();
            return;
        }
    }
    rename_connections(graph);
}

/// Names every connection after its ends, whatever the length.
pub(crate) fn rename_connections(graph: &mut Graph) {
    for i in 0..graph.connections.len() {
        let Connection { sources, target, .. } = &graph.connections[i];
        graph.connections[i].name = graph.connection_name(sources, *target);
    }
}
