//! Networks in C: what a form cannot express, names that C reserves, and weights of another network.

use std::process::Command;

use crate::support::{Folder, weights};

#[test]
fn a_network_that_a_form_cannot_express_is_refused_at_its_lines() {
    let folder = Folder::new();
    folder.write(
        "net.snn",
        "network Net {
    dt: 1 ms;
    input events: 2;
    layer noisy: lif(3) { tau_mem: 20 ms, tau_syn: 10 ms, noise_std: 0.1 };
    layer adaptive: alif(3) { tau_mem: 20 ms, tau_syn: 10 ms, tau_ahp: 50 ms, w_ahp: -0.5 };
    layer out: lif(2) { tau_mem: 20 ms, tau_syn: 10 ms };
    events -> linear -> noisy -> linear -> adaptive -> linear -> out;
    output out.spikes;
}
",
    );
    let network = folder.read_text("net.snn");
    folder.write("net.safetensors", weights(&network).to_safetensors());
    let noise = ["does not support membrane noise\n --> net.snn:4:5"];
    let both = [noise[0], "integer code does not support adaptive neurons (`alif`)\n --> net.snn:5:5"];
    for (target, says) in [("c", &noise[..]), ("c-int", &both), ("rust", &noise), ("rust-int", &both)] {
        folder.snnc(&["check", "net.snn", "--target", target]).failure(1, says);
        let build =
            ["build", "net.snn", "--weights", "net.safetensors", "--target", target, "-o", "generated"];
        folder.snnc(&build).failure(1, says);
    }
    assert_eq!(folder.files(), ["net.safetensors", "net.snn"]);
}

/// A chain of two layers with these names.
fn network(name: &str, hidden: &str, output: &str) -> String {
    format!(
        "network {name} {{
    dt: 1 ms;
    input events: 2;
    layer {hidden}: lif(3) {{ tau_mem: 20 ms, tau_syn: 10 ms }};
    layer {output}: lif(2) {{ tau_mem: 20 ms, tau_syn: 10 ms }};
    events -> linear -> {hidden} -> linear -> {output};
    output {output}.spikes;
}}
"
    )
}

/// Generates `name.c` and `name.weights` in f32.
fn build(folder: &Folder, name: &str, source: &str) {
    folder.write(&format!("{name}.snn"), source);
    folder.write(&format!("{name}.safetensors"), weights(source).to_safetensors());
    let [network, weights, c] = ["snn", "safetensors", "c"].map(|extension| format!("{name}.{extension}"));
    folder.snnc(&["build", &network, "--weights", &weights, "--target", "c", "-o", &c]).success();
}

/// Runs a compiler in a folder. Returns `None` if it is not installed.
fn compile(folder: &Folder, compiler: &str, arguments: &[&str]) -> Option<()> {
    let mut command = Command::new(compiler);
    command.args(["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]);
    let output = command.args(arguments).current_dir(folder.path("")).output().ok()?;
    assert!(output.status.success(), "{compiler}: {}", String::from_utf8_lossy(&output.stderr));
    Some(())
}

/// A prefix of the standard library, a keyword of C++, and a macro of `errno.h`.
#[test]
fn names_that_c_reserves_get_suffixes() {
    let folder = Folder::new();
    build(&folder, "net", &network("Atomic", "class", "errno"));
    let header = folder.read_text("net.h");
    for declared in ["atomic_network_init(", "class_layer;", "errno_layer;"] {
        assert!(header.contains(declared), "no `{declared}` in:\n{header}");
    }
    folder.write(
        "main.c",
        "#include <errno.h>\n#include <stdatomic.h>\n#include \"net.h\"\nint main(void) { return 0; }\n",
    );
    folder.write("main.cpp", "#include <cerrno>\n#include \"net.h\"\nint main() { return 0; }\n");
    compile(&folder, "gcc", &["-std=c11", "-fsyntax-only", "main.c", "net.c"]);
    compile(&folder, "g++", &["-std=c++11", "-fsyntax-only", "main.cpp"]);
}

/// Two networks of the same shape, whose weights have the same length.
#[cfg(unix)]
#[test]
fn weights_of_another_network_are_refused() {
    let folder = Folder::new();
    build(&folder, "one", &network("One", "hidden", "out"));
    build(&folder, "two", &network("Two", "other", "out"));
    folder.write(
        "main.c",
        "#include \"one.h\"\n#include \"two.h\"\n
int main(void)
{
    static one_network one;
    static two_network two;
    if (sizeof one_weights != sizeof two_weights) { return 1; }
    if (one_init(&one, one_weights, sizeof one_weights) != ONE_OK) { return 2; }
    if (two_init(&two, two_weights, sizeof two_weights) != TWO_OK) { return 3; }
    if (one_init(&one, two_weights, sizeof two_weights) != ONE_OTHER_NETWORK) { return 4; }
    if (two_init(&two, one_weights, sizeof one_weights) != TWO_OTHER_NETWORK) { return 5; }
    if (one_init(&one, one_weights, sizeof one_weights - 1U) != ONE_WRONG_SIZE) { return 6; }
    return one_init(NULL, one_weights, sizeof one_weights) == ONE_WRONG_SIZE ? 0 : 7;
}
",
    );
    let Some(()) = compile(&folder, "gcc", &["-std=c99", "-o", "main", "main.c", "one.c", "two.c"]) else {
        return;
    };
    let status = Command::new(folder.path("main")).status().expect("it was compiled");
    assert_eq!(status.code(), Some(0), "the statement with this number");
}
