//! From a network to the file that `net.load` reads.

mod layer;
mod structure;
mod tree;

use synnet_ir::graph::{Leak, LeakUnit, Lif, Neuron, Reset};
use synnet_ir::{Artifact, Artifacts, Diagnostic, Diagnostics, Graph, Network, Span, Target};

use crate::codes;
use structure::Structure;

/// The target that writes the file of Rockpool's `net.save`.
///
/// A network with the layer names and the structure of `SynNet` (`h0`, `h1`, ..., `out`) or of `std::WaveSense` becomes the
/// file of a `SynNet` or `WaveSenseNet`. Every other chain of layers becomes that of a `Sequential`; shortcuts that lead
/// around a part of the chain become a `Residual` in it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RockpoolTarget;

impl Target for RockpoolTarget {
    fn name(&self) -> &str {
        "rockpool"
    }

    fn file_name(&self, stem: &str) -> String {
        format!("{stem}.json")
    }

    fn check(&self, graph: &Graph) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        for layer in &graph.layers {
            for what in not_in_rockpool(&layer.neuron) {
                diagnostics.push(refusal(layer.span, &format!("{what}: `{}`", layer.name)));
            }
        }
        if let Err(errors) = Structure::of(graph) {
            diagnostics.extend(errors);
        }
        diagnostics
    }

    fn build(&self, network: &Network, file: &str) -> Result<Artifacts, Diagnostics> {
        let found = self.check(&network.graph);
        if found.has_errors() {
            return Err(found);
        }
        let structure = Structure::of(&network.graph)?;
        let what = match structure {
            Structure::SynNet => "parameters for Rockpool's `SynNet`",
            Structure::WaveSense(_) => "parameters for Rockpool's `WaveSenseNet`",
            Structure::Sequential(_) => "parameters for a `Sequential` of Rockpool",
        };
        Ok(Artifacts::new([Artifact::new(file, what, format!("{}\n", tree::tree(network, &structure)))]))
    }
}

/// Returns what a neuron has and Rockpool's modules lack.
fn not_in_rockpool(neuron: &Neuron) -> Vec<&'static str> {
    let facts = match neuron {
        Neuron::Lif(lif) => vec![
            (lif.reset == Reset::Zero, "reset to zero"),
            (lif.mem.is_none(), "neurons without leak"),
            (lif.syn.is_none(), "neurons without synaptic filter"),
            (
                lif.adaptation.is_some() && unit(lif).is_some_and(|unit| unit != LeakUnit::TimeConstant),
                "adaptation with decays or bit shifts",
            ),
            (unit(lif).is_none() && lif.mem.is_some() && lif.syn.is_some(), "leaks in different units"),
        ],
        // One without filter passes its input on, which needs no module.
        Neuron::ExpSyn(expsyn) => {
            let is_other = |leak: &Leak| leak.unit != LeakUnit::TimeConstant;
            vec![(expsyn.syn.as_ref().is_some_and(is_other), "an integrator without time constant")]
        }
    };
    facts.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect()
}

/// Returns the unit that both leaks of a neuron have.
fn unit(lif: &Lif) -> Option<LeakUnit> {
    let (mem, syn) = (lif.mem.as_ref()?.unit, lif.syn.as_ref()?.unit);
    (mem == syn).then_some(mem)
}

fn refusal(span: Span, what: &str) -> Diagnostic {
    let message = format!("Rockpool's file cannot hold {what}");
    Diagnostic::error(&codes::STRUCTURE, span, message).with_help("export as NIR with `--target nir`")
}
