//! From a saved tree of modules to a network.

use std::sync::Arc;
use synnet_ir::graph::{
    Connection, Endpoint, ExpSyn, Input, Layer, LayerId, Linear, Neuron, Operator, Quantity, SurrogateKind,
};
use synnet_ir::{Diagnostic, Diagnostics, Graph, Network, Params, Span, Tensor};

use crate::codes;
use crate::modules::{Cells, Matrix, Reader};
use crate::tree::{Module, Numbers, left_out, parse, warning};
use crate::{state_dict, wavesense};

/// The output of a network, which a file does not state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// Spikes of the last layer; currents if it is an `ExpSyn`.
    #[default]
    Spikes,
    /// Membrane potentials of the last layer.
    Vmem,
}

/// An imported network.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Import {
    /// The network.
    pub network: Network,
    /// What was assumed.
    pub warnings: Diagnostics,
}

/// Imports a file of `net.save` as the network `name`.
///
/// # Errors
/// Returns all modules without equivalent, and everything that is wrong with parameters.
pub fn import(text: &str, name: &str, output: Output) -> Result<Import, Diagnostics> {
    run(&parse(text)?, name, output)
}

/// Imports a file of `net.save` like [`import`], with weights of another moment: tensors by their names in PyTorch's
/// `state_dict`, such as `seq.0_linear.weight`, replace the parameters of the file. States (`vmem`, `isyn`, `spikes`) are left out.
///
/// # Errors
/// Returns the same errors as [`import`], and each tensor that is missing, unknown or of another shape.
pub fn import_with_weights(
    text: &str,
    name: &str,
    output: Output,
    weights: &Params,
) -> Result<Import, Diagnostics> {
    let mut root = parse(text)?;
    state_dict::apply(&mut root, weights)?;
    run(&root, name, output)
}

fn run(root: &Module, name: &str, output: Output) -> Result<Import, Diagnostics> {
    if wavesense::is_wavesense(root) {
        let mut builder = Builder::default();
        let flow = wavesense::build(root, &mut builder).unwrap_or_default();
        return builder.finish(name, flow, output);
    }
    let (sequence, surrogate) = sequence(root)?;
    let mut builder = Builder { surrogate, ..Builder::default() };
    let mut flow = Flow::default();
    for step in &sequence {
        if builder.step(step, &mut flow).is_none() {
            break;
        }
    }
    builder.finish(name, flow, output)
}

/// A module at its place in the order of computation.
pub(crate) struct Step<'a> {
    /// Path of the module.
    pub(crate) path: String,
    /// Name of its layer, if it is one.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) module: &'a Module,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Linear,
    Lif,
    Alif,
    ExpSyn,
    Dropout,
    Residual,
    Sequential,
}

/// Returns the modules in the order of computation, with the surrogate of their class.
fn sequence(root: &Module) -> Result<(Vec<Step<'_>>, SurrogateKind), Diagnostics> {
    let inner = root.module("seq");
    if let Some(seq) = inner.filter(|seq| seq.modules.iter().any(|(name, _)| name == "out_neurons")) {
        return Ok((synnet(seq)?, SurrogateKind::PeriodicExponential));
    }
    Ok((numbered(root, "", "")?, SurrogateKind::PiecewiseLinear))
}

/// Returns the modules of Rockpool's `SynNet`, whose names give their order.
fn synnet(seq: &Module) -> Result<Vec<Step<'_>>, Diagnostics> {
    let find = |name: &str| seq.module(name);
    let mut steps = Vec::new();
    let mut add = |key: String, name: String, kind: Kind| {
        if let Some(module) = find(&key) {
            steps.push(Step { path: format!("seq.{key}"), name, kind, module });
        }
    };
    for i in 0..seq.modules.len() {
        add(format!("{i}_linear"), String::new(), Kind::Linear);
        add(format!("{i}_neurons"), format!("h{i}"), Kind::Lif);
        add(format!("{i}_dropout"), String::new(), Kind::Dropout);
    }
    add("out_linear".to_owned(), String::new(), Kind::Linear);
    add("out_neurons".to_owned(), "out".to_owned(), Kind::Lif);
    Ok(steps)
}

/// Returns the number of rows of the matrix that a `Residual` starts with.
fn first_matrix(residual: &Module) -> Option<usize> {
    let weight = Numbers::of(residual.module("0_LinearTorch")?.get("weight")?)?;
    weight.shape.first().copied().filter(|&rows| rows > 0)
}

