//! Chains of connections: `audio -> linear -> h0 -> dropout(0.1) -> linear -> h1;`.

use synnet_ir::graph::{Distribution, Endpoint, Init, Layer, Leak, Linear, LinearBias, Neuron, Operator};
use synnet_ir::{Diagnostic, Graph, Span, nearest};

use super::evaluator::Evaluator;
use super::value::{Number, Placed, Value};
use crate::codes;
use crate::limits::MAX_DELAY;
use crate::syntax::tree::{Element, Field, Reference};
use crate::vocabulary::{ChainOperator, LinearOption, listed};

/// The name of a layer, instance or input, with its index joined to it.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) span: Span,
}

/// One connection of a chain, before its ends are looked up.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) sources: Vec<Target>,
    pub(crate) target: Target,
    pub(crate) delay: u32,
    pub(crate) dropout: f64,
    pub(crate) linear: Option<Options>,
    /// The first operator that stands between the ends.
    pub(crate) operator: Option<Span>,
    pub(crate) docs: Vec<String>,
    pub(crate) span: Span,
}

/// The options of `linear { ... }`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    learn: Option<Placed>,
    bias: Option<Placed>,
    init: Option<Placed>,
    scale: Option<Placed>,
}

/// What stands between two ends.
#[derive(Default)]
struct Way {
    delay: Option<u32>,
    dropout: Option<f64>,
    linear: Option<Options>,
    first: Option<Span>,
}

/// The flat name of a reference: `h[1]` is `h1`. `None` where its index has been reported.
pub(crate) fn flat_name(eval: &mut Evaluator<'_>, reference: &Reference) -> Option<Target> {
    let mut name = reference.name.text.clone();
    if let Some(index) = &reference.index {
        let at = eval.whole(index, "an index")?;
        if at < 0 {
            let message = format!("the index {at} is negative");
            eval.report.error_help(&codes::INDEX, index.span, message, "indices count from 0");
            return None;
        }
        name.push_str(&at.to_string());
    }
    Some(Target { name, span: reference.span })
}

/// The connections of a chain; what is wrong with it has been reported.
pub(crate) fn links(eval: &mut Evaluator<'_>, sums: &[Vec<Element>], docs: &[String]) -> Vec<Link> {
    let mut links = Vec::new();
    // `None` once an end could not be understood.
    let mut sources = ends(eval, &sums[0]);
    let mut way = Way::default();
    for sum in &sums[1..] {
        let [element] = sum.as_slice() else {
            let span = sum[0].span.to(sum[sum.len() - 1].span);
            eval.report.error_help(
                &codes::CHAIN,
                span,
                "a sum can only start a chain",
                "end the chain before it with `;`, and write another: `h0 + h1 -> linear -> h2;`",
            );
            return links;
        };
        if is_operator(element) {
            operator(eval, &mut way, element);
            continue;
        }
        let target = end(eval, element);
        let passed = std::mem::take(&mut way);
        if let (Some(sources), Some(target)) = (sources, &target) {
            let span = sources[0].span.to(target.span);
            links.push(Link {
                sources,
                target: target.clone(),
                delay: passed.delay.unwrap_or(0),
                dropout: passed.dropout.unwrap_or(0.0),
                linear: passed.linear,
                operator: passed.first,
                docs: docs.to_vec(),
                span,
            });
        }
        sources = target.map(|target| vec![target]);
    }
    if let Some(span) = way.first {
        eval.report.error_help(
            &codes::CHAIN,
            span,
            "the chain ends before it reaches a layer",
            "add `-> layer` behind the last operator",
        );
    }
    links
}

fn is_operator(element: &Element) -> bool {
    ChainOperator::of(&element.reference.name.text).is_some()
        || element.arguments.is_some()
        || element.fields.is_some()
}

fn ends(eval: &mut Evaluator<'_>, sum: &[Element]) -> Option<Vec<Target>> {
    let ends: Vec<Option<Target>> = sum.iter().map(|element| end(eval, element)).collect();
    ends.into_iter().collect()
}

fn end(eval: &mut Evaluator<'_>, element: &Element) -> Option<Target> {
    if is_operator(element) {
        let message =
            format!("a chain starts with a layer or the input, not with `{}`", element.reference.name.text);
        eval.report.error_help(&codes::CHAIN, element.span, message, "write `source -> linear -> target;`");
        return None;
    }
    flat_name(eval, &element.reference)
}

