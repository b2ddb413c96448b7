//! Identifiers: names of the language become valid and distinct C identifiers.
//!
//! All names that the linker or the preprocessor sees start with the network's name, so they only clash if that name
//! does. Fields of structs clash with keywords, and with macros of any header that a program includes.

use std::collections::BTreeSet;

use synnet_ir::names::snake_case;
use synnet_step::{Program, Source};

/// The identifiers of a network.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// Prefix of functions and types, in small letters. In capitals: the prefix of macros.
    pub(crate) prefix: String,
    /// Names of the layers' fields; with the prefix, of their types.
    pub(crate) layers: Vec<String>,
    /// Names of each connection's delay line.
    pub(crate) connections: Vec<String>,
}

/// Prefixes for which `PREFIX_init` and the like belong to the standard libraries of C and POSIX.
const PREFIXES: [&str; 12] =
    ["atomic", "cnd", "mtx", "tss", "thrd", "sem", "pthread", "posix", "aio", "sched", "mq", "std"];

/// Keywords of C up to C23 and of C++, because the header can be included there.
const KEYWORDS: &str = "alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t \
    char32_t class compl complex concept const const_cast consteval constexpr constinit continue co_await co_return \
    co_yield decltype default delete do double dynamic_cast else enum explicit export extern false float for friend \
    goto if imaginary inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private \
    protected public register reinterpret_cast requires restrict return short signed sizeof static static_assert \
    static_cast struct switch template this thread_local throw true try typedef typeid typename typeof \
    typeof_unqual union unsigned using virtual void volatile wchar_t while xor xor_eq";

/// Macros in small letters of standard headers, and macros that compilers define beyond the standard.
const MACROS: &str = "assert errno fpclassify i386 isfinite isgreater isgreaterequal isinf isless islessequal \
    islessgreater isnan isnormal isunordered linux math_errhandling noreturn offsetof setjmp signbit sigsetjmp stderr \
    stdin stdout unix va_arg va_copy va_end va_start near far arm avr mips sparc vax";

/// Names that a network has without a layer, after its prefix: types, functions and arrays.
const OWN: &str = "init reset step run network status weights output_scale number add_rows add_all_rows add_bias \
    add_counts add_weight spike_count saturate wrap leak checksum detector detector_reset detector_step keywords \
    keyword_outputs thresholds output_weights";

/// What follows the name of a layer in the names of its function and its tables.
const OF_LAYER: [&str; 11] = [
    "step",
    "decay_syn",
    "decay_mem",
    "threshold",
    "bias",
    "w_ahp",
    "decay_ahp",
    "dash_syn",
    "dash_syn_2",
    "dash_mem",
    "alias",
];

impl Names {
    /// Creates the identifiers of a program. A name that is taken gets a suffix: `_network`, `_layer` or `_line`.
    pub(crate) fn new(network: &str, program: &Program) -> Self {
        let mut prefix = snake_case(network);
        if PREFIXES.contains(&prefix.as_str()) {
            prefix.push_str("_network");
        }
        let reserved = [KEYWORDS, MACROS, OWN].into_iter().flat_map(str::split_whitespace);
        let mut used: BTreeSet<String> = reserved.map(str::to_owned).collect();
        // Layers come first, so that they keep their names if a connection has the same.
        let layers = program.layers.iter();
        let layers = layers.map(|layer| distinct(&mut used, snake_case(&layer.name), "_layer")).collect();
        let connections = program.connections.iter().map(|connection| {
            let spelled = connection.name.replace("->", "_to_").replace('+', "_plus_");
            distinct(&mut used, snake_case(&spelled), "_line")
        });
        let connections = connections.collect();
        Self { prefix, layers, connections }
    }

    /// Returns the prefix of macros.
    pub(crate) fn macros(&self) -> String {
        self.prefix.to_ascii_uppercase()
    }

    /// Returns the array that holds what a source emits, in the function of a step.
    pub(crate) fn emitted(&self, program: &Program, source: Source) -> String {
        match source {
            Source::Input => "input".to_owned(),
            Source::Layer(i) => format!("net->{}.{}", self.layers[i], program.layers[i].emits.name()),
        }
    }
}

/// Makes a name unused, by appending suffixes, and takes it with the names that derive from it.
fn distinct(used: &mut BTreeSet<String>, mut name: String, suffix: &str) -> String {
    let derived = |name: &str| OF_LAYER.map(|what| format!("{name}_{what}"));
    // Each round makes the name longer, so this ends.
    while used.contains(&name) || derived(&name).iter().any(|name| used.contains(name)) {
        name.push_str(suffix);
    }
    used.extend(derived(&name));
    used.insert(name.clone());
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_and_repeated_names_get_suffixes() {
        let mut used: BTreeSet<String> = KEYWORDS.split_whitespace().map(str::to_owned).collect();
        let names = ["register", "h0", "h0", "class", "h0_step", "x_bias", "x"];
        let names = names.map(|name| distinct(&mut used, name.into(), "_layer"));
        let expected =
            ["register_layer", "h0", "h0_layer", "class_layer", "h0_step_layer", "x_bias", "x_layer"];
        assert_eq!(names, expected);
    }
}
