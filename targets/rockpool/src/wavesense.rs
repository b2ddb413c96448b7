//! Rockpool's `WaveSenseNet`: blocks with a residual and a skip path. The layers get the names of `std::WaveSense`.

use synnet_ir::graph::SurrogateKind;

use crate::codes;
use crate::import::{Builder, Flow, Kind, Step};
use crate::tree::{Module, left_out};

/// Returns whether the modules have the names of a `WaveSenseNet`.
pub(crate) fn is_wavesense(root: &Module) -> bool {
    root.module("wave0").is_some() && root.module("spk_out").is_some()
}

/// Adds all layers, and returns what the last one sends. `None` after an error.
pub(crate) fn build(root: &Module, builder: &mut Builder) -> Option<Flow> {
    builder.surrogate = SurrogateKind::PeriodicExponential;
    let mut trunk = Flow::default();
    spiking(builder, root, "", ["lin1", "spk1"], "encoding", &mut trunk)?;
    let blocks: Vec<&Module> = (0..).map_while(|i| root.module(&format!("wave{i}"))).collect();
    let mut skips: Option<Flow> = None;
    for (i, block) in blocks.iter().enumerate() {
        let path = format!("wave{i}.");
        let mut dilated = trunk.clone();
        spiking(builder, block, &path, ["lin1", "spk1"], &format!("dilated{i}"), &mut dilated)?;
        if i + 1 < blocks.len() {
            let mut residual = dilated.clone();
            let name = format!("residual{i}");
            let step = spiking(builder, block, &path, ["lin2_res", "spk2_res"], &name, &mut residual)?;
            builder.check_width(&step, residual.width, trunk.width)?;
            trunk.sources.extend(residual.sources);
        } else if block.module("lin2_res").is_some() {
            builder.warnings.push(left_out(
                format!("the residual path `{path}lin2_res` of the last block is left out: it feeds nothing"),
                "its weights do not change the output",
            ));
        }
        let mut skip = dilated;
        // `WaveSenseBlock` leaves the surrogate of these neurons at the default of `LIFTorch`.
        builder.surrogate = SurrogateKind::PiecewiseLinear;
        let step =
            spiking(builder, block, &path, ["lin2_skip", "spk2_skip"], &format!("skip{i}"), &mut skip)?;
        builder.surrogate = SurrogateKind::PeriodicExponential;
        match &mut skips {
            None => skips = Some(skip),
            Some(sum) => {
                builder.check_width(&step, skip.width, sum.width)?;
                sum.sources.extend(skip.sources);
            }
        }
    }
    let mut flow = skips?;
    spiking(builder, root, "", ["hidden", "spk2"], "hidden", &mut flow)?;
    spiking(builder, root, "", ["readout", "spk_out"], "out", &mut flow)?;
    Some(flow)
}

/// Adds a matrix and the neurons behind it as the layer `name`, and returns the step of the neurons.
fn spiking<'a>(
    builder: &mut Builder,
    parent: &'a Module,
    path: &str,
    [linear, neurons]: [&str; 2],
    name: &str,
    flow: &mut Flow,
) -> Option<Step<'a>> {
    let mut step = |key: &str, name: &str, kind: Kind| {
        let path = format!("{path}{key}");
        let Some(module) = parent.module(key) else {
            builder.refuse(
                &codes::MODULE,
                format!("module `{path}` is missing, which a `WaveSenseNet` has"),
                "save the network again with `net.save`",
            );
            return None;
        };
        let step = Step { path, name: name.to_owned(), kind, module };
        builder.step(&step, flow)?;
        Some(step)
    };
    step(linear, "", Kind::Linear)?;
    step(neurons, name, Kind::Lif)
}
