//! From a file to a network.
//!
//! ```text
//! Nir -> flat      graphs within graphs, names, edges, fields                       flat.rs
//!     -> dialect   the tool that wrote it, and its time step                        dialect.rs
//!     -> widths    values per node                                                  widths.rs
//!     -> order     order of update; edges against it are recurrent                  order.rs
//!     -> values    what arrives at each neuron, matrices multiplied out             maps.rs, values.rs
//!     -> Network   layers, connections, weights                                     layers.rs, assemble.rs
//! ```

mod assemble;
mod flat;
mod layers;
mod maps;
mod options;
mod order;
mod restore;
mod values;
mod widths;

use synnet_ir::display::format_time_rounded;
use synnet_ir::{Diagnostics, Network};

use crate::codes;
use crate::dialect::{Detection, Dialect, Rules, detect};
use crate::metadata::GraphMetadata;
use crate::model::Nir;
use crate::report::{Report, listed};

pub use options::ImportOptions;

pub(crate) use order::update_order;

use flat::Flat;

/// An imported network.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Import {
    /// The network. Its layers have the names of their nodes, which need not be names of the language.
    pub network: Network,
    /// The dialect by whose rules it was read.
    pub dialect: Dialect,
    /// Warnings: what was assumed, folded, repaired or left out.
    pub warnings: Diagnostics,
}

/// Imports a file as the network `name`.
///
/// # Errors
/// Returns everything that is wrong with the nodes and edges of the file, all nodes without equivalent, or the time step
/// that it does not determine; warnings come along.
pub fn import(nir: &Nir, name: &str, options: &ImportOptions) -> Result<Import, Diagnostics> {
    let mut report = Report::default();
    let imported = run(nir, name, options, &mut report);
    match imported {
        Some((network, dialect)) if !report.has_errors() => {
            Ok(Import { network, dialect, warnings: report.diagnostics })
        }
        _ => Err(report.diagnostics),
    }
}

fn run(nir: &Nir, name: &str, options: &ImportOptions, report: &mut Report) -> Option<(Network, Dialect)> {
    let flat = flat::flatten(nir, report);
    let metadata = GraphMetadata::read(nir);
    let flat = flat?;
    // Everything that can be wrong is reported before the question for the time step.
    let widths = widths::widths(&flat, report)?;
    values::check_cycles(&flat, report)?;
    let rules = rules(&flat, metadata.as_ref(), options, report)?;
    let written = metadata.as_ref().and_then(|metadata| metadata.graph.as_deref());
    if let Some(graph) = written.filter(|_| *options == ImportOptions::default()) {
        match restore::restore(graph, nir, rules.dialect) {
            // The graph is the one that was exported: nothing is assumed or folded.
            Some(restored) => return Some((restored, rules.dialect)),
            None => report.warning(
                &codes::IGNORED,
                "the file holds the graph of another network in `synnet_graph`",
                "the nodes are read instead; the file was changed after the export",
            ),
        }
    }
    values::report_dead_ends(&flat, report);
    let targets: Vec<Vec<usize>> = flat.nodes.iter().map(|node| node.targets.clone()).collect();
    let is_neuron: Vec<bool> = flat.nodes.iter().map(|node| node.primitive.is_neuron()).collect();
    let order = update_order(&targets, &is_neuron, flat.input);
    let read = layers::layers(&flat, &widths, &order, &rules, report)?;
    let network = assemble::assemble(name, &flat, &widths, read, &rules, report)?;
    Some((network, rules.dialect))
}

/// Determines dialect and time step, and reports what was assumed.
fn rules(
    flat: &Flat,
    metadata: Option<&GraphMetadata>,
    options: &ImportOptions,
    report: &mut Report,
) -> Option<Rules> {
    let named = flat.nodes.iter().map(|node| (node.name.as_str(), &node.primitive));
    let detection = match metadata {
        Some(metadata) => {
            Detection { dialect: metadata.dialect, dt: Some(metadata.dt), reason: "its metadata says so" }
        }
        None => detect(named),
    };
    let dialect = options.dialect.unwrap_or(detection.dialect);
    let of_file = if dialect == detection.dialect { detection.dt } else { step_of(dialect, &detection) };
    let dt = match (options.dt, of_file) {
        (Some(dt), Some(other)) if (dt - other).abs() > 1e-4 * other => {
            let (given, found) = (format_time_rounded(dt), format_time_rounded(other));
            let message = format!("the file was written at a time step of {found}, but {given} is used");
            report.warning(&codes::ASSUMED, message, "leave `--dt` out to use the step of the file");
            dt
        }
        (Some(dt), _) => dt,
        (None, Some(dt)) => {
            if metadata.is_none() {
                let message =
                    format!("the time step is taken to be {}: {}", format_time_rounded(dt), detection.reason);
                report.warning(&codes::ASSUMED, message, "pass another one with `--dt`");
            }
            dt
        }
        (None, None) if !depends_on_step(flat) => {
            let message = "the time step is taken to be 1 ms: nothing in the file depends on it";
            report.warning(&codes::ASSUMED, message, "pass another one with `--dt`");
            1e-3
        }
        (None, None) => {
            let message = format!("the file does not determine the time step: {}", detection.reason);
            let help = "pass the step at which the network was trained, such as `--dt 1ms`";
            report.error(&codes::NO_TIME_STEP, message, help);
            return None;
        }
    };
    let rules = Rules { dialect, dt, reset: options.reset };
    report_rules(flat, &rules, metadata.is_some(), options, &detection, report);
    Some(rules)
}

