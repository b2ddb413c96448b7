//! Names of what each synapse of a layer has.

use proc_macro2::Ident;
use quote::format_ident;

/// A name for what belongs to a synapse: the first goes without a number.
pub(super) fn synapse_field(name: &str, synapse: usize) -> String {
    if synapse == 0 { name.to_owned() } else { format!("{name}_{}", synapse + 1) }
}

/// The field of the currents of a synapse.
pub(super) fn current(synapse: usize) -> Ident {
    if synapse == 0 { format_ident!("isyn") } else { format_ident!("isyn{}", synapse + 1) }
}