/// Returns the modules of a `Sequential`, whose names start with their place.
fn numbered<'a>(module: &'a Module, path: &str, prefix: &str) -> Result<Vec<Step<'a>>, Diagnostics> {
    let mut steps: Vec<(usize, Step<'a>)> = Vec::new();
    let mut errors = Diagnostics::new();
    for (key, inner) in &module.modules {
        let at = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let place =
            key.split_once('_').and_then(|(place, class)| Some((place.parse::<usize>().ok()?, class)));
        let known = place.and_then(|(place, class)| Some((place, kind(class)?)));
        let Some((place, (kind, short))) = known else {
            let what = if place.is_some() {
                "has no equivalent"
            } else {
                "has a name that does not tell its place and class"
            };
            let error = Diagnostic::error_without_span(&codes::MODULE, format!("module `{at}` {what}"));
            errors.push(error.with_help(
                "use Linear, LIF, aLIF, ExpSyn, dropout, Residual and Sequential in a `Sequential`",
            ));
            continue;
        };
        steps.push((place, Step { path: at, name: format!("{prefix}{short}{place}"), kind, module: inner }));
    }
    if errors.has_errors() {
        return Err(errors);
    }
    steps.sort_by_key(|(place, _)| *place);
    Ok(steps.into_iter().map(|(_, step)| step).collect())
}

/// Returns the kind of a class, and the short name of its layers.
fn kind(class: &str) -> Option<(Kind, &'static str)> {
    match class {
        "LinearTorch" => Some((Kind::Linear, "linear")),
        "LIFTorch" => Some((Kind::Lif, "lif")),
        "aLIFTorch" => Some((Kind::Alif, "alif")),
        "ExpSynTorch" => Some((Kind::ExpSyn, "expsyn")),
        "TorchResidual" => Some((Kind::Residual, "res")),
        "TorchSequential" => Some((Kind::Sequential, "seq")),
        _ if class.contains("Dropout") => Some((Kind::Dropout, "dropout")),
        _ => None,
    }
}

/// What the next module gets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flow {
    /// Sources whose outputs are added; none before the input is known.
    pub(crate) sources: Vec<Endpoint>,
    /// Number of values; 0 before the input is known.
    pub(crate) width: usize,
    dropout: f64,
    matrix: Option<Matrix>,
}

pub(crate) struct Builder {
    layers: Vec<Layer>,
    connections: Vec<Connection>,
    params: Params,
    channels: usize,
    dt: Option<f64>,
    /// The surrogate of the next layers.
    pub(crate) surrogate: SurrogateKind,
    errors: Diagnostics,
    pub(crate) warnings: Diagnostics,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            layers: Vec::new(),
            connections: Vec::new(),
            params: Params::default(),
            channels: 0,
            dt: None,
            surrogate: SurrogateKind::PiecewiseLinear,
            errors: Diagnostics::new(),
            warnings: Diagnostics::new(),
        }
    }
}

const INPUT: &str = "events";

impl Builder {
    /// Adds a module. `None` after an error.
    pub(crate) fn step(&mut self, step: &Step<'_>, flow: &mut Flow) -> Option<()> {
        match step.kind {
            Kind::Linear => {
                let matrix = self.reader(step).linear()?;
                if flow.matrix.is_some() {
                    self.relay(&format!("sum_{}", self.layers.len()), flow);
                }
                self.enter(flow, matrix.inputs);
                self.check_width(step, flow.width, matrix.inputs)?;
                flow.matrix = Some(matrix);
            }
            Kind::Dropout => {
                let p = step.module.get("p").and_then(Numbers::of).map_or(0.0, |p| p.values[0]);
                if flow.matrix.is_some() {
                    self.warnings.push(left_out(
                        format!("the dropout `{}` after a matrix is left out", step.path),
                        "write `dropout` before `linear` in the network file",
                    ));
                } else if (0.0..1.0).contains(&p) {
                    flow.dropout = (p as f32).to_string().parse().unwrap_or(p);
                }
            }
            Kind::Lif | Kind::Alif => {
                let inputs = self.lines(step, flow)?;
                let (is_adaptive, surrogate) = (step.kind == Kind::Alif, self.surrogate);
                let cells = self.reader(step).lif(inputs, is_adaptive, surrogate)?;
                self.layer(step, flow, cells)?;
            }
            Kind::ExpSyn => {
                let size = flow
                    .matrix
                    .as_ref()
                    .map(|matrix| matrix.outputs)
                    .or((flow.width > 0).then_some(flow.width));
                let cells = self.reader(step).expsyn(size)?;
                self.enter(flow, cells.size);
                self.layer(step, flow, cells)?;
            }
            Kind::Residual => self.residual(step, flow)?,
            Kind::Sequential => self.inner(step, flow)?,
        }
        Some(())
    }

