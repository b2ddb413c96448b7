//! Weights by their names in PyTorch's `state_dict`: the path of the module and the parameter, joined by points.

use std::collections::BTreeSet;

use serde_json::Value;
use synnet_ir::{Diagnostic, Diagnostics, Params, Tensor};

use crate::codes;
use crate::tree::{Module, Numbers};

/// Parameters that a `state_dict` holds and that are the state of a simulation.
const STATES: [&str; 5] = ["vmem", "isyn", "spikes", "iahp", "rng_key"];

/// Replaces parameters by tensors.
///
/// # Errors
/// Returns each tensor that names no parameter or has another shape, and each matrix without a tensor.
pub(crate) fn apply(root: &mut Module, weights: &Params) -> Result<(), Diagnostics> {
    let mut errors = Diagnostics::new();
    let mut refuse = |message: String, help: &str| {
        errors.push(Diagnostic::error_without_span(&codes::PARAMETER, message).with_help(help));
    };
    let mut missing = matrices(root, "");
    for (name, tensor) in &weights.tensors {
        missing.remove(name);
        let (path, parameter) = name.rsplit_once('.').unwrap_or(("", name));
        let help = "write `net.state_dict()` of the network that was saved";
        let module = path.split('.').filter(|part| !part.is_empty()).try_fold(&mut *root, |module, part| {
            module.modules.iter_mut().find(|(other, _)| other == part).map(|(_, module)| module)
        });
        let Some(module) = module else {
            refuse(format!("tensor `{name}` names no module of the file"), help);
            continue;
        };
        if STATES.contains(&parameter) {
            continue;
        }
        let Some((_, value)) = module.parameters.iter_mut().find(|(other, _)| other == parameter) else {
            refuse(format!("tensor `{name}` names no parameter of the file"), help);
            continue;
        };
        let shape = Numbers::of(value).map(|numbers| numbers.shape).unwrap_or_default();
        if shape == tensor.shape {
            *value = nested(tensor);
        } else {
            let message =
                format!("tensor `{name}` has the shape {:?}, but the file has {shape:?}", tensor.shape);
            refuse(message, help);
        }
    }
    for name in missing {
        refuse(
            format!("tensor `{name}` is missing"),
            "add it, or leave out `--weights` to use those of the file",
        );
    }
    if errors.has_errors() { Err(errors) } else { Ok(()) }
}

/// Returns the names of the weights of all matrices.
fn matrices(module: &Module, path: &str) -> BTreeSet<String> {
    let own = module.get("weight").map(|_| format!("{path}weight"));
    let inner = module.modules.iter().flat_map(|(name, inner)| matrices(inner, &format!("{path}{name}.")));
    own.into_iter().chain(inner).collect()
}

/// Returns the numbers of a tensor as nested lists.
fn nested(tensor: &Tensor) -> Value {
    fn level(shape: &[usize], data: &[f32]) -> Value {
        let Some((&len, rest)) = shape.split_first() else {
            return Value::from(data.first().copied().map_or(f64::NAN, f64::from));
        };
        let size = data.len() / len.max(1);
        (0..len).map(|i| level(rest, &data[i * size..(i + 1) * size])).collect()
    }
    level(&tensor.shape, &tensor.data)
}
