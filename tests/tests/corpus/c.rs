//! Generated C, all compiled at once, against the interpreter and the integer simulator, bit for bit: by gcc and clang,
//! with warnings as errors, and once with the sanitizers of addresses and of undefined behavior.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use synnet_c::Files;
use synnet_tests::engines::{compiled, float_c, integer_c};

use crate::cases;
use crate::generated::{Reference, float_reference, float_states, integer_reference, integer_states};

/// Flags under which the code compiles without a warning. Without contraction, products are rounded before they are
/// added.
const STRICT: [&str; 8] =
    ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-ffp-contract=off", "-I."];

#[test]
fn generated_c_matches_interpreter_and_simulator() {
    let mut program = Program::new();
    for case in cases() {
        let network = compiled(&case).network;
        let name = format!("float_{}", case.name);
        if let Ok(files) = float_c(&network, &name) {
            let states = network.graph.layers.iter().map(float_states);
            program.add(&files, float_reference(&case, &network), "float", states);
        }
        let name = format!("integer_{}", case.name);
        if let Ok((files, quantized)) = integer_c(&network, &name) {
            let states = quantized.network.layers.iter().map(integer_states);
            program.add(&files, integer_reference(&case, &quantized), "uint8_t", states);
        }
    }
    program.write_main();
    let sanitized = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    let compilers = [("gcc", &["-O2"][..]), ("clang", &["-O3"]), ("gcc", &sanitized)];
    // Compilers have one thread.
    std::thread::scope(|scope| {
        for (i, (compiler, flags)) in compilers.into_iter().enumerate() {
            let program = &program;
            scope.spawn(move || program.compare(compiler, flags, &format!("{i}-{compiler}")));
        }
    });
}

/// A C program that runs all networks on their inputs and writes what they give.
struct Program {
    folder: PathBuf,
    includes: String,
    functions: String,
    calls: String,
    /// Names, with the bytes that each network has to give.
    parts: Vec<(String, Vec<u8>)>,
}