    fn reader<'a>(&'a mut self, step: &'a Step<'_>) -> Reader<'a> {
        Reader { path: &step.path, module: step.module, errors: &mut self.errors }
    }

    fn inner(&mut self, step: &Step<'_>, flow: &mut Flow) -> Option<()> {
        match numbered(step.module, &step.path, &format!("{}_", step.name)) {
            Ok(steps) => steps.iter().try_for_each(|inner| self.step(inner, flow)),
            Err(errors) => {
                self.errors.extend(errors);
                None
            }
        }
    }

    /// Adds the modules within a `Residual`, whose output is the sum of its input and theirs.
    fn residual(&mut self, step: &Step<'_>, flow: &mut Flow) -> Option<()> {
        if flow.matrix.is_some() {
            self.relay(&format!("{}_in", step.name), flow);
        }
        if let Some(width) = first_matrix(step.module).filter(|_| flow.sources.is_empty()) {
            self.enter(flow, width);
        }
        if flow.sources.is_empty() {
            self.refuse(
                &codes::MODULE,
                format!("module `{}` is the first one, so that its width is unknown", step.path),
                "start with a `Linear`",
            );
            return None;
        }
        let before = flow.clone();
        self.inner(step, flow)?;
        if flow.matrix.is_some() {
            self.relay(&format!("{}_out", step.name), flow);
        }
        self.check_width(step, flow.width, before.width)?;
        flow.sources = before.sources.into_iter().chain(flow.sources.drain(..)).collect();
        Some(())
    }

    /// Declares the input, if the first module shows its width.
    fn enter(&mut self, flow: &mut Flow, width: usize) {
        if flow.sources.is_empty() {
            (self.channels, flow.width) = (width, width);
            flow.sources = vec![Endpoint::Input];
        }
    }

    /// Returns the number of lines into a layer.
    fn lines(&mut self, step: &Step<'_>, flow: &mut Flow) -> Option<usize> {
        if let Some(matrix) = &flow.matrix {
            return Some(matrix.outputs);
        }
        if flow.sources.is_empty() {
            let columns =
                step.module.get("w_rec").and_then(Numbers::of).and_then(|w| w.shape.get(1).copied());
            let Some(columns) = columns.filter(|&columns| columns > 0) else {
                self.refuse(
                    &codes::MODULE,
                    format!("module `{}` is the first one, so that its width is unknown", step.path),
                    "start with a `Linear`",
                );
                return None;
            };
            self.enter(flow, columns);
        }
        Some(flow.width)
    }

    pub(crate) fn refuse(&mut self, code: &'static synnet_ir::Code, message: String, help: &str) {
        self.errors.push(Diagnostic::error_without_span(code, message).with_help(help));
    }

    pub(crate) fn check_width(&mut self, step: &Step<'_>, has: usize, needs: usize) -> Option<()> {
        if has == needs {
            return Some(());
        }
        let message = format!("module `{}` needs {needs} values, but {has} arrive", step.path);
        self.refuse(&codes::PARAMETER, message, "make the shapes of the modules agree");
        None
    }

    /// Adds a layer with the connections into it.
    fn layer(&mut self, step: &Step<'_>, flow: &mut Flow, cells: Cells) -> Option<()> {
        let dt: f64 = (cells.dt as f32).to_string().parse().unwrap_or(cells.dt);
        if *self.dt.get_or_insert(dt) != dt {
            let other = self.dt.unwrap_or(dt);
            let message =
                format!("module `{}` has the time step {dt} s, but others have {other} s", step.path);
            self.refuse(&codes::PARAMETER, message, "build all modules with the same `dt`");
            return None;
        }
        let size = cells.size;
        self.add(&step.name, cells.neuron, size, flow);
        if let Some(weight) = cells.recurrent {
            let own = Endpoint::Layer(LayerId(self.layers.len() as u32 - 1));
            let columns = weight.len() / size;
            let matrix = Matrix { inputs: size, outputs: columns, weight, bias: None };
            self.connect(vec![own], 0.0, Some(matrix));
        }
        Some(())
    }

    /// Adds a layer that passes its input on.
    fn relay(&mut self, name: &str, flow: &mut Flow) {
        let size = flow.matrix.as_ref().map_or(flow.width, |matrix| matrix.outputs);
        self.add(name, Neuron::ExpSyn(ExpSyn { syn: None }), size, flow);
    }

    fn add(&mut self, name: &str, neuron: Neuron, size: usize, flow: &mut Flow) {
        self.layers.push(Layer {
            name: name.to_owned(),
            size,
            neuron,
            docs: Vec::new(),
            span: Span::default(),
            name_span: Span::default(),
        });
        let Flow { sources, dropout, matrix, .. } = std::mem::take(flow);
        self.connect(sources, dropout, matrix);
        *flow = Flow {
            sources: vec![Endpoint::Layer(LayerId(self.layers.len() as u32 - 1))],
            width: size,
            ..Flow::default()
        };
    }

    /// Adds a connection into the last layer.
    fn connect(&mut self, sources: Vec<Endpoint>, dropout: f64, matrix: Option<Matrix>) {
        let Some(target) = self.layers.last() else { return };
        let names: Vec<&str> = sources
            .iter()
            .map(|source| match source {
                Endpoint::Input => INPUT,
                Endpoint::Layer(id) => &self.layers[id.index()].name,
            })
            .collect();
        let name = format!("{}->{}", names.join("+"), target.name);
        let operator = match matrix {
            None => Operator::Identity,
            Some(matrix) => {
                let single = |values: &[f64]| values.iter().map(|&x| x as f32).collect::<Vec<f32>>();
                let weight = Tensor::new([matrix.inputs, matrix.outputs], single(&matrix.weight));
                self.params.tensors.insert(format!("{name}.weight"), weight);
                if let Some(bias) = &matrix.bias {
                    self.params
                        .tensors
                        .insert(format!("{name}.bias"), Tensor::new([bias.len()], single(bias)));
                }
                let dt = self.dt.unwrap_or(1e-3);
                Operator::Linear(Arc::new(Linear::with_default_init(
                    matrix.inputs,
                    target,
                    dt,
                    matrix.bias.is_some(),
                )))
            }
        };
        let target = LayerId(self.layers.len() as u32 - 1);
        self.connections.push(Connection {
            name,
            sources,
            target,
            delay: 0,
            dropout,
            operator,
            docs: [].into(),
            span: Span::default(),
        });
    }

    fn finish(mut self, name: &str, mut flow: Flow, output: Output) -> Result<Import, Diagnostics> {
        if self.errors.has_errors() {
            return Err(self.errors);
        }
        if flow.matrix.is_some() || flow.sources.len() > 1 {
            self.relay("readout", &mut flow);
        }
        let (Some(Endpoint::Layer(last)), Some(dt)) = (flow.sources.first().copied(), self.dt) else {
            self.refuse(
                &codes::FORMAT,
                "the file holds no layer of neurons".to_owned(),
                "save a network with a `LIF` or `ExpSyn` module",
            );
            return Err(self.errors);
        };
        let neuron = &self.layers[last.index()].neuron;
        let quantity = match (neuron, output) {
            (Neuron::ExpSyn(_), _) => Quantity::Isyn,
            (Neuron::Lif(_), Output::Spikes) => Quantity::Spikes,
            (Neuron::Lif(_), Output::Vmem) => Quantity::Vmem,
        };
        if output == Output::Spikes && quantity == Quantity::Spikes {
            let message = "the output is taken to be the spikes of the last layer".to_owned();
            self.warnings.push(warning(message, "pass `--output vmem` if it is the membrane potential"));
        }
        let message = format!("the surrogate is taken to be `{}`", self.surrogate.name());
        self.warnings.push(warning(message, "set another one in the network file; only training uses it"));
        let graph = Graph {
            name: name.to_owned(),
            docs: Vec::new(),
            dt,
            input: Input {
                name: INPUT.to_owned(),
                channels: self.channels,
                docs: Vec::new(),
                span: Span::default(),
            },
            layers: self.layers,
            connections: self.connections,
            output: synnet_ir::graph::Output { layer: last, quantity, span: Span::default() },
            span: Span::default(),
        };
        let mut found = synnet_ir::validate(&graph).errors();
        match Network::bind(&graph, &self.params) {
            Ok(network) if found.is_empty() => Ok(Import { network, warnings: self.warnings }),
            bound => {
                found.extend(bound.err().into_iter().flatten());
                // There is no source text.
                Err(found.into_iter().map(|diagnostic| Diagnostic { span: None, ..diagnostic }).collect())
            }
        }
    }
}