/// Returns the time step of a dialect that was chosen in place of the detected one.
fn step_of(dialect: Dialect, detection: &Detection) -> Option<f64> {
    match dialect {
        Dialect::SnnTorch => Some(1e-4),
        Dialect::Euler | Dialect::SpikingJelly => detection.dt.filter(|_| {
            matches!(detection.dialect, Dialect::SnnTorch | Dialect::SpikingJelly | Dialect::Euler)
        }),
        Dialect::Norse | Dialect::Sinabs | Dialect::Spyx | Dialect::Rockpool => None,
    }
}

/// Returns whether a time constant or a delay gives the time step a meaning.
fn depends_on_step(flat: &Flat) -> bool {
    use crate::nodes::Primitive;
    flat.nodes.iter().any(|node| match &node.primitive {
        Primitive::Lif(_) | Primitive::Li(_) | Primitive::CubaLif(_) | Primitive::CubaLi(_) => true,
        Primitive::Delay(delay) => delay.seconds.iter().any(|&seconds| seconds > 0.0),
        Primitive::Input(_)
        | Primitive::Output(_)
        | Primitive::Pass(_)
        | Primitive::Affine(_)
        | Primitive::Scale(_)
        | Primitive::If(_)
        | Primitive::I(_) => false,
    })
}

/// Names the dialect and what it decides, with the nodes concerned.
fn report_rules(
    flat: &Flat,
    rules: &Rules,
    is_own: bool,
    options: &ImportOptions,
    detection: &Detection,
    report: &mut Report,
) {
    use crate::nodes::Primitive;
    use synnet_ir::graph::Reset;
    let spiking = flat.nodes.iter().filter(|node| {
        matches!(node.primitive, Primitive::If(_) | Primitive::Lif(_) | Primitive::CubaLif(_))
    });
    let spiking: Vec<_> = spiking.filter(|node| node.settings.reset.is_none()).collect();
    if is_own || spiking.is_empty() {
        return;
    }
    let names = listed(spiking.iter().map(|node| node.name.as_str()));
    if options.dialect.is_none() {
        let tool = rules.dialect.tool();
        let message = format!("the file is read by the rules of {tool}: {}", detection.reason);
        report.warning(&codes::ASSUMED, message, "choose the rules of another tool with `--dialect`");
    }
    let reset = rules.reset.unwrap_or_else(|| rules.dialect.reset());
    if options.reset.is_none() {
        let what = match reset {
            Reset::Zero => "reset to zero",
            Reset::Subtract => "subtract the threshold",
        };
        let message = format!("spikes are taken to {what}, as in {}: {names}", rules.dialect.tool());
        let other = if reset == Reset::Zero {
            "`--reset subtract` if they subtract the threshold"
        } else {
            "`--reset zero` if they reset to zero"
        };
        report.warning(&codes::ASSUMED, message, format!("pass {other}"));
    }
    if rules.dialect == Dialect::SnnTorch && reset == Reset::Subtract {
        // Its `mem_reset` looks at the potential after the reset, before the next input (`_neurons/leaky.py`, snnTorch 1.0).
        let message = format!(
            "spikes differ from snnTorch's if a potential reaches two thresholds, or with `reset_delay=True`: {names}"
        );
        let help = "snnTorch subtracts again in the next step as long as the potential is above the threshold; \
                    train the network further with the rules here, or scale its inputs down";
        report.warning(&codes::ASSUMED, message, help);
    }
    if rules.dialect == Dialect::Spyx {
        // `V = beta * V + x - spikes * threshold` with the spikes of the potential before it (`nn.py`, spyx 1.0).
        let message =
            format!("spyx's neurons spike one step later, and subtract the threshold without decay: {names}");
        let help = "spikes differ where neurons spike more than once within some time constants; \
                    train the network further with the rules here";
        report.warning(&codes::ASSUMED, message, help);
    }
    let several = rules.dialect.spikes_several_times() && reset == Reset::Subtract;
    let what = if several { "any number of times" } else { "at most once" };
    let message = format!("neurons are taken to spike {what} per step: {names}");
    report.warning(&codes::ASSUMED, message, "change `max_spikes` in the network file if they do not");
}
