//! Names of the fields and tables that belong to a synapse.

use proc_macro2::Ident;
use quote::format_ident;

/// Returns the name of an item of a synapse: without a number for the first synapse.
pub(super) fn synapse_field(name: &str, synapse: usize) -> String {
    if synapse == 0 { name.to_owned() } else { format!("{name}_{}", synapse + 1) }
}

/// Returns the field of a synapse's currents.
pub(super) fn current(synapse: usize) -> Ident {
    if synapse == 0 { format_ident!("isyn") } else { format_ident!("isyn{}", synapse + 1) }
}