impl Program {
    fn new() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus-c");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("the build's folder can be written");
        let empty = String::new;
        Self { folder, includes: empty(), functions: empty(), calls: empty(), parts: Vec::new() }
    }

    /// Adds a network whose inputs have numbers of type `count`, and which states to write of each layer. It runs once
    /// with every state, and after a reset as a whole sequence.
    fn add<'a>(
        &mut self,
        files: &Files,
        reference: Reference,
        count: &str,
        states: impl Iterator<Item = &'a [&'a str]>,
    ) {
        let (prefix, macros) = (&files.prefix, files.prefix.to_uppercase());
        self.write(&format!("{prefix}.h"), files.header().as_bytes());
        self.write(&format!("{prefix}.c"), files.source(&format!("{prefix}.h")).as_bytes());
        self.write(&format!("{prefix}.in"), &reference.input);
        let puts: String = files
            .layers
            .iter()
            .zip(states)
            .flat_map(|(layer, states)| {
                states.iter().map(move |state| {
                    format!("put(file, net.{layer}.{state}, sizeof net.{layer}.{state});\n")
                })
            })
            .collect();
        let (weights, refused) = match &files.weights {
            Some(_) => (
                format!("{prefix}_weights, sizeof {prefix}_weights"),
                // The first byte is part of the fingerprint, those from the eighth on of the checksum or of weights.
                format!(
                    "uint8_t *other = copy({prefix}_weights, sizeof {prefix}_weights);
                     other[0] ^= 1U;
                     check({prefix}_init(&net, other, sizeof {prefix}_weights) == {macros}_OTHER_NETWORK, \"{prefix}\");
                     other[0] ^= 1U;
                     for (size_t i = 8U; i < sizeof {prefix}_weights; i += 1U + sizeof {prefix}_weights / 64U) {{
                         other[i] ^= 16U;
                         check({prefix}_init(&net, other, sizeof {prefix}_weights) == {macros}_DAMAGED, \"{prefix}\");
                         other[i] ^= 16U;
                     }}
                     check({prefix}_init(&net, other, 7U) == {macros}_WRONG_SIZE, \"{prefix}\");
                     free(other);"
                ),
            ),
            None => ("NULL, 0U".to_owned(), String::new()),
        };
        let output = if count == "float" { count } else { output_type(files) };
        let _ = writeln!(self.includes, "#include \"{prefix}.h\"");
        let _ = writeln!(
            self.functions,
            "static void run_{prefix}(const char *results) {{
                static {prefix}_network net;
                size_t size = 0U;
                {count} *input = read_file(\"{prefix}.in\", &size);
                const size_t steps = size / ({macros}_INPUTS * sizeof *input);
                {output} *outputs = malloc(steps * {macros}_OUTPUTS * sizeof *outputs);
                {output} *again = malloc(steps * {macros}_OUTPUTS * sizeof *outputs);
                FILE *file = create_file(results, \"{prefix}.out\");
                {refused}
                check({prefix}_init(&net, {weights}) == {macros}_OK, \"{prefix}\");
                for (size_t t = 0U; t < steps; t++) {{
                    {output} *out = &outputs[t * {macros}_OUTPUTS];
                    {prefix}_step(&net, &input[t * {macros}_INPUTS], out);
                    put(file, out, {macros}_OUTPUTS * sizeof *out);
                    {puts}
                }}
                {prefix}_reset(&net);
                {prefix}_run(&net, input, again, steps);
                check(memcmp(outputs, again, steps * {macros}_OUTPUTS * sizeof *again) == 0, \"{prefix}\");
                fclose(file);
                free(input);
                free(outputs);
                free(again);
            }}"
        );
        let _ = writeln!(self.calls, "run_{prefix}(argv[1]);");
        self.parts.push((prefix.clone(), reference.expected));
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.join(name), bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    fn write_main(&self) {
        let Self { includes, functions, calls, .. } = self;
        let main = format!(
            "{SUPPORT}{includes}{functions}int main(int argc, char **argv) {{
                check(argc == 2, \"folder\");
                {calls}
                return 0;
            }}\n"
        );
        self.write("main.c", main.as_bytes());
    }

    /// Compiles the program, runs it, and compares every byte in a folder of its own. Does nothing if the compiler is
    /// not installed.
    fn compare(&self, compiler: &str, flags: &[&str], folder: &str) {
        let results = self.folder.join(folder);
        std::fs::create_dir(&results).expect("the build's folder can be written");
        let executable = results.join("main");
        let sources = self.parts.iter().map(|(name, _)| format!("{name}.c")).chain(["main.c".to_owned()]);
        let output = Command::new(compiler)
            .args(STRICT)
            .args(flags)
            .args(sources)
            .arg("-o")
            .arg(&executable)
            .current_dir(&self.folder)
            .output();
        let Ok(output) = output else {
            skipped(compiler);
            return;
        };
        assert!(output.status.success(), "{compiler} {flags:?}: {}", String::from_utf8_lossy(&output.stderr));
        let run = Command::new(executable).arg(folder).current_dir(&self.folder).output();
        let run = run.expect("the program can be started");
        assert!(run.status.success(), "{compiler} {flags:?}: {}", String::from_utf8_lossy(&run.stderr));
        for (name, expected) in &self.parts {
            let found = std::fs::read(results.join(format!("{name}.out"))).expect("it was written");
            let differs = found.iter().zip(expected).position(|(a, b)| a != b);
            assert_eq!((found.len(), differs), (expected.len(), None), "{compiler} {flags:?}: {name}");
        }
    }
}

/// The type of an output, as the header declares it.
fn output_type(files: &Files) -> &'static str {
    if files.header().contains("int16_t output[") { "int16_t" } else { "uint8_t" }
}

#[allow(clippy::print_stderr, reason = "a test that is left out says so")]
fn skipped(compiler: &str) {
    eprintln!("skipped: `{compiler}` is not installed");
}

/// What the program needs beside the networks.
const SUPPORT: &str = "
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>
static void check(int holds, const char *name) {
    if (!holds) {
        fprintf(stderr, \"%s\\n\", name);
        exit(1);
    }
}
static void put(FILE *file, const void *bytes, size_t size) {
    check(fwrite(bytes, 1U, size, file) == size, \"write\");
}
static FILE *create_file(const char *folder, const char *name) {
    char path[256];
    check(snprintf(path, sizeof path, \"%s/%s\", folder, name) < (int)sizeof path, name);
    FILE *file = fopen(path, \"wb\");
    check(file != NULL, path);
    return file;
}
static void *read_file(const char *name, size_t *size) {
    FILE *file = fopen(name, \"rb\");
    check(file != NULL, name);
    fseek(file, 0L, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    void *bytes = malloc(*size);
    check(fread(bytes, 1U, *size, file) == *size, name);
    fclose(file);
    return bytes;
}
static inline uint8_t *copy(const uint8_t *bytes, size_t size) {
    uint8_t *copied = malloc(size);
    memcpy(copied, bytes, size);
    return copied;
}
";