fn operator(eval: &mut Evaluator<'_>, way: &mut Way, element: &Element) {
    let name = &element.reference.name;
    way.first.get_or_insert(element.span);
    if let Some(index) = &element.reference.index {
        let message = format!("`{}` takes no index", name.text);
        eval.report.error_help(&codes::CHAIN, index.span, message, "indices belong to layers");
    }
    match ChainOperator::of(&name.text) {
        Some(ChainOperator::Linear) => {
            if element.arguments.is_some() {
                let help = "its size follows from its ends; options stand in braces: `linear { bias: true }`";
                eval.report.error_help(&codes::CHAIN, element.span, "`linear` takes no arguments", help);
            }
            let options = linear_options(eval, element.fields.as_deref().unwrap_or(&[]));
            if way.linear.replace(options).is_some() {
                twice(eval, element, "a layer stands between two matrices");
            }
        }
        Some(ChainOperator::Dropout) => {
            let p = argument(eval, element, "a probability: `dropout(0.1)`")
                .and_then(|placed| probability(eval, &placed));
            if way.linear.is_some() {
                let help = "dropout acts on spikes: write `dropout(p) -> linear`";
                eval.report.error_help(&codes::CHAIN, element.span, "`dropout` stands behind `linear`", help);
            } else if way.dropout.replace(p.unwrap_or(0.0)).is_some() {
                twice(eval, element, "write one dropout with the joint probability");
            }
        }
        Some(ChainOperator::Delay) => {
            let steps = argument(eval, element, "a number of steps: `delay(3)`")
                .and_then(|placed| delay(eval, &placed));
            if way.linear.is_some() {
                let help = "delays act on spikes: write `delay(n) -> linear`";
                eval.report.error_help(&codes::CHAIN, element.span, "`delay` stands behind `linear`", help);
            } else if way.delay.replace(steps.unwrap_or(0)).is_some() {
                twice(eval, element, "write one delay with the sum of the steps");
            }
        }
        None => {
            let message = format!("no operator has the name `{}`", name.text);
            let diagnostic = Diagnostic::error(&codes::UNKNOWN_NAME, name.span, message);
            eval.report.push(match nearest(&name.text, ChainOperator::names()) {
                Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
                None => diagnostic.with_help(format!(
                    "the operators are {}; layers are declared with `layer`",
                    listed(ChainOperator::names())
                )),
            });
        }
    }
}

fn twice(eval: &mut Evaluator<'_>, element: &Element, help: &str) {
    let message = format!("`{}` stands twice between two layers", element.reference.name.text);
    eval.report.error_help(&codes::CHAIN, element.span, message, help);
}

/// The only argument of an operator.
fn argument(eval: &mut Evaluator<'_>, element: &Element, wanted: &str) -> Option<Placed> {
    let name = &element.reference.name.text;
    match element.arguments.as_deref() {
        Some([argument]) if argument.name.is_none() && element.fields.is_none() => {
            Some(Placed { value: eval.value(&argument.value), span: argument.value.span })
        }
        _ => {
            let message = format!("`{name}` takes one value");
            eval.report.error_help(&codes::ARGUMENTS, element.span, message, format!("write {wanted}"));
            None
        }
    }
}

fn probability(eval: &mut Evaluator<'_>, placed: &Placed) -> Option<f64> {
    match &placed.value {
        Value::Number(Number { value, time: 0 }) if (0.0..1.0).contains(value) => Some(*value),
        Value::Number(Number { value, time: 0 }) => {
            let message = format!("the dropout probability is {value}");
            let help = "it lies in [0, 1): 0 drops nothing, 1 would drop everything";
            eval.report.error_help(&codes::RANGE, placed.span, message, help);
            None
        }
        other => {
            eval.wrong_type(placed.span, "a dropout probability", "a bare number", other);
            None
        }
    }
}

fn delay(eval: &mut Evaluator<'_>, placed: &Placed) -> Option<u32> {
    if let Value::Number(number @ Number { time: 1, .. }) = &placed.value {
        let message = format!("a delay counts steps; it is {}", number.describe());
        let help = "divide by the time step: `delay(round(t / dt))`";
        eval.report.error_help(&codes::UNIT, placed.span, message, help);
        return None;
    }
    let steps = eval.whole_value(&placed.value, placed.span, "a delay")?;
    if !(0..=MAX_DELAY).contains(&steps) {
        let message = format!("a delay lies between 0 and {MAX_DELAY} steps; it is {steps}");
        eval.report.error_help(
            &codes::RANGE,
            placed.span,
            message,
            "choose a number in this range; 0 is no delay",
        );
        return None;
    }
    u32::try_from(steps).ok()
}

