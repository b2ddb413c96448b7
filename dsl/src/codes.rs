//! Every rule of the language and its inputs, with the long form that `snnc explain` prints.
//!
//! `E01..` syntax, `E02..` names, `E03..` values and units, `E04..` structure, `E05..` engines,
//! `E06..` weights; `W` warnings, numbered alike.

use crate::diagnostic::Code;

macro_rules! codes {
    ($($name:ident = $id:literal, $title:literal, $explanation:literal;)*) => {
        $(#[doc = concat!("`", $id, "`: ", $title, ".")]
        pub static $name: Code = Code { id: $id, title: $title, explanation: $explanation };)*

        /// All codes of this crate, in order.
        pub static CODES: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    UNSUPPORTED_FEATURE = "E0501", "the engine or target cannot do what the network asks",
"The language can say more than every engine can do. The message names the engine and the feature, at the
place in the network that uses it.

Remedy: remove the feature, or choose a target that supports it (`docs/language.md` has the table).";

    MISSING_TENSOR = "E0601", "a tensor is missing from the weights",
"A weights file holds a tensor for every matrix of the network and for everything that is declared
`learn`. Names are `<source>-><target>.weight` and `<layer>.<parameter>`; `snnc show` lists them with
their shapes.

Remedy: train this network, or rename the tensors of the file.";

    UNKNOWN_TENSOR = "E0602", "the weights hold a tensor that the network does not have",
"Every tensor of a weights file has its place in the network. A tensor without one usually means that
the file belongs to another network, or to an earlier version of this one.

Remedy: use the weights of this network, or remove the tensor.";

    TENSOR_SHAPE = "E0603", "a tensor has the wrong shape",
"A weight has the shape `[sources, neurons * synapses]`: one row per source. A parameter of a layer has
one value, or one per neuron.

Remedy: use the weights of this network; transpose matrices that come from tools with one row per
target.";

    TENSOR_NOT_FINITE = "E0604", "a tensor holds NaN or infinity",
"Weights are finite numbers. A NaN usually means that training diverged.

Remedy: train again with a lower learning rate, or take an earlier checkpoint.";

    TENSOR_RANGE = "E0605", "a tensor holds a value that its parameter cannot take",
"Time constants and thresholds are positive, decays lie strictly between 0 and 1, and bit shifts are
not negative.

Remedy: correct the value in the weights file.";
}