fn linear_options(eval: &mut Evaluator<'_>, fields: &[Field]) -> Options {
    let mut options = Options::default();
    for field in fields {
        let placed = Placed { value: eval.value(&field.value), span: field.value.span };
        let slot = match LinearOption::of(&field.name.text) {
            Some(LinearOption::Learn) => &mut options.learn,
            Some(LinearOption::Bias) => &mut options.bias,
            Some(LinearOption::Init) => &mut options.init,
            Some(LinearOption::Scale) => &mut options.scale,
            None => {
                let message = format!("`linear` has no option `{}`", field.name.text);
                let diagnostic = Diagnostic::error(&codes::UNKNOWN_FIELD, field.name.span, message);
                eval.report.push(match nearest(&field.name.text, LinearOption::names()) {
                    Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
                    None => {
                        diagnostic.with_help(format!("the options are {}", listed(LinearOption::names())))
                    }
                });
                continue;
            }
        };
        if let Some(earlier) = slot.replace(placed) {
            let message = format!("`{}` is given twice", field.name.text);
            eval.report.push(
                Diagnostic::error(&codes::CONFLICT, field.name.span, message)
                    .with_note(earlier.span, "first given here")
                    .with_help("keep one of them"),
            );
        }
    }
    options
}

impl Options {
    /// The matrix into `target` from `sources` channels (0 where that is unknown).
    pub(crate) fn operator(
        &self,
        eval: &mut Evaluator<'_>,
        sources: usize,
        target: &Layer,
        dt: f64,
    ) -> Operator {
        let learn = match self.learn.as_ref().map(|placed| (&placed.value, placed.span)) {
            None | Some((Value::Error, _)) => true,
            Some((Value::Bool(learn), _)) => *learn,
            Some((other, span)) => {
                eval.wrong_type(span, "`learn`", "`true` or `false`", other);
                true
            }
        };
        // The bounds that Rockpool's `LinearTorch` draws from.
        let bound = if sources == 0 { 0.0 } else { (6.0 / sources as f64).sqrt() };
        let uniform = Distribution::Uniform { low: -bound, high: bound };
        let drawn = self
            .init
            .as_ref()
            .map_or(uniform, |placed| distribution(eval, placed, "`init`").unwrap_or(uniform));
        let scale = match &self.scale {
            None => default_scale(target, dt),
            Some(placed) => self::scale(eval, placed, target.input_columns()).unwrap_or_else(|| vec![1.0]),
        };
        let bias = self.bias.as_ref().and_then(|placed| match &placed.value {
            Value::Bool(false) | Value::Error => None,
            Value::Bool(true) => Some(Distribution::Constant(0.0)),
            _ => distribution(eval, placed, "`bias`"),
        });
        let bias =
            bias.map(|distribution| LinearBias { learn, init: Init { distribution, scale: vec![1.0] } });
        Operator::Linear(Linear { learn, init: Init { distribution: drawn, scale }, bias })
    }
}

fn distribution(eval: &mut Evaluator<'_>, placed: &Placed, what: &str) -> Option<Distribution> {
    match &placed.value {
        Value::Distribution(distribution) => Some(*distribution),
        other => {
            let wanted = "`uniform(low, high)`, `normal(mean, std)` or `constant(value)`";
            eval.wrong_type(placed.span, what, wanted, other);
            None
        }
    }
}

/// `dt / tau_syn` of each column: a column then passes on the same charge whatever its time constant.
fn default_scale(target: &Layer, dt: f64) -> Vec<f64> {
    let leak: &Leak = match &target.neuron {
        Neuron::Lif(lif) => &lif.syn,
        Neuron::ExpSyn(expsyn) => &expsyn.syn,
    };
    // A time constant that gives no scale breaks its own rule.
    let scale = |i| Some(dt / leak.tau(i, dt)).filter(|scale: &f64| scale.is_finite()).unwrap_or(1.0);
    (0..leak.parameter.values.len()).map(scale).collect()
}

fn scale(eval: &mut Evaluator<'_>, placed: &Placed, columns: usize) -> Option<Vec<f64>> {
    let span = placed.span;
    let mut number = |value: &Value| match value {
        Value::Number(Number { value, time: 0 }) => Some(*value),
        other => {
            eval.wrong_type(span, "`scale`", "a bare number or a list of them", other);
            None
        }
    };
    match &placed.value {
        Value::List(list) => {
            let len = list.items.len();
            if columns == 0 {
                return None;
            }
            if len != columns && !list.repeats {
                let message = format!("`scale` has {len} values for {columns} columns");
                let help =
                    "give one value, or one per neuron and synapse; `repeat(list)` goes on from the start";
                eval.report.error_help(&codes::LENGTH, span, message, help);
                return None;
            }
            (0..columns).map(|i| number(&list.items[i % len])).collect()
        }
        value => number(value).map(|value| vec![value]),
    }
}

/// Names every connection after its ends.
pub(crate) fn name_connections(graph: &mut Graph) {
    let input = graph.input.name.clone();
    let names: Vec<String> = graph.layers.iter().map(|layer| layer.name.clone()).collect();
    for connection in &mut graph.connections {
        let sources: Vec<&str> = connection
            .sources
            .iter()
            .map(|source| match source {
                Endpoint::Input => input.as_str(),
                Endpoint::Layer(id) => names[id.index()].as_str(),
            })
            .collect();
        connection.name = format!("{}->{}", sources.join("+"), names[connection.target.index()]);
    }
}
